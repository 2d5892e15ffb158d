package repair

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// narrower takes faults out of the Allows.
type narrower struct{ *planner }

// readShares finds the Allows of the ceiling that a new statement may be made of: for
// principals that the live policy names or the floor requires, and no others. An Allow for
// every AWS service is one for the services that the live policy names.
func (p narrower) readShares() error {
	if p.isLinear() {
		return nil
	}
	for _, st := range p.allows.Statements {
		if st.Principals.Negated {
			continue
		}
		onlyServices, err := p.isForServices(st)
		if err != nil {
			return err
		}
		var entries []policy.Principal
		for _, q := range st.Principals.Entries {
			switch {
			case q.Kind == policy.Anyone && onlyServices:
				entries = union(entries, p.services())
			case p.mayName(q):
				entries = append(entries, q)
			}
		}
		if st.Principals.Entries = entries; len(entries) > 0 {
			p.shares = append(p.shares, st)
		}
	}
	return nil
}

// isForServices tells whether an Allow for everyone gives nothing to a principal that is no
// AWS service.
func (p narrower) isForServices(st policy.Statement) (bool, error) {
	if !slices.ContainsFunc(st.Principals.Entries, func(q policy.Principal) bool { return q.Kind == policy.Anyone }) || len(st.Conditions) == 0 {
		return false, nil
	}
	services := policy.Statement{
		Effect: policy.Deny, Principals: policy.Principals{Entries: []policy.Principal{everyone}}, Actions: policy.Values("kms:*"), Resources: policy.Values("*"),
		Conditions: []policy.Condition{{Operator: operator("Bool"), Key: "aws:PrincipalIsAWSService", Values: []string{"true"}}},
	}
	return p.isInside(policy.Set{Version: p.allows.Version, Statements: []policy.Statement{st, services}}, policy.Set{})
}

// services returns the service principals that the live policy names.
func (p narrower) services() (list []policy.Principal) {
	for _, st := range p.live.Statements {
		for _, q := range st.Principals.Entries {
			if q.Kind == policy.Service && !slices.Contains(list, q) {
				list = append(list, q)
			}
		}
	}
	return list
}

// mayName tells whether a plan may name a principal: the live policy does, the key's own
// account is it, or the floor requires it.
func (p *planner) mayName(q policy.Principal) bool {
	if q.Kind == policy.Anyone || q.Kind == policy.Account && q.AccountID == p.k.Account {
		return true
	}
	names := func(st policy.Statement) bool {
		return slices.ContainsFunc(st.Principals.Entries, func(o policy.Principal) bool { return isSame(o, q) })
	}
	return slices.ContainsFunc(p.live.Statements, names) || !p.removesOnly && slices.ContainsFunc(p.judgement.Limits.Floor.Statements, names)
}

// narrowing is one principal of an Allow that loses actions.
type narrowing struct {
	statement int
	was       policy.Statement // for the principal alone, with the actions that it loses
}

// narrow takes the faults out of the Allows: first all lose what is outside, then each gets
// back what of that is inside under narrower conditions, unless another statement has it.
func (p narrower) narrow() error {
	var list []narrowing
	for i := range p.fates {
		f, st := &p.fates[i], &p.live.Statements[i]
		gone := make([]access.Actions, len(f.faults))
		for e, fault := range f.faults {
			if gone[e] = p.loses(fault); gone[e] != 0 {
				f.changed = true
			}
		}
		if !f.changed {
			continue
		}
		f.now = without(st, gone, p.patterns()...)
		for e := range gone {
			one := oneOf(st, e)
			one.Actions = policy.Values(gone[e].Names()...)
			if gone[e] != 0 && !f.murky {
				list = append(list, narrowing{i, one})
			}
			if keep := covered(st.Actions) &^ gone[e]; keep != 0 {
				one.Actions = policy.Values(keep.Names()...)
				f.left = append(f.left, one)
			}
		}
	}
	pieces := map[int][]policy.Statement{}
	for _, n := range list {
		if err := p.giveBack(&n, pieces); err != nil {
			return err
		}
	}
	describer(p).describeAllows()
	return nil
}

// loses returns the actions that a principal of an Allow is to lose.
func (p narrower) loses(f fault) access.Actions {
	switch {
	case p.scope == all:
		return f.critical | f.lesser&^f.kept
	case p.dropsWhole && f.critical != 0:
		return access.ActionsMatching("kms:*")
	default:
		return f.critical
	}
}

// oneOf returns a statement for one of its principals; one with NotPrincipal as it is.
func oneOf(st *policy.Statement, e int) policy.Statement {
	one := *st
	if !st.Principals.Negated && e < len(st.Principals.Entries) {
		one.Principals.Entries = st.Principals.Entries[e : e+1]
	}
	return one
}

