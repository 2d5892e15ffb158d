package integration_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

var update = flag.Bool("update", false, "write the golden files, and remove those of no case")

const account, otherAccount = "111122223333", "444455556666"

// places has a Region of each partition.
var places = []integration.Facts{
	{Partition: "aws", Region: "us-east-1", Account: account},
	{Partition: "aws-cn", Region: "cn-north-1", Account: account},
	{Partition: "aws-us-gov", Region: "us-gov-west-1", Account: account},
}

// keyAt is a key in a place.
func keyAt(t testing.TB, f integration.Facts) policy.Key {
	t.Helper()
	key, err := policy.ParseKeyARN("arn:" + f.Partition + ":kms:" + f.Region + ":" + f.Account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// accountStatement is the API default.
func accountStatement(f integration.Facts) policy.Statement {
	return policy.Statement{
		SID: "Enable IAM User Permissions", Effect: policy.Allow,
		Principals: policy.Principals{Entries: []policy.Principal{{Kind: policy.Account, Text: "arn:" + f.Partition + ":iam::" + f.Account + ":root"}}},
		Actions:    policy.Values("kms:*"), Resources: policy.Values("*"),
	}
}

func statements(t testing.TB, i integration.Integration, f integration.Facts) []policy.Statement {
	t.Helper()
	list, err := i.Statements(f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// withDefault is the API default with further statements.
func withDefault(t testing.TB, f integration.Facts, more ...policy.Statement) *policy.Document {
	t.Helper()
	d, err := policy.New(policy.Version2012, "key-default-1", append([]policy.Statement{accountStatement(f)}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestGoldenFiles(t *testing.T) {
	wanted := map[string]bool{}
	for _, i := range integration.All() {
		for _, f := range places {
			file := filepath.Join("testdata", i.Name+"-"+f.Partition+".json")
			wanted[file] = true
			got := withDefault(t, f, statements(t, i, f)...).Text() + "\n"
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Errorf("%v; go test -update writes it", err)
			} else if string(want) != got {
				t.Errorf("%s: got\n%swant\n%s", file, got, want)
			}
		}
	}
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		switch {
		case wanted[file]:
		case !*update:
			t.Errorf("%s belongs to no case; go test -update removes it", file)
		default:
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		}
	}
}
