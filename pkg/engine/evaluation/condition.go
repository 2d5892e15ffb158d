package evaluation

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// condition decides one key under one operator (semantics 3), in the order of the rules:
// Null asks for presence only; then an empty value list; then an absent key; then the
// values.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (e *evaluation) condition(c policy.Condition) truth {
	values := e.context[folded(c.Key)].values
	present := len(values) > 0 // an empty list of values is the same as absent
	switch {
	case c.Operator.Family == policy.NullFamily:
		return null(c, present)
	case len(c.Values) == 0:
		return emptyValueList(c, present)
	case !present:
		return absent(c)
	}
	var each []truth // for each value of the request, whether it meets the operator
	for _, value := range values {
		each = append(each, e.value(c, value))
	}
	switch c.Operator.Set {
	case policy.ForAllValues:
		return all(each...)
	case policy.ForAnyValue:
		return anyOf(each...)
	default:
		return e.withoutSetOperator(c, each)
	}
}

// null decides Null, which asks whether the key is absent ("true") or present ("false").
// Under a set operator it is decided by the operator alone, always.
func null(c policy.Condition, present bool) truth {
	switch {
	case c.Operator.Set == policy.ForAllValues && len(c.Values) == 0 && present:
		return emptyValues(c) // the rule of Null says true, that of an empty list false
	case c.Operator.Set == policy.ForAllValues:
		return is(true)
	case c.Operator.Set == policy.ForAnyValue:
		return is(false)
	case len(c.Values) == 0:
		return emptyValues(c)
	}
	var list []truth
	for _, value := range c.Values {
		mustBeAbsent, err := policy.ParseBool(value)
		if err != nil {
			return unreadable(c, value)
		}
		list = append(list, is(mustBeAbsent == !present))
	}
	return anyOf(list...)
}

// emptyValueList decides a condition that lists no value: with ForAllValues or IfExists
// only an absent key meets it, with ForAnyValue nothing does, and AWS says nothing of the
// rest.
func emptyValueList(c policy.Condition, present bool) truth {
	o := c.Operator
	switch {
	case o.Set == policy.ForAllValues:
		return is(!present)
	case o.Set == policy.ForAnyValue && o.IfExists && !present:
		return forAnyValueIfExists(c)
	case o.Set == policy.ForAnyValue:
		return is(false)
	case o.IfExists:
		return is(!present)
	default:
		return emptyValues(c)
	}
}

// absent decides a condition on a key that the request does not have. The order counts.
func absent(c policy.Condition) truth {
	o := c.Operator
	switch {
	case o.Set == policy.ForAllValues:
		return is(true)
	case o.Set == policy.ForAnyValue && o.IfExists:
		return forAnyValueIfExists(c)
	case o.Set == policy.ForAnyValue:
		return is(false) // over a negated operator too
	case o.IfExists:
		return is(true)
	case o.Negated:
		return is(true)
	default:
		return is(false)
	}
}

// value decides one value of the request: the values of the policy are alternatives, and
// a negated operator is the opposite of all of them together.
func (e *evaluation) value(c policy.Condition, value string) truth {
	var list []truth
	for _, listed := range c.Values {
		list = append(list, e.compare(c, listed, value))
	}
	if c.Operator.Negated {
		return not(anyOf(list...))
	}
	return anyOf(list...)
}

// withoutSetOperator decides a present key under a plain operator. A single-valued key
// has one value. A multi-valued key has two readings: it never meets a plain operator,
// not even a negated one; or it does as a single value would. Of several values the
// second reading does not say which counts, so one that would meet it is enough.
func (e *evaluation) withoutSetOperator(c policy.Condition, each []truth) truth {
	asSingle := anyOf(each...)
	if !e.multiValued(c.Key) || asSingle.state == no {
		return asSingle
	}
	return unclear(MissingSetOperator, quoted(c.Key)+" may have several values, and "+c.Operator.String()+" has no ForAllValues or ForAnyValue")
}

// multiValued tells whether a key may have several values in one request: as AWS
// documents it; a key that AWS does not document, if it stands under a set operator
// anywhere in the policy or has a list of values in the request.
func (e *evaluation) multiValued(key string) bool {
	if _, known := catalog.LookupConditionKey(key); known {
		return catalog.MultiValued(key)
	}
	for i := range e.document.Statements {
		for _, c := range e.document.Statements[i].Conditions {
			if c.Operator.Set != policy.NoSet && folded(c.Key) == folded(key) {
				return true
			}
		}
	}
	return e.context[folded(key)].list
}

func emptyValues(c policy.Condition) truth {
	return unclear(EmptyValueList, c.Operator.String()+" lists no value for "+quoted(c.Key))
}

func forAnyValueIfExists(c policy.Condition) truth {
	return unclear(ForAnyValueIfExists, "the request has no "+quoted(c.Key)+": by ForAnyValue "+c.Operator.String()+" is false, by IfExists true")
}

func unreadable(c policy.Condition, value string) truth {
	return unclear(UnreadableStatement, c.Operator.String()+" cannot read "+quoted(value))
}
