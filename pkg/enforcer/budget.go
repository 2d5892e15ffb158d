package enforcer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// criticalWaits are the times between attempts at a critical finding beyond the budget;
// the last one repeats.
var criticalWaits = []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour}

// noClaim says in the outcome why nothing may be written. An error that may go away is
// returned, so that the event comes back.
func (w *work) noClaim(err error) error {
	var budget *BudgetError
	var breaker *BreakerError
	switch {
	case errors.As(err, &budget):
		w.outcome.Action, w.outcome.ActionReason = guardrail.BudgetExhausted, "budget-exhausted"
		w.addFinding(guardrail.CodeBudgetExhausted, guardrail.High, fmt.Sprintf(
			"the key was repaired %d times since %s; the last change is by %q", len(budget.Used), since(budget), w.event.Actor.ARN))
	case errors.As(err, &breaker):
		w.outcome.Action, w.outcome.ActionReason = guardrail.Held, "breaker-"+string(breaker.Scope)
		w.addFinding(guardrail.CodeBreakerOpen, guardrail.High, "the repair is held: "+breaker.Error())
	case errors.Is(err, ErrTooOld):
		w.refusePlan("event-too-old", guardrail.CodePlanRefused, "the event is too old to write a policy for it")
	case errors.Is(err, ErrArchive):
		w.refusePlan("archive-unusable", guardrail.CodeArchiveUnusable, "nothing was written, because the policy could not be archived: "+err.Error())
	default:
		return fmt.Errorf("archiving the repair: %w", err)
	}
	return nil
}

func since(b *BudgetError) string {
	if len(b.Used) == 0 {
		return "the beginning of the window"
	}
	return b.Used[0].Time.UTC().Format(time.RFC3339)
}

// claimBeyondBudget claims for a critical finding, which the budget does not end: it
// is repaired again after a wait that grows. Before the wait is over, the event is
// postponed, and the budget's error returned.
func (w *work) claimBeyondBudget(ctx context.Context, record Record, limits Limits, budget *BudgetError) (Claim, error) {
	if err := w.readState(ctx); err != nil {
		return Claim{}, err
	}
	last := w.state.LastAttempt
	for _, use := range budget.Used {
		if use.Time.After(last) {
			last = use.Time
		}
	}
	due := last.Add(criticalWaits[min(w.state.Attempts, len(criticalWaits)-1)])
	if now := w.config.Now(); now.Before(due) {
		if err := w.config.Archive.Postpone(ctx, Postponed{KeyARN: w.event.KeyARN, EventID: w.event.ID, Due: due, Event: w.message.Event}); err != nil {
			return Claim{}, fmt.Errorf("postponing the event: %w", err)
		}
		return Claim{}, budget
	}
	w.state.Attempts++
	w.state.LastAttempt = w.config.Now().UTC()
	if err := w.saveState(ctx); err != nil {
		return Claim{}, err
	}
	w.addFinding(guardrail.CodeTugOfWar, guardrail.Critical, fmt.Sprintf(
		"the repair is undone again and again, last by %q; this is attempt %d beyond the budget", w.event.Actor.ARN, w.state.Attempts))
	limits.Budget = len(budget.Used) + 1
	return w.config.Archive.Claim(ctx, record, limits)
}
