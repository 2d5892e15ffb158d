package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// How long EventBridge tries to deliver an event: both are the most that it offers, since
// an event that comes late is still worth judging.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
const (
	deliveryHours    = 24
	deliveryAttempts = 185
)

// keyEventRuleProps describes the rule.
type keyEventRuleProps struct {
	// Patterns are the JSON of event patterns, with source, detail-type and detail, by the id of the
	// rule. The rule "Rule" is always there.
	Patterns map[string][]byte
	// Target receives the events that match.
	Target awssqs.IQueue
	// Bus is where the events arrive; nil for the default bus, the only one that CloudTrail delivers to.
	Bus awsevents.IEventBus
}

// keyEventRules send the events because of which a key is judged to the queue.
type keyEventRules struct {
	constructs.Construct
	// Rules are on one bus.
	Rules []awsevents.Rule
	// Undelivered keeps the events that EventBridge could not put on the target. It is not
	// the dead-letter queue of the function: those messages reached it and failed there.
	Undelivered awssqs.Queue
}

// newKeyEventRules makes the rules and the permission for them, and no other rule, to send to
// their queues. An error means that the pattern is not JSON, or has an element that is not
// carried over: a pattern that lost a part would match more than it says.
func newKeyEventRules(scope constructs.Construct, id string, props *keyEventRuleProps) (*keyEventRules, error) {
	this := &keyEventRules{Construct: constructs.NewConstruct(scope, &id)}
	this.Undelivered = newDeadLetterQueue(this.Construct, "Undelivered")
	target := awseventstargets.NewSqsQueue(props.Target, &awseventstargets.SqsQueueProps{
		DeadLetterQueue: this.Undelivered,
		MaxEventAge:     awscdk.Duration_Hours(jsii.Number(deliveryHours)),
		RetryAttempts:   jsii.Number(deliveryAttempts),
	})
	for _, id := range slices.Sorted(maps.Keys(props.Patterns)) {
		pattern, err := eventPattern(props.Patterns[id])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		rule := awsevents.NewRule(this.Construct, &id, &awsevents.RuleProps{
			Description:  jsii.String("KMS calls because of which kms-guardrail judges a key"),
			EventPattern: pattern,
			EventBus:     props.Bus,
		})
		rule.AddTarget(target)
		this.Rules = append(this.Rules, rule)
	}
	return this, nil
}

// eventPattern reads the elements of a pattern that select CloudTrail events.
func eventPattern(text []byte) (*awsevents.EventPattern, error) {
	var pattern struct {
		Source     []*string      `json:"source"`
		DetailType []*string      `json:"detail-type"`
		Detail     map[string]any `json:"detail"`
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&pattern); err != nil {
		return nil, fmt.Errorf("reading the event pattern: %w", err)
	}
	return &awsevents.EventPattern{
		Source:     &pattern.Source,
		DetailType: &pattern.DetailType,
		Detail:     &pattern.Detail,
	}, nil
}
