package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type queueProperties struct {
	VisibilityTimeout      int
	MessageRetentionPeriod int
	SqsManagedSseEnabled   bool
	KmsMasterKeyID         any
	RedrivePolicy          *struct {
		MaxReceiveCount     int `json:"maxReceiveCount"`
		DeadLetterTargetArn any `json:"deadLetterTargetArn"`
	}
}

func TestQueueWaitsForSixFunctionTimeoutsAndRedrives(t *testing.T) {
	template := newTemplate(t, nil)
	queues := decodeResources[queueProperties](t, template, "AWS::SQS::Queue")
	var source queueProperties
	for _, queue := range queues {
		if queue.RedrivePolicy != nil {
			source = queue
		}
	}
	if source.RedrivePolicy == nil {
		t.Fatal("no queue has a redrive policy")
	}
	for _, function := range decodeResources[struct{ Timeout int }](t, template, "AWS::Lambda::Function") {
		if source.VisibilityTimeout < 6*function.Timeout {
			t.Errorf("visibility timeout %d s is under six times the function's %d s: a slow batch would be handed out twice", source.VisibilityTimeout, function.Timeout)
		}
	}
	// An event waits through two hours without archive or topic, and Lambda asks for five receives
	// beside each that is throttled.
	if waits := 2 * 60 * 60 / source.VisibilityTimeout; source.RedrivePolicy.MaxReceiveCount < waits+4 {
		t.Errorf("maxReceiveCount %d: waiting alone takes %d receives, and would make dead letters", source.RedrivePolicy.MaxReceiveCount, waits)
	}
	deadLetters := queues[attributeOwner(t, source.RedrivePolicy.DeadLetterTargetArn)]
	if deadLetters.MessageRetentionPeriod <= source.MessageRetentionPeriod {
		t.Errorf("dead letters are kept %d s, the queue keeps %d s: a message could die of age before anyone reads it", deadLetters.MessageRetentionPeriod, source.MessageRetentionPeriod)
	}
}

func TestQueuesEncryptWithoutACustomerKey(t *testing.T) {
	for id, queue := range decodeResources[queueProperties](t, newTemplate(t, configured(t, repairing)), "AWS::SQS::Queue") {
		if !queue.SqsManagedSseEnabled || queue.KmsMasterKeyID != nil {
			t.Errorf("%s: SqsManagedSseEnabled %v, KmsMasterKeyId %v: the guardrail must not depend on the keys it guards", id, queue.SqsManagedSseEnabled, queue.KmsMasterKeyID)
		}
	}
}

func TestQueuesRefusePlainHTTP(t *testing.T) {
	template := newTemplate(t, configured(t, repairing))
	denied := map[string]bool{}
	for _, policy := range decodeResources[resourcePolicyProperties](t, template, "AWS::SQS::QueuePolicy") {
		for _, s := range policy.PolicyDocument.Statement {
			insecure := map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}
			if s.Effect == "Deny" && reflect.DeepEqual(s.actions(t), []string{"sqs:*"}) && reflect.DeepEqual(s.Condition, insecure) {
				denied[attributeOwner(t, s.Resource)] = true
			}
		}
	}
	for id := range decodeResources[queueProperties](t, template, "AWS::SQS::Queue") {
		if !denied[id] {
			t.Errorf("%s does not deny requests without TLS", id)
		}
	}
}

func TestOnlyTheRulesMaySendToTheQueues(t *testing.T) {
	template := newTemplate(t, nil)
	senders := map[string]int{}
	for rule := range decodeResources[any](t, template, "AWS::Events::Rule") {
		senders[rule] = 0
	}
	for id, policy := range decodeResources[resourcePolicyProperties](t, template, "AWS::SQS::QueuePolicy") {
		for _, s := range policy.PolicyDocument.Statement {
			if s.Effect != "Allow" {
				continue
			}
			condition, _ := s.Condition.(map[string]any)
			source, _ := condition["ArnEquals"].(map[string]any)
			rule := attributeOwner(t, source["aws:SourceArn"])
			if _, ours := senders[rule]; !ours || len(condition) != 1 || len(source) != 1 {
				t.Errorf("%s lets %v send under %v, want only from a rule of the stack", id, s.Principal, s.Condition)
			}
			senders[rule]++
		}
	}
	for rule, queues := range senders {
		if strings.HasPrefix(rule, "Tampering") { // which tell the topic
			if queues != 1 {
				t.Errorf("%s sends to %d queues, want the queue of what could not be told", rule, queues)
			}
			delete(senders, rule)
		}
	}
	counts := slices.Sorted(maps.Values(senders))
	if diff := cmp.Diff([]int{1, 2, 2}, counts); diff != "" {
		t.Errorf("the queues that each rule sends to: want the flush's undelivered queue, and for key events and grants the event queue and its undelivered queue (-want +got):\n%s", diff)
	}
}

// policyStatement is an IAM statement as the template shows it.
type policyStatement struct {
	Sid       string
	Effect    string
	Principal any
	Action    any
	NotAction any
	Resource  any
	Condition any
}

type resourcePolicyProperties struct {
	PolicyDocument struct{ Statement []policyStatement }
}

// actions returns the statement's actions as a list.
func (s policyStatement) actions(t *testing.T) []string {
	t.Helper()
	if s.NotAction != nil || s.Action == nil {
		t.Fatalf("statement %+v has no Action", s)
	}
	switch action := s.Action.(type) {
	case string:
		return []string{action}
	default:
		var list []string
		text, err := json.Marshal(action)
		if err == nil {
			err = json.Unmarshal(text, &list)
		}
		if err != nil {
			t.Fatalf("actions %v: %v", action, err)
		}
		return list
	}
}

// attributeOwner returns the logical id in {"Fn::GetAtt": [id, "Arn"]}.
func attributeOwner(t *testing.T, reference any) string {
	t.Helper()
	object, _ := reference.(map[string]any)
	parts, _ := object["Fn::GetAtt"].([]any)
	if len(parts) != 2 {
		t.Fatalf("%v is not a reference to an ARN", reference)
	}
	id, _ := parts[0].(string)
	return id
}
