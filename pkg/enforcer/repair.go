package enforcer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/repair"
)

// repair plans, archives and writes. It answers again where the policy is not the judged
// one any more, so that nothing was written.
func (w *work) repair(ctx context.Context) (again bool, err error) {
	plan, ok, err := w.plan(ctx)
	if !ok || err != nil {
		return false, errors.Join(err, w.rememberIf(ctx, err == nil))
	}
	claim, ok, err := w.claim(ctx, plan)
	if !ok || err != nil {
		return false, errors.Join(err, w.rememberIf(ctx, err == nil))
	}
	text, err := w.config.Keys.Policy(ctx, w.event.KeyARN)
	switch {
	case err != nil && !permanent(err):
		return false, fmt.Errorf("reading the key policy again: %w", err)
	case err != nil:
		return false, w.giveUp(ctx, claim, err)
	case hash(w.snapshot.Key, text) != w.live:
		return true, nil
	}
	if err := w.config.Keys.PutPolicy(ctx, w.event.KeyARN, plan.Document.Text()); err != nil {
		if !permanent(err) {
			return false, fmt.Errorf("writing the key policy: %w", err)
		}
		return false, w.giveUp(ctx, claim, err)
	}
	return false, w.confirm(ctx, claim)
}

// plan makes the plan, and tells whether it is to be written.
func (w *work) plan(ctx context.Context) (plan repair.Plan, ok bool, err error) {
	settings := w.config.Configuration.Repair
	if w.snapshot.Labels.Tags == nil && slices.Contains(settings.HoldWhen, guardrail.HoldCloudFormation) {
		if err := w.readTags(ctx); err != nil {
			return plan, false, err
		}
	}
	plan, err = repair.For(w.snapshot, w.judgement, w.config.Configuration, w.config.Role)
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
	w.outcome.Plan = planned(plan)
	holds := repair.Holds(plan, w.snapshot, settings)
	if len(holds) == 0 || w.judgement.Severity == guardrail.Critical {
		return plan, true, nil
	}
	w.outcome.Action, w.outcome.ActionReason = guardrail.Held, string(holds[0].Reason)
	for _, hold := range holds {
		w.addFinding(guardrail.CodeRepairHeld, guardrail.Info, hold.Detail)
	}
	return plan, false, nil
}

func planned(plan repair.Plan) *guardrail.PlannedPolicy {
	p := &guardrail.PlannedPolicy{Policy: plan.Document.Text(), Hash: plan.After, Edits: []string{}}
	for _, edit := range plan.Edits {
		p.Edits = append(p.Edits, edit.String())
	}
	return p
}

// claim archives the repair and takes lock, budget and breaker. It tells whether the
// policy may be written now.
func (w *work) claim(ctx context.Context, plan repair.Plan) (claim Claim, ok bool, err error) {
	record, err := w.record(plan)
	if err != nil {
		return claim, false, err
	}
	limits := w.limits()
	claim, err = w.config.Archive.Claim(ctx, record, limits)
	var budget *BudgetError
	if errors.As(err, &budget) && w.judgement.Severity == guardrail.Critical {
		claim, err = w.claimBeyondBudget(ctx, record, limits, budget)
	}
	if err != nil {
		return claim, false, w.noClaim(err)
	}
	switch claim.Status {
	case Fresh:
		return claim, true, nil
	case Adopted:
		ok, err := w.mayAdopt(ctx, claim)
		return claim, ok, err
	case AlreadyWritten:
		return claim, false, w.finish(ctx, Entry{Hold: claim.Hold, Record: claim.Record, Written: &Written{}, Reported: claim.Reported})
	default:
		w.outcome.Action, w.outcome.ActionReason = guardrail.Reported, "claim-abandoned"
		return claim, false, nil
	}
}

// mayAdopt tells whether a claim that an earlier delivery of the message left open may be
// written by. That delivery may have written, so that what was read is older than its
// write, or is what somebody else put after it; then the other's event is what counts,
// and this message's repair is reported as not confirmed.
func (w *work) mayAdopt(ctx context.Context, claim Claim) (bool, error) {
	earlier := claim.Earlier
	switch {
	case earlier == nil || earlier.Holder == claim.Record.Holder:
		return true, nil // this delivery's own claim, which it did not write by
	case w.live != earlier.Before.Hash:
		return false, w.endUnconfirmed(ctx, claim, *earlier)
	case w.config.Now().Sub(earlier.Time) < settlingTime:
		return false, errNotSettled
	default:
		return true, nil
	}
}

