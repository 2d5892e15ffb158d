package cli

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
)

// TestFlagsOfDefaultReachTheGenerator holds each flag against what the package
// generates for the same request.
func TestFlagsOfDefaultReachTheGenerator(t *testing.T) {
	const admin, user = "arn:aws:iam::111122223333:role/KeyAdmin", "arn:aws:iam::111122223333:role/App"
	console := func(change func(*defaultpolicy.KeyType, *defaultpolicy.Options)) (defaultpolicy.KeyType, defaultpolicy.Options) {
		keyType := defaultpolicy.KeyType{}
		options := defaultpolicy.Options{
			Style: defaultpolicy.Console, Account: account, Partition: "aws", Edition: defaultpolicy.Latest,
			Administrators: []string{admin}, Users: []string{user},
		}
		change(&keyType, &options)
		return keyType.WithDefaults(), options
	}
	tests := []struct {
		flags  []string // beside account, style, administrator and user
		change func(*defaultpolicy.KeyType, *defaultpolicy.Options)
	}{
		{nil, func(*defaultpolicy.KeyType, *defaultpolicy.Options) {}},
		{[]string{"--key-spec", "HMAC_256"}, func(k *defaultpolicy.KeyType, _ *defaultpolicy.Options) { k.Spec = defaultpolicy.HMAC256 }},
		{[]string{"--key-spec", "RSA_2048", "--key-usage", "SIGN_VERIFY"}, func(k *defaultpolicy.KeyType, _ *defaultpolicy.Options) {
			k.Spec, k.Usage = defaultpolicy.RSA2048, defaultpolicy.SignVerify
		}},
		{[]string{"--origin", "EXTERNAL"}, func(k *defaultpolicy.KeyType, _ *defaultpolicy.Options) { k.Origin = defaultpolicy.External }},
		{[]string{"--multi-region", "replica"}, func(k *defaultpolicy.KeyType, _ *defaultpolicy.Options) { k.MultiRegion = defaultpolicy.Replica }},
		{[]string{"--edition", "2017-02"}, func(_ *defaultpolicy.KeyType, o *defaultpolicy.Options) { o.Edition = defaultpolicy.Edition2017 }},
		{[]string{"--no-admin-delete"}, func(_ *defaultpolicy.KeyType, o *defaultpolicy.Options) { o.NoAdministratorDelete = true }},
		{[]string{"--admin", admin + "2", "--user", "444455556666"}, func(_ *defaultpolicy.KeyType, o *defaultpolicy.Options) {
			o.Administrators, o.Users = append(o.Administrators, admin+"2"), append(o.Users, "444455556666")
		}},
		{[]string{"--key-spec", "HMAC_256", "--undocumented-grants", "include"}, func(k *defaultpolicy.KeyType, o *defaultpolicy.Options) {
			k.Spec, o.UndocumentedGrants = defaultpolicy.HMAC256, defaultpolicy.Include
		}},
		{[]string{"--multi-region", "primary", "--undocumented-rotation", "omit"}, func(k *defaultpolicy.KeyType, o *defaultpolicy.Options) {
			k.MultiRegion, o.UndocumentedRotation = defaultpolicy.Primary, defaultpolicy.Omit
		}},
	}
	seen := map[string][]string{}
	for _, test := range tests {
		t.Run(strings.Join(test.flags, " "), func(t *testing.T) {
			keyType, options := console(test.change)
			want, err := defaultpolicy.Generate(keyType, options)
			if err != nil {
				t.Fatal(err)
			}
			args := append([]string{"default", "--account", account, "--style", "console", "--admin", admin, "--user", user}, test.flags...)
			got := kmsguard(t, "", args...)
			got.check(t, exitFine, want.Text(), "")
			if other, ok := seen[got.out]; ok {
				t.Errorf("the same policy as with %q: the flags do nothing", other)
			}
			seen[got.out] = test.flags
		})
	}
}