// giveBack adds to what is left of an Allow what it has in common with the ceiling. pieces
// are what was given back to each statement so far.
func (p narrower) giveBack(n *narrowing, pieces map[int][]policy.Statement) error {
	f := &p.fates[n.statement]
	kept := len(f.now) - len(pieces[n.statement])
	back := pieces[n.statement]
	for s := range p.shares {
		if !isFor(&n.was, &p.shares[s]) {
			continue
		}
		for _, m := range meet(p.k.Account, &n.was, n.was.Principals.Entries[0], &p.shares[s]) {
			piece, found, err := p.useful(n, &m)
			if err != nil {
				return err
			}
			if found {
				back = append(back, piece)
				f.now = append(f.now, piece)
			}
		}
	}
	st := &p.live.Statements[n.statement]
	back = merged(back)
	for i := range back { // in the order and the words of the statement, as far as they go
		back[i].SID = st.SID
		back[i].Actions = policy.Values(spelled(covered(back[i].Actions), slices.Concat(st.Actions.Values, back[i].Actions.Values)...)...)
	}
	if kept == 0 && len(back) > 0 { // one that keeps the principals needs fewer changes in place
		if i := slices.IndexFunc(back, func(piece policy.Statement) bool { return isOf(st, &piece) }); i > 0 {
			back[0], back[i] = back[i], back[0]
		}
		if covered(back[0].Actions) == covered(st.Actions) {
			back[0].Actions = st.Actions
		}
		back[0].Resources = st.Resources
	}
	pieces[n.statement] = back
	f.now = append(f.now[:kept:kept], back...)
	return nil
}

// aboutCallers are the condition keys that name nothing but the caller, and
// kms:GrantIsForAWSResource, which names nothing.
var aboutCallers = []string{
	"aws:principalarn", "aws:principalaccount", "kms:calleraccount", "aws:principalorgid", "aws:principalorgpaths", "aws:principaltype",
	"aws:principalisawsservice", "kms:grantisforawsresource",
}

// isFor tells whether a part of an Allow for one principal may become a statement of a share.
// A statement for everyone becomes none for services, networks and encryption contexts
// that it does not ask about: nobody asked for them.
func isFor(one, share *policy.Statement) bool {
	return one.Principals.Entries[0].Kind != policy.Anyone || !slices.ContainsFunc(share.Conditions, func(c policy.Condition) bool {
		isAsked := slices.ContainsFunc(one.Conditions, func(o policy.Condition) bool { return strings.EqualFold(o.Key, c.Key) })
		return !isAsked && !slices.Contains(aboutCallers, strings.ToLower(c.Key))
	})
}

// isOf tells whether a statement names all principals of a piece.
func isOf(st, piece *policy.Statement) bool {
	for _, q := range piece.Principals.Entries {
		if !slices.Contains(st.Principals.Entries, q) {
			return false
		}
	}
	return true
}

// patterns returns the values of actions of the ceiling.
func (p narrower) patterns() []string {
	var list []string
	for _, share := range p.shares {
		if !share.Actions.Negated {
			list = append(list, share.Actions.Values...)
		}
	}
	return list
}

// useful returns the statement that allows what a meeting has in common, as simple as can
// be. It finds none where the policy allows that already, or no document can say it: then
// the proof of the plan fails.
func (p narrower) useful(n *narrowing, m *meeting) (piece policy.Statement, found bool, err error) {
	if m.wider {
		return piece, false, nil
	}
	lacking, err := p.missing(p.under(m.statement(m.conditions)), p.soFar())
	if err != nil || lacking.Verdict == access.Inside {
		return piece, false, err
	}
	if len(lacking.Inconclusive) == 0 {
		m.actions &= actionsOf(lacking.Missing...)
	}
	both, clash := conjoin(m.own, m.other)
	candidates := [][]policy.Condition{both}
	if clash {
		others, _ := conjoin(m.other, m.own)
		candidates = [][]policy.Condition{others, both}
	}
	for _, conditions := range candidates {
		piece = m.statement(conditions)
		if hasRefusedCondition(&piece) {
			continue
		}
		if found, err = p.isInBoth(n, piece); err != nil || !found {
			continue
		}
		piece, err = p.simplest(n, m, piece)
		return piece, true, err
	}
	return piece, false, err
}

// simplest leaves out the conditions of a piece, of those about a key that the ceiling asks
// for, without which it still allows no more than the statement did and the ceiling does.
func (p narrower) simplest(n *narrowing, m *meeting, piece policy.Statement) (policy.Statement, error) {
	for i := len(piece.Conditions) - 1; i >= 0; i-- {
		asked := slices.ContainsFunc(m.other, func(o policy.Condition) bool { return strings.EqualFold(o.Key, piece.Conditions[i].Key) })
		if !asked {
			continue
		}
		less := piece
		less.Conditions = slices.Delete(slices.Clone(piece.Conditions), i, i+1)
		fits, err := p.isInBoth(n, less)
		if err != nil {
			return piece, err
		}
		if fits {
			piece = less
		}
	}
	return piece, nil
}

// isInBoth tells whether a piece is within the ceiling, and within what the statement allows
// its principal.
func (p narrower) isInBoth(n *narrowing, piece policy.Statement) (bool, error) {
	part := p.under(piece)
	if inside, err := p.isInside(part, p.allows); err != nil || !inside {
		return false, err
	}
	return p.isInside(part, p.under(n.was))
}
