package repair

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// wholeBudget is how much work a whole plan is worth. A comparison is one step, and one
// more for each kilobyte compared; a step takes at most about a millisecond. Real policies
// need less than a hundred steps. What a plan of what is critical takes is counted apart.
const wholeBudget = 500

// overrun is the extra work that is counted for a comparison that has used up its own budget.
const overrun = 100

// comparer asks package access, as long as the budget lasts.
type comparer struct {
	key  policy.Key
	left int
	// isFree is true where nothing is refused: whoever asks looks at what is left, and asks
	// no more than takes a bounded amount of work where that is nothing.
	isFree bool
}

// excess compares a policy with a ceiling only.
func (c *comparer) excess(d, ceiling policy.Set) (access.Result, error) {
	return c.within(d, d, ceiling)
}

// missing compares a policy with a floor only.
func (c *comparer) missing(floor, d policy.Set) (access.Result, error) {
	return c.within(floor, d, d)
}

func (c *comparer) within(floor, d, ceiling policy.Set) (access.Result, error) {
	c.left -= 1 + kilobytes(floor, d, ceiling)
	if c.left < 0 && !c.isFree {
		return access.Result{}, refuse(OverBudget, "the policy takes too much work to repair")
	}
	result := access.Within(c.key, floor, d, ceiling)
	if isOverBudget(result) {
		c.left -= overrun
	}
	return result, nil
}

// isOverBudget tells whether a comparison has used up its own budget.
func isOverBudget(r access.Result) bool {
	return slices.ContainsFunc(r.Inconclusive, func(open access.Inconclusive) bool { return open.Reason == "over-budget" })
}

// isInside tells whether a policy is proved to be within a ceiling.
func (c *comparer) isInside(d, ceiling policy.Set) (bool, error) {
	result, err := c.excess(d, ceiling)
	return result.Verdict == access.Inside, err
}

// kilobytes returns how much text policies have, about.
func kilobytes(sets ...policy.Set) int {
	const kilobyte, around = 1024, 80
	size := 0
	for _, set := range sets {
		for _, st := range set.Statements {
			size += around
			for _, p := range st.Principals.Entries {
				size += len(p.Text)
			}
			for _, c := range st.Conditions {
				for _, v := range c.Values {
					size += len(v)
				}
			}
		}
	}
	return size / kilobyte
}
