// Command infra is the AWS CDK application of kms-guardrail: the resources that carry
// key events and the keys of a sweep to the function that judges and repairs, the function
// that sweeps, what the two may do, and who is told.
//
//	CloudTrail -> default event bus -> keyEventRule -> eventQueue -> enforceFunction -> archive
//	                                        |                 |              ^       |
//	                               undelivered events    dead letters        |   findings -> people
//	                                                                  flushSchedule
//
//	schedule -> sweepFunction -> eventQueue
//
// The archive and flushSchedule are there in every mode. Alarms about
// dead letters, undelivered events, events that wait and functions that fail go to Findings, and
// so do the tamper rules: changes of the guardrail's own parts, and of trails.
//
// There is one construct per capability, in a file of its own; each grants the
// permissions and sets the environment that its capability needs, so that the two
// cannot drift apart. newGuardrailStack puts them together.
//
// A deployment is described by guardrail.yaml, which says what is enforced and goes into
// the functions' code, and by CDK context, in cdk.json or on the command line
// (`cdk deploy -c guardrail:config=FILE`); settings lists the keys. Where both say the same
// thing, the context counts. A guardrail.yaml
// with anything wrong in it fails the synthesis.
//
// The stack names no account, Region or partition: it deploys wherever the credentials
// point, once per account and Region that has keys, because CloudTrail delivers an event
// only to the default bus of the Region of the call
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
//
// The application itself starts nothing in AWS: it writes templates to cdk.out.
// The functions' code is built before it, by `make build`.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
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
	if _, err := describe(app, "KmsGuardrail", time.Now()); err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}

// describe makes the stack that the context of the application describes. The functions'
// code is put together in the application's output, not in the source tree.
func describe(app awscdk.App, id string, now time.Time) (awscdk.Stack, error) {
	context := contextOf(app)
	named, _ := context[contextPrefix+"config"].(string) // readSettings refuses what is no string
	configuration, err := readConfiguration(named, now)
	if err != nil {
		return nil, err
	}
	settings, err := readSettings(context, configuration.Deployment)
	if err != nil {
		return nil, err
	}
	if err := settings.checkRetention(configuration); err != nil {
		return nil, err
	}
	code := filepath.Join(*app.Outdir(), "enforce")
	if err := stageBundle(code, settings.FunctionAsset, configuration.Text, settings.variables("GUARDRAIL_ROLE_ARN", "GUARDRAIL_CONCURRENCY", "GUARDRAIL_MODE_PARAMETER")); err != nil {
		return nil, err
	}
	sweepCode := ""
	if settings.SweepHours > 0 {
		sweepCode = filepath.Join(*app.Outdir(), "sweep")
		if err := stageBundle(sweepCode, settings.SweepAsset, configuration.Text, settings.variables("KEYS_QUEUE_URL")); err != nil {
			return nil, err
		}
	}
	return newGuardrailStack(app, id, &guardrailStackProps{
		Settings:      settings,
		Configuration: configuration,
		Code:          code,
		SweepCode:     sweepCode,
		Patterns:      configuration.patterns(),
	})
}
