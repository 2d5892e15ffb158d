package repair

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// meeting is what one principal of an Allow has in common with one of another statement.
type meeting struct {
	principal policy.Principal // whom both cover
	actions   access.Actions
	// conditions are those of both. A condition key may stand under one operator twice:
	// a policy.Set can say that, a document cannot.
	conditions []policy.Condition
	own, other []policy.Condition // of the one and of the other
	values     []string           // of the actions of the other
	// wider is true where no statement says whom both cover, and principal covers more:
	// a session, through its account only.
	wider bool
}

// meet returns what a principal of an Allow has in common with another Allow, or with a Deny.
// owner is the account of the key. A statement with NotPrincipal has everyone.
func meet(owner string, allow *policy.Statement, of policy.Principal, other *policy.Statement) []meeting {
	actions := covered(allow.Actions) & covered(other.Actions)
	if actions == 0 {
		return nil
	}
	entries := other.Principals.Entries
	if other.Principals.Negated {
		entries = []policy.Principal{everyone}
	}
	var list []meeting
	for _, q := range entries {
		m := meeting{actions: actions, own: allow.Conditions, other: other.Conditions}
		if !other.Actions.Negated {
			m.values = other.Actions.Values
		}
		if m.meetPrincipal(owner, of, q, other.Effect == policy.Deny) {
			m.conditions = slices.Concat(m.own, m.other)
			list = append(list, m)
		}
	}
	return list
}

// meetPrincipal finds whom the two principals both cover, and is false for nobody.
func (m *meeting) meetPrincipal(owner string, a, b policy.Principal, deny bool) bool {
	m.principal = a
	switch {
	case b.Kind == policy.Anyone, isSame(a, b):
	case a.Kind == policy.Anyone && deny && b.Kind == policy.Account:
		of := policy.Condition{Operator: operator("StringEquals"), Key: "aws:PrincipalAccount", Values: []string{b.AccountID}}
		m.other = append([]policy.Condition{of}, m.other...)
	case a.Kind == policy.Anyone:
		m.principal = b
	case deny && b.Kind == policy.Account:
		return a.AccountID == b.AccountID // a Deny takes all access of an account's principals
	case a.Kind == policy.Account:
		return m.throughAccount(owner, a, b)
	case b.Kind == policy.Account:
		return m.throughAccount(owner, b, a)
	case a.Kind == policy.Role && b.Kind == policy.Session:
		m.principal = b
		return a.AccountID == b.AccountID && a.Name == b.Name
	case a.Kind == policy.Session && b.Kind == policy.Role:
		return a.AccountID == b.AccountID && a.Name == b.Name
	default:
		return false
	}
	return true
}

func isSame(a, b policy.Principal) bool {
	return a.Kind == b.Kind && (a.Text == b.Text || a.Kind == policy.Account && a.AccountID == b.AccountID)
}

// throughAccount says that a principal has access through its account only. In another
// account than the owner's, no principal has it otherwise. In the owner's, the account is
// the principal, and a condition names whom; a session's ARN is in no condition key.
func (m *meeting) throughAccount(owner string, account, b policy.Principal) bool {
	m.principal = account
	switch {
	case b.AccountID != account.AccountID || b.Kind == policy.Account:
		return false
	case account.AccountID != owner:
		m.principal = b
	case b.Kind == policy.Session:
		m.wider = true
	default:
		named := policy.Condition{Operator: operator("ArnEquals"), Key: "aws:PrincipalArn", Values: []string{b.Text}}
		m.other = append([]policy.Condition{named}, m.other...)
	}
	return true
}

// everyone is the principal "*".
var everyone = policy.Principal{Kind: policy.Anyone, Text: "*"}

// operator returns a condition operator that exists.
func operator(name string) policy.Operator {
	o, err := policy.ParseOperator(name)
	if err != nil {
		panic("repair: no operator " + name)
	}
	return o
}

// statement returns what the meeting has in common, for some conditions.
func (m *meeting) statement(conditions []policy.Condition) policy.Statement {
	return policy.Statement{
		Effect: policy.Allow, Principals: policy.Principals{Entries: []policy.Principal{m.principal}},
		Actions: policy.Values(spelled(m.actions, m.values...)...), Resources: policy.Values("*"), Conditions: conditions,
	}
}
