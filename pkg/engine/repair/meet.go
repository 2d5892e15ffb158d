package repair

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// meeting is what one principal of an Allow has in common with one principal of an Allow
// of the ceiling.
type meeting struct {
	allow, share *policy.Statement
	of           policy.Principal // of allow
	principal    policy.Principal // whom both cover
	actions      access.Actions
	named        []policy.Condition // what principal alone does not say
	// unsaid is true where no statement says whom both cover, which is less than either of
	// principal and account do.
	unsaid  bool
	account policy.Principal
}

// meet returns the meetings of a principal and actions of an Allow with a share, which is
// an Allow of the ceiling. owner is the account of the key.
func meet(owner string, allow *policy.Statement, of policy.Principal, actions access.Actions, share *policy.Statement) []meeting {
	actions &= covered(share.Actions)
	if share.Effect != policy.Allow || share.Principals.Negated || actions == 0 {
		return nil
	}
	var list []meeting
	for _, q := range share.Principals.Entries {
		m := meeting{allow: allow, share: share, of: of, actions: actions}
		if m.meetPrincipal(owner, q) {
			list = append(list, m)
		}
	}
	return list
}

// meetPrincipal finds whom the two principals both cover, and is false for nobody.
func (m *meeting) meetPrincipal(owner string, q policy.Principal) bool {
	m.principal = m.of
	switch a, b := m.of, q; {
	case a.Kind == policy.Anyone:
		m.principal = q
	case b.Kind == policy.Anyone, samePrincipal(a, b):
	case a.Kind == policy.Account:
		return m.throughAccount(owner, a, b)
	case b.Kind == policy.Account:
		return m.throughAccount(owner, b, a)
	case a.Kind == policy.Role && b.Kind == policy.Session:
		m.principal = q
		return a.AccountID == b.AccountID && a.Name == b.Name
	case a.Kind == policy.Session && b.Kind == policy.Role:
		return a.AccountID == b.AccountID && a.Name == b.Name
	default:
		return false
	}
	return true
}

func samePrincipal(a, b policy.Principal) bool {
	return a.Kind == b.Kind && (a.Text == b.Text || a.Kind == policy.Account && a.AccountID == b.AccountID)
}

// throughAccount says that a principal has access through its account only. In another
// account than the owner's, no principal has it otherwise. In the owner's, the account is
// the principal, and a condition names whom; a session's ARN is in no condition key.
func (m *meeting) throughAccount(owner string, account, b policy.Principal) bool {
	m.principal, m.account = account, account
	switch {
	case b.AccountID != account.AccountID || b.Kind == policy.Account:
		return false
	case account.AccountID != owner:
		m.principal = b
	case b.Kind == policy.Session:
		m.principal, m.unsaid = b, true
	default:
		m.named = []policy.Condition{{Operator: operator("ArnEquals"), Key: "aws:PrincipalArn", Values: []string{b.Text}}}
	}
	return true
}

// operator returns a condition operator that exists.
func operator(name string) policy.Operator {
	o, err := policy.ParseOperator(name)
	if err != nil {
		panic("repair: no operator " + name)
	}
	return o
}

// statements returns what the meeting has in common as statements, the best first. Where
// the conditions of both cannot stand in one statement, there are two that may do:
// one with the ceiling's condition in the place of the Allow's, and one with the Allow's.
// Whether they are within both is for the caller to prove.
func (m *meeting) statements() []policy.Statement {
	if m.unsaid {
		return nil
	}
	both, clash := conjoin(m.allow.Conditions, slices.Concat(m.named, m.share.Conditions))
	if !clash {
		return []policy.Statement{m.statement(both)}
	}
	shareFirst, _ := conjoin(slices.Concat(m.named, m.share.Conditions), m.allow.Conditions)
	return []policy.Statement{m.statement(shareFirst), m.statement(both)}
}

