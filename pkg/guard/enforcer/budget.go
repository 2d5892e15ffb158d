package enforcer

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// criticalWaits are the times between attempts at a critical finding beyond the budget;
// the last one repeats.
var criticalWaits = []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour}

// claimBeyondBudget claims for a critical finding, which the budget does not end: it
// is repaired again after a wait that grows. Before the wait is over, the event is
// postponed, and the budget's error returned.
func (w *work) claimBeyondBudget(ctx context.Context, plan repair.Plan, budget *BudgetError) (Claim, error) {
	beyond := max(0, len(budget.Used)-budget.Budget)
	due := lastUse(budget).Add(criticalWaits[min(beyond, len(criticalWaits)-1)])
	if w.config.Now().Before(due) {
		if err := w.postpone(ctx, due); err != nil {
			return Claim{}, err
		}
		return Claim{}, budget
	}
	w.addFinding(guardrail.CodeTugOfWar, rules.Critical, fmt.Sprintf(
		"the repair is undone again and again, last by %s; this is attempt %d beyond the budget", w.otherActor(budget), beyond+1))
	record, err := w.recordOf(plan)
	if err != nil {
		return Claim{}, err
	}
	limits := w.limits()
	limits.Budget = len(budget.Used) + 1
	return w.config.Archive.Claim(ctx, record, limits)
}

// exhausted says that the budget is used up, and who used it.
func (w *work) exhausted(budget *BudgetError) {
	w.outcome.Action, w.outcome.ActionReason = guardrail.BudgetExhausted, "budget-exhausted"
	since := "the beginning of the window"
	if len(budget.Used) > 0 {
		since = budget.Used[0].Time.UTC().Format(time.RFC3339)
	}
	written := 0
	for _, use := range budget.Used {
		if use.Written {
			written++
		}
	}
	w.addFinding(guardrail.CodeBudgetExhausted, rules.High, fmt.Sprintf(
		"the key was repaired %d times in %d attempts since %s; the last change is by %s%s", written, len(budget.Used), since, w.otherActor(budget), w.untilDue()))
}

// otherActor names who undoes the repairs, as the caller calls itself, quoted. The guardrail's
// own event tells of the one before it; a sweep tells of nobody.
func (w *work) otherActor(budget *BudgetError) string {
	actor := w.event.Actor.ARN
	if w.ownCall() && len(budget.Used) > 0 {
		actor = budget.Used[len(budget.Used)-1].ActorARN
	}
	if actor == "" {
		return "somebody whom the event does not name"
	}
	return strconv.Quote(actor)
}

func lastUse(budget *BudgetError) time.Time {
	var last time.Time
	for _, use := range budget.Used {
		if use.Time.After(last) {
			last = use.Time
		}
	}
	return last
}
