package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// tamperProps describes what is watched in the home Region.
type tamperProps struct {
	// Findings is the topic that is told.
	Findings *findings
	// Queue, Rules, Flush, Enforce and Archive are the guardrail's own parts; Sweep is nil where there is none.
	Queue   *eventQueue
	Rules   []awsevents.Rule
	Flush   *flushSchedule
	Enforce *enforceFunction
	Archive *archive
	Sweep   *sweepFunction
}

// watch is one rule: calls of one service that change a part of the guardrail.
type watch struct {
	id, source string
	// calls are the beginnings of event names: Lambda writes the date of its API behind some.
	calls []string
	// parameter is the request parameter that names the part, and parts are its values. "" is any.
	parameter string
	parts     []any
}

// newTamperRules tells the topic of every call that changes a part of the guardrail, or a trail:
// without a trail no event comes. Deployments are told as one call on the stack, and not call
// by call, because CloudFormation makes hundreds.
//
// EventBridge tells IAM's calls in one Region of a partition only, where IAM lives. A stack in another Region
// does not see a change of its roles, unless that Region forwards.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
func newTamperRules(scope constructs.Construct, id string, props *tamperProps) []awsevents.Rule {
	this := constructs.NewConstruct(scope, &id)
	var rules []awsevents.Rule
	for _, w := range watched(props) {
		rule := w.rule(this)
		rule.AddTarget(props.Findings.ruleTarget(tamperText))
		rules = append(rules, rule)
	}
	return rules
}

// tamperText is what people read of a call. AWS fills in what stands for the event.
var tamperText = "kms-guardrail: somebody called " +
	*awsevents.EventField_FromPath(jsii.String("$.detail.eventName")) + " on a part of the guardrail or a trail, at " +
	*awsevents.EventField_Time() + " in account " + *awsevents.EventField_Account() + ", " + *awsevents.EventField_Region() +
	". If nobody planned this, look at the CloudTrail event " + *awsevents.EventField_FromPath(jsii.String("$.detail.eventID")) +
	" and deploy the guardrail again."

// rule makes the rule on the default bus, without a target.
func (w watch) rule(scope constructs.Construct) awsevents.Rule {
	detail := map[string]any{
		"eventName":       prefixes(w.calls),
		"sourceIPAddress": []any{map[string]any{"anything-but": []string{"cloudformation.amazonaws.com"}}},
	}
	if w.parameter != "" {
		detail["requestParameters"] = map[string]any{w.parameter: w.parts}
	}
	return awsevents.NewRule(scope, &w.id, &awsevents.RuleProps{
		Description:  jsii.String("Somebody changes a part of kms-guardrail, or a trail"),
		EventPattern: &awsevents.EventPattern{Source: jsii.Strings(w.source), DetailType: jsii.Strings(callThroughTrail), Detail: &detail},
	})
}

// callThroughTrail is the detail-type of a call that CloudTrail recorded.
const callThroughTrail = "AWS API Call via CloudTrail"

// watched is the table of the rules of the home Region.
func watched(props *tamperProps) []watch {
	functions := []any{props.Enforce.Function.FunctionName(), props.Enforce.Function.FunctionArn()}
	rules := append(ruleNames(props.Rules), props.Flush.Rule.RuleName())
	if props.Sweep != nil {
		functions = append(functions, props.Sweep.Function.FunctionName(), props.Sweep.Function.FunctionArn())
		rules = append(rules, props.Sweep.Rule.RuleName())
	}
	return append(watchedEverywhere(rules, props.Queue.Queue), []watch{
		{"Functions", "aws.lambda", []string{"UpdateFunction", "DeleteFunction", "PutFunctionConcurrency", "RemovePermission"}, "functionName", functions},
		{"Mappings", "aws.lambda", []string{"UpdateEventSourceMapping", "DeleteEventSourceMapping"}, "", nil},
		{"Bucket", "aws.s3", []string{"PutBucket", "DeleteBucket"}, "bucketName", []any{props.Archive.Bucket.BucketName()}},
		{"Topic", "aws.sns", []string{"DeleteTopic", "SetTopicAttributes", "RemovePermission"}, "topicArn", []any{props.Findings.Topic.TopicArn()}},
		{"Buses", "aws.events", []string{"DeleteEventBus", "UpdateEventBus"}, "name", []any{homeBusName}},
	}...)
}

// watchedEverywhere is the table of the rules that each Region has. The guardrail's roles are known by the
// beginning of their name, because the Region that hears of IAM's calls need not be the one with the functions.
func watchedEverywhere(rules []any, queue awssqs.IQueue) []watch {
	return []watch{
		{"Trails", "aws.cloudtrail", []string{"StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors"}, "", nil},
		{"Rules", "aws.events", []string{"DisableRule", "DeleteRule", "PutRule"}, "name", rules},
		{"Targets", "aws.events", []string{"RemoveTargets", "PutTargets"}, "rule", rules},
		{"Queues", "aws.sqs", []string{"SetQueueAttributes", "DeleteQueue", "PurgeQueue"}, "queueUrl", []any{queue.QueueUrl()}},
		{"Roles", "aws.iam", []string{"PutRole", "DeleteRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "UpdateRole"}, "roleName", []any{map[string]any{"prefix": rolePrefix}}},
		{"Stack", "aws.cloudformation", []string{"UpdateStack", "DeleteStack", "ExecuteChangeSet"}, "stackName", []any{awscdk.Aws_STACK_NAME(), awscdk.Aws_STACK_ID()}},
	}
}

func ruleNames(rules []awsevents.Rule) []any {
	var names []any
	for _, rule := range rules {
		names = append(names, rule.RuleName())
	}
	return names
}

func prefixes(calls []string) []any {
	var list []any
	for _, call := range calls {
		list = append(list, map[string]any{"prefix": call})
	}
	return list
}

// ruleTarget lets a rule publish a text to the topic.
func (f *findings) ruleTarget(text string) awsevents.IRuleTarget {
	if f.imported == nil {
		f.letRulesIn()
		// An imported topic gets no statement of the target's own, which would let in every rule of every account.
		f.imported = awssns.Topic_FromTopicArn(f.Construct, jsii.String("ImportedTopic"), f.Topic.TopicArn())
		f.undelivered = newDeadLetterQueue(f.Construct, "Undelivered")
		f.onDeadLetters("UndeliveredNotices", "EventBridge could not tell people of tampering or of an alarm in another Region", f.undelivered)
	}
	return awseventstargets.NewSnsTopic(f.imported, &awseventstargets.SnsTopicProps{
		Message: awsevents.RuleTargetInput_FromText(&text), DeadLetterQueue: f.undelivered,
	})
}

// letRulesIn lets rules of this account and Region publish.
func (f *findings) letRulesIn() {
	rules := awscdk.Stack_Of(f.Construct).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("events"), Resource: jsii.String("rule"), ResourceName: jsii.String("*"),
	})
	f.Topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("Tampering"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{f.Topic.TopicArn()},
		Conditions: &map[string]any{
			"ArnLike":      map[string]any{"aws:SourceArn": rules},
			"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
		},
	}))
}
