package access

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// budget is how many boxes one comparison may make. It bounds the work on a
// hostile policy to a fraction of a second; real policies need a few hundred.
const budget = 50_000

// Compare tells whether two policies of a key allow the same requests, and
// where not, how they differ.
//
//  1. The same text is equal.
//  2. A difference is reported only when it is proved; its witness is a request
//     that one policy allows and the other does not.
//  3. The verdict is Different with at least one proved difference, else
//     Undecided with at least one open question, else Equal.
//
// It never fails: what cannot be decided within the budget is inconclusive.
func Compare(key Key, baseline, actual *policy.Document) Result {
	result := Result{Verdict: Equal, Excess: []Difference{}, Missing: []Difference{}, Inconclusive: []Inconclusive{}}
	if baseline.Text() == actual.Text() {
		return result
	}
	c := newComparison(key, baseline, actual)
	excess, missing, err := c.run()
	if err != nil {
		c.open = append(c.open, Inconclusive{Policy: Actual, Reason: "over-budget", Detail: fmt.Sprintf("more than %d combinations of conditions", budget)})
	}
	result.Excess, result.Missing = c.differences(excess), c.differences(missing)
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
	baseline, actual []statement
	subjects         []subject
	open             []Inconclusive
}

func newComparison(key Key, baseline, actual *policy.Document) *comparison {
	c := &comparison{reader: reader{key: key, space: &space{budget: budget}, opaque: map[string]int{}}}
	c.baseline = c.reader.statements(baseline, Baseline)
	c.actual = c.reader.statements(actual, Actual)
	c.subjects = universe(key, baseline, actual)
	return c
}

// grant is a statement's effect on the requests of one half of one subject.
type grant struct {
	statement int
	effect    policy.Effect
	delegated bool // an Allow that needs the permission of the principal's own account
	actions   Actions
	when      box
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
func (c *comparison) run() (excess, missing []finding, err error) {
	for _, p := range c.profiles() {
		for _, actions := range atoms(p.baseline, p.actual) {
			more, err := c.beyond(Actual, p.actual, p.baseline, actions)
			if err != nil {
				return excess, missing, err
			}
			less, err := c.beyond(Baseline, p.baseline, p.actual, actions)
			if err != nil {
				return excess, missing, err
			}
			excess = appendFor(excess, more, p.subjects)
			missing = appendFor(missing, less, p.subjects)
		}
	}
	return excess, missing, nil
}

// profiles groups the halves of all subjects by what the statements say to them.
func (c *comparison) profiles() []*profile {
	var list []*profile
	known := map[string]*profile{}
	for i := range c.subjects {
		s := &c.subjects[i]
		for _, iam := range [...]bool{true, false} {
			if !iam && s.alone() {
				continue
			}
			p := profile{
				baseline: c.grants(c.baseline, Baseline, half{s, iam}),
				actual:   c.grants(c.actual, Actual, half{s, iam}),
			}
			id := signature(p.baseline, p.actual)
			if known[id] == nil {
				known[id] = &p
				list = append(list, &p)
			}
			known[id].subjects = append(known[id].subjects, half{s, iam})
		}
	}
	return list
}

// grants returns the statements that say something about a half.
func (c *comparison) grants(statements []statement, which Which, h half) []grant {
	var list []grant
	for i := range statements {
		st := &statements[i]
		covered, when := c.reader.reach(st, h.subject, which)
		if covered == coversNothing || covered == coversDelegated && !h.iam {
			continue
		}
		list = append(list, grant{st.index, st.Effect, covered == coversDelegated, st.actions, when})
	}
	return list
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
			for _, s := range g.when {
				id = binary.AppendUvarint(id, uint64(s.dimension)+1)
				for _, word := range s.in {
					id = binary.AppendUvarint(id, word)
				}
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
			list = append(list, g.when)
		}
	}
	return list
}

// piece is a part of what one policy allows and the other does not, with the
// statement that causes it.
type piece struct {
	cause     origin
	delegated bool
	actions   Actions
	when      box
}

// beyond returns what the grants of one policy allow and those of the other do
// not, for actions that the grants do not tell apart. Only proved pieces are
// returned; what may differ but is not proved becomes an open question.
func (c *comparison) beyond(which Which, granting, other []grant, actions Actions) ([]piece, error) {
	sp := c.reader.space
	denied := boxes(granting, policy.Deny, actions)
	var result []piece
	for _, g := range granting {
		if g.effect != policy.Allow || g.actions&actions == 0 {
			continue
		}
		allowed, err := sp.subtractAll([]box{g.when}, denied)
		if err != nil {
			return nil, err
		}
		pieces, err := c.ungranted(which, g, allowed, other, actions)
		if err != nil {
			return nil, err
		}
		for _, p := range pieces {
			proved, err := c.prove(p, granting, other)
			if err != nil {
				return nil, err
			}
			result = append(result, proved...)
		}
	}
	return result, nil
}

// ungranted returns what a grant allows and the other policy does not, proved
// or not: what no Allow of the other covers, and what its Denies take away.
func (c *comparison) ungranted(which Which, g grant, allowed []box, other []grant, actions Actions) ([]piece, error) {
	sp := c.reader.space
	otherAllows := boxes(other, policy.Allow, actions)
	rest, err := sp.subtractAll(allowed, otherAllows)
	if err != nil {
		return nil, err
	}
	pieces := piecesOf(rest, piece{cause: origin{which, g.statement}, delegated: g.delegated, actions: actions})
	shared, err := sp.intersectAll(allowed, otherAllows)
	if err != nil {
		return nil, err
	}
	for _, d := range other {
		if d.effect != policy.Deny || d.actions&actions == 0 {
			continue
		}
		lost, err := sp.intersectAll(shared, []box{d.when})
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, piecesOf(lost, piece{cause: lostTo(which, g.statement, d.statement), delegated: g.delegated, actions: actions})...)
	}
	return pieces, nil
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
	opaque := c.opaqueSides(p.when)
	if len(opaque) == 0 {
		return []piece{p}, nil
	}
	certain, err := c.certain(p.when, p.actions, granting, other)
	if err != nil {
		return nil, err
	}
	if len(certain) == 0 {
		for _, dimension := range opaque {
			c.note(c.reader.space.dimensions[dimension].cause)
		}
	}
	return piecesOf(certain, p), nil
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
