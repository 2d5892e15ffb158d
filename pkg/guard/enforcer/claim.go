package enforcer

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// claim archives the repair and takes lock, budget and breaker. It tells whether the
// policy may be written now.
func (w *work) claim(ctx context.Context, plan repair.Plan) (ok bool, err error) {
	claim, err := w.tryClaim(ctx, plan)
	if err != nil {
		return false, w.noClaim(w.postponeHeld(ctx, err))
	}
	entry := Entry{Hold: claim.Hold, Record: claim.Record, Abandoned: claim.Abandoned, Reported: claim.Reported}
	switch claim.Status {
	case Fresh, Adopted:
		w.taken = w.taken || claim.Status == Adopted && w.held == nil
		w.held = &claim
		return true, nil
	case AlreadyWritten:
		if claim.Reported {
			w.outcome.Action, w.outcome.ActionReason = guardrail.Reported, "repaired-before"
			return false, nil
		}
		entry.Written = &Written{}
		return false, w.finish(ctx, entry)
	case Interrupted:
		w.outcome.Action, w.outcome.ActionReason = guardrail.Reported, unconfirmed
		return false, w.endUnconfirmed(ctx, entry)
	default:
		w.wasAbandoned(claim)
		return false, nil
	}
}

// tryClaim claims; for a critical finding beyond the budget, too.
func (w *work) tryClaim(ctx context.Context, plan repair.Plan) (Claim, error) {
	if w.memory.lost != nil {
		return Claim{}, w.memory.lost
	}
	record, err := w.recordOf(plan)
	if err != nil {
		return Claim{}, err
	}
	claim, err := w.config.Archive.Claim(ctx, record, w.limits())
	var budget *BudgetError
	if errors.As(err, &budget) && w.judgement.Severity == rules.Critical {
		return w.claimBeyondBudget(ctx, plan, budget)
	}
	return claim, err
}

// recordOf is the record of a plan, with the sweep that the event comes from.
func (w *work) recordOf(plan repair.Plan) (Record, error) {
	record, err := w.record(plan)
	record.SweepID, record.SweptConfiguration = w.event.SweepID, w.event.SweptConfiguration
	return record, err
}

func (w *work) limits() Limits {
	settings := w.config.Configuration.Repair
	return Limits{
		Budget: settings.Budget.Repairs, Window: settings.Budget.Window,
		AccountPerHour: settings.MaxPerHour.Account, TotalPerHour: settings.MaxPerHour.Total,
		Settle: settlingTime,
	}
}

// noClaim says in the outcome why nothing may be written. An error that may go away is
// returned, so that the event comes back.
func (w *work) noClaim(err error) error {
	var budget *BudgetError
	var breaker *BreakerError
	switch {
	case errors.As(err, &budget):
		w.exhausted(budget)
	case errors.As(err, &breaker):
		w.outcome.Action, w.outcome.ActionReason = guardrail.Held, "breaker-"+string(breaker.Scope)
		w.addFinding(guardrail.CodeBreakerOpen, rules.High, "the repair is held: "+breaker.Error()+w.untilDue())
	case errors.Is(err, ErrTooOld):
		w.refusePlan("event-too-old", guardrail.CodePlanRefused, "the event is too old to write a policy for it")
	case errors.Is(err, ErrArchive):
		w.refusePlan("archive-unusable", guardrail.CodeArchiveUnusable, "nothing was written, because the policy could not be archived: "+err.Error())
	default:
		return fmt.Errorf("archiving the repair: %w", err)
	}
	return nil
}

// wasAbandoned says what an earlier delivery of the message, or another event of the key,
// gave the repair up for.
func (w *work) wasAbandoned(claim Claim) {
	reason := LockExpired
	if claim.Abandoned != nil {
		reason = claim.Abandoned.Reason
	}
	w.abandoned(w.outcome, reason)
	if !claim.Reported {
		w.unreported = claim.Slot
	}
}

// abandoned says in an outcome what a repair was given up for, and that nothing was
// written for it.
func (w *work) abandoned(o *guardrail.Outcome, reason string) {
	o.After, o.Archive, o.Restore = "", "", ""
	if reason == BreakerOpened {
		o.Action, o.ActionReason = guardrail.Held, reason
		addFinding(o, guardrail.CodeBreakerOpen, rules.High, "the repair is held: an hourly limit was reached when it was tried"+w.untilDue())
		return
	}
	o.Action, o.ActionReason = guardrail.PlanRefused, reason
	addFinding(o, guardrail.CodePlanRefused, rules.High, "an earlier attempt to repair the key for this event was given up: "+reason)
}
