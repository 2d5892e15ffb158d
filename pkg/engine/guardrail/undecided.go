package guardrail

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// judgeWork bounds the work of a judgement on Allows that are not decided, in the units of
// [access.WithinWork]. Each of them gets an equal share, so that none hides another.
const judgeWork = 4_000_000

// mostRead is how many Allows that are not decided are read one by one. More of them are read
// together, without any condition or Deny.
const mostRead = 16

// leastShare is what the last reading of any Allow needs, which has no condition.
const leastShare = 60_000

// compare holds the policy against its limits. Where the policy is too much for one
// comparison, each of its Allows is held against the ceiling by itself, under all Denies.
func (e *examination) compare() {
	k, live, left := e.snapshot.Key.PolicyKey(), e.Live.Set, judgeWork
	e.above = access.WithinWork(k, live, live, e.Limits.Ceiling, &left)
	if e.above.IsOverBudget() {
		e.above = e.compareApart()
	}
	left = judgeWork
	e.below = access.WithinWork(k, e.Limits.Floor, live, live, &left)
	if e.below.IsOverBudget() {
		e.below = e.compareSure()
	}
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
		share := min(h.left, judgeWork/mostRead)
		rest := share
		result := access.WithinWork(h.snapshot.Key.PolicyKey(), part, part, ceiling, &rest)
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
func (e *examination) part(places []int) policy.Set {
	part := policy.Set{Version: e.Live.Version}
	for _, i := range places {
		part.Statements = append(part.Statements, e.Live.Statements[i])
	}
	return part
}

// compareSure compares the floor with the Allows that have no condition, under all Denies:
// the policy allows at least that. What is missing from it may not be missing from the policy.
func (e *examination) compareSure() access.Result {
	sure, left := Unconditional(e.Live.Set), judgeWork
	result := access.WithinWork(e.snapshot.Key.PolicyKey(), e.Limits.Floor, sure, sure, &left)
	if len(result.Missing) == 0 && len(result.Inconclusive) == 0 {
		return access.Result{}
	}
	return access.Result{Inconclusive: []access.Inconclusive{{Policy: access.Actual, Reason: access.OverBudget}}}
}

// findPossible finds access beyond the ceiling that Allows may give that are not decided. It
// reads each of them by itself as [Reader] does. What an example request shows is proved, and
// told like any other access. What else the reading allows cannot be ruled out; it is told as
// such, and no less severe.
func (e *examination) findPossible() {
	open := e.openAllows()
	if len(open) == 0 {
		return
	}
	var left int
	r := Reader{Version: e.Live.Version, Ceiling: policy.Set{Version: e.Limits.Ceiling.Version, Statements: ofEffect(e.Limits.Ceiling, policy.Allow)}}
	r.Ask = func(actual, ceiling policy.Set) (access.Result, error) {
		return access.WithinWork(e.snapshot.Key.PolicyKey(), actual, actual, ceiling, &left), nil
	}
	left = judgeWork
	_ = r.DecideCeiling() // Ask never fails
	if len(open) > mostRead {
		left = judgeWork
		e.readTogether(&r, open)
		return
	}
	e.readEach(&r, open, &left)
}

// readEach reads Allows one by one. left is the work that Ask of the reader may take.
func (e *examination) readEach(r *Reader, open []int, left *int) {
	share := judgeWork / len(open)
	denies := ofEffect(e.Live.Set, policy.Deny)
	areAllClear := len(denies) <= mostRead
	for _, deny := range denies[:min(len(denies), mostRead)] {
		*left = share
		decided, isWhole, _ := r.DecidedDenies(deny) // Ask never fails
		r.Denies = append(r.Denies, decided...)
		areAllClear = areAllClear && isWhole
	}
	for _, i := range open {
		*left = share
		reading, result := readOpen(r, &e.Live.Statements[i], areAllClear, left)
		for _, d := range asOneService(result.Excess) {
			if d.Actions = e.notFound(i, d); len(d.Actions) > 0 {
				e.addPossible(i, d, reading)
			}
		}
		if len(result.Inconclusive) == 0 {
			e.settled = append(e.settled, i)
		}
	}
}

// readTogether reads Allows without conditions and Denies, all in one comparison.
func (e *examination) readTogether(r *Reader, open []int) {
	all := policy.Set{Version: r.Version}
	for _, i := range open {
		all.Statements = append(all.Statements, bared(&e.Live.Statements[i]))
	}
	result, _ := r.Ask(all, r.decidedCeiling) // Ask never fails
	for _, d := range asOneService(result.Excess) {
		i := open[d.Statement]
		reading := Reading{Allows: all.Statements[d.Statement : d.Statement+1]}
		if d.Actions = e.notFound(i, d); len(d.Actions) > 0 {
			d.Statement = 0
			e.addPossible(i, d, reading)
		}
	}
	if len(result.Inconclusive) == 0 {
		e.settled = append(e.settled, open...)
	}
}

// readOpen returns the first reading of an Allow that is decided, or the last one.
func readOpen(r *Reader, st *policy.Statement, areAllClear bool, left *int) (reading Reading, result access.Result) {
	readings := r.Readings(st)
	if isHollow(st) || areAllClear {
		readings = readings[1:] // with all conditions and Denies it is known to be open
	}
	for n, read := range readings {
		if n == len(readings)-1 {
			*left = max(*left, leastShare)
		}
		reading, _ = read() // Ask never fails
		set := reading.Set(r.Version, reading.Principals())
		if result, _ = r.Ask(set, reading.Ceiling); len(result.Inconclusive) == 0 {
			break
		}
	}
	return reading, result
}

// openAllows returns the Allows that are not decided, or not surely. A Deny that is not decided
// may be what keeps any of them within the ceiling.
func (e *examination) openAllows() (list []int) {
	isOpen := func(i int) bool {
		return slices.ContainsFunc(e.above.Inconclusive, func(open access.Inconclusive) bool {
			return open.Policy == access.Actual && open.Statement == i
		})
	}
	var anyDeny bool
	for i, st := range e.Live.Statements {
		anyDeny = anyDeny || st.Effect == policy.Deny && isOpen(i)
	}
	for i := range e.Live.Statements {
		st := &e.Live.Statements[i]
		if st.Effect == policy.Allow && !st.Incomplete() && (anyDeny || isOpen(i) || isHollow(st)) {
			list = append(list, i)
		}
	}
	return list
}

// ofEffect returns the statements with an effect.
func ofEffect(s policy.Set, effect policy.Effect) (list []policy.Statement) {
	for _, st := range s.Statements {
		if st.Effect == effect {
			list = append(list, st)
		}
	}
	return list
}

// notFound returns the actions of a difference that are not told yet.
func (e *examination) notFound(i int, d access.Difference) []string {
	rest := actionsOf(d)
	for _, found := range e.above.Excess {
		if found.Statement == i && found.Scope == d.Scope && found.Unnamed == d.Unnamed {
			rest &^= actionsOf(found)
		}
	}
	if rest == actionsOf(d) {
		return d.Actions
	}
	return rest.Names()
}

// addPossible adds a finding about access that statement i has in a reading.
func (e *examination) addPossible(i int, d access.Difference, reading Reading) {
	k := e.snapshot.Key
	set := reading.Set(e.Live.Version, reading.Principals())
	read := examination{Judgement: Judgement{Live: &policy.Document{Set: set}, organization: e.organization}, snapshot: e.snapshot}
	code, severity := read.judgeExcess(d)
	message := read.excessMessage(d)
	if severity != rules.Critical && severity.AtLeast(rules.Low) {
		code = CodeUndecided // it is reported, and no repair mends it
	}
	f := NewFinding(k, code, severity, message)
	if witness, ok := e.example(i, d.Witness); ok {
		f.Witness = &witness
	} else {
		f.Message = "It cannot be ruled out that " + inSentence(f.Message)
	}
	f.Statement = &i
	e.add(f)
}

// inSentence makes a message the end of a sentence.
func inSentence(message string) string {
	message = strings.TrimPrefix(message, "PUBLIC: ")
	for _, word := range []string{"Anyone", "Everyone", "Role ", "User "} {
		if strings.HasPrefix(message, word) {
			return strings.ToLower(message[:1]) + message[1:]
		}
	}
	return message
}

// findUndecided adds what is still open: whether somebody has access beyond the ceiling, where
// findPossible could not tell all of it, and whether the policy allows the floor.
func (e *examination) findUndecided() {
	isSettled := func(open access.Inconclusive) bool {
		if open.Policy != access.Actual || len(e.settled) < len(e.openAllows()) {
			return slices.Contains(e.settled, open.Statement) && open.Policy == access.Actual
		}
		return true
	}
	list := slices.DeleteFunc(slices.Clone(e.above.Inconclusive), isSettled)
	for _, open := range e.below.Inconclusive {
		if !slices.Contains(list, open) {
			list = append(list, open)
		}
	}
	for _, open := range list {
		f := NewFinding(e.snapshot.Key, CodeUndecided, rules.High, undecided(open))
		if open.Policy == access.Actual && open.Reason != access.OverBudget {
			f.Statement = &open.Statement
		}
		e.add(f)
	}
}
