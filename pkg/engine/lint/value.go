package lint

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// checkValues looks for conditions whose values none of the statement's principals can have.
func checkValues(s *statement) {
	for i, c := range s.Conditions {
		if s.decided[i] || len(c.Values) == 0 || c.Operator.Family == policy.NullFamily || s.mayHold(c) {
			continue
		}
		s.decided[i] = true
		s.dead(s.conditionValue(i, 0), "", "%s %s does not hold for any of the statement's principals", c.Operator, quote(c.Key))
	}
}

// mayHold tells whether a condition may hold for one of the statement's principals, as far
// as the principal, or the key, determines the value.
func (s *statement) mayHold(c policy.Condition) bool {
	if c.Operator.Set != policy.NoSet {
		return true
	}
	if strings.EqualFold(c.Key, "aws:ResourceAccount") && s.key.Account != "" {
		return s.mayMatch(c, s.key.Account)
	}
	var people []policy.Principal
	var texts []string
	for _, p := range s.Principals.Entries {
		if s.mayBeSomebody(p) {
			people, texts = append(people, p), append(texts, p.Text)
		}
	}
	if s.Principals.Negated || len(people) == 0 || !s.afford(texts, c.Values) {
		return true
	}
	return slices.ContainsFunc(people, func(p policy.Principal) bool { return s.mayHoldFor(c, p) })
}

// principalTypes are the values of aws:PrincipalType.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
var principalTypes = map[policy.PrincipalKind]string{
	policy.User: "User", policy.Role: "AssumedRole", policy.Session: "AssumedRole", policy.FederatedUser: "FederatedUser",
}

func (s *statement) mayHoldFor(c policy.Condition, p policy.Principal) bool {
	if p.Kind == policy.Anyone {
		return true
	}
	service := p.Kind == policy.Service
	switch key := strings.ToLower(c.Key); {
	case key == "aws:principalisawsservice" && service:
		return s.mayMatch(c, "true")
	case key == "aws:principalisawsservice":
		return s.mayMatch(c, "false")
	case service:
		return key != "aws:principalservicename" || s.mayMatch(c, p.Text)
	case key == "kms:calleraccount" || key == "aws:principalaccount":
		return s.mayMatch(c, p.AccountID)
	case key == "aws:principalarn":
		return s.mayBeARNOf(c, p)
	case key == "aws:principaltype" && p.Kind != policy.Account:
		return s.mayMatch(c, principalTypes[p.Kind])
	case key == "aws:username" && p.Kind == policy.User:
		return s.mayMatch(c, p.Name)
	case key == "aws:username" && p.Kind != policy.Account: // roles, sessions and federated users have none
		holds, decided := holdsWithoutKey(c)
		return holds || !decided
	default:
		return true
	}
}

// mayMatch tells whether a condition may hold for one value of its key.
func (s *statement) mayMatch(c policy.Condition, value string) bool {
	holds, decided := s.holds(c, value)
	return holds || !decided
}

// mayBeARNOf does it for the ARN of a principal. Of a session, and of whoever an account
// principal stands for, no more than the account is known.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
func (s *statement) mayBeARNOf(c policy.Condition, p policy.Principal) bool {
	if p.Kind != policy.Account && p.Kind != policy.Session {
		return s.mayMatch(c, p.Text)
	}
	if c.Operator.Negated || c.Operator.IfExists {
		return true
	}
	return slices.ContainsFunc(c.Values, func(value string) bool {
		parts := strings.SplitN(value, ":", 6)
		return len(parts) != 6 || s.isVariable(value) || !policy.IsAccountID(parts[4]) || parts[4] == p.AccountID
	})
}

// holds decides a condition without set operator in a request in which its key has one
// value; decided is false where that takes a policy variable, more than comparing text, or
// a rule that AWS does not document. The condition has values.
func (s *statement) holds(c policy.Condition, value string) (holds, decided bool) {
	if slices.ContainsFunc(c.Values, s.isVariable) {
		return false, false
	}
	var matches func(pattern string) bool
	switch o := c.Operator; {
	case o.Family == policy.BoolFamily || o.Family == policy.StringFamily && o.Comparison == policy.EqualsIgnoreCase:
		matches = func(pattern string) bool { return strings.EqualFold(pattern, value) }
	case o.Family == policy.StringFamily && o.Comparison == policy.Equals:
		matches = func(pattern string) bool { return pattern == value }
	case o.Family == policy.StringFamily:
		matches = func(pattern string) bool { return policy.IsLike(pattern, value) }
	case o.Family == policy.ArnFamily && !slices.ContainsFunc(c.Values, isShortPattern):
		matches = func(pattern string) bool { return globARN(pattern, value) }
	default:
		return false, false
	}
	return slices.ContainsFunc(c.Values, matches) != c.Operator.Negated, true
}

// isShortPattern tells the patterns that have not the six parts of an ARN, such as "*": AWS
// does not say whether they match one.
func isShortPattern(value string) bool {
	return isPattern(value) && strings.Count(value, ":") < 5
}
