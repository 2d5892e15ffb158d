package repair

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// DefaultBudget is how much work a plan is worth. A comparison is one step, and one more for
// each kilobyte compared. Real policies need a few hundred, the worst of 32 kilobytes some
// thousand.
const DefaultBudget = 8_000

// overrun is what a comparison costs that has used up its own budget.
const overrun = 100

// comparer asks package access, as long as the budget lasts.
type comparer struct {
	key  policy.Key
	left int
}

// excess compares a document with a ceiling only.
func (c *comparer) excess(d, ceiling *policy.Document) (access.Result, error) {
	return c.within(d, d, ceiling)
}

// missing compares a document with a floor only.
func (c *comparer) missing(floor, d *policy.Document) (access.Result, error) {
	return c.within(floor, d, d)
}

func (c *comparer) within(floor, d, ceiling *policy.Document) (access.Result, error) {
	const small = 1024
	c.left -= 1 + (len(floor.Text())+len(d.Text())+len(ceiling.Text()))/small
	if c.left < 0 {
		return access.Result{}, refuse(OverBudget, "the policy takes too much work to repair")
	}
	result := access.Within(c.key, floor.Set, d.Set, ceiling.Set)
	if slices.ContainsFunc(result.Inconclusive, func(open access.Inconclusive) bool { return open.Reason == "over-budget" }) {
		c.left -= overrun
	}
	return result, nil
}

// inside tells whether a document is proved to be within a ceiling.
func (c *comparer) inside(d, ceiling *policy.Document) (bool, error) {
	result, err := c.excess(d, ceiling)
	return result.Verdict == access.Inside, err
}

// actionsOf returns the actions that differences are about.
func actionsOf(differences []access.Difference) access.Actions {
	var set access.Actions
	for _, d := range differences {
		for _, name := range d.Actions {
			set |= access.ActionsMatching(name)
		}
	}
	return set
}
