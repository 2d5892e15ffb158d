package repair

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
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
	return p.excess(p.alone(i, false, st), p.allows)
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
			for _, m := range meet(p.Key.Account, &n.was, principal, n.outside[k], &p.shares[s]) {
				pieces, found, err := p.useful(n, &m)
				if err != nil {
					return err
				}
				f.now = append(f.now, pieces...)
				if !found {
					f.unsaid = append(f.unsaid, m.atMost())
				}
			}
		}
	}
	pieces := merged(f.now[kept:])
	for i := range pieces { // in the order and the words of the statement, as far as they go
		values := slices.Concat(n.was.Actions.Values, pieces[i].Actions.Values)
		pieces[i].Actions = policy.Values(spelled(covered(pieces[i].Actions), values...)...)
	}
	if kept == 0 { // one that keeps the principals needs fewer changes in place
		if i := slices.IndexFunc(pieces, func(st policy.Statement) bool { return n.names(&st) }); i > 0 {
			pieces[0], pieces[i] = pieces[i], pieces[0]
		}
		if len(pieces) > 0 && covered(pieces[0].Actions) == covered(n.was.Actions) {
			pieces[0].Actions = n.was.Actions
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
// be, and none where the policy allows that already. found is false where it cannot be said.
// Each of the statements that are tried allows at least what is in common.
func (p *planner) useful(n *narrowing, m *meeting) (pieces []policy.Statement, found bool, err error) {
	for _, st := range m.statements() {
		lacking, err := p.lacking(n, st)
		if err != nil || lacking.Verdict == access.Inside {
			return nil, true, err
		}
		if hasRefusedCondition(&st) {
			continue
		}
		if len(lacking.Inconclusive) == 0 {
			st.Actions = policy.Values(spelled(actionsOf(lacking.Missing), st.Actions.Values...)...)
		}
		st, ok, err := p.simplest(n, m, st)
		if err != nil {
			return nil, false, err
		}
		if ok {
			return []policy.Statement{st}, true, nil
		}
	}
	return nil, false, nil
}

// lacking compares what a statement would allow in the place of an Allow with the policy as
// it is now.
func (p *planner) lacking(n *narrowing, st policy.Statement) (access.Result, error) {
	return p.missing(p.alone(n.statement, false, st), p.soFar())
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
	d := p.alone(n.statement, false, st)
	if inside, err := p.inside(d, p.allows); err != nil || !inside {
		return false, err
	}
	was := n.was
	was.Principals.Entries = []policy.Principal{m.of}
	return p.inside(d, p.alone(n.statement, false, was))
}

// merged puts together the statements that differ only in their principals, then those that
// differ only in their actions, and then those that differ only in the values of one condition.
func merged(list []policy.Statement) []policy.Statement {
	list = mergedBy(list, func(a, b *policy.Statement) bool {
		same := covered(a.Actions) == covered(b.Actions) && sameConditions(*a, *b)
		if same {
			a.Principals.Entries = union(a.Principals.Entries, b.Principals.Entries)
		}
		return same
	})
	list = mergedBy(list, func(a, b *policy.Statement) bool {
		same := slices.Equal(a.Principals.Entries, b.Principals.Entries) && sameConditions(*a, *b)
		if same {
			a.Actions.Values = union(a.Actions.Values, b.Actions.Values)
		}
		return same
	})
	return mergedBy(list, func(a, b *policy.Statement) bool {
		return covered(a.Actions) == covered(b.Actions) && slices.Equal(a.Principals.Entries, b.Principals.Entries) && mergeValues(a, b)
	})
}

// mergedBy merges each statement into the first that takes it.
func mergedBy(list []policy.Statement, merge func(into, from *policy.Statement) bool) []policy.Statement {
	var result []policy.Statement
	for i := range list {
		taken := false
		for j := range result {
			if taken = merge(&result[j], &list[i]); taken {
				break
			}
		}
		if !taken {
			result = append(result, list[i])
		}
	}
	return result
}

// mergeValues adds the values of the one condition in which two statements differ, where
// one of them has to hold.
func mergeValues(into, from *policy.Statement) bool {
	other := -1
	if len(into.Conditions) != len(from.Conditions) {
		return false
	}
	for i, c := range into.Conditions {
		switch o := from.Conditions[i]; {
		case sameCondition(c, o):
		case other >= 0 || c.Operator != o.Operator || c.Key != o.Key || c.Operator.Negated || c.Operator.Set != policy.NoSet || len(c.Values) == 0 || len(o.Values) == 0:
			return false
		default:
			other = i
		}
	}
	if other >= 0 {
		into.Conditions = slices.Clone(into.Conditions)
		into.Conditions[other].Values = union(into.Conditions[other].Values, from.Conditions[other].Values)
	}
	return other >= 0
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
