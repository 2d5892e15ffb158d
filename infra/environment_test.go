package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

// TestAFunctionWithHalfItsEnvironmentDoesNotStart takes each variable of each synthesised
// function away, one at a time, and at last all of them: that is what
// `aws lambda update-function-configuration --environment` does to those it does not name.
func TestAFunctionWithHalfItsEnvironmentDoesNotStart(t *testing.T) {
	context := sweeping(t, configured(t, repairing), "24")
	context["guardrail:organizationId"] = "o-a1b2c3d4e5"
	context["guardrail:organizationalUnits"] = "ou-ab12-11111111"
	cdk, stack := newApp(t, context)
	topic := theTopic(t, assertions.Template_FromStack(stack, nil))
	references := map[string]string{"Arn": "arn:aws:iam::111122223333:role/kms-guardrail", "Ref": "bucket", topic: "arn:aws:sns:us-east-1:111122223333:findings"}
	functions := decodeResources[functionProperties](t, assertions.Template_FromStack(stack, nil), "AWS::Lambda::Function")
	if len(functions) != 2 {
		t.Fatalf("the stack has %d functions, want enforce and sweep", len(functions))
	}
	for _, function := range functions {
		variables := function.Environment.Variables
		folder := filepath.Join(*cdk.Outdir(), "enforce")
		if variables["KEYS_QUEUE_URL"] != nil {
			folder = filepath.Join(*cdk.Outdir(), "sweep")
		}
		without := func(names ...string) error {
			_, err := app.ReadSettings(func(name string) string {
				if slices.Contains(names, name) {
					return ""
				}
				return resolved(variables[name], references)
			}, folder)
			return err
		}
		if err := without(); err != nil {
			t.Errorf("%s with its whole environment: %v", filepath.Base(folder), err)
		}
		all := slices.Sorted(maps.Keys(variables))
		for _, name := range all {
			if err := without(name); err == nil || !strings.Contains(err.Error(), "the environment lacks "+name+", which the deployment set") {
				t.Errorf("%s without %s: %v", filepath.Base(folder), name, err)
			}
		}
		if err := without(all...); err == nil || !strings.Contains(err.Error(), strings.Join(all, ", ")) {
			t.Errorf("%s without any: %v, want all of %q", filepath.Base(folder), err, all)
		}
	}
}
