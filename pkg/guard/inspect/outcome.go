package inspect

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// WouldRepair is the action reason of a repair that is wanted and planned, where the caller
// does not write.
const WouldRepair = "would-repair"

// Outcome makes the outcome of a judged View. If the judgement wants no repair, the
// outcome still shows a plan that the caller gives. The zero Plan leaves the plan out. action says what the
// caller did with a plan that may be written: guardrail.Repaired if the caller wrote it, or
// guardrail.Reported if the caller only shows it.
func (i *Inspector) Outcome(v View, p Plan, action guardrail.Action) guardrail.Outcome {
	o := i.blank(v)
	o.Judged(v.Judgement)
	if v.Judgement.Verdict == guardrail.NothingToJudge {
		o.Action, o.ActionReason = guardrail.Skipped, "aws-managed-key"
		return o
	}
	switch {
	case p.Refusal != nil:
		i.addRefusal(&o, v, p)
	case p.IsPlanned():
		i.addPlan(&o, v, p, action)
	}
	return o
}

// blank returns an outcome with what was read.
func (i *Inspector) blank(v View) guardrail.Outcome {
	k := v.Snapshot.Key
	o := guardrail.Outcome{
		Schema: "1", Time: i.config.Now().UTC(), GuardrailVersion: i.config.Version, ConfigurationHash: i.hash,
		Mode: i.config.Configuration.Mode, Trigger: v.Subject.Trigger,
		KeyARN: k.ARN, Account: k.Account, Region: k.Region, Aliases: append([]string{}, v.Snapshot.Labels.Aliases...),
		Rule: v.Judgement.Selection.RuleName(), Baseline: i.config.Configuration.Default,
	}
	if k.Type != (defaultpolicy.KeyType{}) {
		o.KeyType = k.Type.String()
	}
	if v.Subject.Event != nil {
		actor := v.Subject.Event.Actor
		o.Actor = &actor
	}
	switch {
	case k.AWSManaged:
	case v.Denied == nil && v.Snapshot.Evidence != guardrail.EventPolicy:
		o.Evidence, o.Before = v.Snapshot.Evidence, v.LiveHash
	case v.Snapshot.Evidence == guardrail.EventPolicy && v.Snapshot.Policy != "":
		o.Evidence = guardrail.EventPolicy
	}
	return o
}

// addRefusal says that no repair can be planned: as a finding of its own, which is high if
// the judgement wants a repair.
func (i *Inspector) addRefusal(o *guardrail.Outcome, v View, p Plan) {
	reason := string(p.Refusal.Reason)
	wanted := v.Judgement.Decision.Repair
	if p.Refusal.Reason == repair.NothingToDo {
		if wanted {
			o.ActionReason = reason
		}
		return
	}
	severity := rules.Info
	if wanted {
		severity = rules.High
		o.Action, o.ActionReason = guardrail.PlanRefused, reason
	}
	addFinding(o, v, guardrail.CodePlanRefused, severity, "no repair can be planned: "+reason)
}

// addPlan adds a plan, and what holds the plan or a part of the repair.
func (i *Inspector) addPlan(o *guardrail.Outcome, v View, p Plan, action guardrail.Action) {
	o.Plan = p.Plan.Planned()
	for _, hold := range p.Holds {
		addFinding(o, v, guardrail.CodeRepairHeld, rules.Info, hold.Detail)
	}
	switch {
	case !v.Judgement.Decision.Repair:
	case p.Held:
		o.Action, o.ActionReason = guardrail.Held, string(p.Holds[0].Reason)
	case action == guardrail.Repaired:
		o.Action, o.After = guardrail.Repaired, p.Plan.After
	default:
		o.ActionReason = WouldRepair
	}
}

func addFinding(o *guardrail.Outcome, v View, code guardrail.Code, severity rules.Severity, message string) {
	o.Findings = append(o.Findings, guardrail.NewFinding(v.Snapshot.Key, code, severity, message))
	o.Severity = guardrail.SeverityOf(o.Verdict, o.Findings)
}
