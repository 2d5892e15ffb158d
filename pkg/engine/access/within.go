package access

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Within tells whether a policy allows at least what floor allows, and at most what
// ceiling allows. Missing is floor without actual, Excess is actual without
// ceiling; otherwise the rules are those of [Compare]. The verdict is Inside,
// Different or Undecided.
//
// Whether floor itself lies within ceiling is another question: ask
// Within(key, floor, floor, ceiling).
func Within(key policy.Key, floor, actual, ceiling policy.Set) Result {
	left := 2 * budget
	return WithinWork(key, floor, actual, ceiling, &left)
}

// WithinWork is [Within] for a caller that asks many questions and bounds their work
// together. It takes the units of work that it needs off left; a unit is some 50
// nanoseconds. Where left does not suffice, the answer is Undecided, and left is below 0.
func WithinWork(key policy.Key, floor, actual, ceiling policy.Set, left *int) Result {
	below := compareWays(key, floor, actual, onlyMissing, left)
	above := compareWays(key, ceiling, actual, onlyExcess, left)
	below.rename(Floor)
	above.rename(Ceiling)
	result := Result{Verdict: Inside, Excess: above.Excess, Missing: below.Missing, Inconclusive: below.Inconclusive}
	for _, open := range above.Inconclusive {
		if open.Policy == Ceiling || !slices.Contains(below.Inconclusive, open) {
			result.Inconclusive = append(result.Inconclusive, open)
		}
	}
	result.conclude()
	return result
}

// rename gives the baseline of a comparison the name it has for Within.
func (r *Result) rename(baseline Which) {
	for _, list := range [][]Difference{r.Excess, r.Missing} {
		for i := range list {
			if list[i].Policy == Baseline {
				list[i].Policy = baseline
			}
		}
	}
	for i := range r.Inconclusive {
		if r.Inconclusive[i].Policy == Baseline {
			r.Inconclusive[i].Policy = baseline
		}
	}
}
