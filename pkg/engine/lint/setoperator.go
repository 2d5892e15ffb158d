package lint

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func checkSetOperators(s *statement) {
	for i, c := range s.Conditions {
		key := s.keys[i]
		if key.Name == "" {
			continue
		}
		about := s.conditionKey(i)
		isSet, isNull := c.Operator.Set != policy.NoSet, c.Operator.Family == policy.NullFamily
		switch {
		case isSet && isNull:
			s.setOfNull(i, c)
		case c.Operator.Set == policy.ForAllValues && key.RefusesForAllValues():
			s.report(about, OverlyPermissiveCondition, "", "KMS refuses ForAllValues with %s: it would match requests without the key; leave ForAllValues out", quote(c.Key))
		case isSet && !key.MultiValued:
			s.report(about, SetOperatorOnSingleValuedKey, "", "%s has one value at most, so %s has no place here; leave it out", key.Name, setName(c.Operator.Set))
		case !isSet && !isNull && key.MultiValued:
			s.report(about, MultiValuedKeyWithoutSetOperator, "", "%s may have several values; AWS requires ForAllValues or ForAnyValue with it", key.Name)
		case c.Operator.Set == policy.ForAllValues && s.Effect == policy.Allow && !key.Required && !s.forcesPresence(key):
			s.report(about, VacuousForAllValues, "", `a request without %s is allowed too; add {"Null": {%q: "false"}} where it has to be there`, key.Name, key.Name)
		}
	}
}

// setOfNull reports Null with a set operator, which does not look at the key at all.
func (s *statement) setOfNull(i int, c policy.Condition) {
	about := s.conditionKey(i)
	s.decided[i] = true
	if c.Operator.Set == policy.ForAnyValue {
		s.dead(about, "Null", "%s never holds", c.Operator)
		return
	}
	s.report(about, ConditionWithoutEffect, "Null", "%s always holds, whatever the key", c.Operator)
}

func setName(set policy.SetOperator) string {
	if set == policy.ForAllValues {
		return "ForAllValues"
	}
	return "ForAnyValue"
}

// partsOf are keys of which each member of a family implies that the key is there: a request
// with one entry of the encryption context has keys of the encryption context.
var partsOf = map[string]string{
	"kms:EncryptionContextKeys": "kms:EncryptionContext:",
	"aws:TagKeys":               "aws:RequestTag/",
}

// forcesPresence tells whether the statement holds only for requests that carry a key.
func (s *statement) forcesPresence(key catalog.ConditionKey) bool {
	for i, c := range s.Conditions {
		other := s.keys[i].Name
		if other != key.Name && (other == "" || other != partsOf[key.Name]) {
			continue
		}
		if holds, decided := holdsWithoutKey(c); decided && !holds {
			return true
		}
	}
	return false
}

// holdsWithoutKey tells whether a condition holds in a request that does not carry its key;
// decided is false where AWS does not say, or the condition has no value to compare.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func holdsWithoutKey(c policy.Condition) (holds, decided bool) {
	o := c.Operator
	switch {
	case len(c.Values) == 0:
		return false, false
	case o.Family == policy.NullFamily && o.Set == policy.NoSet:
		return anyFold(c.Values, "true"), true
	case o.Set == policy.ForAllValues:
		return true, true
	case o.Set == policy.ForAnyValue:
		return false, !o.IfExists
	default:
		return o.IfExists || o.Negated, true
	}
}

func anyFold(values []string, wanted string) bool {
	for _, value := range values {
		if strings.EqualFold(value, wanted) {
			return true
		}
	}
	return false
}
