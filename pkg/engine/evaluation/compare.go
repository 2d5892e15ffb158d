package evaluation

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// compare tells whether a value of the request meets one value that a condition lists,
// apart from negation (semantics 3, "Values").
//
// Assumption: a value of the request that is not of the operator's type (no number under
// a Numeric operator, say) meets no value, so that a negated operator holds.
func (e *evaluation) compare(c policy.Condition, listed, value string) truth {
	switch c.Operator.Family {
	case policy.StringFamily:
		return e.compareString(c.Operator.Comparison, listed, value)
	case policy.ArnFamily:
		return e.compareARN(listed, value)
	case policy.NumericFamily:
		return compareNumber(c, listed, value)
	case policy.DateFamily:
		return compareDate(c, listed, value)
	case policy.BoolFamily:
		return compareBool(c, listed, value)
	case policy.BinaryFamily:
		return compareBinary(c, listed, value)
	case policy.IPFamily:
		return compareIP(c, listed, value)
	default: // Null asks for no value
		return unreadable(c, listed)
	}
}

// compareString: the same string, the same but for case, or a pattern over the whole.
func (e *evaluation) compareString(comparison policy.Comparison, listed, value string) truth {
	symbols, resolved := e.expand(listed, comparison == policy.Like)
	if resolved.state != yes {
		return resolved // a variable without a value meets nothing
	}
	switch comparison {
	case policy.Like:
		return is(matches(symbols, value))
	case policy.EqualsIgnoreCase:
		return is(folded(textOf(symbols)) == folded(value))
	default:
		return is(textOf(symbols) == value)
	}
}

// compareARN compares the six parts of an ARN one by one, each as a pattern. Both sides
// are split at their first five colons; the last part may have more. What is not an ARN
// meets nothing.
//
// Assumption: a variable is replaced before the ARN is split.
func (e *evaluation) compareARN(listed, value string) truth {
	symbols, resolved := e.expand(listed, true)
	if resolved.state != yes {
		return resolved
	}
	patterns := partsOf(symbols)
	parts := strings.SplitN(value, ":", 6)
	if len(patterns) != 6 || len(parts) != 6 || parts[0] != "arn" {
		return is(false)
	}
	for i := range parts {
		if !matches(patterns[i], parts[i]) {
			return is(false)
		}
	}
	return is(true)
}

// partsOf splits a pattern at its first five colons.
func partsOf(symbols []symbol) [][]symbol {
	parts := [][]symbol{nil}
	for _, s := range symbols {
		last := len(parts) - 1
		if s.char == ':' && len(parts) < 6 {
			parts = append(parts, nil)
		} else {
			parts[last] = append(parts[last], s)
		}
	}
	return parts
}

// compareNumber compares decimals exactly: the request's value to the listed one.
func compareNumber(c policy.Condition, listed, value string) truth {
	bound, err := policy.ParseNumber(listed)
	if err != nil {
		return unreadable(c, listed)
	}
	number, err := policy.ParseNumber(value)
	if err != nil {
		return is(false)
	}
	return is(inOrder(c.Operator.Comparison, number.Cmp(bound)))
}

// compareDate compares points in time.
func compareDate(c policy.Condition, listed, value string) truth {
	bound, err := policy.ParseDate(listed)
	if err != nil {
		return unreadable(c, listed)
	}
	date, err := policy.ParseDate(value)
	if err != nil {
		return is(false)
	}
	return is(inOrder(c.Operator.Comparison, date.Compare(bound)))
}

// inOrder reads the sign of a comparison: -1 is "the request's value is less".
func inOrder(comparison policy.Comparison, sign int) bool {
	switch comparison {
	case policy.LessThan:
		return sign < 0
	case policy.LessThanEquals:
		return sign <= 0
	case policy.GreaterThan:
		return sign > 0
	case policy.GreaterThanEquals:
		return sign >= 0
	default:
		return sign == 0
	}
}

// compareBool compares true and false, in any case.
func compareBool(c policy.Condition, listed, value string) truth {
	want, err := policy.ParseBool(listed)
	if err != nil {
		return unreadable(c, listed)
	}
	got, err := policy.ParseBool(value)
	return is(err == nil && got == want)
}

// compareBinary compares bytes, which both sides write in base64.
func compareBinary(c policy.Condition, listed, value string) truth {
	want, err := policy.ParseBinary(listed)
	if err != nil {
		return unreadable(c, listed)
	}
	got, err := policy.ParseBinary(value)
	return is(err == nil && bytes.Equal(got, want))
}

// compareIP tells whether an address is in a range. IPv4 and IPv6 have nothing in
// common, not even an IPv4 address written as IPv6.
func compareIP(c policy.Condition, listed, value string) truth {
	ipRange, err := policy.ParseIPRange(listed)
	if err != nil {
		return unreadable(c, listed)
	}
	address, err := netip.ParseAddr(value)
	return is(err == nil && ipRange.Contains(address))
}
