package access

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// budget bounds the work of one comparison, in units of some 50 nanoseconds, so
// that a hostile policy is answered within a fraction of a second. Real policies
// need a few hundred units.
const budget = 2_000_000

// mostPieces is how many pieces of one difference are worked out: enough to find
// one that a witness can show, and to tell a person when the difference shows.
const mostPieces = 16

// Compare tells whether two policies of a key allow the same requests, and
// where not, how they differ.
//
//  1. The same text is equal, and so are the same statements in another order or spelling.
//  2. A difference is reported only when it is proved; its witness is a request
//     that one policy allows and the other does not.
//  3. The verdict is Different with at least one proved difference, else
//     Undecided with at least one open question, else Equal.
//
// It never fails: what cannot be decided within the budget is inconclusive.
func Compare(key policy.Key, baseline, actual *policy.Document) Result {
	return compareWays(key, baseline, actual, both)
}

// ways says which differences are asked for.
type ways uint8

const (
	both ways = iota
	onlyExcess
	onlyMissing
)

func compareWays(key policy.Key, baseline, actual *policy.Document, asked ways) Result {
	result := Result{Verdict: Equal, Excess: []Difference{}, Missing: []Difference{}, Inconclusive: []Inconclusive{}}
	if baseline.Text() == actual.Text() || sameStatements(key, baseline, actual) {
		return result
	}
	c := newComparison(key, baseline, actual)
	excess, missing, err := c.run(asked)
	if err != nil {
		c.open = append(c.open, Inconclusive{Policy: Actual, Reason: "over-budget", Detail: fmt.Sprintf("more than %d combinations of conditions", budget)})
	}
	result.Excess, result.Missing = c.differences(Actual, excess), c.differences(Baseline, missing)
	result.Inconclusive = append(result.Inconclusive, c.open...)
	switch {
	case len(result.Excess)+len(result.Missing) > 0:
		result.Verdict = Different
	case len(result.Inconclusive) > 0:
		result.Verdict = Undecided
	}
	return result
}

// comparison is the state of one call of Compare.
type comparison struct {
	reader           reader
	documents        [2]*policy.Document // baseline and actual
	baseline, actual []statement
	subjects         []subject
	open             []Inconclusive
	confirmed        int // statements evaluated to confirm witnesses
}

func newComparison(key policy.Key, baseline, actual *policy.Document) *comparison {
	c := &comparison{documents: [2]*policy.Document{baseline, actual}, reader: reader{key: key, space: &space{budget: budget}, opaque: map[string]int{}, keys: map[string]*conditionKey{}, asSets: map[string]bool{}, exempts: map[string]int{}}}
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

// grant is a statement's effect on the requests of one half of one subject.
type grant struct {
	statement int
	effect    policy.Effect
	delegated bool // an Allow that needs the permission of the principal's own account
	actions   Actions
	when      []box
}

// profile is what both policies say about one half of one subject's requests.
// Subjects with the same profile are treated alike, so it is decided once.
type profile struct {
	baseline, actual []grant
	subjects         []half
}

// half is a subject with what its own account says to its requests.
type half struct {
	subject *subject
	iam     bool
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
			}
			if asked != onlyExcess && err == nil {
				pieces, err = c.beyond(Baseline, p.baseline, p.actual, actions)
				missing = appendFor(missing, pieces, p.subjects)
			}
			if err != nil {
				return excess, missing, err
			}
		}
	}
	return excess, missing, nil
}

// profiles groups the halves of all subjects by what the statements say to them.
func (c *comparison) profiles() ([]*profile, error) {
	var list []*profile
	known := map[string]*profile{}
	for i := range c.subjects {
		s := &c.subjects[i]
		reached := make([][]grant, 2)
		var err error
		for side, statements := range [...][]statement{c.baseline, c.actual} {
			if reached[side], err = c.grants(statements, s); err != nil {
				return nil, err
			}
		}
		for _, iam := range [...]bool{true, false} {
			if !iam && s.alone() {
				continue
			}
			baseline, actual := inHalf(reached[0], iam), inHalf(reached[1], iam)
			id := signature(baseline, actual)
			if known[id] == nil {
				known[id] = &profile{baseline: baseline, actual: actual}
				list = append(list, known[id])
			}
			known[id].subjects = append(known[id].subjects, half{s, iam})
		}
	}
	return list, nil
}

