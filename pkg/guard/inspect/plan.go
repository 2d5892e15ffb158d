package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
)

// Plan is the repair of a judged key. The zero Plan is for a key that needs none.
type Plan struct {
	repair.Decision
	// Refusal says why no repair can be planned; nil if there is a plan or none is needed.
	Refusal *repair.Refusal
}

// IsPlanned tells whether there is a plan.
func (p Plan) IsPlanned() bool { return p.Plan.Document != nil }

// MayWrite tells whether the plan may be written: there is one, and nothing holds it.
func (p Plan) MayWrite() bool { return p.IsPlanned() && !p.Held }

// Previous returns the last policy of a key that was judged and recorded. The policy is nil if
// nothing is recorded of the key.
type Previous func(context.Context) (*policy.Document, error)

// Plan plans the repair of a View that is judged to be not compliant, whatever the mode. It
// may read the key's tags first, if they can hold a plan. If something holds the plan or a part
// of it, Plan asks previous once, and plans again: a hold keeps only what that policy allowed.
// previous is nil if the caller has no records; then a hold also keeps what the judged event
// added. An error says that the tags or the previous policy could not be read.
func (i *Inspector) Plan(ctx context.Context, v *View, previous Previous) (Plan, error) {
	if v.Judgement.Verdict != guardrail.NonCompliant {
		return Plan{}, nil
	}
	if err := i.readHoldingTags(ctx, v); err != nil {
		return Plan{}, err
	}
	decision, err := i.decide(v, nil)
	if err == nil && len(decision.Holds) > 0 && previous != nil {
		recorded, readErr := previous(ctx)
		switch {
		case readErr != nil:
			return Plan{}, readErr
		case recorded != nil:
			decision, err = i.decide(v, recorded)
		}
	}
	var refusal *repair.Refusal
	switch {
	case errors.As(err, &refusal):
		return Plan{Refusal: refusal}, nil
	case err != nil:
		return Plan{}, fmt.Errorf("planning the repair: %w", err)
	}
	return Plan{Decision: decision}, nil
}

func (i *Inspector) decide(v *View, previous *policy.Document) (repair.Decision, error) {
	return repair.Decide(v.Snapshot, v.Judgement, i.config.Configuration, i.writer(v), previous) //nolint:wrapcheck // Plan says what was being done
}

// writer returns the ARN of the role that would write a repair.
func (i *Inspector) writer(v *View) string {
	if i.config.Role != "" {
		return i.config.Role
	}
	return v.Judgement.Selection.Baseline.GuardrailRole(v.Snapshot.Key)
}
