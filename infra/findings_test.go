package main

import (
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

type topicProperties struct {
	KmsMasterKeyID any `json:"KmsMasterKeyId"`
	FifoTopic      bool
	TopicName      any
}

// theTopic returns the logical id of the topic of findings, of which there is one.
func theTopic(t *testing.T, template assertions.Template) string {
	t.Helper()
	topics := decodeResources[topicProperties](t, template, "AWS::SNS::Topic")
	if len(topics) != 1 {
		t.Fatalf("%d topics", len(topics))
	}
	return slices.Collect(maps.Keys(topics))[0]
}

// Under alias/aws/sns an alarm could not publish, and under a customer key whoever broke
// its policy would silence the report of that.
func TestTheTopicIsAlwaysThereWithoutAnEncryptionKey(t *testing.T) {
	for name, context := range map[string]map[string]any{"no file": nil, "a file that repairs": configured(t, repairing)} {
		template := newTemplate(t, context)
		id := theTopic(t, template)
		if got := decodeResources[topicProperties](t, template, "AWS::SNS::Topic")[id]; got != (topicProperties{}) {
			t.Errorf("%s: %+v", name, got)
		}
		var named bool
		for _, output := range *template.FindOutputs(jsii.String("FindingsTopicArn"), nil) {
			named = cmp.Equal((*output)["Value"], any(map[string]any{"Ref": id}))
		}
		if !named {
			t.Errorf("%s: no output names the topic", name)
		}
	}
}

// The whole policy is compared: nobody else may publish, or read what others are told.
func TestTheTopicRefusesPlainHTTPAndLetsAlarmsAndRulesIn(t *testing.T) {
	template := newTemplate(t, nil)
	topic := map[string]any{"Ref": theTopic(t, template)}
	policies := decodeResources[struct {
		Topics         []any
		PolicyDocument struct{ Statement []policyStatement }
	}](t, template, "AWS::SNS::TopicPolicy")
	if len(policies) != 1 {
		t.Fatalf("%d policies", len(policies))
	}
	for _, policy := range policies {
		if !cmp.Equal(policy.Topics, []any{topic}) || len(policy.PolicyDocument.Statement) != 3 {
			t.Fatalf("%+v", policy)
		}
		for _, s := range policy.PolicyDocument.Statement {
			if s.Effect == "Deny" {
				if !cmp.Equal(s.Condition, any(map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}})) || !cmp.Equal(s.Principal, any("*")) {
					t.Errorf("%+v, want everybody without TLS denied", s)
				}
				continue
			}
			conditions, _ := s.Condition.(map[string]any)
			source, _ := conditions["ArnLike"].(map[string]any)
			got := substituted(t, source["aws:SourceArn"])
			service, resource := "cloudwatch", "alarm:*"
			if s.Sid == "Tampering" {
				service, resource = "events", "rule/*"
			}
			if s.Action != "sns:Publish" || !cmp.Equal(s.Principal, any(map[string]any{"Service": service + ".amazonaws.com"})) ||
				got != "arn:${AWS::Partition}:"+service+":${AWS::Region}:${AWS::AccountId}:"+resource ||
				!cmp.Equal(conditions["StringEquals"], any(map[string]any{"aws:SourceAccount": map[string]any{"Ref": "AWS::AccountId"}})) {
				t.Errorf("%+v with %s, want the alarms and rules of this account and Region", s, got)
			}
		}
	}
}

