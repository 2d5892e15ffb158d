package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

// sweeping is a context with a sweep every so many hours.
func sweeping(t *testing.T, context map[string]any, hours any) map[string]any {
	t.Helper()
	with := map[string]any{"guardrail:sweepHours": hours, "guardrail:sweepAsset": bundle(t)}
	maps.Copy(with, context)
	return with
}

// theSweep returns the properties of the function that sweeps, and its logical id.
func theSweep(t *testing.T, template assertions.Template) (id string, function functionProperties) {
	t.Helper()
	for id, f := range decodeResources[functionProperties](t, template, "AWS::Lambda::Function") {
		if f.Environment.Variables["KEYS_QUEUE_URL"] != nil {
			return id, f
		}
	}
	t.Fatal("no function has a queue to send to")
	return "", functionProperties{}
}

type functionProperties struct {
	Timeout     int
	Role        any
	Environment struct{ Variables map[string]any }
}

// sweepStatements are those of the role of the function that sweeps.
func sweepStatements(t *testing.T, template assertions.Template) []policyStatement {
	t.Helper()
	_, function := theSweep(t, template)
	role := attributeOwner(t, function.Role)
	for _, policy := range decodeResources[struct {
		Roles          []struct{ Ref string }
		PolicyDocument struct{ Statement []policyStatement }
	}](t, template, "AWS::IAM::Policy") {
		if len(policy.Roles) == 1 && policy.Roles[0].Ref == role {
			return policy.PolicyDocument.Statement
		}
	}
	t.Fatal("the role of the function that sweeps has no policy")
	return nil
}

func TestASweepIsDeployedUnlessItIsSwitchedOff(t *testing.T) {
	for hours, want := range map[any]float64{nil: 2, "0": 1, "12": 2} {
		context := sweeping(t, nil, hours)
		template := newTemplate(t, context)
		expect(t, func() { template.ResourceCountIs(jsii.String("AWS::Lambda::Function"), jsii.Number(want)) })
	}
}

func TestTheSweepHasNoAnnotations(t *testing.T) {
	annotations := assertions.Annotations_FromStack(newStack(t, sweeping(t, nil, "24")))
	expect(t, func() { annotations.HasNoError(jsii.String("*"), assertions.Match_AnyValue()) })
	expect(t, func() { annotations.HasNoWarning(jsii.String("*"), assertions.Match_AnyValue()) })
}

func TestTheScheduleOfTheSweep(t *testing.T) {
	for hours, want := range map[string]struct {
		rate string
		age  int
	}{"24": {"rate(1 day)", 86400}, "1": {"rate(1 hour)", 3600}, "36": {"rate(36 hours)", 86400}} {
		template := newTemplate(t, sweeping(t, nil, hours))
		id, function := theSweep(t, template)
		if function.Timeout != 900 {
			t.Errorf("the timeout is %d s, want Lambda's longest", function.Timeout)
		}
		found := false
		for _, rule := range decodeResources[ruleProperties](t, template, "AWS::Events::Rule") {
			target := rule.Targets[0]
			if rule.ScheduleExpression == "" || attributeOwner(t, target.Arn) != id {
				continue
			}
			found = true
			if rule.ScheduleExpression != want.rate || rule.State != "ENABLED" || target.RetryPolicy.MaximumEventAgeInSeconds != want.age {
				t.Errorf("every %s hours: %+v", hours, rule)
			}
			attributeOwner(t, target.DeadLetterConfig.Arn) // fails unless it is a queue of this stack
			var event map[string]string
			if err := json.Unmarshal([]byte(target.Input), &event); err != nil {
				t.Fatal(err)
			}
			// Package app takes no other event for a sweep.
			if diff := cmp.Diff(map[string]string{"source": "kms-guardrail", "detail-type": "KMS Guardrail Sweep"}, event); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		if !found {
			t.Error("no rule has a schedule")
		}
	}
}

// The whole list is compared: the function that sweeps can write no policy, whatever its
// code does, and in the archive its own object only.
func TestTheSweepMayReadKeysAndSendToTheQueueOfEvents(t *testing.T) {
	always := []string{"kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListKeys", "kms:ListResourceTags", "logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage", "s3:GetObject", "s3:ListBucket", "s3:PutObject", "sns:Publish"}
	for _, row := range []struct {
		reason string
		config map[string]any
		more   []string
	}{
		{"without a file", nil, nil},
		{"where a rule repairs", configured(t, repairing), nil},
		{"aliases are read where one is asked for", configured(t, byAlias), []string{"kms:ListAliases"}},
	} {
		template := newTemplate(t, sweeping(t, row.config, "24"))
		var got []string
		for _, s := range sweepStatements(t, template) {
			actions := s.actions(t)
			got = append(got, actions...)
			if s.Effect != "Allow" || s.Condition != nil {
				t.Errorf("%s: %+v", row.reason, s)
			}
			checkSweepResource(t, actions[0], s.Resource)
		}
		want := slices.Concat(always, row.more)
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.reason, diff)
		}
	}
}

func checkSweepResource(t *testing.T, action string, resource any) {
	t.Helper()
	switch {
	case action == "kms:ListKeys" || action == "kms:ListAliases":
		if resource != "*" {
			t.Errorf("%s is for %v: KMS knows no resource for it", action, resource)
		}
	case strings.HasPrefix(action, "kms:"):
		if got := substituted(t, resource); got != "arn:${AWS::Partition}:kms:*:${AWS::AccountId}:key/*" {
			t.Errorf("%s is for %s, want the account's keys", action, got)
		}
	case action == "s3:GetObject" || action == "s3:PutObject":
		text, err := json.Marshal(resource)
		if err != nil || !strings.HasSuffix(string(text), `"/sweep/*"]]}`) {
			t.Errorf("%s is for %s, want the last sweep only", action, text)
		}
	case action == "sns:Publish":
		if reference, _ := resource.(map[string]any); !strings.HasPrefix(fmt.Sprint(reference["Ref"]), "FindingsTopic") {
			t.Errorf("%s is for %v, want the topic of findings only", action, resource)
		}
	default:
		attributeOwner(t, resource) // fails unless it is one resource of this stack
	}
}

func TestTheSweepIsToldOfTheDeployment(t *testing.T) {
	template := newTemplate(t, sweeping(t, configured(t, repairing), "24"))
	_, function := theSweep(t, template)
	names := slices.Sorted(maps.Keys(function.Environment.Variables))
	want := []string{"ARCHIVE_BUCKET", "FINDINGS_TOPIC_ARN", "GUARDRAIL_ACCOUNT", "GUARDRAIL_MODE_MAX", "KEYS_QUEUE_URL"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	queue, _ := function.Environment.Variables["KEYS_QUEUE_URL"].(map[string]any)
	for _, source := range decodeResources[struct{ EventSourceArn any }](t, template, "AWS::Lambda::EventSourceMapping") {
		if read := attributeOwner(t, source.EventSourceArn); queue["Ref"] != read {
			t.Errorf("keys are sent to %v, and read from %s", queue, read)
		}
	}
}

// The two functions must judge by one configuration: its hash is what they agree on.
func TestTheSweepHasTheSameConfigurationAsTheOtherFunction(t *testing.T) {
	cdk, _ := newApp(t, sweeping(t, configured(t, repairing), "24"))
	for _, folder := range []string{"enforce", "sweep"} {
		text, err := os.ReadFile(filepath.Join(*cdk.Outdir(), folder, "guardrail.yaml"))
		if err != nil || string(text) != repairing {
			t.Errorf("%s: %q, %v", folder, text, err)
		}
	}
}
