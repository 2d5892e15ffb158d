package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambdaeventsources"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// memoryMB buys one whole CPU, which Lambda gives in proportion to memory; the binary
	// itself needs far less. A policy that is made to be hard costs seconds of CPU before
	// its budget ends, and with a part of one, a batch of them would not end in time.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
	memoryMB = 1769
	// rolePrefix begins the name of the function's role; the Region ends it. The role has
	// the same name in every account, so that one guardrail.yaml can name it for all of
	// them (guardrailAccess), and one for each Region, since roles belong to no Region.
	rolePrefix = "kms-guardrail-"
	// batchSize is small, so that one slow batch cannot use up the function's timeout.
	batchSize = 10
)

// enforceFunctionProps describes the function that judges keys.
type enforceFunctionProps struct {
	// Settings give the kill switch, and the organization that the account is in.
	Settings settings
	// Configuration decides what the function needs to read, and whether it may write.
	Configuration configuration
	// Code is the folder with the binary and its configuration.
	Code string
	// Source is the queue of events.
	Source awssqs.IQueue
	// Timeout of one batch.
	Timeout awscdk.Duration
}

// enforceFunction judges the key of each event and reports or repairs it.
type enforceFunction struct {
	constructs.Construct
	// Function is the Lambda function.
	Function awslambda.Function
	// Role is all that the function may do.
	Role awsiam.Role
	// Logs receives its structured log, outcomes included.
	Logs awslogs.LogGroup
}

// newEnforceFunction makes the function, its role, its log group and its subscription to
// the queue.
//
// The concurrency bounds the load on KMS, where PutKeyPolicy has 15 requests a second for the
// whole account (https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html).
// It sits on the event source: with reserved concurrency instead, batches that find no free
// instance are throttled, count as received, and end as dead letters unread.
//
// Tracing stays off: it would add a permission on every resource and show one hop, since
// neither CloudTrail nor the rule passes a trace on; durations are in the log.
//
// RecursiveLoop stays at its default, Terminate. Lambda counts hops in a header that the
// SDK hands to SQS, SNS, S3 and Lambda; this function calls KMS, and S3, where nothing
// listens, and a write that comes back through CloudTrail and EventBridge carries no such
// header. So the default
// cannot stop the guardrail by mistake, and Allow would only remove a safety net. What
// ends that loop is the handler: no write when nothing differs.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
func newEnforceFunction(scope constructs.Construct, id string, props *enforceFunctionProps) *enforceFunction {
	this := &enforceFunction{Construct: constructs.NewConstruct(scope, &id)}
	this.Logs = newLogGroup(this.Construct)
	this.Role = awsiam.NewRole(this.Construct, jsii.String("Role"), &awsiam.RoleProps{
		RoleName:    jsii.String(rolePrefix + *awscdk.Aws_REGION()),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		Description: jsii.String("kms-guardrail enforce: reads key policies, and writes them only where the configuration repairs"),
	})
	// Not the managed AWSLambdaBasicExecutionRole, which may write to every log group.
	this.Logs.GrantWrite(this.Role)
	this.Function = awslambda.NewFunction(this.Construct, jsii.String("Function"), &awslambda.FunctionProps{
		Description:   jsii.String("Judges a KMS key's policy by guardrail.yaml, and reports or repairs it"),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(&props.Code, nil),
		MemorySize:    jsii.Number(memoryMB),
		Timeout:       props.Timeout,
		Role:          this.Role,
		Environment:   this.environment(props.Settings),
		LogGroup:      this.Logs,
		LoggingFormat: awslambda.LoggingFormat_JSON,
		Tracing:       awslambda.Tracing_DISABLED,
	})
	this.Function.AddEventSource(awslambdaeventsources.NewSqsEventSource(props.Source, &awslambdaeventsources.SqsEventSourceProps{
		BatchSize:               jsii.Number(batchSize),
		MaxConcurrency:          jsii.Number(props.Settings.Concurrency),
		ReportBatchItemFailures: jsii.Bool(true),
	}))
	this.permit(props.Settings, props.Configuration)
	return this
}