func TestAddressesAreAskedToSubscribe(t *testing.T) {
	template := newTemplate(t, map[string]any{"guardrail:notifyEmail": "ana@example.com,ops@example.com"})
	var got []string
	for _, s := range decodeResources[struct {
		Protocol, Endpoint string
		TopicArn           struct{ Ref string }
	}](t, template, "AWS::SNS::Subscription") {
		if s.TopicArn.Ref != theTopic(t, template) {
			t.Errorf("%+v is not of the topic", s)
		}
		got = append(got, s.Protocol+" "+s.Endpoint)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"email ana@example.com", "email ops@example.com"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	without := newTemplate(t, nil)
	expect(t, func() { without.ResourceCountIs(jsii.String("AWS::SNS::Subscription"), jsii.Number(0)) })
}

type alarmProperties struct {
	Namespace, MetricName, Statistic, ComparisonOperator, TreatMissingData, AlarmDescription string
	Period, EvaluationPeriods                                                                int
	Threshold                                                                                float64
	Dimensions                                                                               []struct{ Value any }
	AlarmActions                                                                             []any
}

// alarmsOf returns the alarms as lines of metric, watched resource and threshold, sorted.
func alarmsOf(t *testing.T, template assertions.Template) []string {
	t.Helper()
	topic := map[string]any{"Ref": theTopic(t, template)}
	var lines []string
	for id, a := range decodeResources[alarmProperties](t, template, "AWS::CloudWatch::Alarm") {
		if !cmp.Equal(a.AlarmActions, []any{topic}) || a.ComparisonOperator != "GreaterThanThreshold" || a.TreatMissingData != "notBreaching" ||
			a.Period != 300 || a.EvaluationPeriods != 1 || a.AlarmDescription == "" || len(a.Dimensions) != 1 && a.Namespace != "kms-guardrail" {
			t.Errorf("%s: %+v", id, a)
			continue
		}
		if a.Namespace == "kms-guardrail" { // of a log, which no dimension names
			lines = append(lines, fmt.Sprintf("%s %s %s over %v", a.Namespace, a.MetricName, a.Statistic, a.Threshold))
			continue
		}
		object, _ := a.Dimensions[0].Value.(map[string]any)
		watched, _ := object["Ref"].(string)
		if parts, ok := object["Fn::GetAtt"].([]any); ok {
			watched, _ = parts[0].(string)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %s over %v", a.Namespace, a.MetricName, a.Statistic, watched[:len(watched)-8], a.Threshold))
	}
	slices.Sort(lines)
	return lines
}

// The whole list is compared with what is deployed: a queue of dead letters without an
// alarm is one that nobody looks into.
func TestWhereTheGuardrailDoesNotWorkAnAlarmTellsTheTopic(t *testing.T) {
	always := []string{
		"AWS/Lambda Errors Sum EnforceFunction over 0",
		"AWS/SQS ApproximateAgeOfOldestMessage Maximum EventsQueue over 900",
		"AWS/SQS ApproximateNumberOfMessagesVisible Maximum EventsDeadLetters over 0",
		"AWS/SQS ApproximateNumberOfMessagesVisible Maximum FindingsUndelivered over 0",
		"AWS/SQS ApproximateNumberOfMessagesVisible Maximum FlushUndelivered over 0",
		"AWS/SQS ApproximateNumberOfMessagesVisible Maximum KeyEventsUndelivered over 0",
		"kms-guardrail KillSwitchUnreadable Sum over 0",
	}
	sweep := []string{
		"AWS/Lambda Errors Sum SweepFunction over 0",
		"AWS/SQS ApproximateNumberOfMessagesVisible Maximum SweepUndelivered over 0",
	}
	for _, row := range []struct {
		reason  string
		context map[string]any
		want    []string
	}{
		{"no file", nil, always},
		{"a file that repairs", configured(t, repairing), always},
		{"a sweep", sweeping(t, configured(t, repairing), 24.0), slices.Concat(always, sweep)},
	} {
		t.Run(row.reason, func(t *testing.T) {
			template := newTemplate(t, row.context)
			slices.Sort(row.want)
			if diff := cmp.Diff(row.want, alarmsOf(t, template)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			queues := len(decodeResources[any](t, template, "AWS::SQS::Queue")) + len(decodeResources[any](t, template, "AWS::Lambda::Function"))
			filters := len(decodeResources[any](t, template, "AWS::Logs::MetricFilter"))
			if len(row.want) != queues+filters {
				t.Errorf("%d alarms for %d queues and functions and %d filters of logs", len(row.want), queues, filters)
			}
		})
	}
}

// Whoever is on call finds each alarm in docs/operations.md, by the name that the message has.
func TestEveryAlarmHasItsPlaceInTheOperationsManual(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	alarms := map[string]any{}
	for _, template := range rollout(t) {
		maps.Copy(alarms, decodeResources[any](t, template, "AWS::CloudWatch::Alarm"))
	}
	if len(alarms) < 11 {
		t.Errorf("%d alarms", len(alarms))
	}
	for id := range alarms {
		name := strings.TrimPrefix(id, "Findings")
		if name = name[:len(name)-8]; !strings.Contains(string(text), "### "+name+"\n") {
			t.Errorf("docs/operations.md has no heading %s", name)
		}
	}
}
