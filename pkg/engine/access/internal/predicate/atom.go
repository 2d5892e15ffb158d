package predicate

import (
	"bytes"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// atom is one policy value under one operator.
type atom struct {
	kind valueKind
	// For kind textValue: the value is exactly literal, or matches pattern.
	literal string
	pattern pattern.Pattern
	boolean bool // of a Bool operator

	comparison policy.Comparison
	number     *big.Rat
	time       time.Time
	addresses  netip.Prefix
	bytes      []byte
}

// valueKind says how an operator reads a value.
type valueKind uint8

const (
	textValue valueKind = iota
	numberValue
	timeValue
	addressValue
	binaryValue
	valueKinds // how many there are
)

// kinds tells which kinds of values are asked for.
type kinds [valueKinds]bool

// value is a value of a condition key, read once in each way that operators ask for.
type value struct {
	text    string
	number  *big.Rat // nil where the text is no number; likewise below
	time    *time.Time
	address *netip.Addr
	bytes   []byte
	isBytes bool
}

func newValue(text string, asked kinds) *value {
	v := &value{text: text}
	if asked[numberValue] {
		v.number, _ = policy.ParseNumber(text)
	}
	if asked[timeValue] {
		if t, err := policy.ParseDate(text); err == nil {
			v.time = &t
		}
	}
	if asked[addressValue] {
		if address, err := netip.ParseAddr(text); err == nil {
			v.address = &address
		}
	}
	if asked[binaryValue] {
		if b, err := policy.ParseBinary(text); err == nil {
			v.bytes, v.isBytes = b, true
		}
	}
	return v
}

// Asks tells whether the condition lists a value that can be read.
func (p *Predicate) Asks() bool { return len(p.atoms) > 0 }

// Texts returns what the predicate asks of a value as text: the literals and the patterns.
// Text whose case does not matter is both.
func (p *Predicate) Texts() (literals []string, patterns []pattern.Pattern) {
	for _, a := range p.atoms {
		if a.kind != textValue {
			continue
		}
		if a.literal != "" {
			literals = append(literals, a.literal)
		}
		if a.pattern != nil {
			patterns = append(patterns, a.pattern)
		}
	}
	return literals, patterns
}

// Holds tells whether a value matches. A value that the operator cannot read
// matches nothing (assumption), so that a negated operator is true of it.
func (p *Predicate) Holds(text string) bool {
	if p.literals[text] {
		return true
	}
	return len(p.others) > 0 && p.holds(newValue(text, p.asked))
}

// holds is Holds of a value that is read already.
func (p *Predicate) holds(v *value) bool {
	return p.literals[v.text] || slices.ContainsFunc(p.others, func(a atom) bool { return a.matches(v) })
}

func (a *atom) matches(v *value) bool {
	switch a.kind {
	case numberValue:
		return v.number != nil && compare(a.comparison, v.number.Cmp(a.number))
	case timeValue:
		return v.time != nil && compare(a.comparison, v.time.Compare(a.time))
	case addressValue:
		return v.address != nil && a.addresses.Contains(*v.address)
	case binaryValue:
		return v.isBytes && bytes.Equal(v.bytes, a.bytes)
	default:
		if a.pattern == nil {
			return v.text == a.literal
		}
		return a.pattern.Matches(v.text)
	}
}

// compare tells whether an order (-1, 0, 1) of the request's value to the
// policy's satisfies a comparison.
func compare(c policy.Comparison, order int) bool {
	switch c {
	case policy.LessThan:
		return order < 0
	case policy.LessThanEquals:
		return order <= 0
	case policy.GreaterThan:
		return order > 0
	case policy.GreaterThanEquals:
		return order >= 0
	default:
		return order == 0
	}
}

// newAtom reads one value. It returns false for one whose meaning is not decided.
func newAtom(o policy.Operator, value pattern.Value) (atom, bool) {
	s := value.String()
	switch o.Family {
	case policy.NumericFamily:
		number, err := policy.ParseNumber(s)
		return atom{kind: numberValue, comparison: o.Comparison, number: number}, err == nil
	case policy.DateFamily:
		t, err := policy.ParseDate(s)
		return atom{kind: timeValue, comparison: o.Comparison, time: t}, err == nil
	case policy.IPFamily:
		addresses, err := policy.ParseIPRange(s)
		return atom{kind: addressValue, addresses: addresses}, err == nil
	case policy.BinaryFamily:
		b, err := policy.ParseBinary(s)
		return atom{kind: binaryValue, bytes: b}, err == nil
	case policy.NullFamily:
		return atom{literal: strings.ToLower(s)}, true
	case policy.BoolFamily:
		return atom{literal: strings.ToLower(s), pattern: pattern.Folded(s), boolean: true}, true
	case policy.ArnFamily:
		if strings.HasPrefix(s, "arn:") && strings.Count(s, ":") >= pattern.ARNParts-1 && !value.HasWildcards() {
			return atom{literal: s}, true
		}
		return atom{pattern: pattern.ARN(value)}, true
	default:
		return stringAtom(o.Comparison, value), true
	}
}

func stringAtom(c policy.Comparison, value pattern.Value) atom {
	a := atom{literal: value.String()}
	switch {
	case c == policy.EqualsIgnoreCase:
		a.pattern = pattern.Folded(a.literal)
	case c == policy.Like && value.HasWildcards():
		a.literal = ""
		a.pattern = pattern.Glob(value, pattern.Anything)
	}
	return a
}
