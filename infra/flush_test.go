package main

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/google/go-cmp/cmp"
)

// theFlush returns the schedule of a deployment that repairs, and its id.
func theFlush(t *testing.T, template assertions.Template) (string, ruleProperties) {
	t.Helper()
	for id, rule := range decodeResources[ruleProperties](t, template, "AWS::Events::Rule") {
		if rule.ScheduleExpression != "" {
			return id, rule
		}
	}
	t.Fatal("no rule has a schedule")
	return "", ruleProperties{}
}

func TestFlushInvokesTheFunctionEveryFiveMinutes(t *testing.T) {
	template := newTemplate(t, configured(t, repairing))
	_, flush := theFlush(t, template)
	if flush.ScheduleExpression != "rate(1 minute)" || flush.State != "ENABLED" || flush.EventPattern != nil || len(flush.Targets) != 1 {
		t.Fatalf("%+v", flush)
	}
	functions := decodeResources[any](t, template, "AWS::Lambda::Function")
	if _, ok := functions[attributeOwner(t, flush.Targets[0].Arn)]; !ok {
		t.Errorf("the target is %v, want the function", flush.Targets[0].Arn)
	}
}

// Package app takes any other event for one of CloudTrail.
func TestFlushSendsTheEventThatTheFunctionKnows(t *testing.T) {
	_, flush := theFlush(t, newTemplate(t, configured(t, repairing)))
	var got map[string]string
	if err := json.Unmarshal([]byte(flush.Targets[0].Input), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"source": "kms-guardrail", "detail-type": "KMS Guardrail Flush"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFlushThatIsLateIsKeptApartAndNotSentAfterTheNext(t *testing.T) {
	template := newTemplate(t, configured(t, repairing))
	id, flush := theFlush(t, template)
	target := flush.Targets[0]
	if target.RetryPolicy.MaximumEventAgeInSeconds != 60 {
		t.Errorf("retried for %d s, want until the next flush", target.RetryPolicy.MaximumEventAgeInSeconds)
	}
	undelivered := attributeOwner(t, target.DeadLetterConfig.Arn)
	for _, policy := range decodeResources[resourcePolicyProperties](t, template, "AWS::SQS::QueuePolicy") {
		for _, s := range policy.PolicyDocument.Statement {
			if s.Effect != "Allow" || attributeOwner(t, s.Resource) != undelivered {
				continue
			}
			from := map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": map[string]any{"Fn::GetAtt": []any{id, "Arn"}}}}
			if !reflect.DeepEqual(s.Condition, from) {
				t.Errorf("%v may send to the queue of undelivered flushes under %v, want the schedule only", s.Principal, s.Condition)
			}
			return
		}
	}
	t.Error("the schedule may not send to its queue of undelivered flushes")
}

// A retry of Lambda has the request id of the try before, and the next flush does its work.
func TestAFlushThatFailsIsNotTriedAgain(t *testing.T) {
	template := newTemplate(t, configured(t, repairing))
	_, flush := theFlush(t, template)
	for id, config := range decodeResources[struct {
		FunctionName             struct{ Ref string }
		MaximumRetryAttempts     *int
		MaximumEventAgeInSeconds int
	}](t, template, "AWS::Lambda::EventInvokeConfig") {
		if config.MaximumRetryAttempts == nil || *config.MaximumRetryAttempts != 0 || config.MaximumEventAgeInSeconds != 60 || config.FunctionName.Ref != attributeOwner(t, flush.Targets[0].Arn) {
			t.Errorf("%s: %+v, want the function of the flush without retries", id, config)
		}
	}
}

func TestOnlyTheScheduleMayInvokeTheFunction(t *testing.T) {
	template := newTemplate(t, configured(t, repairing))
	id, _ := theFlush(t, template)
	for permission, p := range decodeResources[struct {
		Action, Principal string
		SourceArn         any
	}](t, template, "AWS::Lambda::Permission") {
		from := map[string]any{"Fn::GetAtt": []any{id, "Arn"}}
		if p.Action != "lambda:InvokeFunction" || p.Principal != "events.amazonaws.com" || !reflect.DeepEqual(p.SourceArn, any(from)) {
			t.Errorf("%s: %+v, want the schedule only", permission, p)
		}
	}
}
