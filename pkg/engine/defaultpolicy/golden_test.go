package defaultpolicy_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

var update = flag.Bool("update", false, "write the golden files, and remove those of no case")

const golden = "testdata/golden"

// goldenCases returns a file's path and its policy: every key type with
// administrators and users in the latest edition, and every option on key types
// that stand for the rest.
func goldenCases(t *testing.T) map[string]*policy.Document {
	cases := map[string]*policy.Document{}
	for keyType, partition := range everyKeyType() {
		file := strings.Join([]string{string(keyType.Usage), string(keyType.Origin), string(keyType.MultiRegion)}, "-")
		cases[filepath.Join(string(keyType.Spec), file)] = generate(t, keyType, consoleOptions(partition))
	}
	add := func(file string, keyType defaultpolicy.KeyType, change func(*defaultpolicy.Options)) {
		o := consoleOptions("aws")
		change(&o)
		cases[filepath.Join("options", file)] = generate(t, keyType.WithDefaults(), o)
	}
	for _, partition := range []string{"aws", "aws-cn", "aws-us-gov"} {
		add("api-"+partition, defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) {
			*o = defaultpolicy.Options{Style: defaultpolicy.API, Account: account, Partition: partition}
		})
		add("console-"+partition, defaultpolicy.KeyType{}, func(o *defaultpolicy.Options) { *o = consoleOptions(partition) })
	}
	representatives := map[string]defaultpolicy.KeyType{
		"symmetric": {}, "hmac": {Spec: "HMAC_256"}, "rsa-encryption": {Spec: "RSA_4096", Usage: "ENCRYPT_DECRYPT"},
		"signing": {Spec: "ECC_NIST_P256", Usage: "SIGN_VERIFY"}, "key-agreement": {Spec: "ECC_NIST_P256", Usage: "KEY_AGREEMENT"},
		"encapsulation": {Spec: "ML_KEM_768"}, "imported": {Origin: "EXTERNAL"}, "multi-region": {MultiRegion: "primary"},
		"custom-key-store": {Origin: "AWS_CLOUDHSM"},
	}
	for _, name := range []string{"symmetric", "hmac"} { // with and without the grants statement
		add("principals-none-"+name, representatives[name], func(o *defaultpolicy.Options) { o.Administrators, o.Users = nil, nil })
		add("principals-one-administrator-"+name, representatives[name], func(o *defaultpolicy.Options) { o.Administrators, o.Users = o.Administrators[:1], nil })
		add("principals-one-user-"+name, representatives[name], func(o *defaultpolicy.Options) { o.Administrators, o.Users = nil, o.Users[:1] })
		add("principals-external-account-"+name, representatives[name], func(o *defaultpolicy.Options) { o.Administrators, o.Users = nil, []string{otherAccount} })
	}
	for name, keyType := range representatives {
		add("no-administrator-delete-"+name, keyType, func(o *defaultpolicy.Options) { o.NoAdministratorDelete = true })
		add("undocumented-include-"+name, keyType, func(o *defaultpolicy.Options) {
			o.UndocumentedGrants, o.UndocumentedRotation = defaultpolicy.Include, defaultpolicy.Include
		})
		add("undocumented-omit-"+name, keyType, func(o *defaultpolicy.Options) {
			o.UndocumentedGrants, o.UndocumentedRotation = defaultpolicy.Omit, defaultpolicy.Omit
		})
		for _, e := range defaultpolicy.Editions() {
			o := consoleOptions("aws")
			o.Edition = e.Name
			if d, err := defaultpolicy.Generate(keyType.WithDefaults(), o); codeOf(t, err) != defaultpolicy.EditionBeforeKeyType {
				cases[filepath.Join("options", "edition-"+string(e.Name)+"-"+name)] = d
			}
		}
	}
	return cases
}

func TestGoldenFiles(t *testing.T) {
	cases := goldenCases(t)
	for name, d := range cases {
		file := filepath.Join(golden, name+".json")
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(d.Text()+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v; go test -update writes it", err)
			continue
		}
		if string(text) != d.Text()+"\n" {
			t.Errorf("%s: got\n%s\nwant\n%s", file, d.Text(), text)
		}
		if read, err := policy.Parse(string(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		} else if read.Hash("aws") != d.Hash("aws") {
			t.Errorf("%s reads as another policy", file)
		}
	}
}

func TestNoGoldenFileIsStale(t *testing.T) {
	cases := goldenCases(t)
	var stale []string
	err := filepath.WalkDir(golden, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(golden, path)
		if cases[strings.TrimSuffix(name, ".json")] == nil {
			stale = append(stale, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stale {
		if !*update {
			t.Errorf("%s belongs to no case; go test -update removes it", path)
		} else if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}
