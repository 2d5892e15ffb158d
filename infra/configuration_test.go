package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

func TestTheWorkingDirectorysFileIsTheConfiguration(t *testing.T) {
	t.Chdir(t.TempDir())
	zero, err := readConfiguration("", time.Now())
	if err != nil || zero.Text != nil || zero.Hash() != rules.DefaultConfiguration().Hash() || zero.Repairs() {
		t.Errorf("without a file: %+v, %v, want the zero configuration", zero, err)
	}
	if err := os.WriteFile("guardrail.yaml", []byte(repairing), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := readConfiguration("", time.Now())
	if err != nil || string(found.Text) != repairing || !found.Repairs() {
		t.Errorf("with a file: %+v, %v, want the file", found, err)
	}
	if err := os.WriteFile("other.yaml", []byte(strings.Replace(repairing, "repair", "report", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	named, err := readConfiguration("other.yaml", time.Now())
	if err != nil || named.Repairs() {
		t.Errorf("with another one named: %+v, %v, want that", named, err)
	}
}

func TestABrokenConfigurationFailsTheSynthesisWithItsPlace(t *testing.T) {
	for _, row := range []struct {
		reason, text string
		want         []string
	}{
		{"a misspelt key", "version: 1\nmod: repair\nbaselines: {standard: {style: api}}\n", []string{"configuration.yaml:2:1: unknown key `mod`"}},
		{"every problem is told", "version: 1\nmode: fix\nbaselines: {standard: {style: web}}\n", []string{"configuration.yaml:2:7:", "configuration.yaml:3:31:"}},
		{"an empty file is not the zero configuration", "", []string{"configuration.yaml"}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			_, err := describe(awscdk.NewApp(appProps(t, configured(t, row.text))), "Test", time.Now())
			for _, part := range row.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("got %v, want an error with %q", err, part)
				}
			}
		})
	}
}

func TestANamedConfigurationHasToBeThere(t *testing.T) {
	_, err := readConfiguration(filepath.Join(t.TempDir(), "gone.yaml"), time.Now())
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "guardrail:config") || !strings.Contains(err.Error(), "gone.yaml") {
		t.Errorf("got %v, want a missing file, and the setting that names it", err)
	}
}

// The examples are what users begin with.
func TestEveryExampleDeploys(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "docs", "examples", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			context := map[string]any{
				"guardrail:config": file, "guardrail:organizationId": "o-a1b2c3d4e5", "guardrail:organizationalUnits": "ou-ab12-cdef3456",
			}
			configuration, err := readConfiguration(file, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			stack := newStack(t, context)
			expect(t, func() {
				assertions.Annotations_FromStack(stack).HasNoError(jsii.String("*"), assertions.Match_AnyValue())
			})
			if names, _ := configuration.foreignAccess(settings{}); names != nil {
				t.Errorf("guardrailAccess of %q names no role of a stack", names)
			}
			template := assertions.Template_FromStack(stack, nil)
			expect(t, func() { template.ResourceCountIs(jsii.String("AWS::S3::Bucket"), jsii.Number(1)) })
			if writes := slices.Contains(allowedActions(t, template), "kms:PutKeyPolicy"); writes != configuration.Repairs() {
				t.Errorf("may write: %v, repairs: %v", writes, configuration.Repairs())
			}
		})
	}
}

func TestWhatTheConfigurationNeedsOfTheOrganizationIsWarnedOf(t *testing.T) {
	const units = repairing + `rules: [{name: cards, match: {organizationalUnits: [ou-ab12-11111111]}, mode: report}]
`
	const exempt = repairing + `exemptions:
  - {name: old, match: {organizationalUnits: [r-ab12]}, owner: o, reason: r, expires: 2100-01-01}
`
	const organization = `version: 1
baselines:
  standard:
    style: api
    permit:
      - Effect: Allow
        Principal: {AWS: "*"}
        Action: kms:Decrypt
        Condition: {StringEquals: {aws:PrincipalOrgID: "${OrganizationId}"}}
`
	for _, row := range []struct {
		reason, text, key, value string
		warns                    bool
	}{
		{"a rule by unit", units, "guardrail:organizationalUnits", "ou-ab12-11111111", true},
		{"an exemption by unit", exempt, "guardrail:organizationalUnits", "r-ab12", true},
		{"a placeholder", organization, "guardrail:organizationId", "o-a1b2c3d4e5", true},
		{"none of these", repairing, "guardrail:organizationId", "o-a1b2c3d4e5", false},
	} {
		t.Run(row.reason, func(t *testing.T) {
			context := configured(t, row.text)
			warning := assertions.Match_StringLikeRegexp(jsii.String("set " + row.key))
			without := assertions.Annotations_FromStack(newStack(t, context))
			if row.warns {
				expect(t, func() { without.HasWarning(jsii.String("/Test/Enforce/Function"), warning) })
			} else {
				expect(t, func() { without.HasNoWarning(jsii.String("*"), warning) })
			}
			context[row.key] = row.value
			with := assertions.Annotations_FromStack(newStack(t, context))
			expect(t, func() { with.HasNoWarning(jsii.String("*"), warning) })
		})
	}
}