// newLogGroup keeps a year of outcomes, also after the stack is gone: the log is the
// record of who changed which key policy and what the guardrail did about it.
func newLogGroup(scope constructs.Construct) awslogs.LogGroup {
	return awslogs.NewLogGroup(scope, jsii.String("Logs"), &awslogs.LogGroupProps{
		Retention:     awslogs.RetentionDays_ONE_YEAR,
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
}

// environment is how the settings reach the function; package app reads it. The event source
// runs as many instances as the concurrency says, and the flush runs one more. Together they
// share the requests that KMS takes.
func (f *enforceFunction) environment(settings settings) *map[string]*string {
	environment := settingsEnvironment(settings)
	environment["GUARDRAIL_ROLE_ARN"] = f.Role.RoleArn()
	environment["GUARDRAIL_MODE_PARAMETER"] = jsii.String(modeParameter)
	environment["GUARDRAIL_CONCURRENCY"] = jsii.String(strconv.Itoa(settings.Concurrency + 1))
	return &environment
}

// settingsEnvironment is what all functions are told of the deployment. GUARDRAIL_MODE_MAX is
// always there, so that an environment without it is one that somebody replaced.
func settingsEnvironment(settings settings) map[string]*string {
	environment := map[string]*string{"GUARDRAIL_ACCOUNT": awscdk.Aws_ACCOUNT_ID()}
	for name, value := range map[string]string{
		"GUARDRAIL_MODE_MAX":   cmp.Or(settings.ModeMax, modeMaxRepair),
		"ORGANIZATION_ID":      settings.OrganizationID,
		"ORGANIZATIONAL_UNITS": strings.Join(settings.OrganizationalUnits, ","),
	} {
		if value != "" {
			environment[name] = &value
		}
	}
	return environment
}

// variables returns the names of the environment variables of a function: those of all
// functions, and more.
func (s settings) variables(more ...string) []string {
	names := append([]string{"ARCHIVE_BUCKET", "FINDINGS_TOPIC_ARN"}, more...)
	for name := range settingsEnvironment(s) {
		names = append(names, name)
	}
	if s.ArchiveOwner != "" {
		names = append(names, "ARCHIVE_BUCKET_OWNER")
	}
	slices.Sort(names)
	return names
}

// permit grants the KMS calls that the configuration needs. Writing is a permission of a
// configuration that repairs, and not under the kill switch, so that in report mode the
// function cannot write whatever its code does.
func (f *enforceFunction) permit(settings settings, configuration configuration) {
	keys := keysOfAccount(f.Construct)
	permitReading(f.Role, keys, configuration)
	if configuration.Repairs() && settings.ModeMax != modeMaxReport {
		permitRepairs(f.Role, keysIn(f.Construct, settings.Regions), keys)
		allow(f.Role, "ReadTheKillSwitch", &[]*string{modeParameterARN(f.Construct)}, "ssm:GetParameter")
		f.warn("repair-mode", "the configuration repairs: the function will change policies of this account's customer managed keys; run with mode: report first")
	}
	for i, missing := range configuration.missing(settings) {
		f.warn(fmt.Sprintf("organization-%d", i), missing)
	}
	baselines, right := configuration.foreignAccess(settings)
	for _, baseline := range baselines {
		f.warn("guardrail-access-"+baseline, "guardrailAccess of baseline "+baseline+" is not this deployment's role, which is "+right+
			": KMS refuses a policy that names a role which does not exist, and the guardrail would not keep its own access")
	}
	f.denyLockout()
}

// permitRepairs grants the one call that changes a key: for the keys of the guarded Regions, and elsewhere for
// replicas only, because a ReplicateKey event names a key of another Region than its own.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-multiregion-key-type
func permitRepairs(role awsiam.Role, guarded, everywhere *[]*string) {
	allow(role, "RepairKeyPolicies", guarded, "kms:PutKeyPolicy")
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("RepairReplicas"),
		Actions:    jsii.Strings("kms:PutKeyPolicy"),
		Resources:  everywhere,
		Conditions: &map[string]any{"StringEquals": map[string]any{"kms:MultiRegionKeyType": "REPLICA"}},
	}))
}

// keysIn are the account's keys in some Regions; without any, in the Region of the stack.
func keysIn(scope constructs.Construct, regions []string) *[]*string {
	if len(regions) == 0 {
		regions = []string{*awscdk.Aws_REGION()}
	}
	var arns []*string
	for _, region := range regions {
		arns = append(arns, awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("kms"), Region: &region, Resource: jsii.String("key"), ResourceName: jsii.String("*"),
		}))
	}
	return &arns
}

func (f *enforceFunction) warn(id, message string) {
	awscdk.Annotations_Of(f.Function).AddWarningV2(jsii.String("kms-guardrail:"+id), &message)
}

// permitReading grants what judging a key needs.
//
// ListAliases knows no resource but "*", and so is left out where no alias is asked for.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
func permitReading(role awsiam.Role, keys *[]*string, configuration configuration) {
	allow(role, "ReadKeyPolicies", keys, "kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListResourceTags")
	if configuration.NeedsAliases() {
		allow(role, "ReadAliases", jsii.Strings("*"), "kms:ListAliases")
	}
}

// keysOfAccount are the account's. The Region is open because a ReplicateKey event names a
// key of another Region than its own.
func keysOfAccount(scope constructs.Construct) *[]*string { return keysIn(scope, []string{"*"}) }

// allow grants a function's role actions on resources.
func allow(role awsiam.Role, sid string, resources *[]*string, actions ...string) {
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:       &sid,
		Actions:   jsii.Strings(actions...),
		Resources: resources,
	}))
}

// denyLockout forbids, in every mode, a write that skips KMS's check that someone can
// still change the policy afterwards. The Allow has no condition on purpose: the SDK
// leaves the parameter out, and an Allow that wants it false may then refuse every repair.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-bypass-policy-lockout-safety-check
func (f *enforceFunction) denyLockout() {
	f.Role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:       jsii.String("NeverSkipTheLockoutCheck"),
		Effect:    awsiam.Effect_DENY,
		Actions:   jsii.Strings("kms:PutKeyPolicy"),
		Resources: jsii.Strings("*"),
		Conditions: &map[string]any{
			"Bool": map[string]any{"kms:BypassPolicyLockoutSafetyCheck": "true"},
		},
	}))
}
