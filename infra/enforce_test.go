package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

func TestFunctionRunsTheArmBinaryOnTheOSOnlyRuntime(t *testing.T) {
	template := newTemplate(t, nil)
	expect(t, func() { template.ResourceCountIs(jsii.String("AWS::Lambda::Function"), jsii.Number(1)) })
	expect(t, func() {
		template.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{
			"Architectures": []string{"arm64"},
			"Runtime":       "provided.al2023",
			"Handler":       "bootstrap",
			// The timeout is the `invocation` of package app: a shorter one there would let
			// two invocations write the same repair.
			"Timeout":    60,
			"MemorySize": 1769, // one CPU
			// Throttling belongs to the event source, see newEnforceFunction.
			"ReservedConcurrentExecutions": assertions.Match_Absent(),
			"TracingConfig":                assertions.Match_Absent(),
			"RecursiveLoop":                assertions.Match_Absent(),
			"KmsKeyArn":                    assertions.Match_Absent(),
			"LoggingConfig":                map[string]any{"LogFormat": "JSON", "LogGroup": assertions.Match_AnyValue()},
		})
	})
}

func TestFunctionReportsFailuresOfSingleMessages(t *testing.T) {
	template := newTemplate(t, nil)
	expect(t, func() {
		template.HasResourceProperties(jsii.String("AWS::Lambda::EventSourceMapping"), map[string]any{
			"BatchSize":             10,
			"FunctionResponseTypes": []string{"ReportBatchItemFailures"},
			"ScalingConfig":         map[string]any{"MaximumConcurrency": 5},
		})
	})
}

func TestLogsAreKeptAYearAndOutliveTheStack(t *testing.T) {
	template := newTemplate(t, nil)
	expect(t, func() {
		template.HasResource(jsii.String("AWS::Logs::LogGroup"), map[string]any{
			"Properties":     map[string]any{"RetentionInDays": 365},
			"DeletionPolicy": "Retain",
		})
	})
}

