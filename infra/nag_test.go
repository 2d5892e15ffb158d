package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// accepted are the findings of the rule packs that the stacks keep, each with the reason. The beginning of a finding
// is its rule, and where that has one, its resource.
var accepted = []struct{ finding, path, reason string }{
	{"AwsSolutions-IAM5[Resource::*]", "/Sweep/Role/", "kms:ListKeys and kms:ListAliases know no resource"},
	{"AwsSolutions-IAM5[Resource::arn:aws:kms:", "/Role/", "a guardrail of all keys reads all keys, and it writes where the configuration repairs"},
	{"AwsSolutions-IAM5[Resource::<Archive", "/Role/", "the archive has an object for each key and repair; each folder is granted on its own"},
	{"AwsSolutions-S1", "/Archive/", "access logs would be in a second bucket without a lock; a trail can log the bucket's data events"},
	{"AwsSolutions-SQS3", "/Undelivered/", "the queue is the dead-letter queue of a rule's target, which the pack does not see"},
	{"Serverless-SQSRedrivePolicy", "/Undelivered/", "the queue is a dead-letter queue"},
	{"Serverless-SQSRedrivePolicy", "/DeadLetters/", "the queue is a dead-letter queue"},
	{"Serverless-LambdaEventSourceMappingDestination", "/Enforce/", "an event source mapping of SQS has no destination: the queue's own dead-letter queue keeps the message"},
	{"Serverless-LambdaDLQ", "/Function/", "the dead-letter queue is the one of the queue, or of the schedule's rule"},
	{"Serverless-LambdaAsyncFailureDestination", "/Enforce/", "the next flush does the work of one that failed, and an alarm counts errors"},
	{"Serverless-LambdaTracing", "/Function/", "neither CloudTrail nor the rule passes a trace on, so that one hop would be seen; durations are in the log"},
}

// TestTheRulePacksFindOnlyWhatIsAccepted: AWS Solutions and Serverless, on a deployment of everything. A row that
// accepts nothing any more is an error, too.
func TestTheRulePacksFindOnlyWhatIsAccepted(t *testing.T) {
	context := configured(t, threeRegions)
	context["guardrail:sweepHours"], context["guardrail:sweepAsset"] = nil, bundle(t)
	context["@aws-cdk/core:annotationsInValidationReport"] = false // a finding would end the synthesis
	app := awscdk.NewApp(appProps(t, context))
	d, err := describe(app, "Test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, pack := range []awscdk.IAspect{
		cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{}), cdknag.NewServerlessChecks(&cdknag.NagPackProps{}),
	} {
		awscdk.Aspects_Of(app).Add(pack, nil)
	}
	used := make([]int, len(accepted))
	for _, stack := range []awscdk.Stack{d.Home, d.Forwarders["us-east-1"]} {
		annotations := assertions.Annotations_FromStack(stack)
		found := append(*annotations.FindError(jsii.String("*"), assertions.Match_AnyValue()), *annotations.FindWarning(jsii.String("*"), assertions.Match_AnyValue())...)
		for _, m := range found {
			text, at := fmt.Sprint(m.Entry.Data), *m.Id //nolint:staticcheck // the CDK's own assertions return the deprecated type
			if strings.HasPrefix(text, "the configuration repairs") {
				continue // TestAConfigurationThatRepairsWarnsThatItChangesPolicies
			}
			if i := slices.IndexFunc(accepted, func(a struct{ finding, path, reason string }) bool {
				return strings.HasPrefix(text, a.finding) && strings.Contains(at, a.path)
			}); i >= 0 {
				used[i]++
				continue
			}
			t.Errorf("%s: %s", at, text)
		}
	}
	for i, a := range accepted {
		if used[i] == 0 {
			t.Errorf("nothing is accepted by %s at %s", a.finding, a.path)
		}
	}
	t.Logf("accepted: %v", used)
}
