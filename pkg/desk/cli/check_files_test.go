package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

// tree writes files into a new folder and returns its path.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// resource is what check says of one key of a file, as far as it matters here.
type resource struct {
	judgement
	Resource string
	Line     int
	Assumed  []string
	KeyType  string
	Change   *access.Result
}

// short is a resource in one line.
func (r resource) short() string {
	return strings.TrimSpace(filepath.Base(r.File) + " " + r.Resource + " " + r.Verdict + " " + r.codes())
}

// checked runs check with the configuration of judgedConfiguration, and returns what it says.
func checked(t *testing.T, in string, args ...string) ([]resource, result) {
	t.Helper()
	got := kmsguard(t, in, slices.Concat([]string{"check", "--output", "json", "--config", write(t, "guardrail.yaml", judgedConfiguration)}, args)...)
	if got.out == "" {
		return nil, got
	}
	return decode[[]resource](t, got.out), got
}

func shorts(list []resource) string {
	var lines []string
	for _, r := range list {
		lines = append(lines, r.short())
	}
	return strings.Join(lines, "\n")
}

const keysTemplate = `Parameters:
  Partner: {Type: String, Default: "444455556666"}
Resources:
  Open:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root"}, Action: kms:*, Resource: "*"}
          - Sid: partner
            Effect: Allow
            Principal: {AWS: !Ref Partner}
            Action: kms:Decrypt
            Resource: "*"
  Secret:
    Type: AWS::KMS::Key
    Properties: {Tags: [{Key: class, Value: secret}]}
  Logs: {Type: AWS::KMS::Key}
  LogsAlias: {Type: AWS::KMS::Alias, Properties: {AliasName: alias/logs-app, TargetKeyId: !Ref Logs}}
  Later:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy: {Statement: [{Effect: Allow, Principal: {AWS: !GetAtt Role.Arn}, Action: kms:*, Resource: "*"}]}
  Role: {Type: AWS::IAM::Role}
`

func TestCheckJudgesEachKeyOfATemplate(t *testing.T) {
	file := write(t, "template.yaml", keysTemplate)
	list, got := checked(t, "", "--account", account, "--region", "us-east-1", file)
	got.check(t, exitDifferent, "[", "")
	want := `template.yaml Open non-compliant high foreign-access
template.yaml Secret compliant
template.yaml Logs compliant
template.yaml Later cannot-judge high unknown-until-deployment`
	if s := shorts(list); s != want {
		t.Fatalf("got\n%s\nwant\n%s", s, want)
	}
	if list[1].Rule != "secret" || list[2].Rule != "logs" || !slices.Equal(list[2].Aliases, []string{"alias/logs-app"}) {
		t.Errorf("tags and aliases choose the rules: %s and %s", list[1].Rule, list[2].Rule)
	}
	if list[0].Line != 4 || list[0].Region != "us-east-1" || list[0].KeyType != "SYMMETRIC_DEFAULT ENCRYPT_DECRYPT" || list[0].Change != nil {
		t.Errorf("%+v", list[0])
	}
	if !slices.Equal(list[0].Assumed, []string{`the parameter Partner is "444455556666", its default`}) ||
		!slices.Equal(list[1].Assumed, []string{"the file gives the key no policy, so KMS sets the API default"}) {
		t.Errorf("%q and %q", list[0].Assumed, list[1].Assumed)
	}
	if list[3].Evidence != "" || !strings.Contains(got.out, "only the deployment knows !GetAtt Role.Arn on line 24 (with a RoleName it would be known)") {
		t.Errorf("%+v", list[3])
	}

	text := kmsguard(t, "", "check", "--default-config", "--account", account, file)
	text.check(t, exitDifferent, "NON-COMPLIANT  "+file+":4 Open\n", "")
	text.check(t, exitDifferent, "  high      foreign-access, statement 2 \"partner\" on line 11: Everyone in account 444455556666 can decrypt", "")
	text.check(t, exitDifferent, "  assumed   the parameter Partner is", "")
	text.check(t, exitDifferent, "CANNOT-JUDGE  "+file+":21 Later\n", "")

	list, _ = checked(t, "", "--account", account, "--parameter", "Partner="+account, file)
	if len(list[0].Findings) != 1 || strings.Contains(list[0].Findings[0].Message, "(line") {
		t.Errorf("the places of lint are in a text that nobody sees: %+v", list[0].Findings)
	}
	if list[0].Verdict != "compliant" || list[0].Assumed != nil {
		t.Errorf("the parameter that is given counts: %s", list[0].short())
	}
}

