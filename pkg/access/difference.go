package access

import (
	"fmt"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// finding is a proved piece with one half of a subject that it applies to.
type finding struct {
	piece
	half half
}

func appendFor(list []finding, pieces []piece, halves []half) []finding {
	for _, p := range pieces {
		for _, h := range halves {
			list = append(list, finding{p, h})
		}
	}
	return list
}

// differences groups findings as a person would say them: by statement, then by
// the principals to which the same actions happen under the same conditions.
func (c *comparison) differences(findings []finding) []Difference {
	list := []Difference{}
	for _, statement := range groupBy(findings, func(f finding) origin { return f.cause }) {
		bySubject := groupBy(statement, func(f finding) string { return f.half.subject.arn + " " + conditionsID(f.when) })
		rows := make([]row, len(bySubject))
		for i, findings := range bySubject {
			rows[i] = newRow(findings)
		}
		for _, same := range groupBy(rows, c.rowID) {
			list = append(list, c.difference(same))
		}
	}
	return list
}

// row is what happens to one subject under one condition because of one statement.
type row struct {
	finding finding
	actions Actions
	subject *subject
}

// newRow tells findings of one subject together. A finding without the help of
// IAM is the better example where there is one.
func newRow(findings []finding) row {
	r := row{finding: findings[0], subject: findings[0].half.subject}
	for _, f := range findings {
		r.actions |= f.actions
		if !f.half.iam && r.finding.half.iam {
			r.finding = f
		}
	}
	return r
}

// rowID is the same for rows that are told together.
func (c *comparison) rowID(r row) string {
	return fmt.Sprint(c.scope(r.subject), r.finding.delegated, r.actions, conditionsID(r.finding.when))
}

// scope says how near a subject is to the key.
func (c *comparison) scope(s *subject) Scope {
	switch {
	case s.kind == TypeService:
		return AWSService
	case s.group == otherAccount:
		return AnyAccount
	case s.account != c.reader.key.Account:
		return NamedAccount
	default:
		return OwnAccount
	}
}

func (c *comparison) difference(rows []row) Difference {
	first := rows[0].finding
	d := Difference{
		Policy: first.cause.which, Statement: first.cause.statement,
		Principals: c.principalWords(rows), Actions: rows[0].actions.Names(),
		Scope: c.scope(rows[0].subject), Delegated: first.delegated,
	}
	if rows[0].actions == AllActions {
		d.Actions = []string{"kms:*"}
	}
	d.SID = c.statement(first.cause).SID
	d.Witness = c.witness(first)
	return d
}

// statement returns the statement of an origin.
func (c *comparison) statement(o origin) *policy.Statement {
	list := c.actual
	if o.which == Baseline {
		list = c.baseline
	}
	i := slices.IndexFunc(list, func(s statement) bool { return s.index == o.statement })
	return list[i].Statement
}

// witness returns one request of a finding.
func (c *comparison) witness(f finding) Request {
	s := f.half.subject
	request := Request{
		Principal: s.arn, PrincipalType: s.kind, PrincipalAccount: s.account,
		IdentityPolicyAllows: f.half.iam, Action: f.actions.first(), Resource: c.reader.key.ARN,
		Context: s.context(),
	}
	return request
}

// conditionsID is the same for the same conditions.
func conditionsID(b box) string { return signature([]grant{{when: b}}) }

// principalWords names the subjects of rows, groups in words.
func (c *comparison) principalWords(rows []row) []string {
	roles := map[string]bool{}
	for _, r := range rows {
		if r.subject.kind == TypeRole {
			roles[r.subject.arn] = true
		}
	}
	var words []string
	for _, group := range groupBy(rows, func(r row) string { return r.subject.groupID() }) {
		if s := group[0].subject; s.group == otherSession && roles[s.roleARN] {
			continue // to name a role is to name its sessions
		}
		words = append(words, c.groupWords(group)...)
	}
	return words
}

// groupID is the same for the unnamed principals of one account.
func (s *subject) groupID() string {
	if s.group == otherOfAccount || s.group == otherAccount {
		return s.account
	}
	return s.arn
}

// typesOfAccount is how many types of principals an account has.
const typesOfAccount = 5

// groupWords names the subjects of one group.
func (c *comparison) groupWords(rows []row) []string {
	s := rows[0].subject
	other := "" // beside named ones, a group is "every other"
	if slices.ContainsFunc(c.subjects, func(n subject) bool { return n.group == named && n.account == s.account }) {
		other = "other "
	}
	of := "account " + s.account
	switch s.group {
	case named:
		return []string{s.arn}
	case otherSession:
		return []string{"every other session of role " + s.name + " of " + of}
	case otherService:
		return []string{"every " + other + "AWS service"}
	case otherAccount:
		of = "any other account"
	case otherOfAccount:
	}
	withRoot := slices.ContainsFunc(rows, func(r row) bool { return r.subject.kind == TypeRoot })
	switch {
	case len(rows) == typesOfAccount:
		return []string{"every " + other + "principal of " + of}
	case len(rows) == typesOfAccount-1 && !withRoot:
		return []string{"every " + other + "principal of " + of + " but its root user"}
	}
	var words []string
	for _, r := range rows {
		words = append(words, "every "+other+r.subject.kind.words()+" of "+of)
	}
	return words
}

func (t PrincipalType) words() string {
	switch t {
	case TypeSession:
		return "role session"
	case TypeFederated:
		return "federated user"
	case TypeRoot:
		return "root user"
	default:
		return string(t)
	}
}

// groupBy splits a list by a key, in the order in which keys first appear.
func groupBy[T any, K comparable](list []T, key func(T) K) [][]T {
	var groups [][]T
	index := map[K]int{}
	for _, item := range list {
		k := key(item)
		i, ok := index[k]
		if !ok {
			i = len(groups)
			index[k] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], item)
	}
	return groups
}
