package cli

import (
	"context"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// judge judges key policies against a configuration at a moment. It writes nothing.
type judge struct {
	configuration *rules.Configuration
	now           time.Time
}

// inspector returns the inspector of keys; nil for files. place has what no call to AWS KMS
// tells of the keys. With allLabels it reads aliases and tags also where the configuration
// does not ask for them.
func (c judge) inspector(keys inspect.Keys, p place, allLabels bool) *inspect.Inspector {
	return inspect.New(inspect.Config{
		Keys: keys, Configuration: c.configuration, AllLabels: allLabels,
		OrganizationID: p.organization, OrganizationalUnits: p.units,
		Now: func() time.Time { return c.now }, Version: app.Version,
	})
}

// file judges a policy that a key has or will have, and plans its repair for the report.
func (c judge) file(ctx context.Context, s subject, text string) (guardrail.Outcome, error) {
	i := c.inspector(nil, place{}, false)
	v := i.File(s.key, s.labels, text)
	return outcomeOf(ctx, i, &v)
}

// outcomeOf judges what was read, and shows the plan of its repair.
func outcomeOf(ctx context.Context, i *inspect.Inspector, v *inspect.View) (guardrail.Outcome, error) {
	i.Judge(v)
	plan, err := i.Plan(ctx, v, nil)
	if err != nil {
		return guardrail.Outcome{}, err
	}
	return i.Outcome(*v, plan, guardrail.Reported), nil
}
