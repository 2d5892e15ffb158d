package lint

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// checkAvailability looks for conditions on keys that are in no request, or not in every
// request, that the statement is about.
func checkAvailability(s *statement) {
	for i, c := range s.Conditions {
		key := s.keys[i]
		nullOfSet := c.Operator.Family == policy.NullFamily && c.Operator.Set != policy.NoSet // has a finding of its own
		if !key.UsableInKeyPolicy || len(s.covered) == 0 || nullOfSet || s.decided[i] {
			continue
		}
		holds, decided := holdsWithoutKey(c)
		if !decided {
			continue
		}
		switch who := s.neverCarries(key); {
		case who != "" && s.isRare(key):
			s.report(s.conditionKey(i), RareConditionKey, "",
				"requests of roles carry %s only where AWS documents it, as in imports into CloudTrail Lake; in all others %s", quote(c.Key), s.then(holds))
		case who != "":
			s.decided[i] = true
			s.absentForAll(s.conditionKey(i), c, holds, who)
		default:
			s.absentForSome(s.conditionKey(i), c, key, holds)
		}
	}
}

// isRare tells the keys of a request's source where a role or an account is named: the
// requests of a few services that use a role carry them.
func (s *statement) isRare(key catalog.ConditionKey) bool {
	return (key.Name == "aws:SourceArn" || key.Name == "aws:SourceAccount") && slices.ContainsFunc(s.covered, key.AvailableFor) &&
		slices.ContainsFunc(s.Principals.Entries, func(p policy.Principal) bool {
			return p.Kind == policy.Role || p.Kind == policy.Session || p.Kind == policy.Account
		})
}

// then says what becomes of the statement where one of its conditions holds or does not.
func (s *statement) then(holds bool) string {
	if holds {
		return "the condition always holds"
	}
	return s.nothing()
}

// neverCarries says which requests, all that the statement is about, never carry a key; ""
// where one may.
func (s *statement) neverCarries(key catalog.ConditionKey) string {
	if !slices.ContainsFunc(s.covered, key.AvailableFor) {
		return "requests for " + quoteAll(withPrefix(s.covered))
	}
	if s.Principals.Negated || len(s.Principals.Entries) == 0 {
		return ""
	}
	services, others := 0, 0
	for _, p := range s.Principals.Entries {
		switch p.Kind {
		case policy.Service:
			services++
		case policy.Anyone:
			services, others = services+1, others+1
		default:
			others++
		}
	}
	switch {
	case key.Caller == catalog.ServiceCaller && services == 0:
		return "requests that are not made by an AWS service itself"
	case key.Caller == catalog.IdentityCaller && others == 0:
		return "requests that an AWS service makes itself"
	default:
		return ""
	}
}

func withPrefix(names []string) []string {
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = "kms:" + name
	}
	return list
}

// absentForAll reports a condition on a key that no request carries; holds is what it then is.
func (s *statement) absentForAll(about spot, c policy.Condition, holds bool, who string) {
	switch {
	case !holds:
		s.dead(about, "", "%s is never in %s%s", quote(c.Key), who, asOf)
	case c.Operator.Negated && c.Operator.Set == policy.NoSet && !c.Operator.IfExists:
		s.report(about, NegatedOperatorOnAbsentKey, "", "%s is never in %s, so %s always holds%s", quote(c.Key), who, c.Operator, asOf)
	default:
		s.report(about, ConditionWithoutEffect, "", "%s is never in %s, so %s always holds%s", quote(c.Key), who, c.Operator, asOf)
	}
}

// absentForSome reports actions that the statement names in full, though its condition is
// about a key that their requests never carry: they are ruled out, or denied always.
// Patterns cover more than their author thinks of. kms:DescribeKey is in policies of the AWS
// documentation beside a condition on the encryption context, and does no harm there.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func (s *statement) absentForSome(about spot, c policy.Condition, key catalog.ConditionKey, holds bool) {
	if s.Actions.Negated {
		return
	}
	var without []string
	for i, value := range s.Actions.Values {
		if len(s.matching[i]) != 1 || isPattern(value) {
			continue
		}
		if name := s.matching[i][0]; !key.AvailableFor(name) && (holds || name != "DescribeKey") {
			without = append(without, value)
		}
	}
	plainNegation := c.Operator.Negated && c.Operator.Set == policy.NoSet && !c.Operator.IfExists
	switch {
	case len(without) == 0:
	case !holds:
		s.report(about, DeadAction, "", "requests for %s never carry %s, so the condition rules them out%s", quoteAll(without), quote(c.Key), asOf)
	case plainNegation && s.Effect == policy.Deny:
		s.report(about, NegatedOperatorOnAbsentKey, "", "requests for %s never carry %s, so %s always denies them; give them a statement of their own, or use %sIfExists%s",
			quoteAll(without), quote(c.Key), c.Operator, c.Operator, asOf)
	}
}
