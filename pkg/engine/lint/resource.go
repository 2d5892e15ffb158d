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
		s.report(s.places.start, DeadStatement, `the statement has no Resource, so no request matches it; write "*", which is the key itself`)
	case len(values) == 0:
		s.report(s.places.start, DeadStatement, `the list of resources is empty, so no request matches the statement; write "*", which is the key itself`)
	case s.Resources.Negated && slices.ContainsFunc(values, s.isKey):
		s.report(s.places.resource(0), DeadStatement, "NotResource leaves out the key itself, so no request matches the statement")
	case s.Resources.Negated:
		s.report(s.places.resource(0), ResourceNotStar, `in a key policy NotResource does nothing but hide that every request is meant; write Resource "*"`)
	case slices.Contains(values, "*"):
	case !slices.ContainsFunc(values, s.mayBeKey):
		s.report(s.places.resource(0), DeadStatement, `the statement is about %s, not about this key, so no request matches it; write "*"`, quoteAll(values))
	default:
		s.report(s.places.resource(0), ResourceNotStar, `the resource of a key policy is always the key; write "*" instead of %s`, quoteAll(values))
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
