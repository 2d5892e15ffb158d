package guardrail

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// judgeWork bounds the work of one question of a judgement, in the units of [access.WithinWork]:
// the comparison with the ceiling, the one with the floor, each of them in parts, and the
// readings of Allows that are not decided. Each Allow gets an equal share, so that none hides
// another.
const judgeWork = 4_000_000

// parts is how many comparisons may each use up their share of judgeWork.
const parts = 16

// compare holds the policy against its limits. A policy that is too much for one comparison is
// held against the ceiling in parts.
func (e *examination) compare() {
	live, left := e.Live.Set, judgeWork
	e.above = e.within(live, live, e.Limits.Ceiling, &left)
	if e.above.IsOverBudget() {
		e.above = e.compareApart()
	}
	left = judgeWork
	e.below = e.within(e.Limits.Floor, live, live, &left)
	if e.below.IsOverBudget() {
		e.below = e.compareSure()
	}
}

// within is [access.WithinWork] for the key. It counts the work.
func (e *examination) within(floor, actual, ceiling policy.Set, left *int) access.Result {
	before := *left
	result := access.WithinWork(e.snapshot.Key.PolicyKey(), floor, actual, ceiling, left)
	e.Work += before - *left
	return result
}

// compareApart compares fewer and fewer Allows at a time, by halves, under all Denies, as long
// as the work lasts. An Allow that is too much by itself is open.
func (e *examination) compareApart() access.Result {
	h := halves{examination: e, left: judgeWork}
	var allows []int
	for i, st := range e.Live.Statements {
		if st.Effect == policy.Deny {
			h.denies = append(h.denies, i)
		} else {
			allows = append(allows, i)
		}
	}
	h.compare(allows)
	return h.found
}

// halves is the state of compareApart.
type halves struct {
	*examination
	denies []int
	left   int
	found  access.Result
}

// compare compares some Allows, together or by halves.
func (h *halves) compare(allows []int) {
	if h.left > 0 && len(allows) > 0 {
		places := slices.Concat(allows, h.denies)
		part, ceiling := h.part(places), h.Limits.Ceiling
		if len(allows) == 1 {
			ceiling = RelevantTo(ceiling, &h.Live.Statements[allows[0]], false)
		}
		share := min(h.left, judgeWork/parts)
		rest := share
		result := h.within(part, part, ceiling, &rest)
		h.left -= share - rest
		if !result.IsOverBudget() {
			h.add(result, places)
			return
		}
		if half := len(allows) / 2; half > 0 {
			h.compare(allows[:half])
			h.compare(allows[half:])
			return
		}
	}
	for _, i := range allows {
		h.found.Inconclusive = append(h.found.Inconclusive, access.Inconclusive{Policy: access.Actual, Statement: i, Reason: access.OverBudget})
	}
}

// add keeps what was found of a part of the policy, of which the statements have places in it.
func (h *halves) add(result access.Result, places []int) {
	for _, d := range result.Excess {
		d.Statement = places[d.Statement]
		h.found.Excess = append(h.found.Excess, d)
	}
	for _, open := range result.Inconclusive {
		if open.Policy == access.Actual {
			open.Statement = places[open.Statement]
		}
		h.found.Inconclusive = append(h.found.Inconclusive, open)
	}
}

// part returns some statements of the policy.
func (h *halves) part(places []int) policy.Set {
	part := policy.Set{Version: h.Live.Version}
	for _, i := range places {
		part.Statements = append(part.Statements, h.Live.Statements[i])
	}
	return part
}

// compareSure compares the floor with the Allows that have no condition, under all Denies:
// the policy allows at least that. What is missing from it may not be missing from the policy.
func (e *examination) compareSure() access.Result {
	sure, left := Unconditional(e.Live.Set), judgeWork
	result := e.within(e.Limits.Floor, sure, sure, &left)
	if len(result.Missing) == 0 && len(result.Inconclusive) == 0 {
		return access.Result{}
	}
	return access.Result{Inconclusive: []access.Inconclusive{{Policy: access.Actual, Reason: access.OverBudget}}}
}
