package enforcer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// refused goes on after KMS refused the held policy for good. One role in the configuration
// that does not exist must not switch off the repair of critical findings: for one, what is
// too much is taken away without adding anything, by the same claim. Nothing was written yet.
func (w *work) refused(ctx context.Context, cause error) (again bool, err error) {
	if !errors.Is(cause, ErrInvalidPrincipal) {
		return false, w.giveUp(ctx, cause)
	}
	cause = w.withNames(cause)
	if w.cut || w.judgement.Severity != rules.Critical {
		return false, w.giveUp(ctx, cause)
	}
	plan, planErr := repair.Excess(w.snapshot, w.judgement, w.config.Role)
	if planErr != nil {
		return false, w.giveUp(ctx, cause)
	}
	w.addFinding(guardrail.CodeRepairRefused, rules.High, "what is too much is taken away, and what is required cannot be added: KMS refused that: "+cause.Error())
	w.outcome.Plan = plan.Planned()
	w.cut = true
	if ok, err := w.claim(ctx, plan); !ok || err != nil {
		return false, err
	}
	return w.write(ctx)
}

// mostNames is how many principals an error lists.
const mostNames = 20

// withNames adds the principals that the held policy would add to the error of KMS, which
// does not say whom it does not know.
func (w *work) withNames(cause error) error {
	d, err := policy.Parse(w.held.Record.After.Text)
	if err != nil {
		return cause
	}
	var names []string
	for _, name := range repair.Unnamed(w.judgement.Live, d) {
		names = append(names, fmt.Sprintf("%.200q", name))
	}
	switch {
	case len(names) == 0:
		return cause
	case len(names) > mostNames:
		names = append(names[:mostNames], fmt.Sprintf("and %d more", len(names)-mostNames))
	}
	return fmt.Errorf("%w; the repair adds %s: create who is missing, or correct the configuration", cause, strings.Join(names, ", "))
}
