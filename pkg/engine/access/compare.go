package access

import (
	"cmp"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/work"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// budget bounds the work of one comparison, in units of some 50 nanoseconds, so
// that a hostile policy is answered within a fraction of a second. Real policies
// need a few hundred units.
const budget = 1_000_000

// What takes work beside the combinations of conditions, in units: to look at one grant for one
// subject or at one Deny for one Allow, to tell one finding, and to evaluate one statement for a
// witness.
const (
	perLook      = 4
	perFinding   = 20
	perConfirmed = 10
)

// mostPieces is how many pieces of one difference are worked out: enough to find
// one that a witness can show, and to tell a person when the difference shows.
const mostPieces = 16

// Compare tells whether two policies of a key allow the same requests, and
// where not, how they differ.
//
//  1. The same statements are equal, also in another order or spelling.
//  2. A difference is reported only when it is proved; its witness is a request
//     that one policy allows and the other does not.
//  3. The verdict is Different with at least one proved difference, else
//     Undecided with at least one open question, else Equal.
//
// It never fails: what cannot be decided within the budget is inconclusive.
func Compare(key policy.Key, baseline, actual policy.Set) Result {
	left := budget
	return compareWays(key, baseline, actual, both, &left)
}

// ways says which differences are asked for.
type ways uint8

const (
	both ways = iota
	onlyExcess
	onlyMissing
)

// compareWays takes the units of its work off left. It spends at most budget of them, and
// its result says so where left or budget does not suffice.
func compareWays(key policy.Key, baseline, actual policy.Set, asked ways, left *int) Result {
	result := Result{Verdict: Equal, Excess: []Difference{}, Missing: []Difference{}, Inconclusive: []Inconclusive{}}
	if baseline.Equal(actual) || sameStatements(key, baseline, actual) {
		return result
	}
	given := min(*left, budget)
	c := newComparison(key, baseline, actual, given)
	if c.dropCovered(asked); asked == onlyExcess && !hasAllow(c.actual) || asked == onlyMissing && !hasAllow(c.baseline) {
		return result
	}
	excess, missing, err := c.run(asked)
	if err != nil {
		c.open = append(c.open, Inconclusive{Policy: Actual, Reason: OverBudget, Detail: "more combinations of conditions than the work that it may take"})
	}
	result.Excess, result.Missing = c.differences(Actual, excess), c.differences(Baseline, missing)
	result.Inconclusive = append(result.Inconclusive, c.open...)
	result.conclude()
	*left -= given - int(c.reader.space.Budget) + perConfirmed*c.confirmed
	return result
}

// conclude sets the verdict by what was found; where that is nothing, it stays.
func (r *Result) conclude() {
	switch {
	case len(r.Excess)+len(r.Missing) > 0:
		r.Verdict = Different
	case len(r.Inconclusive) > 0:
		r.Verdict = Undecided
	}
}

// comparison is the state of one call of Compare.
type comparison struct {
	reader           reader
	documents        [2]policy.Set // baseline and actual
	baseline, actual []statement
	subjects         []subject
	open             []Inconclusive
	confirmed        int // statements evaluated to confirm witnesses
}

func newComparison(key policy.Key, baseline, actual policy.Set, units int) *comparison {
	c := &comparison{documents: [2]policy.Set{baseline, actual}, reader: reader{key: key, space: &space{Space: box.Space{Budget: work.Budget(units)}}, opaque: map[string]int{}, keys: map[string]*conditionKey{}, asSets: map[string]bool{}, exempts: map[string]int{}}}
	c.baseline = c.reader.statements(baseline, Baseline)
	c.actual = c.reader.statements(actual, Actual)
	return c
}

// prepare finds the subjects, and the classes of what conditions ask for.
func (c *comparison) prepare() (err error) {
	all := slices.Concat(c.baseline, c.actual)
	if c.subjects, err = c.reader.universe(all); err != nil {
		return err
	}
	if err := c.reader.registerConditions(all, c.subjects); err != nil {
		return err
	}
	if err := c.reader.layOut(); err != nil {
		return err
	}
	if err := c.reader.readConditions(c.baseline); err != nil {
		return err
	}
	return c.reader.readConditions(c.actual)
}

// run decides every profile, in the order of the subjects.
func (c *comparison) run(asked ways) (excess, missing []finding, err error) {
	if err := c.prepare(); err != nil {
		return nil, nil, err
	}
	profiles, err := c.profiles()
	if err != nil {
		return nil, nil, err
	}
	for _, p := range profiles {
		for _, actions := range atoms(p.baseline, p.actual) {
			var pieces []piece
			if asked != onlyMissing {
				pieces, err = c.beyond(Actual, p.actual, p.baseline, actions)
				excess = appendFor(excess, pieces, p.subjects)
				err = cmp.Or(err, c.reader.space.Spend(perFinding*len(pieces)*len(p.subjects)))
			}
			if asked != onlyExcess && err == nil {
				pieces, err = c.beyond(Baseline, p.baseline, p.actual, actions)
				missing = appendFor(missing, pieces, p.subjects)
				err = cmp.Or(err, c.reader.space.Spend(perFinding*len(pieces)*len(p.subjects)))
			}
			if err != nil {
				return excess, missing, err
			}
		}
	}
	return excess, missing, nil
}

// note records an open question once.
func (c *comparison) note(question Inconclusive) {
	if !slices.Contains(c.open, question) {
		c.open = append(c.open, question)
	}
}
