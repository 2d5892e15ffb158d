package main

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// alarmMinutes is the period of an alarm's metric.
	alarmMinutes = 5
	// waitingMinutes is how old a waiting event may be. A message that is given back comes
	// again after six minutes, and most end then.
	waitingMinutes = 15
)

// findingsProps describes who is told.
type findingsProps struct {
	// Emails are the addresses that are asked to subscribe.
	Emails []string
	// Function is the function that reports.
	Function *enforceFunction
}

// findings is the topic by which people are told: of findings and repairs by the function,
// and by alarms where the guardrail itself does not work.
type findings struct {
	constructs.Construct
	// Topic is a standard topic.
	Topic awssns.Topic
	// imported is the topic as rules have it; nil while none has.
	imported awssns.ITopic
	// undelivered keeps what rules could not publish; nil while there is no rule.
	undelivered awssqs.Queue
}

// newFindings makes the topic and its subscriptions, tells the function of it, and lets the
// function publish to it, and to nothing else.
//
// The topic is always there: who has no address to name yet subscribes later. An address
// gets no message before its owner has followed the link that SNS sends.
//
// The topic has no encryption key. CloudWatch cannot publish under the AWS managed key
// alias/aws/sns, and a customer key is left out for the reason of [newQueue]: whoever broke
// its policy would silence the report of that. What is published quotes no policy, and SNS
// encrypts what it stores on its disks in any case.
// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
func newFindings(scope constructs.Construct, id string, props *findingsProps) *findings {
	this := &findings{Construct: constructs.NewConstruct(scope, &id)}
	this.Topic = awssns.NewTopic(this.Construct, jsii.String("Topic"), &awssns.TopicProps{
		DisplayName: jsii.String("kms-guardrail"),
		EnforceSSL:  jsii.Bool(true),
	})
	for _, email := range props.Emails {
		this.Topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&email, nil))
	}
	props.Function.Function.AddEnvironment(jsii.String("FINDINGS_TOPIC_ARN"), this.Topic.TopicArn(), nil)
	allow(props.Function.Role, "TellPeople", &[]*string{this.Topic.TopicArn()}, "sns:Publish")
	this.letAlarmsIn()
	return this
}

// hear lets the function that sweeps tell of the first sweep under a configuration.
func (f *findings) hear(function *sweepFunction) {
	function.Function.AddEnvironment(jsii.String("FINDINGS_TOPIC_ARN"), f.Topic.TopicArn(), nil)
	allow(function.Role, "TellPeople", &[]*string{f.Topic.TopicArn()}, "sns:Publish")
}

// letAlarmsIn lets CloudWatch publish for this account and Region's alarms. The topic needs
// a statement for it, since a topic with a policy has not the one that SNS gives at first.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
func (f *findings) letAlarmsIn() {
	alarms := awscdk.Stack_Of(f.Construct).FormatArn(&awscdk.ArnComponents{
		Service:      jsii.String("cloudwatch"),
		Resource:     jsii.String("alarm"),
		ResourceName: jsii.String("*"),
		ArnFormat:    awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
	f.Topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("Alarms"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{f.Topic.TopicArn()},
		Conditions: &map[string]any{
			"ArnLike":      map[string]any{"aws:SourceArn": alarms},
			"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
		},
	}))
}

// onDeadLetters raises an alarm while a queue of dead letters has a message: an event that
// was not judged, or a schedule that did not run.
func (f *findings) onDeadLetters(id, description string, queue awssqs.IQueue) {
	f.alarm(id, description, 0, queue.MetricApproximateNumberOfMessagesVisible(metric("Maximum")))
}

// onWaiting raises an alarm while events of a queue wait for too long.
func (f *findings) onWaiting(id, description string, queue awssqs.IQueue) {
	f.alarm(id, description, waitingMinutes*60, queue.MetricApproximateAgeOfOldestMessage(metric("Maximum")))
}

// onErrors raises an alarm when an invocation of a function fails.
func (f *findings) onErrors(id, description string, errors awscloudwatch.Metric) {
	f.alarm(id, description, 0, errors)
}

// onLines raises an alarm when a function logs a line with a text.
func (f *findings) onLines(id, description, text string, logs awslogs.ILogGroup) {
	filter := logs.AddMetricFilter(jsii.String(id), &awslogs.MetricFilterOptions{
		FilterPattern: awslogs.FilterPattern_Literal(jsii.String(strconv.Quote(text))), MetricNamespace: jsii.String("kms-guardrail"), MetricName: &id,
	})
	f.alarm(id, description, 0, filter.Metric(metric("Sum")))
}

func metric(statistic string) *awscloudwatch.MetricOptions {
	return &awscloudwatch.MetricOptions{Statistic: &statistic, Period: awscdk.Duration_Minutes(jsii.Number(alarmMinutes))}
}

// alarm tells the topic when a metric rises above a threshold. No data is no alarm: an
// empty queue and an idle function have none.
func (f *findings) alarm(id, description string, threshold float64, metric awscloudwatch.Metric) {
	alarm := metric.CreateAlarm(f.Construct, &id, &awscloudwatch.CreateAlarmOptions{
		AlarmDescription:   jsii.String("kms-guardrail: " + description),
		Threshold:          &threshold,
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_THRESHOLD,
		EvaluationPeriods:  jsii.Number(1),
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	alarm.AddAlarmAction(awscloudwatchactions.NewSnsAction(f.Topic))
}
