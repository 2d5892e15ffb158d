package lint

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// checkContradictions looks for conditions on one key that no value meets together, such as
// two different literals under StringEquals and StringLike, or a value and Null.
func checkContradictions(s *statement) {
	groups := map[string][]int{}
	var keys []string
	for i, c := range s.Conditions {
		if s.decided[i] || c.Operator.Set != policy.NoSet || len(c.Values) == 0 || catalog.MultiValued(c.Key) {
			continue
		}
		key := strings.ToLower(c.Key)
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], i)
	}
	for _, key := range keys {
		if group := groups[key]; len(group) > 1 && s.contradict(group) {
			last := group[len(group)-1]
			s.dead(s.conditionKey(last), "", "no value of %s meets all the conditions on it", quote(s.Conditions[last].Key))
		}
	}
}

// contradict tells whether some conditions on one key of one value exclude each other.
func (s *statement) contradict(group []int) bool {
	values, present := []string(nil), false
	for _, i := range group {
		c := s.Conditions[i]
		if holds, decided := holdsWithoutKey(c); !decided || holds {
			continue
		}
		present = true
		if values == nil && isListOfValues(c.Operator) {
			values = c.Values
		}
	}
	if !present {
		return false // a request without the key meets them all
	}
	for _, i := range group {
		if c := s.Conditions[i]; c.Operator.Family == policy.NullFamily && !anyFold(c.Values, "false") {
			return true
		}
	}
	return values != nil && !s.anyMeetsAll(values, group)
}

// isListOfValues tells the operators that hold for the listed values and no other.
func isListOfValues(o policy.Operator) bool {
	return !o.Negated && (o.Family == policy.BoolFamily || o.Family == policy.StringFamily && o.Comparison == policy.Equals)
}

func (s *statement) anyMeetsAll(values []string, group []int) bool {
	var patterns []string
	for _, i := range group {
		patterns = append(patterns, s.Conditions[i].Values...)
	}
	if !s.afford(values, patterns) {
		return true
	}
	for _, value := range values {
		meets := true
		for _, i := range group {
			meets = meets && s.mayMatch(s.Conditions[i], value)
		}
		if meets || s.isVariable(value) {
			return true
		}
	}
	return false
}
