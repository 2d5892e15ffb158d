package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// functionTimeoutSeconds is for a batch of ten events. Each costs a few reads and at most one
// repair, milliseconds each; the rest is room for the SDK's retries when AWS throttles.
// Package app counts on it: a repair is taken over only when its invocation is surely over.
const functionTimeoutSeconds = 60

// guardrailStackProps describes one deployment.
type guardrailStackProps struct {
	// Settings are the deployment's choices.
	Settings settings
	// Configuration is what is enforced.
	Configuration configuration
	// Code is the folder with the function's binary and its configuration; SweepCode is
	// that of the function that sweeps, "" where there is no sweep.
	Code, SweepCode string
	// Patterns are the JSON of the event patterns, by the id of their rule: those of package events that
	// the configuration asks for.
	Patterns map[string][]byte
}

// newGuardrailStack makes the stack with the functions. It guards the keys of its own Region, and the keys of each
// further Region that has a forwarder stack. An error means that the pattern is not one that the rule can carry.
func newGuardrailStack(scope constructs.Construct, id string, props *guardrailStackProps) (awscdk.Stack, error) {
	stackProps := &awscdk.StackProps{
		Description: jsii.String("kms-guardrail: compares key policies with the default that AWS generates for the key's type"),
	}
	if home := props.Settings.HomeRegion; home != "" {
		stackProps.Env = &awscdk.Environment{Region: &home}
	}
	stack := awscdk.NewStack(scope, &id, stackProps)
	acknowledgeOpenAccount(stack)

	timeout := awscdk.Duration_Seconds(jsii.Number(functionTimeoutSeconds))
	queue := newEventQueue(stack, "Events", &eventQueueProps{ConsumerTimeout: timeout})
	rule, err := newKeyEventRules(stack, "KeyEvents", &keyEventRuleProps{
		Patterns: props.Patterns,
		Target:   queue.Queue,
	})
	if err != nil {
		return nil, err
	}
	enforce := newEnforceFunction(stack, "Enforce", &enforceFunctionProps{
		Settings:      props.Settings,
		Configuration: props.Configuration,
		Code:          props.Code,
		Source:        queue.Queue,
		Timeout:       timeout,
	})
	output(stack, "RoleArn", "The function's role, for guardrailAccess in guardrail.yaml", enforce.Role.RoleArn())
	findings := newFindings(stack, "Findings", &findingsProps{Emails: props.Settings.NotifyEmail, Function: enforce})
	findings.onDeadLetters("UnjudgedEvents", "events that could not be judged are in the dead-letter queue", queue.DeadLetters)
	findings.onDeadLetters("UndeliveredEvents", "EventBridge could not deliver key events", rule.Undelivered)
	findings.onWaiting("WaitingEvents", "key events wait to be judged", queue.Queue)
	findings.onErrors("EnforceErrors", "the function that judges and repairs fails, the flush included", enforce.Function.MetricErrors(metric("Sum")))
	output(stack, "FindingsTopicArn", "The topic of findings, repairs and alarms, to subscribe to", findings.Topic.TopicArn())
	var sweep *sweepFunction
	if props.SweepCode != "" {
		sweep = newSweepFunction(stack, "Sweep", &sweepFunctionProps{
			Settings:      props.Settings,
			Configuration: props.Configuration,
			Code:          props.SweepCode,
			Target:        queue.Queue,
		})
		findings.onDeadLetters("UndeliveredSweeps", "EventBridge could not start a sweep", sweep.Undelivered)
		findings.hear(sweep)
		findings.onErrors("SweepErrors", "a sweep fails", sweep.Function.MetricErrors(metric("Sum")))
	}
	// In every mode: what was repaired before is still reported under the kill switch, and the
	// record of it does not move to another bucket when the mode changes.
	newKillSwitch(stack, "KillSwitch")
	findings.onLines("KillSwitchUnreadable", "the kill switch cannot be read or understood: after an hour nothing is repaired", switchUnreadable, enforce.Logs)
	archive := newArchive(stack, "Archive", &archiveProps{
		Function: enforce, Sweep: sweep, Existing: props.Settings.ArchiveBucket, Owner: props.Settings.ArchiveOwner, Writers: props.Settings.ArchiveWriters, Deployers: props.Settings.ArchiveDeployers,
		RetentionDays: props.Settings.ArchiveRetentionDays, ObjectLock: props.Settings.ObjectLock,
	})
	flush := newFlushSchedule(stack, "Flush", &flushScheduleProps{Target: enforce.Function})
	findings.onDeadLetters("UndeliveredFlushes", "EventBridge could not start a flush", flush.Undelivered)
	rules := rule.Rules
	if len(props.Settings.furtherRegions()) > 0 {
		home, err := newHomeBus(stack, "Home", &homeBusProps{Patterns: props.Patterns, Queue: queue.Queue, Findings: findings})
		if err != nil {
			return nil, err
		}
		findings.onDeadLetters("UndeliveredForwardedEvents", "EventBridge could not deliver key events of other Regions", home.KeyEvents.Undelivered)
		rules = append(rules, home.Rules...)
	}
	newTamperRules(stack, "Tampering", &tamperProps{
		Findings: findings, Queue: queue, Rules: rules, Flush: flush, Enforce: enforce, Archive: archive, Sweep: sweep,
	})
	output(stack, "ArchiveBucket", "The bucket of replaced policies; it outlives the stack", archive.Bucket.BucketName())
	return stack, nil
}

// acknowledgeOpenAccount silences the warning that a rule and its target may be in different accounts: both are in
// the account of the credentials.
func acknowledgeOpenAccount(stack awscdk.Stack) {
	awscdk.Annotations_Of(stack).AcknowledgeWarning(jsii.String("@aws-cdk/aws-events:ruleUnresolvedEnvironment"),
		jsii.String("rules and targets are in the account of the credentials"))
}

// output shows a value after the deployment.
func output(stack awscdk.Stack, id, description string, value *string) {
	awscdk.NewCfnOutput(stack, &id, &awscdk.CfnOutputProps{Description: &description, Value: value})
}
