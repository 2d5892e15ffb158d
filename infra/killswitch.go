package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

const (
	// modeParameter is the name of the parameter.
	modeParameter = "/kms-guardrail/mode-max"
	// switchUnreadable is what the function logs where it cannot read or understand it.
	switchUnreadable = "kill switch unreadable"
)

// newKillSwitch makes the parameter with which people pause all repairs, and no permission: the
// function may read it, and whoever may pause gets ssm:PutParameter from elsewhere. A deployment
// changes the parameter only where its own text changes, so that it ends no pause.
func newKillSwitch(scope constructs.Construct, id string) awsssm.StringParameter {
	return awsssm.NewStringParameter(scope, &id, &awsssm.StringParameterProps{
		ParameterName: jsii.String(modeParameter),
		Description:   jsii.String("The kill switch of kms-guardrail: kmsguard pause and resume write it"),
		StringValue:   jsii.String(`{"mode":"repair"}`),
	})
}

// modeParameterARN is the ARN of the kill switch.
func modeParameterARN(scope constructs.Construct) *string {
	return awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("ssm"), Resource: jsii.String("parameter"), ResourceName: jsii.String(modeParameter[1:]),
	})
}
