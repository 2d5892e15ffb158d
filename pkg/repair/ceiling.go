package repair

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// narrowing is an Allow that is not within the ceiling.
type narrowing struct {
	statement int
	was       policy.Statement
	outside   []access.Actions // by principal
}

// narrowAllows brings the Allows within the ceiling: first all lose what is outside, then
// each gets back what of that is inside under narrower conditions, unless another has it.
func (p *planner) narrowAllows() error {
	var list []narrowing
	for i := range p.fates {
		f := &p.fates[i]
		if len(f.now) == 0 || f.now[0].Effect != policy.Allow {
			continue
		}
		n := narrowing{statement: i, was: f.now[0]}
		judge := func(st policy.Statement) (access.Result, error) { return p.beyondCeiling(i, st) }
		result, err := judge(n.was)
		if err != nil {
			return err
		}
		if result.Verdict == access.Inside {
			continue
		}
		f.changed, f.why, f.now = true, "it is outside the ceiling", nil
		if n.was.Principals.Negated {
			f.why = "whom an Allow with NotPrincipal allows is not decided"
			continue
		}
		if n.outside, err = faults(&n.was, judge); err != nil {
			return err
		}
		f.now = split(&n.was, n.outside, p.patterns()...)
		f.inside = slices.Clone(f.now)
		list = append(list, n)
	}
	for _, n := range list {
		if err := p.giveBack(&n); err != nil {
			return err
		}
	}
	return nil
}

// beyondCeiling compares a statement that stands in the place of an Allow with the
// Allows of the ceiling, under the Denies of the policy.
func (p *planner) beyondCeiling(i int, st policy.Statement) (access.Result, error) {
	d, err := p.alone(i, false, st)
	if err != nil {
		return access.Result{}, err
	}
	return p.excess(d, p.allows)
}

// giveBack adds to what is left of an Allow what else it has in common with the ceiling.
func (p *planner) giveBack(n *narrowing) error {
	f := &p.fates[n.statement]
	kept := len(f.now)
	for k, principal := range n.was.Principals.Entries {
		if n.outside[k] == 0 {
			continue
		}
		for s := range p.shares {
			for _, m := range meet(&n.was, principal, n.outside[k], &p.shares[s]) {
				f.inside = append(f.inside, m.atMost())
				piece, ok, err := p.useful(n, &m)
				if err != nil {
					return err
				}
				if ok {
					f.now = append(f.now, piece)
				}
			}
		}
	}
	pieces := merged(f.now[kept:])
	for i := range pieces { // in the order and the words of the statement, as far as they go
		set, own := covered(pieces[i].Actions), n.was.Actions
		if pieces[i].Actions = policy.Values(spelled(set, slices.Concat(own.Values, pieces[i].Actions.Values)...)...); set == covered(own) {
			pieces[i].Actions = own
		}
	}
	if kept == 0 { // one that keeps the principals needs fewer changes in place
		if i := slices.IndexFunc(pieces, func(st policy.Statement) bool { return n.names(&st) }); i > 0 {
			pieces[0], pieces[i] = pieces[i], pieces[0]
		}
	}
	f.now = append(f.now[:kept:kept], pieces...)
	return nil
}

// patterns returns the values of actions of the ceiling.
func (p *planner) patterns() []string {
	var list []string
	for _, share := range p.shares {
		if !share.Actions.Negated {
			list = append(list, share.Actions.Values...)
		}
	}
	return list
}

// names tells whether the statement names all principals of a piece.
func (n *narrowing) names(st *policy.Statement) bool {
	for _, p := range st.Principals.Entries {
		if !slices.Contains(n.was.Principals.Entries, p) {
			return false
		}
	}
	return true
}

// useful returns the statement that allows what a meeting has in common, as simple as can
// be, unless the policy allows that already, or it cannot be said.
func (p *planner) useful(n *narrowing, m *meeting) (policy.Statement, bool, error) {
	for _, st := range m.statements() {
		if hasRefusedCondition(&st) {
			continue
		}
		d, err := p.alone(n.statement, false, st)
		if err != nil {
			return st, false, err
		}
		now, err := p.soFar()
		if err != nil {
			return st, false, err
		}
		lacking, err := p.missing(d, now)
		if err != nil {
			return st, false, err
		}
		if lacking.Verdict == access.Inside {
			continue
		}
		if len(lacking.Inconclusive) == 0 {
			st.Actions = policy.Values(spelled(actionsOf(lacking.Missing), st.Actions.Values...)...)
		}
		st, ok, err := p.simplest(n, m, st)
		if err != nil || ok {
			return st, ok, err
		}
	}
	return policy.Statement{}, false, nil
}

// simplest leaves out the conditions of a piece without which it still allows no more than
// the statement did and the ceiling does. It is false for a piece that does allow more.
func (p *planner) simplest(n *narrowing, m *meeting, st policy.Statement) (policy.Statement, bool, error) {
	ok, err := p.inBoth(n, m, st)
	if err != nil || !ok {
		return st, false, err
	}
	for i := len(st.Conditions) - 1; i >= 0; i-- {
		if !m.maySpare(st.Conditions[i]) {
			continue
		}
		less := st
		less.Conditions = slices.Delete(slices.Clone(st.Conditions), i, i+1)
		ok, err := p.inBoth(n, m, less)
		if err != nil {
			return st, false, err
		}
		if ok {
			st = less
		}
	}
	return st, true, nil
}

// inBoth tells whether a piece is within the ceiling, and within what the statement allows
// the meeting's principal.
func (p *planner) inBoth(n *narrowing, m *meeting, st policy.Statement) (bool, error) {
	d, err := p.alone(n.statement, false, st)
	if err != nil {
		return false, err
	}
	if inside, err := p.inside(d, p.allows); err != nil || !inside {
		return false, err
	}
	was := n.was
	was.Principals.Entries = []policy.Principal{m.of}
	whole, err := p.alone(n.statement, false, was)
	if err != nil {
		return false, err
	}
	return p.inside(d, whole)
}

// merged puts together the statements that differ in their principals only, and then those
// that differ in their actions only.
func merged(list []policy.Statement) []policy.Statement {
	var result []policy.Statement
	for _, st := range list {
		same := func(o policy.Statement) bool {
			return covered(o.Actions) == covered(st.Actions) && sameConditions(o, st)
		}
		if i := slices.IndexFunc(result, same); i >= 0 {
			result[i].Principals.Entries = union(result[i].Principals.Entries, st.Principals.Entries)
		} else {
			result = append(result, st)
		}
	}
	list, result = result, nil
	for _, st := range list {
		same := func(o policy.Statement) bool {
			return slices.Equal(o.Principals.Entries, st.Principals.Entries) && sameConditions(o, st)
		}
		if i := slices.IndexFunc(result, same); i >= 0 {
			result[i].Actions.Values = union(result[i].Actions.Values, st.Actions.Values)
		} else {
			result = append(result, st)
		}
	}
	return result
}

func sameConditions(a, b policy.Statement) bool {
	return policy.CanonicalConditions(a.Conditions) == policy.CanonicalConditions(b.Conditions)
}

// union returns a new list of a, and of b what is not in a.
func union[T comparable](a, b []T) []T {
	list := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}
