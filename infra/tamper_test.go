package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/timbray/quamina"
)

// call is a CloudTrail event as EventBridge has it, of one API call.
func call(t *testing.T, service, name string, parameters map[string]any, sourceIP string) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"source": "aws." + service, "detail-type": "AWS API Call via CloudTrail", "account": "111122223333",
		"detail": map[string]any{"eventName": name, "requestParameters": parameters, "sourceIPAddress": sourceIP},
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// tampering returns a matcher of the tamper rules of a stack with a sweep, and what stands in its
// patterns for the parts of the guardrail: the logical id of each.
func tampering(t *testing.T) *quamina.Quamina {
	t.Helper()
	template := newTemplate(t, sweeping(t, configured(t, repairing), "24"))
	q, err := quamina.New()
	if err != nil {
		t.Fatal(err)
	}
	for id, rule := range decodeResources[ruleProperties](t, template, "AWS::Events::Rule") {
		if !strings.HasPrefix(id, "Tampering") {
			continue
		}
		pattern, err := json.Marshal(named(rule.EventPattern))
		if err != nil {
			t.Fatal(err)
		}
		if err := q.AddPattern(id, string(pattern)); err != nil {
			t.Fatalf("%s: %v: %s", id, err, pattern)
		}
		if len(rule.Targets) != 1 || !strings.HasPrefix(fmt.Sprint(rule.Targets[0].Arn), "map[Ref:FindingsTopic") {
			t.Errorf("%s tells %v, want the topic of findings", id, rule.Targets)
		}
	}
	return q
}

// named replaces each reference of a pattern by the name that a test calls the part by.
func named(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = named(v[i])
		}
		return list
	case map[string]any:
		if name, ok := v["Ref"].(string); ok {
			return name
		}
		if attribute, ok := v["Fn::GetAtt"].([]any); ok {
			return fmt.Sprint(attribute[0], ".", attribute[1])
		}
		if _, ok := v["Fn::Select"]; ok {
			return "name of a rule"
		}
		if prefix, ok := v["prefix"].(string); ok {
			return map[string]any{"shellstyle": prefix + "*"} // as quamina writes it
		}
		object := map[string]any{}
		for key := range v {
			object[key] = named(v[key])
		}
		return object
	default:
		return value
	}
}