func TestDefaultWithoutStyleIsThatOfTheAPI(t *testing.T) {
	want, err := defaultpolicy.Generate(defaultpolicy.KeyType{}.WithDefaults(), defaultpolicy.Options{Style: defaultpolicy.API, Account: account, Partition: "aws-cn"})
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"default", "--account", account, "--partition", "aws-cn"}
	for _, format := range []string{"text", "json"} { // the text is JSON already
		if got := kmsguard(t, "", append(args, "--output", format)...); got.code != exitFine || got.out != want.Text()+"\n" {
			t.Errorf("%s: exit code %d and %q, want %q", format, got.code, got.out, want.Text())
		}
	}
	got := kmsguard(t, "", append(args, "--output", "jsonl")...)
	if strings.Count(got.out, "\n") != 1 || decode[struct{ ID string }](t, got.out).ID != "key-default-1" {
		t.Errorf("jsonl should be one line, got %q", got.out)
	}
}

func TestErrorsOfDefaultNameTheFlag(t *testing.T) {
	tests := []struct {
		reason string
		args   []string
		want   string
	}{
		{"required", nil, "--account is required: the id of the account that owns the key (see kmsguard default --help)"},
		{"not an account", []string{"--account", "12"}, `--account: account "12": expected an account id of twelve digits`},
		{"usage not implied", []string{"--account", account, "--key-spec", "RSA_2048"}, "--key-usage: required for RSA_2048: ENCRYPT_DECRYPT or SIGN_VERIFY"},
		{"unknown spec", []string{"--account", account, "--key-spec", "RSA"}, "--key-spec: unknown key spec"},
		{"spec in lower case", []string{"--account", account, "--key-spec", "rsa_2048"}, "--key-spec: unknown key spec"},
		{"unknown origin", []string{"--account", account, "--origin", "HSM"}, "--origin: unknown origin"},
		{"unknown part", []string{"--account", account, "--multi-region", "yes"}, "--multi-region: unknown part"},
		{"unknown style", []string{"--account", account, "--style", "cli"}, "--style: unknown style"},
		{"unknown partition", []string{"--account", account, "--partition", "aws-mars"}, "--partition: unknown partition"},
		{"SM2 outside China", []string{"--account", account, "--key-spec", "SM2", "--key-usage", "SIGN_VERIFY"}, "--partition: SM2 keys exist only in China"},
		{"unknown edition", []string{"--account", account, "--style", "console", "--edition", "2020"}, "--edition: unknown edition"},
		{"a foreign administrator", []string{"--account", account, "--style", "console", "--admin", "arn:aws:iam::444455556666:role/A"}, "--admin: administrator 1:"},
		{"a service as user", []string{"--account", account, "--style", "console", "--user", "s3.amazonaws.com"}, "--user: user 1:"},
		{"the API default names nobody", []string{"--account", account, "--admin", "arn:aws:iam::111122223333:role/A"}, "the style console does"},
		{"impossible key", []string{"--account", account, "--key-spec", "HMAC_256", "--origin", "AWS_CLOUDHSM"}, "in a custom key store"},
		{"an empty usage", []string{"--account", account, "--key-spec", "SM2", "--key-usage", ""}, "--key-usage: required for SM2: ENCRYPT_DECRYPT, SIGN_VERIFY or KEY_AGREEMENT"},
		{"the API default has no editions", []string{"--account", account, "--style", "api", "--edition", "2017-02"}, "--edition is about the console default"},
		{"nor administrators", []string{"--account", account, "--no-admin-delete"}, "--no-admin-delete is about the console default"},
		{"nor grants", []string{"--account", account, "--undocumented-grants", "omit"}, "--undocumented-grants is about the console default"},
		{"unknown choice", []string{"--account", account, "--style", "console", "--undocumented-grants", "maybe"}, "known are include, omit"},
		{"undocumented users", []string{"--account", account, "--style", "console", "--key-spec", "ML_KEM_512", "--user", "444455556666", "--refuse-undocumented-use"}, "--refuse-undocumented-use: AWS does not document"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			kmsguard(t, "", append([]string{"default"}, test.args...)...).check(t, exitError, "", test.want)
		})
	}
}

func TestWriterErrorOfDefaultIsAnError(t *testing.T) {
	var errs strings.Builder
	code := run(t.Context(), []string{"default", "--account", account}, streams{in: strings.NewReader(""), out: fullDisk{}, err: &errs})
	if code != exitError || !strings.Contains(errs.String(), errDiskFull.Error()) {
		t.Errorf("exit code %d and %q", code, errs.String())
	}
}
