package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

var repairMode = map[string]any{"guardrail:mode": "repair"}

func TestSynthesisHasNoErrorsAndReportModeNoWarnings(t *testing.T) {
	annotations := assertions.Annotations_FromStack(newStack(t, nil))
	expect(t, func() { annotations.HasNoError(jsii.String("*"), assertions.Match_AnyValue()) })
	expect(t, func() { annotations.HasNoWarning(jsii.String("*"), assertions.Match_AnyValue()) })
}

func TestRepairModeWarnsThatItOverwritesPolicies(t *testing.T) {
	annotations := assertions.Annotations_FromStack(newStack(t, repairMode))
	expect(t, func() { annotations.HasNoError(jsii.String("*"), assertions.Match_AnyValue()) })
	expect(t, func() {
		annotations.HasWarning(jsii.String("/Test/Enforce/Function"),
			assertions.Match_StringLikeRegexp(jsii.String("repair mode: .*overwrite")))
	})
}

// In the China and GovCloud partitions an ARN that begins with arn:aws: names nothing.
func TestTemplateNamesNoPartitionRegionOrAccount(t *testing.T) {
	text, err := json.Marshal(newTemplate(t, repairMode).ToJSON())
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
