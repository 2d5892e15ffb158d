package access

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// plainStatement is a statement with the actions that its Action values cover, once
// somebody asked for them.
type plainStatement struct {
	*policy.Statement
	covered Actions
	known   bool
}

func plainStatements(d policy.Set) []plainStatement {
	list := make([]plainStatement, len(d.Statements))
	for i := range d.Statements {
		list[i].Statement = &d.Statements[i]
	}
	return list
}

// matching returns the actions that the Action values cover. They are found once: a
// hostile policy has many values, each asked about for every statement of the other.
func (st *plainStatement) matching() Actions {
	if !st.known {
		st.covered, st.known = actionsOfValues(st.Actions.Values), true
	}
	return st.covered
}

// sameStatements tells whether two documents have the same statements, apart from
// order, repetition and spelling. Then they allow the same, whatever that is. It is
// what most policies that are as they should be are, and it is told quickly.
func sameStatements(key policy.Key, a, b policy.Set) bool {
	return alike(a, b) && sameLists(key, plainStatements(a), plainStatements(b))
}

// alike tells whether statements of two documents mean the same if they are the
// same. Long documents are left to the comparison proper.
func alike(a, b policy.Set) bool {
	const most = 20
	return len(a.Statements) <= most && len(b.Statements) <= most &&
		(a.HasVariables() == b.HasVariables() || !mentionsVariables(a) && !mentionsVariables(b))
}

// mentionsVariables tells whether a value has ${, which is a variable in one language
// version and text in the other.
func mentionsVariables(d policy.Set) bool {
	mention := func(value string) bool { return strings.Contains(value, "${") }
	return slices.ContainsFunc(d.Statements, func(st policy.Statement) bool {
		return slices.ContainsFunc(st.Resources.Values, mention) ||
			slices.ContainsFunc(st.Conditions, func(c policy.Condition) bool { return slices.ContainsFunc(c.Values, mention) })
	})
}

func sameLists(key policy.Key, a, b []plainStatement) bool {
	return sameSet(a, b, func(x, y *plainStatement) bool { return sameStatement(key, x, y) })
}

func sameStatement(key policy.Key, a, b *plainStatement) bool {
	return a.Effect == b.Effect && a.Principals.Negated == b.Principals.Negated &&
		sameSet(a.Principals.Entries, b.Principals.Entries, func(x, y *policy.Principal) bool { return samePrincipal(key, x, y) }) &&
		a.Actions.Present == b.Actions.Present && a.Actions.Negated == b.Actions.Negated &&
		(len(a.Actions.Values) == 0) == (len(b.Actions.Values) == 0) &&
		(slices.Equal(a.Actions.Values, b.Actions.Values) || a.matching() == b.matching()) &&
		a.Resources.Present == b.Resources.Present && a.Resources.Negated == b.Resources.Negated &&
		slices.Equal(a.Resources.Values, b.Resources.Values) &&
		sameConditions(a.Conditions, b.Conditions)
}

// sameConditions tells whether two condition blocks are spellings of one. Key names
// beyond ASCII, unless written alike, are left to the comparison proper, since there are
// several ways to ignore their case.
func sameConditions(a, b []policy.Condition) bool {
	if slices.EqualFunc(a, b, writtenAlike) || len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	beyondASCII := func(c policy.Condition) bool {
		return strings.ContainsFunc(c.Key, func(r rune) bool { return r >= utf8.RuneSelf })
	}
	return !slices.ContainsFunc(a, beyondASCII) && !slices.ContainsFunc(b, beyondASCII) &&
		policy.CanonicalConditions(a) == policy.CanonicalConditions(b)
}

func writtenAlike(a, b policy.Condition) bool {
	return a.Operator == b.Operator && a.Key == b.Key && slices.Equal(a.Values, b.Values)
}

// samePrincipal tells whether two principals are spellings of one.
func samePrincipal(key policy.Key, a, b *policy.Principal) bool {
	here := func(p *policy.Principal) bool { return p.Partition == "" || p.Partition == key.Partition }
	if a.Kind == policy.Account && b.Kind == policy.Account && here(a) && here(b) {
		return a.AccountID == b.AccountID
	}
	return a.Kind == b.Kind && a.Text == b.Text
}

// sameSet tells whether two lists have the same elements.
func sameSet[T any](a, b []T, same func(x, y *T) bool) bool {
	return allIn(a, b, same) && allIn(b, a, same)
}

func allIn[T any](list, other []T, same func(x, y *T) bool) bool {
	for i := range list {
		if !isIn(&list[i], other, same) {
			return false
		}
	}
	return true
}

func isIn[T any](x *T, list []T, same func(x, y *T) bool) bool {
	for i := range list {
		if same(x, &list[i]) {
			return true
		}
	}
	return false
}
