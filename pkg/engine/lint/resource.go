package lint

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func checkResources(s *statement) {
	values := s.Resources.Values
	switch {
	case !s.Resources.Present:
		s.dead(s.whole(), "*", "the statement has no Resource")
	case len(values) == 0:
		s.dead(s.whole(), "*", "the list of resources is empty")
	case s.Resources.Negated && slices.ContainsFunc(values, s.isKey):
		s.dead(s.resource(0), "", "NotResource leaves out the key itself")
	case s.Resources.Negated:
		s.report(s.resource(0), ResourceNotStar, "", `in a key policy NotResource does nothing but hide that every request is meant; write Resource "*"`)
	case slices.Contains(values, "*"):
	case !slices.ContainsFunc(values, s.mayBeKey):
		s.dead(s.resource(0), "*", "the resource is %s, not this key%s", quoteAll(values), s.whichKey(values[0]))
	default:
		s.report(s.resource(0), ResourceNotStar, "*", "the resource of a key policy is always the key, and this is %s", quoteAll(values))
	}
}

// whichKey says in what the ARN of a key differs from this key's.
func (s *statement) whichKey(value string) string {
	parts, own := strings.SplitN(value, ":", 6), strings.SplitN(s.key.ARN, ":", 6)
	if len(parts) != 6 || parts[2] != "kms" {
		return ""
	}
	switch {
	case s.key.Account != "" && policy.IsAccountID(parts[4]) && parts[4] != s.key.Account:
		return " (it is in account " + parts[4] + ", the key is in " + s.key.Account + ")"
	case len(own) == 6 && regionName.MatchString(parts[3]) && parts[3] != own[3]:
		return " (it is in " + parts[3] + ", the key is in " + own[3] + ")"
	case strings.HasPrefix(parts[5], "alias/"):
		return " (an alias is no key here)"
	default:
		return ""
	}
}

// isKey tells whether a value surely covers the key.
func (s *statement) isKey(value string) bool {
	return value == "*" || s.key.ARN != "" && policy.IsLike(value, s.key.ARN)
}

// mayBeKey tells whether a value may cover the key, as far as the key is known.
func (s *statement) mayBeKey(value string) bool {
	if s.isVariable(value) {
		return true
	}
	if s.key.ARN != "" {
		return policy.IsLike(value, s.key.ARN)
	}
	return mayNameKey(value, s.key)
}

// mayNameKey tells whether a value without variables may cover the ARN of a key of which
// the partition and the account at most are known.
func mayNameKey(value string, key policy.Key) bool {
	if literal := strings.IndexAny(value, "*?"); literal >= 0 {
		begin := "arn:"
		if key.Partition != "" {
			begin += key.Partition + ":kms:"
		}
		n := min(literal, len(begin))
		return value[:n] == begin[:n]
	}
	named, err := policy.ParseKeyARN(value)
	return err == nil && (key.Partition == "" || named.Partition == key.Partition) && (key.Account == "" || named.Account == key.Account)
}
