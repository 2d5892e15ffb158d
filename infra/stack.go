package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// functionTimeoutSeconds is for a batch of ten events. Each costs two KMS reads and at most one
// write, milliseconds each; the rest is room for the SDK's retries when KMS throttles.
const functionTimeoutSeconds = 60

// GuardrailStackProps describes one deployment.
type GuardrailStackProps struct {
	// Settings are the deployment's choices.
	Settings Settings
	// Pattern is the JSON of the event pattern: events/pattern.json.
	Pattern []byte
}

// NewGuardrailStack makes the stack that guards the keys of one account and Region. An
// error means that the pattern is not one that the rule can carry.
func NewGuardrailStack(scope constructs.Construct, id string, props *GuardrailStackProps) (awscdk.Stack, error) {
	stack := awscdk.NewStack(scope, &id, &awscdk.StackProps{
		Description: jsii.String("kms-guardrail: compares key policies with the default that AWS generates for the key's type"),
	})

	timeout := awscdk.Duration_Seconds(jsii.Number(functionTimeoutSeconds))
	queue := NewEventQueue(stack, "Events", &EventQueueProps{ConsumerTimeout: timeout})
	if _, err := NewKeyEventRule(stack, "KeyEvents", &KeyEventRuleProps{
		Pattern: props.Pattern,
		Target:  queue.Queue,
	}); err != nil {
		return nil, err
	}
	NewEnforceFunction(stack, "Enforce", &EnforceFunctionProps{
		Settings: props.Settings,
		Source:   queue.Queue,
		Timeout:  timeout,
	})
	return stack, nil
}
