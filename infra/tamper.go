package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// tamperProps describes what is watched.
type tamperProps struct {
	// Findings is the topic that is told.
	Findings *findings
	// Queue, Rule, Flush, Enforce and Archive are the guardrail's own parts; Sweep is nil where there is none.
	Queue   *eventQueue
	Rule    *keyEventRules
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
	parts     []*string
}

// newTamperRules tells the topic of every call that changes a part of the guardrail, or a trail:
// without a trail no event comes. Deployments are told as one call on the stack, and not call
// by call, because CloudFormation makes hundreds.
//
// EventBridge tells IAM's calls in one Region of a partition only, where IAM lives, so that a stack in another
// Region does not see a change of its roles.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
func newTamperRules(scope constructs.Construct, id string, props *tamperProps) []awsevents.Rule {
	this := constructs.NewConstruct(scope, &id)
	props.Findings.letRulesIn()
	// An imported topic gets no statement of the target's own, which would let in every rule of every account.
	topic := awssns.Topic_FromTopicArn(this, jsii.String("ImportedTopic"), props.Findings.Topic.TopicArn())
	var rules []awsevents.Rule
	for _, w := range watched(props) {
		detail := map[string]any{
			"eventName":       prefixes(w.calls),
			"sourceIPAddress": []any{map[string]any{"anything-but": []string{"cloudformation.amazonaws.com"}}},
		}
		if w.parameter != "" {
			detail["requestParameters"] = map[string]any{w.parameter: w.parts}
		}
		rule := awsevents.NewRule(this, &w.id, &awsevents.RuleProps{
			Description:  jsii.String("Somebody changes a part of kms-guardrail, or a trail"),
			EventPattern: &awsevents.EventPattern{Source: jsii.Strings(w.source), DetailType: jsii.Strings("AWS API Call via CloudTrail"), Detail: &detail},
		})
		rule.AddTarget(awseventstargets.NewSnsTopic(topic, &awseventstargets.SnsTopicProps{
			Message: awsevents.RuleTargetInput_FromText(jsii.String("kms-guardrail: somebody called " +
				*awsevents.EventField_FromPath(jsii.String("$.detail.eventName")) + " on a part of the guardrail or a trail, at " +
				*awsevents.EventField_Time() + " in account " + *awsevents.EventField_Account() + ", " + *awsevents.EventField_Region() +
				". If nobody planned this, look at the CloudTrail event " + *awsevents.EventField_FromPath(jsii.String("$.detail.eventID")) +
				" and deploy the guardrail again.")),
		}))
		rules = append(rules, rule)
	}
	return rules
}

// watched is the table of the rules.
func watched(props *tamperProps) []watch {
	functions := []*string{props.Enforce.Function.FunctionName(), props.Enforce.Function.FunctionArn()}
	rules := []*string{props.Flush.Rule.RuleName()}
	for _, rule := range props.Rule.Rules {
		rules = append(rules, rule.RuleName())
	}
	roles := []*string{props.Enforce.Role.RoleName()}
	if props.Sweep != nil {
		functions = append(functions, props.Sweep.Function.FunctionName(), props.Sweep.Function.FunctionArn())
		rules = append(rules, props.Sweep.Rule.RuleName())
		roles = append(roles, props.Sweep.Role.RoleName())
	}
	return []watch{
		{"Trails", "aws.cloudtrail", []string{"StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors"}, "", nil},
		{"Functions", "aws.lambda", []string{"UpdateFunction", "DeleteFunction", "PutFunctionConcurrency", "RemovePermission"}, "functionName", functions},
		{"Mappings", "aws.lambda", []string{"UpdateEventSourceMapping", "DeleteEventSourceMapping"}, "", nil},
		{"Rules", "aws.events", []string{"DisableRule", "DeleteRule", "PutRule"}, "name", rules},
		{"Targets", "aws.events", []string{"RemoveTargets", "PutTargets"}, "rule", rules},
		{"Queues", "aws.sqs", []string{"SetQueueAttributes", "DeleteQueue", "PurgeQueue"}, "queueUrl", []*string{props.Queue.Queue.QueueUrl()}},
		{"Bucket", "aws.s3", []string{"PutBucket", "DeleteBucket"}, "bucketName", []*string{props.Archive.Bucket.BucketName()}},
		{"Topic", "aws.sns", []string{"DeleteTopic", "SetTopicAttributes", "RemovePermission"}, "topicArn", []*string{props.Findings.Topic.TopicArn()}},
		{"Roles", "aws.iam", []string{"PutRole", "DeleteRole", "UpdateAssumeRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "UpdateRole"}, "roleName", roles},
		{"Stack", "aws.cloudformation", []string{"UpdateStack", "DeleteStack", "ExecuteChangeSet"}, "stackName", []*string{awscdk.Aws_STACK_NAME(), awscdk.Aws_STACK_ID()}},
	}
}

func prefixes(calls []string) []any {
	var list []any
	for _, call := range calls {
		list = append(list, map[string]any{"prefix": call})
	}
	return list
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