// endUnconfirmed reports a repair of which nobody can tell any more whether it was written.
func (w *work) endUnconfirmed(ctx context.Context, claim Claim, earlier Record) error {
	if err := w.abandon(ctx, claim, unconfirmed); err != nil {
		return err
	}
	o, err := repaired(Entry{Hold: claim.Hold, Record: earlier})
	if err != nil {
		return err
	}
	o.ActionReason = unconfirmed
	*w.outcome, w.unreported = o, claim.Slot
	return nil
}

// unconfirmed is the reason of a repair that may have been written or not: it was
// interrupted, and the key has a third policy since.
const unconfirmed = "write-not-confirmed"

func (w *work) abandon(ctx context.Context, claim Claim, reason string) error {
	err := w.config.Archive.Abandon(ctx, claim.Hold, Abandonment{
		Time: w.config.Now().UTC(), Holder: w.message.Delivery, EventID: w.event.ID, Reason: reason,
	})
	if err != nil && !errors.Is(err, ErrBusy) {
		return fmt.Errorf("giving up the claim: %w", err)
	}
	return nil
}

func (w *work) limits() Limits {
	settings := w.config.Configuration.Repair
	return Limits{
		Budget: settings.Budget.Repairs, Window: settings.Budget.Window,
		AccountPerHour: settings.MaxPerHour.Account, TotalPerHour: settings.MaxPerHour.Total,
	}
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

// giveUp ends a claim whose policy KMS refuses to be written.
func (w *work) giveUp(ctx context.Context, claim Claim, cause error) error {
	if errors.Is(cause, ErrAccessDenied) {
		w.refusePlan(string(guardrail.CodeAccessDenied), guardrail.CodeRepairRefused, "the guardrail may not write the key policy: "+cause.Error())
	} else {
		w.refusePlan("kms-refused", guardrail.CodeRepairRefused, "KMS refused the repair: "+cause.Error())
	}
	if err := w.abandon(ctx, claim, w.outcome.ActionReason); err != nil {
		return err
	}
	w.unreported = claim.Slot
	return w.remember(ctx)
}

// confirmPauses are the waits before each look at the key after a write: five seconds
// in all. A policy that is not seen by then is looked for when the event comes back.
var confirmPauses = []time.Duration{0, time.Second, 4 * time.Second}

// confirm looks whether the written policy is on the key.
func (w *work) confirm(ctx context.Context, claim Claim) error {
	entry := Entry{Hold: claim.Hold, Record: claim.Record}
	for _, pause := range confirmPauses {
		if err := w.config.Pause(ctx, pause); err != nil {
			return err
		}
		text, err := w.config.Keys.Policy(ctx, w.event.KeyARN)
		if err != nil && !permanent(err) {
			return fmt.Errorf("reading the key policy after the write: %w", err)
		}
		if err == nil && hash(w.snapshot.Key, text) == claim.Record.After.Hash {
			return w.finish(ctx, entry)
		}
	}
	return errors.Join(w.noteWrite(ctx, entry), errNotSettled)
}

// permanent tells whether an error of Keys stays when the call is made again.
func permanent(err error) bool {
	return errors.Is(err, ErrAccessDenied) || errors.Is(err, ErrRefused) || errors.Is(err, ErrNotFound)
}

func restoreCommand(slot Slot) string { return "kmsguard restore " + string(slot) }

func (w *work) refusePlan(reason string, code guardrail.Code, message string) {
	w.outcome.Action, w.outcome.ActionReason = guardrail.PlanRefused, reason
	w.addFinding(code, guardrail.High, message)
}

func (w *work) addFinding(code guardrail.Code, severity guardrail.Severity, message string) {
	w.outcome.Findings = append(w.outcome.Findings, guardrail.NewFinding(w.snapshot.Key, code, severity, message))
	w.outcome.Severity = guardrail.Worst(w.outcome.Findings)
}