// KMS refuses a policy that names a role which does not exist, and the guardrail's access is
// its own role's.
func TestAGuardrailAccessThatIsNotTheStacksRoleIsWarnedOf(t *testing.T) {
	for _, row := range []struct {
		reason, arn string
		warns       bool
	}{
		{"the role of any stack", "arn:${Partition}:iam::${AccountId}:role/kms-guardrail-${Region}", false},
		{"that of one account and Region", "arn:aws-us-gov:iam::111122223333:role/kms-guardrail-us-gov-west-1", false},
		{"none", "", false},
		{"a role without the Region", "arn:${Partition}:iam::${AccountId}:role/kms-guardrail", true},
		{"a role in a path", "arn:${Partition}:iam::${AccountId}:role/x/kms-guardrail-${Region}", true},
		{"some other role", "arn:${Partition}:iam::${AccountId}:role/Admin", true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			text := repairing
			if row.arn != "" {
				text = strings.Replace(text, "style: api", "style: api, guardrailAccess: \""+row.arn+"\"", 1)
			}
			annotations := assertions.Annotations_FromStack(newStack(t, configured(t, text)))
			warning := assertions.Match_StringLikeRegexp(jsii.String("guardrailAccess of baseline standard is not this deployment's role, which is arn:"))
			if row.warns {
				expect(t, func() { annotations.HasWarning(jsii.String("/Test/Enforce/Function"), warning) })
			} else {
				expect(t, func() { annotations.HasNoWarning(jsii.String("*"), warning) })
			}
		})
	}
}

// infra spells the names of the function's environment itself, because it imports nothing
// of what runs there; this test may, and reads environment and code as the function does.
func TestFunctionStartsWithWhatIsDeployed(t *testing.T) {
	const role, bucket = "arn:aws:iam::111122223333:role/kms-guardrail-us-east-1", "test-archivebucket"
	const findings = "arn:aws:sns:us-east-1:111122223333:Test-FindingsTopic"
	all := map[string]any{
		"guardrail:organizationId": "o-a1b2c3d4e5", "guardrail:organizationalUnits": []any{"ou-ab12-11111111", "r-ab12"},
	}
	killed := map[string]any{"guardrail:modeMax": "report"}
	for _, row := range []struct {
		reason  string
		text    string // "" is no file
		context map[string]any
		want    app.Settings
		repairs bool
	}{
		{"nothing chosen is the harmless deployment", "", nil, app.Settings{}, false},
		{"a file that repairs", repairing, nil, app.Settings{}, true},
		{
			"under the kill switch it does not, and what is open is still reported", repairing, killed,
			app.Settings{}, false,
		},
		{
			"the organization", "", all,
			app.Settings{OrganizationID: "o-a1b2c3d4e5", OrganizationalUnits: []string{"ou-ab12-11111111", "r-ab12"}}, false,
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			context := map[string]any{}
			if row.text != "" {
				context = configured(t, row.text)
			}
			maps.Copy(context, row.context)
			cdk, stack := newApp(t, context)
			topic := theTopic(t, assertions.Template_FromStack(stack, nil))
			got := understood(t, stack, codeOf(t, cdk), map[string]string{"Arn": role, "Ref": bucket, topic: findings})
			if got.Configuration.Repairs() != row.repairs {
				t.Errorf("repairs: %v, want %v", got.Configuration.Repairs(), row.repairs)
			}
			row.want.Account, row.want.Role, row.want.Concurrency, row.want.Configuration = "111122223333", role, 6, got.Configuration
			row.want.FindingsTopic, row.want.ArchiveBucket, row.want.ModeParameter = findings, bucket, app.DefaultModeParameter
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("the function understands (-want +got):\n%s", diff)
			}
		})
	}
}

// understood reads an environment as the function does, which has to read all of it.
// references are what the template's references stand for.
func understood(t *testing.T, stack awscdk.Stack, code string, references map[string]string) app.Settings {
	t.Helper()
	environment := environmentOf(t, assertions.Template_FromStack(stack, nil))
	asked := map[string]bool{}
	settings, err := app.ReadSettings(func(name string) string {
		asked[name] = true
		return resolved(environment[name], references)
	}, code)
	if err != nil {
		t.Fatal(err)
	}
	for name := range environment {
		if !asked[name] {
			t.Errorf("the function does not read %s", name)
		}
	}
	return settings
}

// resolved returns a value of the template after deployment in account 111122223333.
func resolved(value any, references map[string]string) string {
	object, _ := value.(map[string]any)
	text, _ := value.(string)
	switch {
	case object["Ref"] == "AWS::AccountId":
		return "111122223333"
	case object["Ref"] != nil:
		if text, ok := references[fmt.Sprint(object["Ref"])]; ok {
			return text
		}
		return references["Ref"]
	case object["Fn::GetAtt"] != nil:
		return references["Arn"]
	}
	return text
}

// environmentOf returns the function's environment as the template has it.
func environmentOf(t *testing.T, template assertions.Template) map[string]any {
	t.Helper()
	for _, function := range decodeResources[struct {
		Environment struct{ Variables map[string]any }
	}](t, template, "AWS::Lambda::Function") {
		return function.Environment.Variables
	}
	panic("unreachable")
}

// codeOf synthesises an application and returns the folder of the function's asset.
func codeOf(t *testing.T, cdk awscdk.App) string {
	t.Helper()
	cdk.Synth(nil)
	folders, err := filepath.Glob(filepath.Join(*cdk.Outdir(), "asset.*"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("assets %v, %v, want one", folders, err)
	}
	return folders[0]
}