// atMost returns statements each of which allows at least what both allow: all of it where
// the conditions of both can stand in one.
func (m *meeting) atMost() []policy.Statement {
	both, _ := conjoin(m.allow.Conditions, slices.Concat(m.named, m.share.Conditions))
	list := []policy.Statement{m.statement(both)}
	if m.unsaid {
		through := m.statement(both)
		through.Principals.Entries = []policy.Principal{m.account}
		list = append(list, through)
	}
	return list
}

func (m *meeting) statement(conditions []policy.Condition) policy.Statement {
	st := *m.allow
	st.Principals = policy.Principals{Entries: []policy.Principal{m.principal}}
	var values []string
	if !m.allow.Actions.Negated {
		values = m.allow.Actions.Values
	}
	if !m.share.Actions.Negated {
		values = slices.Concat(values, m.share.Actions.Values)
	}
	st.Actions = policy.Values(spelled(m.actions, values...)...)
	st.Conditions = conditions
	return st
}

// maySpare tells whether a condition of the meeting may be superfluous: one of the share,
// or one about a key that the share has a condition on.
func (m *meeting) maySpare(c policy.Condition) bool {
	return slices.ContainsFunc(slices.Concat(m.named, m.share.Conditions), func(o policy.Condition) bool {
		return strings.EqualFold(o.Key, c.Key)
	})
}

// conjoin returns conditions that hold where both lists do. One object holds an operator
// and a key once, so of two of those one has to say both: clash is true where that cannot
// be, and the result then has that of a only.
func conjoin(a, b []policy.Condition) (both []policy.Condition, clash bool) {
	both = slices.Clone(a)
	for _, c := range b {
		i := slices.IndexFunc(both, func(o policy.Condition) bool {
			return o.Operator == c.Operator && strings.EqualFold(o.Key, c.Key)
		})
		if i < 0 {
			both = append(both, c)
			continue
		}
		one, more, ok := combine(both[i], c, both)
		clash = clash || !ok
		both[i] = one
		both = append(both, more...)
	}
	return both, clash
}

// combine says two conditions of one operator and key as one, or as one and more.
func combine(a, b policy.Condition, all []policy.Condition) (one policy.Condition, more []policy.Condition, ok bool) {
	one = a
	one.Values = slices.Clone(a.Values)
	if policy.CanonicalConditions([]policy.Condition{a}) == policy.CanonicalConditions([]policy.Condition{b}) {
		return one, nil, true
	}
	if a.Operator.Negated && a.Operator.Set == policy.NoSet && len(a.Values) > 0 && len(b.Values) > 0 {
		one.Values = union(a.Values, b.Values) // none of these and none of those
		return one, nil, true
	}
	if isLiteral(a) && isLiteral(b) {
		one.Values = slices.DeleteFunc(one.Values, func(v string) bool { return !slices.Contains(b.Values, v) })
		if len(one.Values) > 0 {
			return one, nil, true
		}
		one.Values = a.Values
	}
	// Where the first holds, the key is there, and IfExists changes nothing.
	if o := a.Operator; o.Set == policy.NoSet && !o.IfExists && o.Family != policy.NullFamily {
		again := policy.Condition{Operator: operator(o.String() + "IfExists"), Key: b.Key, Values: b.Values}
		taken := slices.ContainsFunc(all, func(c policy.Condition) bool {
			return c.Operator == again.Operator && strings.EqualFold(c.Key, again.Key)
		})
		if !taken {
			return one, []policy.Condition{again}, true
		}
	}
	return one, nil, false
}

// isLiteral tells whether two lists of values of the condition have in common just the
// values that both have: strings, compared as they are, of one key.
func isLiteral(c policy.Condition) bool {
	o := c.Operator
	return o.Family == policy.StringFamily && o.Comparison == policy.Equals && !o.Negated && !o.IfExists && o.Set != policy.ForAnyValue &&
		len(c.Values) > 0 && !slices.ContainsFunc(c.Values, func(v string) bool { return strings.Contains(v, "${") })
}
