package enforcer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// plan makes the plan, and tells whether it is to be written. What is held, the whole of
// the repair or all but what is critical, is a finding.
func (w *work) plan(ctx context.Context) (plan repair.Plan, ok bool, err error) {
	if err := w.readHoldingTags(ctx); err != nil {
		return plan, false, err
	}
	decision, err := repair.Decide(w.snapshot, w.judgement, w.config.Configuration, w.config.Role, nil)
	plan = decision.Plan
	var refusal *repair.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Reason == repair.NothingToDo:
		w.outcome.Action, w.outcome.ActionReason = guardrail.Reported, string(refusal.Reason)
		return plan, false, nil
	case errors.As(err, &refusal):
		w.refusePlan(string(refusal.Reason), guardrail.CodePlanRefused, "no repair can be planned: "+string(refusal.Reason))
		return plan, false, nil
	case err != nil:
		return plan, false, fmt.Errorf("planning the repair: %w", err)
	}
	w.outcome.Plan = plan.Planned()
	if decision.Held {
		w.outcome.Action, w.outcome.ActionReason = guardrail.Held, string(decision.Holds[0].Reason)
	}
	for _, hold := range decision.Holds {
		w.addFinding(guardrail.CodeRepairHeld, rules.Info, hold.Detail)
	}
	return plan, !decision.Held, nil
}

// readHoldingTags reads tags that may hold a plan, where nothing else asked for them.
func (w *work) readHoldingTags(ctx context.Context) error {
	c := w.config.Configuration
	if slices.Contains(c.Repair.HoldWhen, rules.HoldCloudFormation) && !c.NeedsTags() {
		return w.readTags(ctx)
	}
	return nil
}

// record is what is archived before the write.
func (w *work) record(plan repair.Plan) (Record, error) {
	outcome := *w.outcome
	outcome.Action, outcome.ActionReason, outcome.After = guardrail.Repaired, w.judgement.Decision.Reason, plan.After
	outcomeText, err := json.Marshal(outcome)
	if err != nil {
		return Record{}, fmt.Errorf("archiving the outcome: %w", err)
	}
	edits, err := json.Marshal(plan.Edits)
	if err != nil {
		return Record{}, fmt.Errorf("archiving the edits: %w", err)
	}
	return Record{
		Time: w.config.Now().UTC(), Holder: w.message.Delivery,
		EventID: w.event.ID, EventTime: w.event.Time, KeyARN: w.event.KeyARN,
		GuardrailVersion: w.config.Version, ConfigurationHash: w.outcome.ConfigurationHash,
		Actor: w.outcome.Actor, Severity: w.outcome.Severity, Findings: w.outcome.Findings,
		Before: PolicyText{Text: w.snapshot.Policy, Hash: w.live},
		After:  PolicyText{Text: plan.Document.Text(), Hash: plan.After},
		Edits:  edits, Outcome: outcomeText,
	}, nil
}

func (w *work) refusePlan(reason string, code guardrail.Code, message string) {
	w.outcome.Action, w.outcome.ActionReason = guardrail.PlanRefused, reason
	w.addFinding(code, rules.High, message)
}

func (w *work) addFinding(code guardrail.Code, severity rules.Severity, message string) {
	addFinding(w.outcome, code, severity, message)
}

func addFinding(o *guardrail.Outcome, code guardrail.Code, severity rules.Severity, message string) {
	o.Findings = append(o.Findings, guardrail.NewFinding(rules.Key{ARN: o.KeyARN}, code, severity, message))
	o.Severity = guardrail.Worst(o.Findings)
}
