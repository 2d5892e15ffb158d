package integration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Statements returns the statements that the policy of a key may carry. Their Sids are unique
// in the row, and none is one of the default key policy. There are none where the service
// does not work with keys in the Region. The caller owns them.
//
// An error says which of the facts does not belong to a key, or that AWS does not document
// integrations for the partition. A row of any place has errors only for an account or place
// that is none: where the Region or the partition is not known, it leaves out what needs it.
func (r *Row) Statements(key Facts) ([]policy.Statement, error) {
	check := key.check
	if r.AnyPlace {
		check = key.checkAnyPlace
	}
	err := check()
	var list []policy.Statement
	if err == nil {
		list, err = r.statements(key)
	}
	if err != nil {
		return nil, fmt.Errorf("integration %s: %w", r.Name, err)
	}
	return list, nil
}

// statements is Statements for facts that were checked.
func (r *Row) statements(f Facts) ([]policy.Statement, error) {
	if !f.works(r) {
		return nil, nil
	}
	m := maker{row: r, facts: f}
	m.forServices()
	m.forRoles()
	m.forVia()
	if err := m.further(); err != nil {
		return nil, err
	}
	if len(r.Includes) > 0 && f.check() == nil {
		for _, other := range table() {
			if err := m.include(other); err != nil {
				return nil, err
			}
		}
	}
	return m.list, nil
}

func (r *Row) includesAll() bool { return slices.Contains(r.Includes, "*") }

// maker makes the statements of one row for one key.
type maker struct {
	row   *Row
	facts Facts
	list  []policy.Statement
}

// allow adds a statement. In a key policy, the Resource "*" is the key.
func (m *maker) allow(what string, who []policy.Principal, actions []string, conditions ...policy.Condition) {
	if len(who) == 0 || len(actions) == 0 {
		return
	}
	m.add(policy.Statement{
		SID: "Allow " + m.row.Name + " " + what, Effect: policy.Allow, Principals: policy.Principals{Entries: slices.Clone(who)},
		Actions: policy.Values(slices.Clone(actions)...), Resources: policy.Values("*"), Conditions: conditions,
	})
}

// add adds a statement, with a number behind a Sid that the row has already.
func (m *maker) add(st policy.Statement) {
	sid := st.SID
	for n := 2; slices.ContainsFunc(m.list, func(other policy.Statement) bool { return other.SID == st.SID }); n++ {
		st.SID = sid + " " + strconv.Itoa(n)
	}
	m.list = append(m.list, st)
}

// forServices adds what the row's services may do: for each bound a statement with the use of
// the key, and one with the grants.
func (m *maker) forServices() {
	var who []policy.Principal
	for _, name := range m.facts.services(m.row) {
		who = append(who, policy.Principal{Kind: policy.Service, Text: name})
	}
	for _, bound := range m.row.Bounds {
		use, grants := m.row.Use, m.row.Grants
		if len(bound.Actions) > 0 {
			use, grants = bound.Actions, nil
		}
		by := "by " + keyInWords(bound.Key)
		m.allow(by, who, use, bound.condition(m.facts))
		m.allow("to make grants "+by, who, grants, bound.condition(m.facts), forAWSResource())
	}
	m.allow("to look at the key", who, m.row.Auxiliary)
}

// forRoles adds what the row's roles may do: a statement that names them, and one for the
// patterns, because a principal has no wildcards.
func (m *maker) forRoles() {
	prefix := "arn:" + m.facts.Partition + ":iam::" + m.facts.Account + ":role/"
	var named []policy.Principal
	var patterns []string
	for _, role := range m.row.Roles {
		if strings.Contains(role, "*") {
			patterns = append(patterns, prefix+role)
			continue
		}
		named = append(named, policy.Principal{
			Kind: policy.Role, Text: prefix + role,
			Partition: m.facts.Partition, AccountID: m.facts.Account, Name: role[strings.LastIndexByte(role, '/')+1:],
		})
	}
	m.allow("roles", named, m.row.Use)
	m.allow("roles to make grants", named, m.row.Grants, forAWSResource())
	if len(patterns) > 0 {
		like := policy.Condition{Operator: arnLike, Key: "aws:PrincipalArn", Values: patterns}
		m.allow("roles by pattern", anyone, m.row.Use, like)
		m.allow("roles by pattern to make grants", anyone, m.row.Grants, like, forAWSResource())
	}
}

