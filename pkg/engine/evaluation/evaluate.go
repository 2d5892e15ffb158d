package evaluation

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Decision is the answer to a request. The values are stable.
type Decision string

// The decisions.
const (
	// Allowed: the key policy allows the request by itself.
	Allowed Decision = "allowed"
	// Delegated: allowed only because the principal's own account allows it: for all
	// that is sure, every statement that allows it names an account, or the principal is
	// of another account. Without [Request.IdentityPolicyAllows] it would not be.
	Delegated Decision = "delegated"
	// ImplicitlyDenied: no statement allows the request, in any reading, and no Deny is
	// sure to match.
	ImplicitlyDenied Decision = "implicitly-denied"
	// ExplicitlyDenied: a Deny matches.
	ExplicitlyDenied Decision = "explicitly-denied"
	// Inconclusive: it depends on a reading that AWS does not document whether the
	// request is allowed, or the request cannot exist.
	Inconclusive Decision = "inconclusive"
)

// Allows tells whether the request is allowed: the decision is Allowed or Delegated.
func (d Decision) Allows() bool { return d == Allowed || d == Delegated }

// Evaluate decides one request against one policy of a key. The reasons are those of
// an Inconclusive decision: the statements that have two readings. With any other
// decision there are none.
//
// A request that fails [Request.Check] is Inconclusive, with one reason of code
// UnfitRequest. Evaluate never panics on a document of [policy.Parse] and always
// answers the same for the same arguments.
func Evaluate(key policy.Key, d policy.Set, r Request) (Decision, []Reason) {
	q, err := Ask(key, r)
	if err != nil {
		return Inconclusive, []Reason{{Statement: noStatement, Code: UnfitRequest, Detail: err.Error()}}
	}
	return q.Decide(d)
}

// Question is a request that can be made for a key, to be asked of several policies.
type Question struct{ e evaluation }

// Ask returns the question of a request. It returns the error of [Request.Check].
func Ask(key policy.Key, r Request) (*Question, error) {
	c, context, err := r.checked(key)
	if err != nil {
		return nil, err
	}
	return &Question{evaluation{key: key, request: r, caller: c, context: context, action: folded(r.Action)}}, nil
}

// Decide answers the question for one policy, as [Evaluate] does.
func (q *Question) Decide(d policy.Set) (Decision, []Reason) {
	e := q.e
	e.document = d
	deny, direct, granted := is(false), is(false), is(false)
	for i := range d.Statements {
		s := &d.Statements[i]
		switch s.Effect {
		case policy.Deny:
			if who := e.denyPrincipals(s.Principals); who.state != no {
				deny = anyOf(deny, in(i, all(who, e.rest(s))))
			}
		case policy.Allow:
			named, covered := e.allowPrincipals(s.Principals)
			if covered.state == no { // then it names nobody either
				continue
			}
			rest := e.rest(s)
			direct = anyOf(direct, in(i, all(named, rest)))
			granted = anyOf(granted, in(i, all(covered, rest)))
		default:
			deny = anyOf(deny, in(i, unclear(UnreadableStatement, "the statement has no effect that is known")))
		}
	}
	if !e.iamAllows() {
		granted = direct
	}
	return decide(deny, direct, granted)
}

// decide combines the statements (semantics 2.1, 2.2). deny: a Deny matches. granted:
// an Allow covers the request. direct: one covers it whatever IAM policies say.
func decide(deny, direct, granted truth) (Decision, []Reason) {
	switch {
	case deny.state == yes:
		return ExplicitlyDenied, nil
	case granted.state == no:
		return ImplicitlyDenied, nil
	case deny.state == open:
		return Inconclusive, append(deny.why, granted.why...)
	case granted.state == open:
		return Inconclusive, granted.why
	case direct.state == yes:
		return Allowed, nil
	default:
		return Delegated, nil
	}
}

// in puts the number of a statement into the reasons of what is open in it.
func in(statement int, t truth) truth {
	why := make([]Reason, len(t.why))
	for i, r := range t.why {
		r.Statement = statement
		why[i] = r
	}
	t.why = why
	return t
}

// evaluation is one call of Evaluate.
type evaluation struct {
	key      policy.Key
	document policy.Set
	request  Request
	caller   caller
	context  map[string]contextKey // by folded name
	action   string                // folded
}

// iamAllows is the request's "iam" (semantics 1): that of a root user and of a service
// is always with.
func (e *evaluation) iamAllows() bool {
	return e.request.IdentityPolicyAllows || e.request.PrincipalType == RootPrincipal || e.request.PrincipalType == ServicePrincipal
}

// rest is all of a statement but its principals.
func (e *evaluation) rest(s *policy.Statement) truth {
	covered := all(e.actions(s.Actions), e.resource(s.Resources))
	if covered.state == no || len(s.Conditions) == 0 {
		return covered
	}
	list := []truth{covered}
	for _, c := range s.Conditions {
		list = append(list, e.condition(c))
	}
	return all(list...)
}