// grants returns the statements that say something about a subject.
func (c *comparison) grants(statements []statement, s *subject) ([]grant, error) {
	var list []grant
	for i := range statements {
		st := &statements[i]
		covered, when, err := c.reader.reach(st, s)
		if err != nil {
			return nil, err
		}
		if covered != coversNothing && len(when) > 0 {
			list = append(list, grant{st.from.statement, st.Effect, covered == coversDelegated, st.actions, when})
		}
	}
	return list, nil
}

// inHalf returns the grants that say something about the half of a subject's
// requests that its own account allows, or does not.
func inHalf(grants []grant, iam bool) []grant {
	if iam {
		return grants
	}
	return slices.DeleteFunc(slices.Clone(grants), func(g grant) bool { return g.delegated })
}

// signature is the same for grants of the same statements under the same conditions.
func signature(lists ...[]grant) string {
	var id []byte
	for _, list := range lists {
		for _, g := range list {
			id = binary.AppendUvarint(id, uint64(g.statement)+1)
			if g.delegated {
				id = append(id, 'd')
			}
			for _, b := range g.when {
				id = append(b.appendID(id), 0)
			}
			id = append(id, 0)
		}
		id = append(id, 0)
	}
	return string(id)
}

// atoms splits the actions that grants mention into the sets that no grant tells apart.
func atoms(lists ...[]grant) []Actions {
	parts := []Actions{AllActions}
	for _, list := range lists {
		for _, g := range list {
			var split []Actions
			for _, part := range parts {
				if in := part & g.actions; in != 0 {
					split = append(split, in)
				}
				if out := part &^ g.actions; out != 0 {
					split = append(split, out)
				}
			}
			parts = split
		}
	}
	slices.Sort(parts)
	return parts
}

// boxes returns the conditions of the grants of an effect that cover actions.
func boxes(grants []grant, effect policy.Effect, actions Actions) []box {
	var list []box
	for _, g := range grants {
		if g.effect == effect && g.actions&actions != 0 {
			list = append(list, g.when...)
		}
	}
	return list
}

// piece is a part of what one policy allows and the other does not, with the
// statement that causes it.
type piece struct {
	cause     origin
	allow     *grant // the statement that allows
	deny      *grant // the Deny of the other policy, nil where no Allow of it covers
	delegated bool
	actions   Actions
	when      box
}

// beyond returns what the grants of one policy allow and those of the other do
// not, for actions that the grants do not tell apart. Only proved pieces are
// returned, those found so far even with an error; what may differ but is not
// proved becomes an open question.
func (c *comparison) beyond(which Which, granting, other []grant, actions Actions) ([]piece, error) {
	denied := boxes(granting, policy.Deny, actions)
	otherAllows := boxes(other, policy.Allow, actions)
	var result []piece
	for i := range granting {
		g := &granting[i]
		if g.effect != policy.Allow || g.actions&actions == 0 {
			continue
		}
		p := piece{cause: origin{which, g.statement}, allow: g, delegated: g.delegated, actions: actions}
		proved, err := c.provedOutside(p, g.when, slices.Concat(otherAllows, denied), granting, other)
		result = append(result, proved...)
		if err != nil {
			return result, err
		}
		shared, err := c.reader.space.intersectAll(g.when, otherAllows)
		if err != nil {
			return result, err
		}
		for j := range other {
			d := &other[j]
			if d.effect != policy.Deny || d.actions&actions == 0 {
				continue
			}
			lost, err := c.reader.space.intersectAll(shared, d.when)
			if err != nil {
				return result, err
			}
			p.cause, p.deny = lostTo(which, g.statement, d.statement), d
			proved, err := c.provedOutside(p, lost, denied, granting, other)
			result = append(result, proved...)
			if err != nil {
				return result, err
			}
		}
	}
	return result, nil
}

// provedOutside returns proved pieces of boxes that lie in none of others; those
// found so far even with an error.
func (c *comparison) provedOutside(p piece, boxes, others []box, granting, other []grant) ([]piece, error) {
	var proved []piece
	for _, b := range boxes {
		var failed error
		_, err := c.reader.space.remainder(b, others, func(rest box) bool {
			p.when = rest
			var some []piece
			some, failed = c.prove(p, granting, other)
			proved = append(proved, some...)
			return failed == nil && len(proved) < mostPieces
		})
		if err = cmp.Or(err, failed); err != nil || len(proved) >= mostPieces {
			return proved, err
		}
	}
	return proved, nil
}

