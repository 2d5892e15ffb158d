package main

import (
	"bytes"
	"encoding/json"
	"fmt"

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
	// Pattern is the JSON of the event pattern, with source, detail-type and detail.
	Pattern []byte
	// Target receives the events that match.
	Target awssqs.IQueue
}

// keyEventRule sends the events that can change a key's policy to the queue.
type keyEventRule struct {
	constructs.Construct
	// Rule is on the account's default bus, the only one that CloudTrail delivers to.
	Rule awsevents.Rule
	// Undelivered keeps the events that EventBridge could not put on the target. It is not
	// the dead-letter queue of the function: those messages reached it and failed there.
	Undelivered awssqs.Queue
}

// newKeyEventRule makes the rule and the permission for it, and no other rule, to send to
// its queues. An error means that the pattern is not JSON, or has an element that is not
// carried over: a pattern that lost a part would match more than it says.
func newKeyEventRule(scope constructs.Construct, id string, props *keyEventRuleProps) (*keyEventRule, error) {
	pattern, err := eventPattern(props.Pattern)
	if err != nil {
		return nil, err
	}
	this := &keyEventRule{Construct: constructs.NewConstruct(scope, &id)}
	this.Undelivered = newDeadLetterQueue(this.Construct, "Undelivered")
	this.Rule = awsevents.NewRule(this.Construct, jsii.String("Rule"), &awsevents.RuleProps{
		Description:  jsii.String("KMS calls that can change a key policy, for kms-guardrail"),
		EventPattern: pattern,
	})
	this.Rule.AddTarget(awseventstargets.NewSqsQueue(props.Target, &awseventstargets.SqsQueueProps{
		DeadLetterQueue: this.Undelivered,
		MaxEventAge:     awscdk.Duration_Hours(jsii.Number(deliveryHours)),
		RetryAttempts:   jsii.Number(deliveryAttempts),
	}))
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
