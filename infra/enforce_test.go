package main

import (
	"encoding/json"
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
			"Timeout":       60,
			"MemorySize":    512,
			// Throttling belongs to the event source, see maxConcurrency.
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

func TestEnvironmentIsTheYardstick(t *testing.T) {
	none := map[string]any{}
	chosen := map[string]any{
		"guardrail:mode":           "repair",
		"guardrail:style":          "console",
		"guardrail:administrators": "arn:aws:iam::111122223333:role/KeyAdmin, arn:aws:iam::111122223333:user/ops/ann",
		"guardrail:users":          []any{"arn:aws:iam::444455556666:root"},
	}
	for _, row := range []struct {
		reason  string
		context map[string]any
		want    map[string]any
	}{
		{"nothing chosen is the harmless deployment", none, map[string]any{
			"GUARDRAIL_MODE": "report", "GUARDRAIL_STYLE": "api", "GUARDRAIL_ADMINISTRATORS": "", "GUARDRAIL_USERS": "",
		}},
		{"what is chosen arrives, comma-separated", chosen, map[string]any{
			"GUARDRAIL_MODE": "repair", "GUARDRAIL_STYLE": "console",
			"GUARDRAIL_ADMINISTRATORS": "arn:aws:iam::111122223333:role/KeyAdmin,arn:aws:iam::111122223333:user/ops/ann",
			"GUARDRAIL_USERS":          "arn:aws:iam::444455556666:root",
		}},
	} {
		t.Run(row.reason, func(t *testing.T) {
			template := newTemplate(t, row.context)
			expect(t, func() {
				template.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{
					"Environment": map[string]any{"Variables": assertions.Match_ObjectEquals(&row.want)},
				})
			})
		})
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
	for _, policy := range decodeResources[queuePolicyProperties](t, template, "AWS::IAM::Policy") {
		all = append(all, policy.PolicyDocument.Statement...)
	}
	return all
}

// The whole list is compared, so that a wildcard, or a write by another name, is a
// difference as well.
func TestReportModeCannotWriteAndRepairModeOnlyPutsPolicies(t *testing.T) {
	always := []string{
		"kms:DescribeKey", "kms:GetKeyPolicy",
		"logs:CreateLogStream", "logs:PutLogEvents",
		"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage",
	}
	for _, row := range []struct {
		mode string
		more []string
	}{
		{"report", nil},
		{"repair", []string{"kms:PutKeyPolicy"}},
	} {
		t.Run(row.mode, func(t *testing.T) {
			var allowed []string
			for _, s := range statementsOf(t, newTemplate(t, map[string]any{"guardrail:mode": row.mode})) {
				if s.Effect == "Allow" {
					allowed = append(allowed, s.actions(t)...)
				}
			}
			slices.Sort(allowed)
			want := slices.Sorted(slices.Values(append(row.more, always...)))
			if !slices.Equal(allowed, want) {
				t.Errorf("the role allows %v, want %v", allowed, want)
			}
		})
	}
}

func TestAllowsReachOnlyTheAccountsOwnResources(t *testing.T) {
	keys := map[string]any{"Fn::Join": []any{"", []any{
		"arn:", map[string]any{"Ref": "AWS::Partition"}, ":kms:*:", map[string]any{"Ref": "AWS::AccountId"}, ":key/*",
	}}}
	for _, s := range statementsOf(t, newTemplate(t, repairMode)) {
		if s.Effect != "Allow" {
			continue
		}
		if s.Condition != nil {
			t.Errorf("%v is allowed under a condition %v: KMS reads an absent parameter as no match", s.Action, s.Condition)
		}
		if s.Sid == "ReadKeyPolicies" || s.Sid == "RepairKeyPolicies" {
			if !reflect.DeepEqual(s.Resource, keys) {
				t.Errorf("%s is for %v, want the account's keys", s.Sid, s.Resource)
			}
			continue
		}
		attributeOwner(t, s.Resource) // fails unless it is one resource of this stack
	}
}

func TestLockoutCheckBypassIsDeniedInEveryMode(t *testing.T) {
	for _, mode := range []string{"report", "repair"} {
		t.Run(mode, func(t *testing.T) {
			var denies []policyStatement
			for _, s := range statementsOf(t, newTemplate(t, map[string]any{"guardrail:mode": mode})) {
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
// than the stack would prove nothing about it.
func TestDemoRoleMayDoWhatTheRepairModeRoleMayDo(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "functions", "kmsguard", "demo_role.json"))
	if err != nil {
		t.Fatal(err)
	}
	var demo struct{ Statement []policyStatement }
	if err := json.Unmarshal(text, &demo); err != nil {
		t.Fatal(err)
	}
	var stack []policyStatement
	for _, s := range statementsOf(t, newTemplate(t, repairMode)) {
		if slices.ContainsFunc(s.actions(t), func(action string) bool { return strings.HasPrefix(action, "kms:") }) {
			s.Resource = substituted(t, s.Resource)
			stack = append(stack, s)
		}
	}
	if diff := cmp.Diff(stack, demo.Statement); diff != "" {
		t.Errorf("the demo's role is not the stack's (-stack +demo):\n%s", diff)
	}
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