// forVia adds what principals of the account may do through the row's services.
func (m *maker) forVia() {
	if len(m.row.Via) == 0 {
		return
	}
	account := policy.Condition{Operator: stringEquals, Key: "kms:CallerAccount", Values: []string{m.facts.Account}}
	via := policy.Condition{Operator: stringEquals, Key: "kms:ViaService", Values: m.facts.expandAll(m.row.Via)}
	m.allow("through the service", anyone, m.row.Use, account, via)
	m.allow("through the service to make grants", anyone, m.row.Grants, account, via, forAWSResource())
}

// further adds the row's further statements, but for those that need a Region where none is known.
func (m *maker) further() error {
	for _, raw := range m.row.Further {
		if m.facts.Region == "" && strings.Contains(string(raw), "${Region}") {
			continue
		}
		d, err := policy.Parse(`{"Version":"` + policy.Version2012 + `","Statement":` + m.facts.expand(string(raw)) + `}`)
		if err != nil {
			return fmt.Errorf("a statement of the table: %w", err)
		}
		for _, st := range d.Statements {
			st.Offset, st.End = 0, 0
			m.add(st)
		}
	}
	return nil
}

// include adds what another row permits, if the row names it. A row that includes all rows has
// statements of its own for every service that is bounded by a Source key, so it takes what
// else services may do: by an encryption context, or to look at the key. Roles and principals
// of the account are for the baseline to permit.
func (m *maker) include(other *Row) error {
	every := m.row.includesAll()
	if !m.facts.works(other) || other == m.row || !every && !slices.Contains(m.row.Includes, other.Name) {
		return nil
	}
	o := maker{row: other, facts: m.facts}
	o.forServices()
	if !every {
		o.forRoles()
		o.forVia()
		if err := o.further(); err != nil {
			return err
		}
	}
	for _, st := range o.list {
		if !every || !isBySource(st) {
			m.merge(st)
		}
	}
	return nil
}

// isBySource tells whether a Source key bounds a statement.
func isBySource(st policy.Statement) bool {
	return slices.ContainsFunc(st.Conditions, func(c policy.Condition) bool { return strings.HasPrefix(c.Key, "aws:Source") })
}

// merge adds a statement, or its services to a statement that is alike.
func (m *maker) merge(st policy.Statement) {
	i := slices.IndexFunc(m.list, func(other policy.Statement) bool { return isAlike(st, other) })
	if i < 0 {
		m.add(st)
		return
	}
	for _, p := range st.Principals.Entries {
		if !slices.Contains(m.list[i].Principals.Entries, p) {
			m.list[i].Principals.Entries = append(m.list[i].Principals.Entries, p)
		}
	}
}

// isAlike tells whether two statements differ in nothing but the services that they name.
func isAlike(a, b policy.Statement) bool {
	isService := func(p policy.Principal) bool { return p.Kind == policy.Service }
	return isService(a.Principals.Entries[0]) && isService(b.Principals.Entries[0]) &&
		slices.Equal(a.Actions.Values, b.Actions.Values) && policy.CanonicalConditions(a.Conditions) == policy.CanonicalConditions(b.Conditions)
}

// condition is the bound for one key.
func (c Condition) condition(f Facts) policy.Condition {
	operator, err := policy.ParseOperator(c.Operator)
	if err != nil {
		panic("integration: " + err.Error()) // an operator of the table, which a test reads
	}
	return policy.Condition{Operator: operator, Key: c.Key, Values: f.expandAll(c.Values)}
}

// keyInWords is a bound's key as a Sid has it.
func keyInWords(key string) string {
	switch {
	case strings.HasPrefix(key, "kms:EncryptionContext:"):
		return "encryption context"
	case key == "aws:SourceArn":
		return "source ARN"
	case key == "aws:SourceAccount":
		return "source account"
	default:
		return key
	}
}

var (
	stringEquals, _ = policy.ParseOperator("StringEquals")
	arnLike, _      = policy.ParseOperator("ArnLike")
	boolean, _      = policy.ParseOperator("Bool")

	// anyone is "*": a statement for it needs a condition on who calls.
	anyone = []policy.Principal{{Kind: policy.Anyone, Text: "*"}}
)

// forAWSResource holds for grants that a service makes for its own resources.
func forAWSResource() policy.Condition {
	return policy.Condition{Operator: boolean, Key: "kms:GrantIsForAWSResource", Values: []string{"true"}}
}
