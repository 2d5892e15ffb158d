package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// sweepMinutes is Lambda's longest timeout. The first sweep after a change of the
// configuration judges each key: some hundred in a second, and an account has up to a
// hundred thousand.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
const sweepMinutes = 15

// sweepFunctionProps describes the function that sweeps.
type sweepFunctionProps struct {
	// Settings give the time between two sweeps, the kill switch, and the organization
	// that the account is in.
	Settings settings
	// Configuration decides what the function needs to read.
	Configuration configuration
	// Code is the folder with the binary and its configuration.
	Code string
	// Target is the queue of events.
	Target awssqs.IQueue
}

// sweepFunction puts every key of the account and Region onto the queue of events, by a
// schedule.
type sweepFunction struct {
	constructs.Construct
	// Function is the Lambda function.
	Function awslambda.Function
	// Role is all that the function may do.
	Role awsiam.Role
	// Logs receives its structured log: the summary of each sweep, and the outcomes of
	// those that judge.
	Logs awslogs.LogGroup
	// Rule is the schedule.
	Rule awsevents.Rule
	// Undelivered keeps the events that EventBridge could not hand to the function.
	Undelivered awssqs.Queue
}

// newSweepFunction makes the function, its role, its log group, its schedule and the
// permission for that, and nothing else, to invoke the function. It cannot write a key
// policy in any mode. What it keeps in the archive, [Archive.remember] permits.
func newSweepFunction(scope constructs.Construct, id string, props *sweepFunctionProps) *sweepFunction {
	this := &sweepFunction{Construct: constructs.NewConstruct(scope, &id)}
	this.Logs = newLogGroup(this.Construct)
	this.Role = awsiam.NewRole(this.Construct, jsii.String("Role"), &awsiam.RoleProps{
		RoleName:    jsii.String(rolePrefix + "sweep-" + *awscdk.Aws_REGION()),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("kms-guardrail sweep: lists keys, reads their policies, and sends to the queue of events"),
	})
	this.Logs.GrantWrite(this.Role)
	environment := settingsEnvironment(props.Settings)
	environment["KEYS_QUEUE_URL"] = props.Target.QueueUrl()
	this.Function = awslambda.NewFunction(this.Construct, jsii.String("Function"), &awslambda.FunctionProps{
		Description:   jsii.String("Puts every KMS key of the account and Region before kms-guardrail"),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(&props.Code, nil),
		MemorySize:    jsii.Number(memoryMB),
		Timeout:       awscdk.Duration_Minutes(jsii.Number(sweepMinutes)),
		Role:          this.Role,
		Environment:   &environment,
		LogGroup:      this.Logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Tracing:       awslambda.Tracing_DISABLED,
	})
	this.permit(props)
	this.schedule(props.Settings.SweepHours)
	return this
}

// permit grants the calls of a sweep. ListKeys knows no resource but "*".
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
func (f *sweepFunction) permit(props *sweepFunctionProps) {
	allow(f.Role, "ListKeys", jsii.Strings("*"), "kms:ListKeys")
	permitReading(f.Role, keysOfAccount(f.Construct), props.Configuration)
	allow(f.Role, "QueueKeys", &[]*string{props.Target.QueueArn()}, "sqs:SendMessage")
}

// schedule makes the schedule. A sweep that EventBridge cannot deliver for a day is given
// up: the next one does its work as well.
func (f *sweepFunction) schedule(hours int) {
	f.Undelivered = newDeadLetterQueue(f.Construct, "Undelivered")
	f.Rule = awsevents.NewRule(f.Construct, jsii.String("Rule"), &awsevents.RuleProps{
		Description: jsii.String("Has kms-guardrail look at every key of the account and Region"),
		Schedule:    awsevents.Schedule_Rate(awscdk.Duration_Hours(jsii.Number(hours))),
	})
	f.Rule.AddTarget(awseventstargets.NewLambdaFunction(f.Function, &awseventstargets.LambdaFunctionProps{
		Event: awsevents.RuleTargetInput_FromObject(map[string]any{
			"source":      "kms-guardrail",
			"detail-type": "KMS Guardrail Sweep",
		}),
		DeadLetterQueue: f.Undelivered,
		MaxEventAge:     awscdk.Duration_Hours(jsii.Number(min(hours, deliveryHours))),
		RetryAttempts:   jsii.Number(deliveryAttempts),
	}))
}
