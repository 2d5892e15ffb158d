package authz

import (
	"slices"
	"strings"
)

// Context holds the condition keys of a request. Names fold case; a name that
// is not there is absent.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
type Context map[string][]string

// Set gives a condition key its values; no value leaves the key absent.
func (c Context) Set(name string, values ...string) {
	if len(values) > 0 {
		c[strings.ToLower(name)] = values
	}
}

// values takes a lower-case name.
func (c Context) values(name string) []string { return c[name] }

// Request is one call to decide.
type Request struct {
	Subject  Subject
	Action   string // "kms:PutKeyPolicy"
	Resource string // the key's ARN, or "*" for an action without resource
	Context  Context
}

// Subject is who calls.
type Subject struct {
	Partition string // "aws", "aws-cn", "aws-us-gov"
	Account   string // 12 digits
	// Layers are the bound values (see Document.Bind) by which a policy can
	// name the caller below its account: its user, or its role and then its
	// session. The root user has none.
	Layers []string
}

// Decision is what a key policy says about a request.
type Decision struct {
	Denied    bool // a Deny statement matches
	Direct    bool // an Allow names the caller, in the key's own account
	Delegated bool // an Allow leaves it to the caller's identity policies
}

// EvaluateKeyPolicy decides the request by the policy of a key that belongs
// to the account owner. A Deny wins over everything; the caller combines the
// rest: Direct is access, Delegated is access if the identity policies allow.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
func (d *Document) EvaluateKeyPolicy(r Request, owner string) Decision {
	var decision Decision
	for _, s := range d.statements {
		if !d.applies(s, r) {
			continue
		}
		if s.deny {
			decision.Denied = decision.Denied || s.denies(r.Subject)
			continue
		}
		switch s.reach(r.Subject) {
		case byName, byEveryone:
			if r.Subject.Account == owner {
				decision.Direct = true
			} else { // a foreign account must agree
				decision.Delegated = true
			}
		case byAccount:
			decision.Delegated = true
		case notNamed:
		}
	}
	return decision
}

// EvaluateIdentityPolicies decides the request by the policies attached to
// the caller.
func EvaluateIdentityPolicies(documents []*Document, r Request) (allowed, denied bool) {
	for _, d := range documents {
		for _, s := range d.statements {
			if d.applies(s, r) {
				allowed = allowed || !s.deny
				denied = denied || s.deny
			}
		}
	}
	return allowed, denied
}

// applies tells whether action, resource and conditions match.
func (d *Document) applies(s statement, r Request) bool {
	if !s.actions.matches(strings.ToLower(r.Action), func(p string) (string, bool) {
		return markWildcards(strings.ToLower(p)), true
	}) {
		return false
	}
	if !s.resources.matches(r.Resource, func(p string) (string, bool) {
		if d.variables {
			return expand(p, r.Context, true)
		}
		return markWildcards(p), true
	}) {
		return false
	}
	for _, c := range s.conditions {
		if !c.holds(r.Context, d.variables) {
			return false
		}
	}
	return true
}

func (m matcher) matches(value string, ready func(pattern string) (string, bool)) bool {
	if len(m.patterns) == 0 {
		return false // no Action or no Resource: the statement has no effect
	}
	for _, p := range m.patterns {
		if pattern, ok := ready(p); ok && matchGlob(pattern, value) {
			return !m.negated
		}
	}
	return m.negated
}

// reach is how a Principal element names a caller, weakest first.
type reach int

const (
	notNamed reach = iota
	byAccount
	byEveryone
	byName
)

// reach returns the strongest way in which the statement's principals name
// the subject.
func (s statement) reach(subject Subject) reach {
	best := notNamed
	for _, p := range s.principals {
		if p.Type != "AWS" {
			continue
		}
		switch {
		case p.Value == "*":
			best = max(best, byEveryone)
		case isAccount(p.Value, subject):
			best = max(best, byAccount)
		case slices.Contains(subject.Layers, p.Value):
			best = byName
		}
	}
	return best
}

// denies tells whether a Deny statement that applies hits the subject.
func (s statement) denies(subject Subject) bool {
	if !s.notPrincipal {
		return s.reach(subject) != notNamed
	}
	listed := func(match func(value string) bool) bool {
		return slices.ContainsFunc(s.principals, func(p Principal) bool {
			return p.Type == "AWS" && (p.Value == "*" || match(p.Value))
		})
	}
	spared := listed(func(v string) bool { return isAccount(v, subject) })
	for _, layer := range subject.Layers {
		spared = spared && listed(func(v string) bool { return v == layer })
	}
	return !spared
}

func isAccount(value string, subject Subject) bool {
	return value == subject.Account ||
		value == "arn:"+subject.Partition+":iam::"+subject.Account+":root"
}
