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

// excess compares statements with a ceiling only.
func (c *comparer) excess(s, ceiling policy.Set) (access.Result, error) {
	return c.within(s, s, ceiling)
}

// missing compares statements with a floor only.
func (c *comparer) missing(floor, s policy.Set) (access.Result, error) {
	return c.within(floor, s, s)
}

func (c *comparer) within(floor, s, ceiling policy.Set) (access.Result, error) {
	const small = 1024
	c.left -= 1 + (size(floor)+size(s)+size(ceiling))/small
	if c.left < 0 {
		return access.Result{}, refuse(OverBudget, "the policy takes too much work to repair")
	}
	result := access.Within(c.key, floor, s, ceiling)
	if slices.ContainsFunc(result.Inconclusive, func(open access.Inconclusive) bool { return open.Reason == "over-budget" }) {
		c.left -= overrun
	}
	return result, nil
}

// inside tells whether statements are proved to be within a ceiling.
func (c *comparer) inside(s, ceiling policy.Set) (bool, error) {
	result, err := c.excess(s, ceiling)
	return result.Verdict == access.Inside, err
}

// size returns about how many bytes the statements have as text.
func size(s policy.Set) int {
	const perStatement, perValue = 90, 4 // names of elements, quotes and commas
	n := 0
	list := func(values []string) {
		for _, v := range values {
			n += perValue + len(v)
		}
	}
	for i := range s.Statements {
		st := &s.Statements[i]
		n += perStatement + len(st.SID)
		list(st.Actions.Values)
		list(st.Resources.Values)
		for _, p := range st.Principals.Entries {
			n += perValue + len(p.Text)
		}
		for _, c := range st.Conditions {
			n += perStatement/2 + len(c.Key)
			list(c.Values)
		}
	}
	return n
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
