package template_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

var update = flag.Bool("update", false, "write the golden files")

// here is where the tests deploy.
var here = template.Place{Account: "111122223333", Region: "eu-central-1", Partition: "aws"}

// described writes what a file tells, for golden files.
func described(f template.File) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", f.Kind)
	for _, k := range f.Keys {
		fmt.Fprintf(&b, "\n%s\n", strings.TrimSpace(fmt.Sprintf("%s line %d", k.Resource, k.Line)))
		line := func(name string, value any, is bool) {
			if is {
				fmt.Fprintf(&b, "  %-8s %v\n", name, value)
			}
		}
		line("problem", k.Problem, k.Problem != nil)
		line("arn", k.ARN, k.ARN != "")
		line("place", k.Account+" "+k.Region, k.Account+k.Region != "")
		line("type", fmt.Sprintf("%+v known=%v", k.Type, k.TypeKnown), true)
		line("aliases", k.Aliases, k.Aliases != nil)
		for _, name := range slices.Sorted(maps.Keys(k.Tags)) {
			line("tag", name+"="+k.Tags[name], true)
		}
		line("tags", "not known", k.Tags == nil)
		line("bypasses", "the lockout check", k.BypassesLockoutCheck)
		line("policy", "the API default", k.IsDefault)
		line("policy", k.Policy, k.Policy != "")
		line("lines", k.Lines, len(k.Lines) > 0)
		line("before", k.Before, k.Before != "")
		for _, u := range k.Unknown {
			line("unknown", u, true)
		}
		for _, a := range k.Assumed {
			line("assumed", a, true)
		}
	}
	return b.String()
}