func TestTamperingWithAPartOfTheGuardrailIsTold(t *testing.T) {
	q := tampering(t)
	template := newTemplate(t, sweeping(t, configured(t, repairing), "24"))
	id := func(kind, prefix string) string {
		for id := range decodeResources[any](t, template, kind) {
			if strings.HasPrefix(id, prefix) {
				return id
			}
		}
		t.Fatalf("no %s begins with %s", kind, prefix)
		return ""
	}
	enforce, sweep := id("AWS::Lambda::Function", "EnforceFunction"), id("AWS::Lambda::Function", "SweepFunction")
	for _, row := range []struct {
		reason, service, name string
		parameters            map[string]any
		from                  string
		want                  bool
	}{
		{"without a trail no event comes", "cloudtrail", "StopLogging", map[string]any{"name": "any"}, "192.0.2.1", true},
		{"a trail without KMS is no better", "cloudtrail", "PutEventSelectors", nil, "192.0.2.1", true},
		{"a look at a trail", "cloudtrail", "GetTrail", nil, "192.0.2.1", false},
		{"the environment of the function", "lambda", "UpdateFunctionConfiguration20150331v2", map[string]any{"functionName": enforce}, "192.0.2.1", true},
		{"its code, named by ARN", "lambda", "UpdateFunctionCode20150331v2", map[string]any{"functionName": enforce + ".Arn"}, "192.0.2.1", true},
		{"the function that sweeps", "lambda", "DeleteFunction20150331", map[string]any{"functionName": sweep}, "192.0.2.1", true},
		{"another function", "lambda", "UpdateFunctionCode20150331v2", map[string]any{"functionName": "other"}, "192.0.2.1", false},
		{"a deployment", "lambda", "UpdateFunctionCode20150331v2", map[string]any{"functionName": enforce}, "cloudformation.amazonaws.com", false},
		{"the mapping from the queue", "lambda", "UpdateEventSourceMapping20150331", map[string]any{"uUID": "1"}, "192.0.2.1", true},
		{"the rule of key events", "events", "DisableRule", map[string]any{"name": id("AWS::Events::Rule", "KeyEventsRule")}, "192.0.2.1", true},
		{"its target", "events", "RemoveTargets", map[string]any{"rule": id("AWS::Events::Rule", "KeyEventsRule")}, "192.0.2.1", true},
		{"the schedule of the flush", "events", "DisableRule", map[string]any{"name": id("AWS::Events::Rule", "FlushRule")}, "192.0.2.1", true},
		{"another rule", "events", "DisableRule", map[string]any{"name": "other"}, "192.0.2.1", false},
		{"the queue", "sqs", "PurgeQueue", map[string]any{"queueUrl": id("AWS::SQS::Queue", "EventsQueue")}, "192.0.2.1", true},
		{"the archive's policy", "s3", "PutBucketPolicy", map[string]any{"bucketName": id("AWS::S3::Bucket", "Archive")}, "192.0.2.1", true},
		{"another bucket", "s3", "PutBucketPolicy", map[string]any{"bucketName": "other"}, "192.0.2.1", false},
		{"the topic", "sns", "DeleteTopic", map[string]any{"topicArn": id("AWS::SNS::Topic", "Findings")}, "192.0.2.1", true},
		{"the role of a function", "iam", "PutRolePolicy", map[string]any{"roleName": "kms-guardrail-sweep-eu-west-1"}, "192.0.2.1", true},
		{"another role", "iam", "PutRolePolicy", map[string]any{"roleName": "other"}, "192.0.2.1", false},
		{"the bus that other Regions forward to", "events", "DeleteEventBus", map[string]any{"name": "kms-guardrail"}, "192.0.2.1", true},
		{"the stack, once for a deployment", "cloudformation", "ExecuteChangeSet", map[string]any{"stackName": "AWS::StackName"}, "192.0.2.1", true},
	} {
		matches, err := q.MatchesForEvent(call(t, row.service, row.name, row.parameters, row.from))
		if err != nil || (len(matches) > 0) != row.want {
			t.Errorf("%s: %v, %v, want told: %v", row.reason, matches, err, row.want)
		}
	}
}

// TestTheSamplePolicyDeniesWhatIsTold: docs/policies/protect-guardrail.json prevents every call
// that the tamper rules tell of.
func TestTheSamplePolicyDeniesWhatIsTold(t *testing.T) {
	text, err := os.ReadFile("../docs/policies/protect-guardrail.json")
	if err != nil {
		t.Fatal(err)
	}
	var sample struct{ Statement []struct{ Action []string } }
	if err := json.Unmarshal(text, &sample); err != nil {
		t.Fatal(err)
	}
	var denied []string
	told := 0
	for _, st := range sample.Statement {
		denied = append(denied, st.Action...)
	}
	for _, rule := range decodeResources[ruleProperties](t, newTemplate(t, sweeping(t, configured(t, repairing), "24")), "AWS::Events::Rule") {
		pattern, err := json.Marshal(rule.EventPattern)
		if err != nil {
			t.Fatal(err)
		}
		var p struct {
			Source []string
			Detail struct {
				EventName []struct{ Prefix string }
			}
		}
		if err := json.Unmarshal(pattern, &p); err != nil || len(p.Detail.EventName) == 0 || p.Detail.EventName[0].Prefix == "" {
			continue // no tamper rule
		}
		told += len(p.Detail.EventName)
		for _, name := range p.Detail.EventName {
			action := strings.TrimPrefix(p.Source[0], "aws.") + ":" + name.Prefix
			if !slices.ContainsFunc(denied, func(d string) bool { return strings.TrimSuffix(d, "*") == action }) {
				t.Errorf("%s is told, and the sample does not deny it", action)
			}
		}
	}
	if told < 20 {
		t.Errorf("only %d calls are told", told)
	}
}
