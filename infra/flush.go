package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// flushMinutes is the time between two flushes: how late a repair may be finished and reported
// whose invocation did not live to do it.
const flushMinutes = 1

// flushScheduleProps describes the schedule.
type flushScheduleProps struct {
	// Target is the function that flushes.
	Target awslambda.IFunction
}

// flushSchedule has the function report what an earlier invocation left unreported, and
// handle events that were postponed.
type flushSchedule struct {
	constructs.Construct
	// Rule is the schedule.
	Rule awsevents.Rule
	// Undelivered keeps the events that EventBridge could not hand to the function.
	Undelivered awssqs.Queue
}

// newFlushSchedule makes the schedule and the permission for it, and nothing else, to
// invoke the function.
//
// The function is invoked directly: behind a long queue of events a flush would come too
// late to be of use. For the same reason a flush that EventBridge cannot deliver is given
// up when the next is due, which does its work as well.
func newFlushSchedule(scope constructs.Construct, id string, props *flushScheduleProps) *flushSchedule {
	this := &flushSchedule{Construct: constructs.NewConstruct(scope, &id)}
	period := awscdk.Duration_Minutes(jsii.Number(flushMinutes))
	this.Undelivered = newDeadLetterQueue(this.Construct, "Undelivered")
	this.Rule = awsevents.NewRule(this.Construct, jsii.String("Rule"), &awsevents.RuleProps{
		Description: jsii.String("Has kms-guardrail finish and report what was left, and handle postponed events"),
		Schedule:    awsevents.Schedule_Rate(period),
	})
	this.Rule.AddTarget(awseventstargets.NewLambdaFunction(props.Target, &awseventstargets.LambdaFunctionProps{
		Event: awsevents.RuleTargetInput_FromObject(map[string]any{
			"source":      "kms-guardrail",
			"detail-type": "KMS Guardrail Flush",
		}),
		DeadLetterQueue: this.Undelivered,
		MaxEventAge:     period,
		RetryAttempts:   jsii.Number(deliveryAttempts),
	}))
	// Lambda would try a flush that fails twice more. The next one does its work as well.
	props.Target.ConfigureAsyncInvoke(&awslambda.EventInvokeConfigOptions{
		RetryAttempts: jsii.Number(0),
		MaxEventAge:   period,
	})
	return this
}
