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
// CloudTrail delivers an event only to the default bus of the Region of the call
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html). With
// deployment.homeRegion there is one stack with the functions, and a forwarder stack in each further Region of
// deployment.regions. Without it the stack names no account, Region or partition: it deploys wherever the
// credentials point, and guards that Region.
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

// synthesize writes the templates of the stacks that the CDK context describes.
func synthesize() error {
	app := awscdk.NewApp(nil)
	if _, err := describe(app, "KmsGuardrail", time.Now()); err != nil {
		return err
	}
	app.Synth(nil)
	return nil
}

// deployment is what one `cdk deploy --all` deploys.
type deployment struct {
	// Home has the functions.
	Home awscdk.Stack
	// Forwarders are the stacks of the further Regions, by Region.
	Forwarders map[string]awscdk.Stack
}

// describe makes the stacks that the context of the application describes. The functions'
// code is put together in the application's output, not in the source tree.
func describe(app awscdk.App, id string, now time.Time) (deployment, error) {
	context := contextOf(app)
	named, _ := context[contextPrefix+"config"].(string) // readSettings refuses what is no string
	configuration, err := readConfiguration(named, now)
	if err != nil {
		return deployment{}, err
	}
	settings, err := readSettings(context, configuration.Deployment)
	if err != nil {
		return deployment{}, err
	}
	if err := settings.checkRetention(configuration); err != nil {
		return deployment{}, err
	}
	props := &guardrailStackProps{Settings: settings, Configuration: configuration, Patterns: configuration.patterns()}
	if err := props.stage(*app.Outdir()); err != nil {
		return deployment{}, err
	}
	d := deployment{Forwarders: map[string]awscdk.Stack{}}
	if d.Home, err = newGuardrailStack(app, id, props); err != nil {
		return deployment{}, err
	}
	for _, region := range settings.furtherRegions() {
		stack, err := newForwarderStack(app, id+"-"+region, &forwarderStackProps{Region: region, HomeRegion: settings.HomeRegion, Patterns: props.Patterns})
		if err != nil {
			return deployment{}, err
		}
		// The bus is there before the first event is sent to it.
		stack.AddStackDependency(d.Home, nil)
		d.Forwarders[region] = stack
	}
	return d, nil
}

// stage puts the functions' code together in a folder.
func (p *guardrailStackProps) stage(folder string) error {
	s := p.Settings
	p.Code = filepath.Join(folder, "enforce")
	if err := stageBundle(p.Code, s.FunctionAsset, p.Configuration.Text, s.variables("GUARDRAIL_ROLE_ARN", "GUARDRAIL_CONCURRENCY", "GUARDRAIL_MODE_PARAMETER")); err != nil {
		return err
	}
	if s.SweepHours == 0 {
		return nil
	}
	p.SweepCode = filepath.Join(folder, "sweep")
	return stageBundle(p.SweepCode, s.SweepAsset, p.Configuration.Text, s.variables("KEYS_QUEUE_URL"))
}
