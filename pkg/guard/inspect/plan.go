package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
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

// Plan plans the repair of a View that is judged to be not compliant, whatever the mode. It
// may read the key's tags first, if they can hold a plan. An error says that the tags could not be read.
func (i *Inspector) Plan(ctx context.Context, v *View) (Plan, error) {
	if v.Judgement.Verdict != guardrail.NonCompliant {
		return Plan{}, nil
	}
	if err := i.readHoldingTags(ctx, v); err != nil {
		return Plan{}, err
	}
	decision, err := repair.Decide(v.Snapshot, v.Judgement, i.config.Configuration, i.writer(v), v.Previous)
	var refusal *repair.Refusal
	switch {
	case errors.As(err, &refusal):
		return Plan{Refusal: refusal}, nil
	case err != nil:
		return Plan{}, fmt.Errorf("planning the repair: %w", err)
	}
	return Plan{Decision: decision}, nil
}

// writer returns the ARN of the role that would write a repair.
func (i *Inspector) writer(v *View) string {
	if i.config.Role != "" || v.Judgement.Selection.Baseline == nil {
		return i.config.Role
	}
	return v.Judgement.Selection.Baseline.GuardrailRole(v.Snapshot.Key)
}
