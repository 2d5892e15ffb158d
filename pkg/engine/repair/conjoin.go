package repair

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// conjoin returns conditions that hold where both lists do, as a document can say them. One
// object holds an operator and a key once, so of two of those one has to say both: clash is
// true where that cannot be, and the result then has what a says.
func conjoin(a, b []policy.Condition) (both []policy.Condition, clash bool) {
	both = slices.Clone(a)
	for _, c := range b {
		i := slices.IndexFunc(both, func(o policy.Condition) bool {
			return o.Operator == c.Operator && strings.EqualFold(o.Key, c.Key)
		})
		if i < 0 {
			both = append(both, c)
			continue
		}
		one, more, ok := combine(both[i], c, both)
		clash = clash || !ok
		both[i] = one
		both = append(both, more...)
	}
	return both, clash
}

// combine says two conditions of one operator and key as one, or as one and more.
func combine(a, b policy.Condition, all []policy.Condition) (one policy.Condition, more []policy.Condition, ok bool) {
	one = a
	one.Values = slices.Clone(a.Values)
	if isSameCondition(a, b) {
		return one, nil, true
	}
	if a.Operator.Negated && a.Operator.Set == policy.NoSet && len(a.Values) > 0 && len(b.Values) > 0 {
		one.Values = union(a.Values, b.Values) // none of these and none of those
		return one, nil, true
	}
	if isLiteral(a) && isLiteral(b) {
		one.Values = slices.DeleteFunc(one.Values, func(v string) bool { return !slices.Contains(b.Values, v) })
		if len(one.Values) > 0 {
			return one, nil, true
		}
		one.Values = a.Values
	}
	// Where the first holds, the key is there, and IfExists changes nothing.
	if o := a.Operator; o.Set == policy.NoSet && !o.IfExists && o.Family != policy.NullFamily {
		again := policy.Condition{Operator: operator(o.String() + "IfExists"), Key: b.Key, Values: b.Values}
		used := slices.ContainsFunc(all, func(c policy.Condition) bool {
			return c.Operator == again.Operator && strings.EqualFold(c.Key, again.Key)
		})
		if !used {
			return one, []policy.Condition{again}, true
		}
	}
	return one, nil, false
}

// isLiteral tells whether two lists of values of the condition have in common just the
// values that both have: strings, compared as they are, of one key.
func isLiteral(c policy.Condition) bool {
	o := c.Operator
	return o.Family == policy.StringFamily && o.Comparison == policy.Equals && !o.Negated && !o.IfExists && o.Set != policy.ForAnyValue &&
		len(c.Values) > 0 && !slices.ContainsFunc(c.Values, func(v string) bool { return strings.Contains(v, "${") })
}

func isSameCondition(a, b policy.Condition) bool {
	return haveSameConditions([]policy.Condition{a}, []policy.Condition{b})
}

func haveSameConditions(a, b []policy.Condition) bool {
	return policy.CanonicalConditions(a) == policy.CanonicalConditions(b)
}

// merged puts together the statements that differ only in their principals, then those that
// differ only in their actions, and then those that differ only in the values of one condition.
func merged(list []policy.Statement) []policy.Statement {
	list = mergedBy(list, func(a, b *policy.Statement) bool {
		same := covered(a.Actions) == covered(b.Actions) && haveSameConditions(a.Conditions, b.Conditions)
		if same {
			a.Principals.Entries = union(a.Principals.Entries, b.Principals.Entries)
		}
		return same
	})
	list = mergedBy(list, func(a, b *policy.Statement) bool {
		same := slices.Equal(a.Principals.Entries, b.Principals.Entries) && haveSameConditions(a.Conditions, b.Conditions)
		if same {
			a.Actions.Values = union(a.Actions.Values, b.Actions.Values)
		}
		return same
	})
	return mergedBy(list, func(a, b *policy.Statement) bool {
		return covered(a.Actions) == covered(b.Actions) && slices.Equal(a.Principals.Entries, b.Principals.Entries) && mergeValues(a, b)
	})
}

// mergedBy merges each statement into the first that takes it.
func mergedBy(list []policy.Statement, merge func(into, from *policy.Statement) bool) []policy.Statement {
	var result []policy.Statement
	for i := range list {
		isMerged := false
		for j := range result {
			if isMerged = merge(&result[j], &list[i]); isMerged {
				break
			}
		}
		if !isMerged {
			result = append(result, list[i])
		}
	}
	return result
}

// mergeValues adds the values of the one condition in which two statements differ, where
// one of them has to hold.
func mergeValues(into, from *policy.Statement) bool {
	other := -1
	if len(into.Conditions) != len(from.Conditions) {
		return false
	}
	for i, c := range into.Conditions {
		switch o := from.Conditions[i]; {
		case isSameCondition(c, o):
		case other >= 0 || c.Operator != o.Operator || c.Key != o.Key || c.Operator.Negated || c.Operator.Set != policy.NoSet || len(c.Values) == 0 || len(o.Values) == 0:
			return false
		default:
			other = i
		}
	}
	if other >= 0 {
		into.Conditions = slices.Clone(into.Conditions)
		into.Conditions[other].Values = union(into.Conditions[other].Values, from.Conditions[other].Values)
	}
	return other >= 0
}