// TestFunctionStartsWithWhatIsDeployed holds names and values against those who read them.
func TestEnvironmentIsTheDeployments(t *testing.T) {
	template := newTemplate(t, nil)
	var role string
	for role = range decodeResources[roleProperties](t, template, "AWS::IAM::Role") {
	}
	var bucket string
	for bucket = range decodeResources[any](t, template, "AWS::S3::Bucket") {
	}
	want := map[string]any{
		"GUARDRAIL_MODE_MAX": "repair", "GUARDRAIL_MODE_PARAMETER": "/kms-guardrail/mode-max",
		"ARCHIVE_BUCKET":     map[string]any{"Ref": bucket},
		"GUARDRAIL_ACCOUNT":  map[string]any{"Ref": "AWS::AccountId"},
		"GUARDRAIL_ROLE_ARN": map[string]any{"Fn::GetAtt": []any{role, "Arn"}},
		"FINDINGS_TOPIC_ARN": map[string]any{"Ref": theTopic(t, template)},
		// The event source's five and the flush share what KMS takes.
		"GUARDRAIL_CONCURRENCY": "6",
	}
	if diff := cmp.Diff(want, environmentOf(t, template)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// guardrail.yaml names the role beforehand, for all accounts and Regions.
func TestTheRoleHasTheNameThatAConfigurationCanSay(t *testing.T) {
	for name, context := range map[string]map[string]any{"report": nil, "repair": configured(t, repairing)} {
		for _, role := range decodeResources[struct{ RoleName any }](t, newTemplate(t, context), "AWS::IAM::Role") {
			if got := substituted(t, role.RoleName); got != "kms-guardrail-${AWS::Region}" {
				t.Errorf("%s: the role is named %s", name, got)
			}
		}
	}
}

type roleProperties struct {
	ManagedPolicyArns []any
	Policies          []any
}

// statementsOf returns all that the function's role may and may not do.
func statementsOf(t *testing.T, template assertions.Template) []policyStatement {
	t.Helper()
	for id, role := range decodeResources[roleProperties](t, template, "AWS::IAM::Role") {
		if len(role.ManagedPolicyArns)+len(role.Policies) > 0 {
			t.Errorf("role %s has policies beside its own: %+v", id, role)
		}
	}
	var all []policyStatement
	for _, policy := range decodeResources[resourcePolicyProperties](t, template, "AWS::IAM::Policy") {
		all = append(all, policy.PolicyDocument.Statement...)
	}
	return all
}

// allowedActions returns all that the role is allowed, sorted.
func allowedActions(t *testing.T, template assertions.Template) []string {
	t.Helper()
	var allowed []string
	for _, s := range statementsOf(t, template) {
		if s.Effect == "Allow" {
			allowed = append(allowed, s.actions(t)...)
		}
	}
	slices.Sort(allowed)
	return allowed
}

// The least of configurations that need one thing more.
const (
	byAlias = `version: 1
baselines: {standard: {style: api}}
rules: [{name: payments, match: {aliases: [alias/payments]}, mode: report}]
`
	exemptByAlias = `version: 1
baselines: {standard: {style: api}}
exemptions: [{name: old, match: {aliases: [alias/old]}, owner: o, reason: r, expires: 2100-01-01}]
`
	oneRuleRepairs = `version: 1
baselines: {standard: {style: api}}
rules: [{name: sign, match: {keyUsages: [SIGN_VERIFY]}, mode: repair}]
`
)

// The whole list is compared, so that a wildcard, or a write by another name, is a
// difference as well.
func TestTheRoleMayDoWhatTheConfigurationNeeds(t *testing.T) {
	always := []string{
		"kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListResourceTags",
		"logs:CreateLogStream", "logs:PutLogEvents", "sns:Publish",
		"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage",
		"s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject", // the archive, in every mode
	}
	repair := []string{"kms:PutKeyPolicy", "kms:PutKeyPolicy", "ssm:GetParameter"} // no ssm:PutParameter: the function cannot lift its own kill switch
	killed := configured(t, repairing)
	killed["guardrail:modeMax"] = "report"
	for _, row := range []struct {
		reason  string
		context map[string]any
		more    []string
	}{
		{"no file reads", nil, nil},
		{"a rule by alias reads aliases", configured(t, byAlias), []string{"kms:ListAliases"}},
		{"so does an exemption", configured(t, exemptByAlias), []string{"kms:ListAliases"}},
		{"one rule that repairs writes", configured(t, oneRuleRepairs), repair},
		{"a file that repairs writes", configured(t, repairing), repair},
		{"under the kill switch it does not", killed, nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			want := slices.Sorted(slices.Values(slices.Concat(always, row.more)))
			if diff := cmp.Diff(want, allowedActions(t, newTemplate(t, row.context))); diff != "" {
				t.Errorf("the role allows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAllowsReachOnlyTheAccountsOwnResources(t *testing.T) {
	keys := "arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*"
	template := newTemplate(t, configured(t, everything))
	seen := 0
	for _, s := range statementsOf(t, template) {
		if s.Effect != "Allow" {
			continue
		}
		isWrite := slices.Equal(s.actions(t), []string{"kms:PutKeyPolicy"})
		replicas := map[string]any{"StringEquals": map[string]any{"kms:MultiRegionKeyType": "REPLICA"}}
		if s.Condition != nil && (!isWrite || !reflect.DeepEqual(s.Condition, any(replicas))) {
			t.Errorf("%v is allowed under a condition %v: KMS reads an absent parameter as no match", s.Action, s.Condition)
		}
		switch actions := s.actions(t); {
		case slices.Equal(actions, []string{"kms:ListAliases"}):
			if s.Resource != "*" {
				t.Errorf("%v is for %v: KMS knows no resource for it", actions, s.Resource)
			}
		case isWrite && s.Condition == nil:
			if got, want := substituted(t, s.Resource), strings.Replace(keys, ":*:", ":${AWS::Region}:", 1); got != want {
				t.Errorf("%v is for %s, want %s", actions, got, want)
			}
		case strings.HasPrefix(actions[0], "kms:"):
			if got := substituted(t, s.Resource); got != keys {
				t.Errorf("%v is for %s, want the account's keys", actions, got)
			}
		case strings.HasPrefix(actions[0], "ssm:"):
			if got, want := substituted(t, s.Resource), "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"+modeParameter; got != want {
				t.Errorf("%v is for %s, want %s", actions, got, want)
			}
		case strings.HasPrefix(actions[0], "s3:"):
			// TestFunctionMayAddAndDeleteOnlyWhatPackageArchiveDoes
		case strings.HasPrefix(actions[0], "sns:"):
			if want := (map[string]any{"Ref": theTopic(t, template)}); !reflect.DeepEqual(s.Resource, any(want)) {
				t.Errorf("%v is for %v, want the topic of findings only", actions, s.Resource)
			}
		default:
			attributeOwner(t, s.Resource) // fails unless it is one resource of this stack
		}
		seen++
	}
	if seen != 12 {
		t.Errorf("%d statements were looked at, want all twelve", seen)
	}
}

// everything is a configuration that needs every permission.
const everything = repairing + `rules: [{name: payments, match: {aliases: [alias/payments], tags: {team: payments}}, mode: repair}]
`

func TestLockoutCheckBypassIsDeniedInEveryMode(t *testing.T) {
	killed := configured(t, repairing)
	killed["guardrail:modeMax"] = "report"
	for name, context := range map[string]map[string]any{
		"no file": nil, "report": configured(t, byAlias), "repair": configured(t, repairing), "kill switch": killed,
	} {
		t.Run(name, func(t *testing.T) {
			var denies []policyStatement
			for _, s := range statementsOf(t, newTemplate(t, context)) {
				if s.Effect == "Deny" {
					denies = append(denies, s)
				}
			}
			want := []policyStatement{{
				Sid: "NeverSkipTheLockoutCheck", Effect: "Deny", Action: "kms:PutKeyPolicy", Resource: "*",
				Condition: map[string]any{"Bool": map[string]any{"kms:BypassPolicyLockoutSafetyCheck": "true"}},
			}}
			if !reflect.DeepEqual(denies, want) {
				t.Errorf("denies %+v, want %+v", denies, want)
			}
		})
	}
}

// The demo's guardrail works with this file as its IAM policy: a demo that could do more
// than the stack would prove nothing about it. Order and Sids mean nothing.
func TestDemoRoleMayDoWhatTheRoleMayDo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "pkg", "desk", "demo", "role.json"))
	if err != nil {
		t.Fatal(err)
	}
	var demo struct{ Statement []policyStatement }
	if err := json.Unmarshal(text, &demo); err != nil {
		t.Fatal(err)
	}
	stack := statementsOf(t, newTemplate(t, configured(t, everything)))
	if diff := cmp.Diff(grantsOfKMS(t, stack), grantsOfKMS(t, demo.Statement)); diff != "" {
		t.Errorf("the demo's role is not the stack's (-stack +demo):\n%s", diff)
	}
}

// grantsOfKMS writes the KMS calls of statements down, one call a line.
func grantsOfKMS(t *testing.T, statements []policyStatement) []string {
	t.Helper()
	var lines []string
	for _, s := range statements {
		for _, action := range s.actions(t) {
			if strings.HasPrefix(action, "kms:") {
				lines = append(lines, fmt.Sprintf("%s %s on %s under %v", s.Effect, action, substituted(t, s.Resource), s.Condition))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// substituted writes a text of the template as Fn::Sub would take it, with ${name} for a
// reference.
func substituted(t *testing.T, value any) string {
	t.Helper()
	object, _ := value.(map[string]any)
	join, _ := object["Fn::Join"].([]any)
	if text, ok := value.(string); ok {
		return text
	}
	if name, ok := object["Ref"].(string); ok {
		return "${" + name + "}"
	}
	if len(join) != 2 || join[0] != "" {
		t.Fatalf("%v is no text with references in it", value)
	}
	parts, _ := join[1].([]any)
	var text strings.Builder
	for _, part := range parts {
		text.WriteString(substituted(t, part))
	}
	return text.String()
}
