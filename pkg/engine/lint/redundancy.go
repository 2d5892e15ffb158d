package lint

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// checkRedundancy reports statements that another one with the same effect covers, element
// by element: its principals, its actions, and no condition that the covered one has not.
// That two statements together cover a third is not found. Of two equal ones, the later is
// told. Statements with a negated element or a resource other than * are left out, and so
// are those that do nothing for another reason.
func checkRedundancy(statements []*statement) {
	var plain []*statement
	for _, s := range statements {
		isDead := slices.ContainsFunc(s.findings, func(f Finding) bool { return f.Code == DeadStatement })
		if !isDead && !s.Principals.Negated && !s.Actions.Negated && !s.Resources.Negated && slices.Contains(s.Resources.Values, "*") {
			plain = append(plain, s)
		}
	}
	for i, s := range plain {
		for j, other := range plain {
			if i == j || !other.covers(s) || j > i && s.covers(other) {
				continue
			}
			verb := "allows"
			if s.Effect == policy.Deny {
				verb = "denies"
			}
			line, _ := other.document.Position(other.places.start)
			s.report(s.whole(), RedundantStatement, "", "statement %d%s in line %d %s all of it already", other.index+1, sid(other), line, verb)
			break
		}
	}
}

func sid(s *statement) string {
	if s.SID == "" {
		return ""
	}
	return " " + quote(s.SID)
}

// covers tells whether a statement applies to every request that another applies to. The
// cheap comparisons come first; the others have a budget.
func (s *statement) covers(other *statement) bool {
	return s.Effect == other.Effect && len(s.covered) >= len(other.covered) && len(s.Conditions) <= len(other.Conditions) &&
		s.affordPair(other) && isSubset(other.covered, s.covered) &&
		!slices.ContainsFunc(other.Principals.Entries, func(p policy.Principal) bool { return !s.coversPrincipal(p) }) &&
		!slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool { return !other.implies(c) })
}

// affordPair bounds the comparisons of one statement with all others.
func (s *statement) affordPair(other *statement) bool {
	const most = 1 << 20
	s.work += 1 + len(s.Principals.Entries)*len(other.Principals.Entries) + len(s.Conditions)*len(other.Conditions)
	return s.work <= most
}

// coversPrincipal tells whether the statement is about a principal: everyone is about all, a
// role about its sessions, and a foreign account about its principals. The key's own account
// is not: it lets IAM policies allow what a principal that is named needs none for.
func (s *statement) coversPrincipal(p policy.Principal) bool {
	return slices.ContainsFunc(s.Principals.Entries, func(own policy.Principal) bool {
		switch {
		case own.Text == p.Text:
			return true
		case own.Kind == policy.Anyone: // that it allows services too is an assumption
			return p.Kind != policy.Service || s.Effect == policy.Deny
		case own.Kind == policy.Account && own.AccountID == p.AccountID && own.AccountID != "":
			return p.Kind == policy.Account || s.key.Account != "" && p.AccountID != s.key.Account
		default:
			return own.Kind == policy.Role && p.Kind == policy.Session && own.AccountID == p.AccountID && own.Name == p.Name
		}
	})
}

// implies tells whether one of the statement's conditions is a condition, or a narrower one:
// the same operator and key with fewer of its values. A negated one is narrower with more.
func (s *statement) implies(wanted policy.Condition) bool {
	return slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool {
		if c.Operator != wanted.Operator || !strings.EqualFold(c.Key, wanted.Key) || len(c.Values) == 0 || len(wanted.Values) == 0 {
			return false
		}
		if c.Operator.Negated {
			return c.Operator.Set == policy.NoSet && isSubset(wanted.Values, c.Values)
		}
		return isSubset(c.Values, wanted.Values)
	})
}
