package guardrail

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// mostRead is how many Allows that are not decided are read one by one. More of them are read
// together, without any condition or Deny.
const mostRead = 16

// leastShare is what the last reading of any Allow needs, which has no condition.
const leastShare = 60_000

// findPossible finds access beyond the ceiling that Allows may give that are not decided. It
// reads each of them by itself as [Reader] does. What an example request shows is proved, and
// told like any other access. What else the reading allows cannot be ruled out; it is told as
// such, and no less severe.
func (e *examination) findPossible() {
	if e.open = e.openAllows(); len(e.open) == 0 {
		return
	}
	d := &doubts{examination: e, left: judgeWork}
	d.reader = Reader{Version: e.Live.Version, Ceiling: policy.Set{Version: e.Limits.Ceiling.Version, Statements: ofEffect(e.Limits.Ceiling, policy.Allow)}, Ask: d.ask}
	_ = d.reader.DecideCeiling() // ask never fails
	if len(e.open) > mostRead {
		d.readTogether()
	} else {
		d.readEach()
	}
}

// doubts are the Allows that are not decided, on their way to findings.
type doubts struct {
	*examination
	reader Reader
	// left is the work that ask may still take.
	left int
	// examples counts the requests that were tried to prove something.
	examples int
}

// ask compares a policy with a ceiling. It never fails.
func (d *doubts) ask(actual, ceiling policy.Set) (access.Result, error) {
	return d.within(actual, actual, ceiling, &d.left), nil
}

// readEach reads the Allows one by one. Each of them, and each Deny that is looked at, gets an
// equal share of the work.
func (d *doubts) readEach() {
	denies := ofEffect(d.Live.Set, policy.Deny)
	share := judgeWork / (len(d.open) + min(len(denies), mostRead))
	areAllClear := len(denies) <= mostRead
	for _, deny := range denies[:min(len(denies), mostRead)] {
		d.left = share
		decided, isWhole, _ := d.reader.DecidedDenies(deny) // ask never fails
		d.reader.Denies = append(d.reader.Denies, decided...)
		areAllClear = areAllClear && isWhole
	}
	for _, i := range d.open {
		d.left = share
		reading, result := d.read(&d.Live.Statements[i], areAllClear)
		for _, difference := range asOneService(result.Excess) {
			d.tell(i, difference, reading)
		}
		if len(result.Inconclusive) == 0 {
			d.settled = append(d.settled, i)
		}
	}
}

// readTogether reads the Allows without conditions and Denies, all in one comparison.
func (d *doubts) readTogether() {
	all := policy.Set{Version: d.reader.Version}
	for _, i := range d.open {
		all.Statements = append(all.Statements, Bared(&d.Live.Statements[i]))
	}
	d.left = judgeWork
	result, _ := d.ask(all, d.reader.decidedCeiling)
	for _, difference := range asOneService(result.Excess) {
		n := difference.Statement
		difference.Statement = 0 // of the reading
		d.tell(d.open[n], difference, Reading{Allows: all.Statements[n : n+1]})
	}
	if len(result.Inconclusive) == 0 {
		d.settled = append(d.settled, d.open...)
	}
}

// read returns the first reading of an Allow that is decided, or the last one.
func (d *doubts) read(st *policy.Statement, areAllClear bool) (reading Reading, result access.Result) {
	readings := d.reader.Readings(st)
	if isHollow(st) || areAllClear {
		readings = readings[1:] // with all conditions and Denies it is known to be open
	}
	for n, read := range readings {
		if n == len(readings)-1 {
			d.left = max(d.left, leastShare)
		}
		reading, _ = read() // ask never fails
		if result, _ = d.ask(reading.Set(d.reader.Version, reading.Principals()), reading.Ceiling); len(result.Inconclusive) == 0 {
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

// tell adds a finding about access that statement i has in a reading, as far as it is not told
// yet.
func (d *doubts) tell(i int, difference access.Difference, reading Reading) {
	if difference.Actions = d.notTold(i, difference); len(difference.Actions) == 0 {
		return
	}
	read := examination{Judgement: Judgement{Live: &policy.Document{Set: reading.Set(d.Live.Version, reading.Principals())}, organization: d.organization}, snapshot: d.snapshot}
	code, severity := read.judgeExcess(difference)
	if severity != rules.Critical && severity.AtLeast(rules.Low) {
		code = CodeUndecided // it is reported, and no repair mends it
	}
	f := NewFinding(d.snapshot.Key, code, severity, read.excessMessage(difference))
	if witness, ok := d.example(i, difference.Witness); ok {
		f.Witness = &witness
	} else {
		f.Message = "It cannot be ruled out that " + inSentence(f.Message) + d.why(i)
	}
	f.Statement = &i
	d.add(f)
}

// why says why statement i is not decided, or nothing where a Deny is what is not decided.
func (d *doubts) why(i int) string {
	for _, open := range d.above.Inconclusive {
		if open.Policy == access.Actual && open.Statement == i && open.Reason != access.OverBudget {
			return " The reason: " + undecided(open) + "."
		}
	}
	return ""
}

// notTold returns the actions of a difference that are not told yet.
func (d *doubts) notTold(i int, difference access.Difference) []string {
	rest := actionsOf(difference)
	for _, found := range d.above.Excess {
		if found.Statement == i && found.Scope == difference.Scope && found.Unnamed == difference.Unnamed {
			rest &^= actionsOf(found)
		}
	}
	if rest == actionsOf(difference) {
		return difference.Actions
	}
	return rest.Names()
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
		return open.Policy == access.Actual && (len(e.settled) == len(e.open) || slices.Contains(e.settled, open.Statement))
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
