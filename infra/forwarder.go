package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// alarmStateChange is the detail-type of CloudWatch's own events.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
const alarmStateChange = "CloudWatch Alarm State Change"

// forwarderStackProps describes a Region that is guarded from another one.
type forwarderStackProps struct {
	// Region has the keys, and HomeRegion the functions.
	Region, HomeRegion string
	// Patterns are the JSON of the patterns of key events, by the id of their rule.
	Patterns map[string][]byte
}

// forwarder is one stack under construction.
type forwarder struct {
	awscdk.Stack
	// role lets the rules of this stack put events on the home bus.
	role awsiam.Role
	home awsevents.IEventBus
	// undelivered keeps the events that EventBridge could not forward.
	undelivered awssqs.Queue
}

// newForwarderStack makes the stack of a further Region: rules that forward key events, changes of the
// guardrail's own parts and its alarm to the bus of the home Region. CloudTrail delivers an event to the Region of
// the call only, and EventBridge delivers to a queue of its own Region only, so that a bus stands between.
//
// The stack has no code and needs no bootstrap of its Region: a deployment sends the template with the call.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
func newForwarderStack(scope constructs.Construct, id string, props *forwarderStackProps) (awscdk.Stack, error) {
	f := &forwarder{Stack: awscdk.NewStack(scope, &id, &awscdk.StackProps{
		Description: jsii.String("kms-guardrail: forwards the key events of this Region to " + props.HomeRegion),
		Env:         &awscdk.Environment{Region: &props.Region},
		Synthesizer: awscdk.NewBootstraplessSynthesizer(nil),
	})}
	acknowledgeOpenAccount(f.Stack)
	f.home = awsevents.EventBus_FromEventBusArn(f.Stack, jsii.String("HomeBus"), f.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("events"), Region: &props.HomeRegion, Resource: jsii.String("event-bus"), ResourceName: jsii.String(homeBusName),
	}))
	f.undelivered = newDeadLetterQueue(f.Stack, "Undelivered")
	f.role = f.newRole()
	var rules []awsevents.Rule
	for _, id := range slices.Sorted(maps.Keys(props.Patterns)) {
		pattern, err := eventPattern(props.Patterns[id])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		rules = append(rules, awsevents.NewRule(f.Stack, jsii.String("KeyEvents"+id), &awsevents.RuleProps{
			Description:  jsii.String("KMS calls because of which kms-guardrail judges a key"),
			EventPattern: pattern,
		}))
	}
	rules = append(rules, f.alarm())
	for _, w := range watchedEverywhere(ruleNames(rules), f.undelivered) {
		rules = append(rules, w.rule(f.Stack))
	}
	for _, rule := range rules {
		rule.AddTarget(f.target())
	}
	return f.Stack, nil
}

// newRole makes the role by which EventBridge puts events on the home bus. Only rules of this account, whose
// name begins with the name of the stack as CloudFormation gives it, can use the role.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-permissions-manage.html
func (f *forwarder) newRole() awsiam.Role {
	rules := f.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("events"), Resource: jsii.String("rule"), ResourceName: jsii.String(*awscdk.Aws_STACK_NAME() + "-*"),
	})
	return awsiam.NewRole(f.Stack, jsii.String("Role"), &awsiam.RoleProps{
		RoleName: jsii.String(rolePrefix + "forward-" + *awscdk.Aws_REGION()),
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), &awsiam.ServicePrincipalOpts{Conditions: &map[string]any{
			"ArnLike":      map[string]any{"aws:SourceArn": rules},
			"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
		}}),
		Description: jsii.String("kms-guardrail: puts this Region's key events on the bus of the home Region"),
	})
}

// alarm raises an alarm while an event could not be forwarded. CloudWatch notifies a topic of its own Region
// only, so that the alarm has no action: this rule forwards its change of state.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
func (f *forwarder) alarm() awsevents.Rule {
	alarm := f.undelivered.MetricApproximateNumberOfMessagesVisible(metric("Maximum")).CreateAlarm(f.Stack, jsii.String("UnforwardedEvents"), &awscloudwatch.CreateAlarmOptions{
		AlarmDescription:   jsii.String("kms-guardrail: EventBridge could not forward key events to the home Region"),
		Threshold:          jsii.Number(0),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	return awsevents.NewRule(f.Stack, jsii.String("Alarms"), &awsevents.RuleProps{
		Description: jsii.String("The alarm of kms-guardrail in this Region"),
		EventPattern: &awsevents.EventPattern{
			Source: jsii.Strings("aws.cloudwatch"), DetailType: jsii.Strings(alarmStateChange), Resources: &[]*string{alarm.AlarmArn()},
			Detail: &map[string]any{"state": map[string]any{"value": []string{"ALARM"}}},
		},
	})
}

// target is the home bus, with a queue for what does not arrive there. It grants the role to put events on
// that bus.
func (f *forwarder) target() awsevents.IRuleTarget {
	return awseventstargets.NewEventBus(f.home, &awseventstargets.EventBusProps{Role: f.role, DeadLetterQueue: f.undelivered})
}