func piecesOf(boxes []box, p piece) []piece {
	list := make([]piece, len(boxes))
	for i, b := range boxes {
		p.when = b
		list[i] = p
	}
	return list
}

// lostTo names the statement that causes a difference made by a Deny of the
// other policy: that Deny where actual lost access, and the granting statement
// where actual has no such Deny.
func lostTo(granting Which, grant, deny int) origin {
	if granting == Baseline {
		return origin{Actual, deny}
	}
	return origin{Actual, grant}
}

// prove returns the part of a piece that is a difference under every reading of
// the opaque predicates. Where there is none, they become open questions.
func (c *comparison) prove(p piece, granting, other []grant) ([]piece, error) {
	sp := c.reader.space
	certain := []box{p.when}
	opaque := c.opaqueSides(p.when)
	if len(opaque) > 0 {
		var err error
		if certain, err = c.certain(p.when, p.actions, granting, other); err != nil {
			return nil, err
		}
		open, err := sp.subtractAll(sp.project([]box{p.when}), certain)
		if err != nil {
			return nil, err
		}
		if len(open) > 0 {
			for _, dimension := range opaque {
				c.note(sp.dimensions[dimension].cause)
			}
		}
		if certain, err = sp.subtractAll(certain, c.toldElsewhere(p, granting, other)); err != nil {
			return nil, err
		}
	}
	shown := slices.DeleteFunc(slices.Clone(certain), func(b box) bool { return !sp.showable(b) })
	if len(certain) > 0 && len(shown) == 0 {
		c.note(Inconclusive{Policy: p.cause.which, Statement: p.cause.statement, Reason: "values", Detail: "a difference needs a value that may not exist: " + sp.words(certain[0])})
	}
	return piecesOf(shown, p), nil
}

// toldElsewhere returns the contexts of a piece that need not be told, because they are
// told of what is in no doubt: where the piece's own Allow is in doubt, those that an
// Allow covers for certain; where the Deny of the other policy is, those that a Deny does.
// What is in no doubt never gives way.
func (c *comparison) toldElsewhere(p piece, granting, other []grant) []box {
	var list []box
	if c.inDoubt(p.when, p.allow) {
		list = c.certainBoxes(list, granting, policy.Allow, p.actions)
	}
	if p.deny != nil && c.inDoubt(p.when, p.deny) {
		list = c.certainBoxes(list, other, policy.Deny, p.actions)
	}
	return list
}

// inDoubt tells whether a box is in no box of a grant that has no opaque side.
func (c *comparison) inDoubt(b box, g *grant) bool {
	return !slices.ContainsFunc(g.when, func(around box) bool { return len(c.opaqueSides(around)) == 0 && b.within(around) })
}

func (c *comparison) certainBoxes(list []box, grants []grant, effect policy.Effect, actions Actions) []box {
	for _, b := range boxes(grants, effect, actions) {
		if len(c.opaqueSides(b)) == 0 {
			list = append(list, b)
		}
	}
	return list
}

func (c *comparison) opaqueSides(b box) []int {
	var list []int
	for _, s := range b {
		if c.reader.space.dimensions[s.dimension].opaque {
			list = append(list, s.dimension)
		}
	}
	return list
}

// certain returns the contexts of a box in which, whatever the opaque
// predicates are, the granting side allows and the other does not.
func (c *comparison) certain(b box, actions Actions, granting, other []grant) ([]box, error) {
	sp := c.reader.space
	denied := boxes(granting, policy.Deny, actions)
	refused, err := sp.subtractAll([]box{nil}, boxes(granting, policy.Allow, actions))
	if err != nil {
		return nil, err
	}
	allowed, err := sp.subtractAll(boxes(other, policy.Allow, actions), boxes(other, policy.Deny, actions))
	if err != nil {
		return nil, err
	}
	certain := sp.project([]box{b})
	for _, doubt := range [][]box{refused, denied, allowed} {
		if certain, err = sp.subtractAll(certain, sp.project(doubt)); err != nil {
			return nil, err
		}
	}
	return certain, nil
}

// note records an open question once.
func (c *comparison) note(question Inconclusive) {
	if !slices.Contains(c.open, question) {
		c.open = append(c.open, question)
	}
}
