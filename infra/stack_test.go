package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

func TestSynthesisHasNoErrorsAndWithoutAFileNoWarnings(t *testing.T) {
	annotations := assertions.Annotations_FromStack(newStack(t, nil))
	expect(t, func() { annotations.HasNoError(jsii.String("*"), assertions.Match_AnyValue()) })
	expect(t, func() { annotations.HasNoWarning(jsii.String("*"), assertions.Match_AnyValue()) })
}

func TestAConfigurationThatRepairsWarnsThatItChangesPolicies(t *testing.T) {
	annotations := assertions.Annotations_FromStack(newStack(t, configured(t, repairing)))
	expect(t, func() { annotations.HasNoError(jsii.String("*"), assertions.Match_AnyValue()) })
	expect(t, func() {
		annotations.HasWarning(jsii.String("/Test/Enforce/Function"),
			assertions.Match_StringLikeRegexp(jsii.String("the configuration repairs: .*change policies")))
	})
}

func TestTheKillSwitchTakesTheWarningAway(t *testing.T) {
	context := configured(t, repairing)
	context["guardrail:modeMax"] = "report"
	annotations := assertions.Annotations_FromStack(newStack(t, context))
	expect(t, func() { annotations.HasNoWarning(jsii.String("*"), assertions.Match_AnyValue()) })
}

// In the China and GovCloud partitions an ARN that begins with arn:aws: names nothing.
func TestTemplateNamesNoPartitionRegionOrAccount(t *testing.T) {
	text, err := json.Marshal(newTemplate(t, configured(t, repairing)).ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	for _, fixed := range []string{"arn:aws", "us-east-1", ".amazonaws.com.cn", "ManagedPolicyArns"} {
		if strings.Contains(string(text), fixed) {
			t.Errorf("the template contains %q", fixed)
		}
	}
}

func TestStackRefusesAPatternItCannotCarry(t *testing.T) {
	for _, row := range []struct{ name, pattern, want string }{
		{"an element that the rule would lose", `{"source":["aws.kms"],"account":["111122223333"]}`, "account"},
		{"not JSON", `{`, "reading the event pattern"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := eventPattern([]byte(row.pattern))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error that names %s", err, row.want)
			}
		})
	}
}
