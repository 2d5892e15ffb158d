package cli

import (
	"errors"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// reasonWouldRepair is the action reason of a policy that the function would repair.
const reasonWouldRepair = "would-repair"

// judge judges key policies against a configuration at a moment. It writes nothing.
type judge struct {
	configuration *rules.Configuration
	now           time.Time
}

// policy judges a policy as that of a key, and plans its repair for the report.
func (c judge) policy(s subject, text string) guardrail.Outcome {
	snapshot := guardrail.Snapshot{
		Key: s.key, Labels: s.labels, Policy: text,
		Evidence: guardrail.LivePolicy, // a file stands for it
		Trigger:  guardrail.ByCommand,
	}
	j := guardrail.Judge(snapshot, c.configuration, c.now)
	o := c.outcome(s, j)
	o.Evidence = guardrail.LivePolicy
	if d, err := policy.Parse(text); err == nil {
		o.Before = d.Hash(s.key.Partition)
	}
	if j.Verdict == guardrail.NonCompliant {
		c.plan(&o, snapshot, j)
	}
	return o
}

// outcome says what was judged. Nothing is written, whatever the mode.
func (c judge) outcome(s subject, j guardrail.Judgement) guardrail.Outcome {
	o := guardrail.Outcome{
		Schema: "1", Time: c.now.UTC(), GuardrailVersion: app.Version, ConfigurationHash: c.configuration.Hash(),
		Mode: c.configuration.Mode, Trigger: guardrail.ByCommand,
		KeyARN: s.key.ARN, Account: s.key.Account, Region: s.key.Region, KeyType: s.key.Type.String(),
		Aliases: append([]string{}, s.labels.Aliases...), Rule: j.Selection.RuleName(),
	}
	o.Judged(j)
	return o
}

// skipped is the outcome of an AWS managed key, whose policy nobody can change.
func (c judge) skipped(s subject) guardrail.Outcome {
	o := c.outcome(s, guardrail.Judgement{Verdict: guardrail.NothingToJudge, Severity: rules.NoSeverity})
	o.Action, o.ActionReason = guardrail.Skipped, string(trail.AWSManagedKey)
	return o
}

// plan adds what a repair would change, or why it would not be written.
func (c judge) plan(o *guardrail.Outcome, s guardrail.Snapshot, j guardrail.Judgement) {
	note := func(code guardrail.Code, message string) {
		o.Findings = append(o.Findings, guardrail.NewFinding(s.Key, code, rules.Info, message))
	}
	decision, err := repair.Decide(s, j, c.configuration, "")
	var refusal *repair.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Reason == repair.NothingToDo:
		o.ActionReason = string(refusal.Reason)
		return
	case errors.As(err, &refusal):
		note(guardrail.CodePlanRefused, "no repair can be planned: "+string(refusal.Reason))
		if j.Decision.Repair {
			o.ActionReason = string(refusal.Reason)
		}
		return
	}
	o.Plan = decision.Plan.Planned()
	for _, hold := range decision.Holds {
		note(guardrail.CodeRepairHeld, hold.Detail)
	}
	switch {
	case !j.Decision.Repair:
	case decision.Held:
		o.ActionReason = string(decision.Holds[0].Reason)
	default:
		o.ActionReason = reasonWouldRepair
	}
}