func TestWhatFilesTell(t *testing.T) {
	yaml, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/*.json")
	if files = append(files, yaml...); err != nil || len(files) < 7 {
		t.Fatalf("%v in %v", err, files)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := template.Read(text, here)
			if err != nil {
				t.Fatal(err)
			}
			golden := file + ".txt"
			got := described(f)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the golden file (-) and now (+):\n%s", diff)
			}
			checkKeys(t, f)
		})
	}
}

// checkKeys holds what is true of every key: it has a policy that KMS stores, or a reason why
// it has none.
func checkKeys(t *testing.T, f template.File) {
	t.Helper()
	for _, k := range f.Keys {
		reasons := 0
		for _, is := range []bool{k.Policy != "", k.IsDefault, k.Unknown != nil || k.Problem != nil} {
			if is {
				reasons++
			}
		}
		if reasons != 1 {
			t.Errorf("%s has %d of policy, default and reason: %+v", k.Resource, reasons, k)
		}
		if f.Kind == template.Policy || f.Kind == template.Answer || k.Policy == "" {
			continue
		}
		d, err := policy.Parse(k.Policy)
		if err != nil {
			t.Errorf("%s has a policy that is none: %v", k.Resource, err)
			continue
		}
		if f.Kind == template.CloudFormation && len(k.Lines) != len(d.Statements) {
			t.Errorf("%s has %d lines for %d statements", k.Resource, len(k.Lines), len(d.Statements))
		}
	}
}

const accountPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`

func TestWhatAFileIsItsContentDecides(t *testing.T) {
	quoted := `"` + strings.ReplaceAll(accountPolicy, `"`, `\"`) + `"`
	tests := []struct {
		because, text string
		kind          template.Kind
		keys          int
	}{
		{"a policy", accountPolicy, template.Policy, 1},
		{"with a byte order mark", "\uFEFF" + accountPolicy, template.Policy, 1},
		{"a policy without statements is for the parser of policies", `{"Version":"2012-10-17","Id":"x"}`, template.Policy, 1},
		{"the answer of get-key-policy", `{"Policy":` + quoted + `,"PolicyName":"default"}`, template.Answer, 1},
		{"somebody took the text apart", `{"Policy":` + accountPolicy + `}`, template.Answer, 1},
		{"get-key-policy --query Policy", quoted + "\n", template.Answer, 1},
		{"a template without a version", `{"Resources":{"K":{"Type":"AWS::KMS::Key"}}}`, template.CloudFormation, 1},
		{"a template without keys", `{"Resources":{"B":{"Type":"AWS::S3::Bucket"}}}`, template.CloudFormation, 0},
		{"a template without resources", "AWSTemplateFormatVersion: 2010-09-09\n", template.CloudFormation, 0},
		{"a template in YAML's JSON", "# comment\n{Resources: {K: {Type: 'AWS::KMS::Key'}}}", template.CloudFormation, 1},
		{"a template with source of a CDK app in it", "Resources:\n  F: {Type: 'AWS::Lambda::Function', Properties: {Code: {ZipFile: 'import aws_cdk'}}}", template.CloudFormation, 0},
		{"a serverless template", "Transform: AWS::Serverless-2016-10-31\nResources: {K: {Type: 'AWS::KMS::Key'}}", template.CloudFormation, 1},
		{"a plan without changes", `{"format_version":"1.2","planned_values":{}}`, template.Plan, 0},
		{"an empty state", `{"format_version":"1.0"}`, template.State, 0},
		{"an empty state of a version", `{"format_version":"1.0","terraform_version":"1.9.0"}`, template.State, 0},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			f, err := template.Read([]byte(test.text), here)
			if err != nil || f.Kind != test.kind || len(f.Keys) != test.keys {
				t.Fatalf("%v, %+v", err, f)
			}
		})
	}
}

func TestARecognisableWrongFileHasItsOwnSentence(t *testing.T) {
	tests := []struct {
		because, text, what string
		isNear              bool
	}{
		{"empty", "", "the file is empty", true},
		{"blank", " \n\t\n", "the file is empty", true},
		{"a role's policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}}`, "an identity policy: no statement has a Principal", true},
		{"a bucket's policy", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}`, "the policy of an S3 bucket", true},
		{"an answer with a bucket's policy", `{"Policy":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":[\"s3:GetObject\"],\"Resource\":\"*\"}]}"}`, "the policy of an S3 bucket", true},
		{"a trust policy", `{"Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`, "the trust policy of a role", true},
		{"describe-key", `{"KeyMetadata":{"KeyId":"x"}}`, "take aws kms get-key-policy --key-id ID", true},
		{"list-keys", `{"Keys":[]}`, "kmsguard scan", true},
		{"get-template", `{"StagesAvailable":[],"TemplateBody":{}}`, "--query TemplateBody", true},
		{"Terraform's own state file", `{"version":4,"terraform_version":"1.9.8","serial":1,"lineage":"x","resources":[]}`, "check what terraform show -json prints", true},
		{"Terraform source", "resource \"aws_kms_key\" \"a\" {\n  policy = jsonencode({})\n}\n", "run terraform plan -out plan.bin, then check what terraform show -json plan.bin prints", true},
		{"Terraform source that starts with a comment", "# keys\nmodule \"kms\" {\n}\n", "run terraform plan", true},
		{"a plan for people", "Terraform will perform the following actions:\n", "run terraform plan", true},
		{"a plan as Terraform keeps it", "PK\x03\x04\x00\x00", "a ZIP archive; if terraform plan -out wrote it", true},
		{"source of a CDK app", "import * as kms from 'aws-cdk-lib/aws-kms';\n", "run cdk synth, then check the folder cdk.out", true},
		{"the settings of a CDK app", `{"app":"npx ts-node app.ts"}`, "run cdk synth", true},
		{"the manifest of a CDK assembly", `{"version":"36.0.0","artifacts":{}}`, "check its folder", true},
		{"an event", `{"detail-type":"AWS API Call via CloudTrail","detail":{}}`, "kmsguard replay FILE", true},
		{"guardrail.yaml", "version: 1\nbaselines: {}\n", "kmsguard config validate", true},
		{"a policy in YAML", "Version: 2012-10-17\nStatement: []\n", "KMS takes JSON", true},
		{"a Serverless Framework service", "service: x\nprovider: {name: aws}\n", "serverless package", true},
		{"UTF-16", "\xff\xfe{\x00}\x00", "save it as UTF-8", true},
		{"binary", "\x7fELF\x00\x01", "the file is binary", false},
		{"something else in JSON", `{"name":"x"}`, "JSON that is no key policy or template; expected", false},
		{"much JSON of something else", `{"x":"` + strings.Repeat("x", 5<<20) + `"}`, "longer than 4194304 bytes; expected a key policy", false},
		{"several values", accountPolicy + "\n" + accountPolicy, "several JSON values, one after the other; a file is one value", false},
		{"a list", `[1,2]`, "JSON that is no key policy or template; expected", false},
		{"JSON with comments, not about keys", "{\n // x\n}", "; expected a key policy", false},
		{"something else in YAML", "a: b\n", "no key policy or template; expected", false},
		{"prose", "Dear reader: this is: no YAML\n", "; expected a key policy", false},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			f, err := template.Read([]byte(test.text), here)
			var other *template.Unrecognised
			if !errors.As(err, &other) || !strings.Contains(err.Error(), test.what) || other.IsNear != test.isNear {
				t.Errorf("%v %+v, %+v", err, other, f)
			}
		})
	}
}

func TestABrokenFileIsAnErrorWithItsPlace(t *testing.T) {
	yaml := func(lines ...string) string {
		return "Resources:\n  K: {Type: AWS::KMS::Key}\n" + strings.Join(lines, "\n")
	}
	tests := []struct{ because, text, want string }{
		{"a logical id twice", yaml("  K: {Type: AWS::KMS::Key}"), `3:3: the name "K" is there twice; the first one is on line 2`},
		{"a logical id twice in JSON", "{\"Resources\":{\n\"K\":{\"Type\":\"AWS::KMS::Key\"},\n \"K\":{}}}", `3:2: the name "K" is there twice; the first one is on line 2`},
		{"an alias of YAML expands", yaml("  A: &a [x, x]", "  B: [*a, *a]"), "4:7: the alias *a; CloudFormation supports no aliases"},
		{"a merge key", yaml("  A: {<<: {x: y}}"), "3:7: the merge key <<"},
		{"an account id that YAML 1.1 reads as octal", yaml("  A: {Account: 012345670123}"), `3:16: the number 012345670123 has a leading zero; write it in quotes`},
		{"a second document", yaml("---", "a: b"), "a second YAML document"},
		{"indented with tabs", yaml("\tx: y"), "not YAML"},
		{"bytes that are not UTF-8", yaml("  A: \xff"), "3:6: a byte that is not UTF-8 (0xff); save the file as UTF-8"},
		{"deeper than any template", `{"AWS::KMS::Key":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, "nests deeper than 100 levels"},
		{"deeper than any template, in YAML", "Resources: # AWS::KMS::Key\n " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "100"},
		{"longer than any template", yaml("# " + strings.Repeat("x", 5<<20)), "longer than 4194304 bytes"},
		{"a policy that ends early", accountPolicy[:40] + "\n", "1:41: a control character in a string"},
		{"something after a value", `{"AWS::KMS::Key":1},`, "something follows the JSON value; a file is one"},
		{"resources that are none", `{"AWSTemplateFormatVersion":"2010-09-09","Resources":[]}`, "1:54: Resources is no mapping of logical ids"},
		{"an answer whose policy is none", `{"Policy":"nothing"}`, `1:11: the text is no policy: "nothing"`},
		{"a plan that failed", `{"format_version":"1.2","planned_values":{},"errored":true}`, "the Terraform plan ended with an error"},
		{"a plan of the future", `{"format_version":"9.0","planned_values":{}}`, "the Terraform plan cannot be read: unsupported plan format version"},
		{"a plan of another shape", `{"format_version":"1.0","resource_changes":{}}`, "the Terraform plan cannot be read: "},
		{"a state of another shape", `{"format_version":"1.0","values":3}`, "the Terraform state cannot be read: "},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			f, err := template.Read([]byte(test.text), here)
			var other *template.Unrecognised
			if err == nil || errors.As(err, &other) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s; %+v", err, test.want, f)
			}
		})
	}
}