func TestCheckOfAnAnswer(t *testing.T) {
	answer := `{"Policy": "` + strings.NewReplacer(`"`, `\"`, "\n", `\n`).Replace(publicPolicy) + `", "PolicyName": "default"}`
	got := kmsguard(t, answer, "check", "--default-config", "--account", account, "-")
	got.check(t, exitDifferent, "NON-COMPLIANT  standard input\n", "")
	got.check(t, exitDifferent, "public-access, statement 2 \"for the partners\": PUBLIC", "") // without a line: the file has one
}

const statedKey = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

// planned returns a plan that changes the policy of a key.
func planned(before, after string) string {
	quote := func(policy string) string {
		return `"` + strings.NewReplacer(`"`, `\"`, "\n", `\n`).Replace(policy) + `"`
	}
	attributes := func(policy string) string {
		return `{"arn":"` + statedKey + `","key_id":"1234abcd-12ab-34cd-56ef-1234567890ab","customer_master_key_spec":"SYMMETRIC_DEFAULT","key_usage":"ENCRYPT_DECRYPT","multi_region":false,"tags_all":{},"policy":` + quote(policy) + `}`
	}
	return `{"format_version":"1.2","planned_values":{},"resource_changes":[{"address":"module.a.aws_kms_key.k[0]","module_address":"module.a","mode":"managed","type":"aws_kms_key","name":"k","index":0,` +
		`"change":{"actions":["update"],"before":` + attributes(before) + `,"after":` + attributes(after) + `,"after_unknown":{}}}]}`
}

func TestCheckSaysWhatAPlanChanges(t *testing.T) {
	foreign := statement(`"Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt"`)
	tests := []struct {
		because, before, after string
		code                   int
		change                 string // "" for none
	}{
		{"access is added", accountPolicy, foreign, exitDifferent, "  change    lets every principal of account 444455556666 call kms:Decrypt"},
		{"access is taken", foreign, accountPolicy, exitFine, "  change    no longer lets every principal of account 444455556666 call kms:Decrypt"},
		{"another spelling", accountPolicy, strings.Replace(accountPolicy, `"Statement":[{`, `"Statement":[{"Sid":"x",`, 1), exitFine, "  change    the policy allows the same as before\n"},
		{"nothing changes", foreign, foreign, exitDifferent, ""},
		{"the policy before is not known", "", accountPolicy, exitFine, ""},
		{"not decided", accountPolicy, undecidedPolicy, exitInconclusive, "  change    whether it changes access is not decided: "},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			file := write(t, "plan.json", planned(test.before, test.after))
			got := kmsguard(t, "", "check", "--default-config", file) // the account is in the ARN
			got.check(t, test.code, statedKey+"\n  source    "+file, "")
			got.check(t, test.code, " module.a.aws_kms_key.k[0]\n", "")
			if !strings.Contains(got.out, test.change) || strings.Contains(got.out, "  change  ") != (test.change != "") {
				t.Errorf("want %q in\n%s", test.change, got.out)
			}
			list, _ := checked(t, "", file)
			if len(list) != 1 || (list[0].Change != nil) != (test.change != "") {
				t.Errorf("%+v", list)
			}
		})
	}
}

