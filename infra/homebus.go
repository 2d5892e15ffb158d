package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// homeBusName is the name of the bus of the home Region that the other Regions forward to. It is fixed, so that
// their stacks can name the bus without a reference between stacks of two Regions.
const homeBusName = "kms-guardrail"

// homeBusProps describes the bus.
type homeBusProps struct {
	// Patterns are those of the key events, as on the default bus.
	Patterns map[string][]byte
	// Queue receives the key events.
	Queue awssqs.IQueue
	// Findings is told what the other Regions say of the guardrail itself.
	Findings *findings
}

// homeBus receives what the forwarder stacks of the other Regions send.
type homeBus struct {
	constructs.Construct
	// KeyEvents are the rules that send key events to the queue.
	KeyEvents *keyEventRules
	// Rules are all rules of the bus.
	Rules []awsevents.Rule
}

// newHomeBus makes the bus and its rules. It is not the default bus: rules of others on the default bus of the
// home Region would see the events of other Regions.
//
// The bus has no policy. Without one it takes events of its own account only, and nobody can put an event
// whose source begins with aws.: such events come from AWS itself.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
// https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
func newHomeBus(scope constructs.Construct, id string, props *homeBusProps) (*homeBus, error) {
	this := &homeBus{Construct: constructs.NewConstruct(scope, &id)}
	bus := awsevents.NewEventBus(this.Construct, jsii.String("Bus"), &awsevents.EventBusProps{
		EventBusName: jsii.String(homeBusName),
		Description:  jsii.String("What the other Regions forward to kms-guardrail"),
	})
	var err error
	this.KeyEvents, err = newKeyEventRules(this.Construct, "KeyEvents", &keyEventRuleProps{Patterns: props.Patterns, Target: props.Queue, Bus: bus})
	if err != nil {
		return nil, err
	}
	var sources []*string
	for _, w := range watchedEverywhere(nil, props.Queue) {
		sources = append(sources, jsii.String(w.source))
	}
	tampering := awsevents.NewRule(this.Construct, jsii.String("Tampering"), &awsevents.RuleProps{
		Description:  jsii.String("Somebody in another Region changes a part of kms-guardrail, or a trail"),
		EventBus:     bus,
		EventPattern: &awsevents.EventPattern{Source: unique(sources), DetailType: jsii.Strings(callThroughTrail)},
	})
	tampering.AddTarget(props.Findings.ruleTarget(tamperText))
	alarms := awsevents.NewRule(this.Construct, jsii.String("Alarms"), &awsevents.RuleProps{
		Description:  jsii.String("An alarm of kms-guardrail in another Region"),
		EventBus:     bus,
		EventPattern: &awsevents.EventPattern{Source: jsii.Strings("aws.cloudwatch"), DetailType: jsii.Strings(alarmStateChange)},
	})
	alarms.AddTarget(props.Findings.ruleTarget("kms-guardrail: the alarm " + *awsevents.EventField_FromPath(jsii.String("$.detail.alarmName")) +
		" rings in account " + *awsevents.EventField_Account() + ", " + *awsevents.EventField_Region() + ", since " + *awsevents.EventField_Time() +
		". docs/operations.md says what to do."))
	this.Rules = append([]awsevents.Rule{tampering, alarms}, this.KeyEvents.Rules...)
	return this, nil
}

// unique returns each text once, in the order of its first place.
func unique(texts []*string) *[]*string {
	var list []*string
	seen := map[string]bool{}
	for _, text := range texts {
		if !seen[*text] {
			list = append(list, text)
		}
		seen[*text] = true
	}
	return &list
}
