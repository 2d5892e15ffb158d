// Command infra is the AWS CDK application of kms-guardrail: the resources that
// carry key events to the function, the function, and what it may do.
//
//	CloudTrail -> default event bus -> [KeyEventRule] -> [EventQueue] -> [EnforceFunction]
//	                                        |                 |
//	                               undelivered events    dead letters
//
// There is one construct per capability, in a file of its own; each grants the
// permissions and sets the environment that its capability needs, so that the two
// cannot drift apart. [NewGuardrailStack] puts them together.
//
// A deployment is described by CDK context, in cdk.json or on the command line
// (`cdk deploy -c guardrail:mode=repair`); [Settings] lists the keys. The stack
// names no account, Region or partition: it deploys wherever the credentials point,
// once per account and Region that has keys, because CloudTrail delivers an event
// only to the default bus of the Region of the call
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
//
// The application itself starts nothing in AWS: it writes templates to cdk.out.
// The function's code is built before it, by `make build`.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/kms-guardrail/kms-guardrail/events"
)

func main() {
	err := synthesize()
	if err != nil {
		fmt.Fprintf(os.Stderr, "infra: %v\n", err)
	}
	jsii.Close() // stops the Node process that runs the CDK
	if err != nil {
		os.Exit(1)
	}
}

// synthesize writes the template of the stack that the CDK context describes.
func synthesize() error {
	app := awscdk.NewApp(nil)
	settings, err := readSettings(contextOf(app))
	if err != nil {
		return err
	}
	if err := requireBundle(settings.FunctionAsset); err != nil {
		return err
	}
	_, err = NewGuardrailStack(app, "KmsGuardrail", &GuardrailStackProps{
		Settings: settings,
		Pattern:  events.Pattern(),
	})
	if err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}
