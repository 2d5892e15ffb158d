package access

import (
	"bytes"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// predicate is what a condition asks of one value of a key, apart from negation
// and presence: does any of some policy values match it?
type predicate struct {
	id    string // the same for the same question
	words string
	atoms []atom
	// literals are the texts among the atoms, others the rest: a long list of
	// texts is looked up, not gone through.
	literals map[string]bool
	others   []atom
	cost     int // of going through others, for the budget
}

// atom is one policy value under one operator.
type atom struct {
	kind valueKind
	// For kind textValue: the value is exactly literal, or matches pattern.
	literal string
	pattern pattern
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

// holds tells whether a value matches. A value that the operator cannot read
// matches nothing (assumption), so that a negated operator is true of it.
func (p *predicate) holds(v *value) bool {
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
		return a.pattern.matches(v.text)
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

// newPredicate returns the question that an operator with resolved values asks.
// undecided are values whose meaning AWS does not say: an ARN pattern without
// six parts.
func newPredicate(o policy.Operator, values []literalText) (p *predicate, undecided []string) {
	p = &predicate{}
	ids := make([]string, 0, len(values))
	for _, value := range values {
		a, ok := newAtom(o, value)
		if !ok {
			undecided = append(undecided, value.String())
			continue
		}
		p.add(a)
		ids = append(ids, value.id())
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	p.id = operatorID(o) + strings.Join(ids, "\x00")
	p.words = strings.TrimSpace(operatorWords(o) + " " + valueWords(values))
	return p, undecided
}

func (p *predicate) add(a atom) {
	p.atoms = append(p.atoms, a)
	if a.kind != textValue || a.pattern != nil {
		p.others = append(p.others, a)
		p.cost++
		if a.kind == numberValue {
			p.cost += 30 // exact numbers are compared by multiplying
		}
		return
	}
	if p.literals == nil {
		p.literals = map[string]bool{}
	}
	p.literals[a.literal] = true
}

// id is the same for the same text only. It tells a quoted wildcard from one that is
// none, and holds no NUL.
func (t literalText) id() string {
	var b strings.Builder
	for _, c := range t {
		switch {
		case c.char <= 1:
			b.WriteByte(1)
			b.WriteRune('0' + c.char)
			continue
		case c.quoted && (c.char == '*' || c.char == '?'):
			b.WriteByte(1)
		}
		b.WriteRune(c.char)
	}
	return b.String()
}

func operatorID(o policy.Operator) string {
	return string([]byte{byte(o.Family), byte(o.Comparison)})
}

// newAtom reads one value. It returns false for one whose meaning is not decided.
func newAtom(o policy.Operator, value literalText) (atom, bool) {
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
		return atom{literal: strings.ToLower(s), pattern: foldedText(s), boolean: true}, true
	case policy.ArnFamily:
		p, ok := arnPattern(value)
		if ok && !value.hasWildcards() && strings.HasPrefix(s, "arn:") {
			return atom{literal: s}, true
		}
		return atom{pattern: p}, ok
	default:
		return stringAtom(o.Comparison, value), true
	}
}

func stringAtom(c policy.Comparison, value literalText) atom {
	a := atom{literal: value.String()}
	switch {
	case c == policy.EqualsIgnoreCase:
		a.pattern = foldedText(a.literal)
	case c == policy.Like && value.hasWildcards():
		a.literal = ""
		a.pattern = glob(value, anything)
	}
	return a
}

// operatorWords says an operator as a person would, without its negation.
func operatorWords(o policy.Operator) string {
	switch o.Comparison {
	case policy.Like:
		return "like"
	case policy.LessThan:
		return "less than"
	case policy.LessThanEquals:
		return "at most"
	case policy.GreaterThan:
		return "more than"
	case policy.GreaterThanEquals:
		return "at least"
	case policy.EqualsIgnoreCase:
		return "in any case"
	default:
		if o.Family == policy.IPFamily {
			return "in"
		}
		return ""
	}
}

// valueWords lists values; a long list is cut.
func valueWords(values []literalText) string {
	const most = 4
	var words []string
	for i, v := range values {
		if i == most {
			words = append(words, "…")
			break
		}
		words = append(words, v.String())
	}
	return strings.Join(words, " or ")
}
