package repair

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// wholeBudget is how much work a whole plan is worth, in the units of [access.WithinWork]. Real
// policies need a hundredth of it. What a plan of what is critical takes is counted apart.
const wholeBudget = 5_000_000

// mostOfOne is how much of the budget one comparison may use, so that a hostile statement does
// not use up the work on the others.
const mostOfOne = 400_000

// leastOfOne is what a comparison may use when the budget is used up, and nothing is refused.
const leastOfOne = 150_000

// preparing is the work that a comparison takes beside its own, and once more for each kilobyte.
const preparing = 2_000

// comparer asks package access, as long as the budget lasts.
type comparer struct {
	key  policy.Key
	left int
	// work counts what all comparers of one decision took.
	work *int
	// isFree is true where nothing is refused: whoever asks looks at what is left, and asks
	// no more than takes a bounded amount of work where that is nothing.
	isFree bool
}

// excess compares a policy with a ceiling only.
func (c *comparer) excess(d, ceiling policy.Set) (access.Result, error) {
	return c.within(d, d, ceiling)
}

// missing compares a policy with a floor only. Where that is too much work, it compares the floor
// with the Allows that have no condition, under all Denies: what they allow, the policy does.
func (c *comparer) missing(floor, d policy.Set) (access.Result, error) {
	result, err := c.within(floor, d, d)
	if err != nil || !result.IsOverBudget() {
		return result, err
	}
	sure := guardrail.Unconditional(d)
	if less, err := c.within(floor, sure, sure); err != nil || less.Verdict == access.Inside {
		return less, err
	}
	return result, nil
}

func (c *comparer) within(floor, d, ceiling policy.Set) (access.Result, error) {
	prepared := preparing * (1 + kilobytes(floor, d, ceiling))
	c.left -= prepared
	if c.left < 0 && !c.isFree {
		return access.Result{}, refuse(OverBudget, "the policy takes too much work to repair")
	}
	share := max(leastOfOne, min(c.left, mostOfOne))
	rest := share
	result := access.WithinWork(c.key, floor, d, ceiling, &rest)
	c.left -= share - rest
	*c.work += prepared + share - rest
	return result, nil
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