func TestCheckOfAFolder(t *testing.T) {
	root := tree(t, map[string]string{
		"policy.json":                accountPolicy,
		"README.md":                  "# Keys: how to use them\n",
		"main.tf":                    "resource \"aws_kms_key\" \"a\" {}\n",
		"role.json":                  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`,
		"bucket.template.json":       `{"Resources":{"B":{"Type":"AWS::S3::Bucket"}}}`,
		"logo.png":                   "\x89PNG\x00\x00",
		"deep/er/template.yaml":      "Resources: {K: {Type: AWS::KMS::Key}}",
		"deep/er/broken.yaml":        "Resources:\n  K: {Type: AWS::KMS::Key\n",
		".git/config.json":           publicPolicy,
		"node_modules/p/policy.json": publicPolicy,
		"lines.jsonl":                accountPolicy + "\n" + publicPolicy + "\n",
	})
	if err := os.Symlink(filepath.Join(root, "policy.json"), filepath.Join(root, "zlink.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(root, filepath.Join(root, "deep", "up")); err != nil { // which leads round in a circle
		t.Fatal(err)
	}
	list, got := checked(t, "", "--account", account, root)
	if s := shorts(list); s != "template.yaml K compliant\npolicy.json  compliant\nzlink.json  compliant" {
		t.Errorf("got\n%s", s)
	}
	got.check(t, exitError, "[", "kmsguard: "+filepath.Join(root, "deep/er/broken.yaml")+":")
	got.check(t, exitError, "[", "note: "+root+": files that are no policy and no template were skipped: 6\n")
}

func TestCheckOfACDKAssembly(t *testing.T) {
	key := `{"Resources":{"K":{"Type":"AWS::KMS::Key","Properties":{"KeyPolicy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":
		{"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":iam::",{"Ref":"AWS::AccountId"},":root"]]}},"Action":"kms:*","Resource":"*"}]}}}}}`
	root := tree(t, map[string]string{
		"manifest.json": `{"version":"36.0.0","artifacts":{
			"A.assets":{"type":"cdk:asset-manifest","properties":{"file":"A.assets.json"}},
			"A":{"type":"aws:cloudformation:stack","environment":"aws://999988887777/cn-north-1","properties":{"templateFile":"A.template.json"}},
			"B":{"type":"aws:cloudformation:stack","environment":"aws://unknown-account/unknown-region","properties":{"templateFile":"B.template.json"}}}}`,
		"A.template.json": key, "B.template.json": key, "A.assets.json": `{"version":"36.0.0","files":{}}`, "tree.json": `{"version":"tree-0.1","tree":{}}`,
	})
	list, got := checked(t, "", "--account", account, "--region", "us-east-1", root)
	got.check(t, exitFine, "[", "skipped: 3\n")
	if len(list) != 2 || list[0].Account != "999988887777" || list[0].Region != "cn-north-1" || list[1].Account != account || list[1].Region != "us-east-1" {
		t.Errorf("%+v", list)
	}
	list, got = checked(t, "", filepath.Join(root, "A.template.json"))
	if got.code != exitFine || len(list) != 1 || list[0].Account != "999988887777" {
		t.Errorf("the manifest counts for a file that is named: %s", got.err)
	}
	nested := tree(t, map[string]string{
		"manifest.json":                      `{"artifacts":{"A":{"type":"aws:cloudformation:stack","environment":"aws://999988887777/eu-west-1","properties":{"templateFile":"A.template.json"}}}}`,
		"AKeys1234ABCD.nested.template.json": key,
	})
	list, got = checked(t, "", "--organization-id", "o-a1b2c3d4e5", nested)
	if len(list) != 1 || list[0].Account != "999988887777" || list[0].Region != "eu-west-1" {
		t.Errorf("a nested stack is where the only stack is: %s %+v", got.err, list)
	}
}

func TestCheckOfWrongFilesSaysWhatToDo(t *testing.T) {
	good, bad := write(t, "good.json", accountPolicy), write(t, "main.tf", "resource \"aws_kms_key\" \"a\" {\n}\n")
	replica := write(t, "replica.yaml", "Resources: {R: {Type: AWS::KMS::ReplicaKey, Properties: {KeyPolicy: "+accountPolicy+"}}}")
	folder := tree(t, map[string]string{"a.tf": "resource \"aws_kms_key\" \"a\" {}\n"})
	two := tree(t, map[string]string{"a.json": accountPolicy, "b.json": publicPolicy})
	tests := []struct {
		because string
		args    []string
		in      string
		code    int
		err     string
	}{
		{"a wrong file that is named, and the rest goes on", []string{bad, good}, "", exitError, "main.tf: Terraform source; what it makes is known in a plan: run terraform plan -out plan.bin"},
		{"a folder with wrong files only says what one of them is", []string{folder}, "", exitError, "a.tf is Terraform source"},
		{"an empty file", []string{write(t, "empty", "")}, "", exitError, "empty: the file is empty\n"},
		{"standard input", []string{"-"}, "{}", exitError, "standard input: JSON that is no key policy or template; expected a key policy"},
		{"a template without keys", []string{"-"}, `{"Resources":{"B":{"Type":"AWS::S3::Bucket"}}}`, exitFine, "note: standard input is a CloudFormation template without KMS keys\n"},
		{"a pattern", []string{filepath.Join(two, "*.json")}, "", exitDifferent, ""},
		{"a pattern that matches nothing", []string{filepath.Join(two, "*.yaml")}, "", exitError, "*.yaml: no file matches\n"},
		{"a pattern that is none", []string{filepath.Join(two, "[")}, "", exitError, "syntax error in pattern"},
		{"folders in a pattern", []string{filepath.Join(two, "**", "*.json")}, "", exitError, "** is not supported; name the folder"},
		{"a problem of one key", []string{"-"}, `{"Resources":{"K":{"Type":"AWS::KMS::Key","Properties":{"KeyPolicy":"{}"}},"G":{"Type":"AWS::KMS::Key"}}}`, exitError, "standard input:1:69: K: KeyPolicy is a text"},
		{"a key type that cannot be", []string{"-"}, `{"Resources":{"K":{"Type":"AWS::KMS::Key","Properties":{"KeySpec":"RSA_2048"}}}}`, exitError, "standard input:1:1: K: required for RSA_2048: ENCRYPT_DECRYPT or SIGN_VERIFY"},
		{"a replica has the type of its primary", []string{replica}, "", exitInconclusive, ""},
		{"which a flag says", []string{"--key-spec", "HMAC_256", replica}, "", exitFine, ""},
		{"a parameter without a value", []string{"--parameter", "x", good}, "", exitError, `--parameter "x" is not a parameter of its own; write NAME=VALUE`},
		{"a parameter twice", []string{"--parameter", "x=1", "--parameter", "x=2", good}, "", exitError, `--parameter "x=2" is not a parameter of its own`},
		{"a parameter of a live key", []string{"--parameter", "x=1", "--account", "", "--key-id", "x"}, "", exitError, "says what a live key says itself"},
		{"a malformed policy in a plan has its address", []string{"-"}, planned(accountPolicy, "{}"), exitError, "standard input: module.a.aws_kms_key.k[0]: the key policy is malformed"},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			t.Chdir(t.TempDir())
			got := kmsguard(t, test.in, append([]string{"check", "--default-config", "--account", account}, test.args...)...)
			if got.code != test.code || !strings.Contains(got.err, test.err) || test.err == "" && got.err != "" {
				t.Errorf("exit code %d, want %d; stderr %q, want %q; stdout\n%s", got.code, test.code, got.err, test.err, got.out)
			}
		})
	}
}

func TestCheckNeedsAnAccountThatTheFileDoesNotSay(t *testing.T) {
	two := write(t, "two.yaml", "Resources: {A: {Type: AWS::KMS::Key}, B: {Type: AWS::KMS::Key}}")
	got := kmsguard(t, "", "check", "--default-config", two, write(t, "plan.json", planned(accountPolicy, accountPolicy)))
	got.check(t, exitError, "COMPLIANT  "+statedKey, "two.yaml: --account is required: neither the file nor a flag says which account owns the key")
	got.check(t, exitError, "COMPLIANT  "+statedKey, "further keys of which no account is known: 1\n")
}

func TestCheckOfAFileThatIsTooLong(t *testing.T) {
	long := write(t, "plan.json", `{"format_version":"1.2","planned_values":{},"x":"`+strings.Repeat("x", template.MaxBytes)+`"}`)
	got := kmsguard(t, "", "check", "--default-config", "--account", account, long, write(t, "good.json", accountPolicy))
	got.check(t, exitError, "COMPLIANT  ", "plan.json: longer than 33554432 bytes\n")
}

func TestWhatSkipsTheLockoutCheckIsAFinding(t *testing.T) {
	const text = `{"Resources":{"K":{"Type":"AWS::KMS::Key","Properties":{"BypassPolicyLockoutSafetyCheck":true}}}}`
	list, got := checked(t, text, "--account", account, "-")
	if got.code != exitDifferent || len(list) != 1 || list[0].codes() != "high lockout-check-bypassed" {
		t.Errorf("%d %s", got.code, got.out)
	}
}
