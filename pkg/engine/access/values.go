package access

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// valueClass is a set of values of a key that no predicate can tell apart.
type valueClass struct {
	sample string
	holds  []bool // by predicate
	// doubtful: it is not known whether such a value exists, or a witness may not
	// show it (the empty string). It counts for Equal, not for Different.
	doubtful bool
}

// classify splits all values of a key into classes, such that each class that
// has a value is there. A predicate list without atoms of a kind needs none of it.
func classify(predicates []*predicate, budget *int) ([]valueClass, error) {
	var atoms [valueKinds][]atom
	kinds := 0
	for _, p := range predicates {
		for _, a := range p.atoms {
			atoms[a.kind] = append(atoms[a.kind], a)
		}
	}
	var values []string
	for kind := textValue; kind < valueKinds; kind++ {
		if len(atoms[kind]) == 0 {
			continue
		}
		kinds++
		some, err := samplesOf(kind, atoms[kind], budget)
		if err != nil {
			return nil, err
		}
		values = append(values, some...)
	}
	if kinds == 0 {
		values = []string{unlike(nil)}
	}
	classes, err := classesOf(values, predicates, &atoms, budget)
	if err == nil && kinds > 1 {
		classes, err = addDoubtful(classes, predicates, budget)
	}
	return classes, err
}

// classesOf keeps one value of each class, where it can one that a witness may show.
func classesOf(values []string, predicates []*predicate, asked *[valueKinds][]atom, budget *int) ([]valueClass, error) {
	var classes []valueClass
	known := map[string]int{}
	var wanted kinds
	for kind, atoms := range asked {
		wanted[kind] = len(atoms) > 0
	}
	for _, v := range values {
		read := newValue(v, wanted)
		c := valueClass{sample: v, holds: make([]bool, len(predicates)), doubtful: !read.mayShow(asked)}
		for i, p := range predicates {
			if *budget -= 1 + p.cost*(1+len(v)/16)/16; *budget < 0 {
				return nil, errOverBudget
			}
			c.holds[i] = p.holds(read)
		}
		id := c.id()
		if i, ok := known[id]; ok {
			if classes[i].doubtful {
				classes[i] = c
			}
			continue
		}
		known[id] = len(classes)
		classes = append(classes, c)
	}
	return classes, nil
}

// mayShow tells whether a witness may show a value: it is not empty, and of a type that
// operators ask the key for. Whether a key of numbers ever holds something else, or a time
// comes in parts of a millisecond, AWS does not say.
func (v *value) mayShow(asked *[valueKinds][]atom) bool {
	untyped := true
	for kind, atoms := range asked {
		if len(atoms) == 0 {
			continue
		}
		untyped = false
		switch valueKind(kind) {
		case numberValue:
			if v.number != nil {
				return true
			}
		case timeValue:
			if v.time != nil && v.time.Equal(v.time.Truncate(time.Millisecond)) && v.time.Year() > 0 && v.time.Year() <= 9999 {
				return true
			}
		case addressValue:
			if v.address != nil {
				return true
			}
		case binaryValue:
			if v.isBytes && v.text != "" {
				return true
			}
		default:
			isText := slices.ContainsFunc(atoms, func(a atom) bool { return !a.boolean })
			if _, err := policy.ParseBool(v.text); v.text != "" && (isText || err == nil) {
				return true
			}
		}
	}
	return untyped && v.text != ""
}

func (c *valueClass) id() string { return boolsID(c.holds) }

func boolsID(bools []bool) string {
	id := make([]byte, len(bools))
	for i, b := range bools {
		id[i] = '0'
		if b {
			id[i] = '1'
		}
	}
	return string(id)
}

// addDoubtful adds, for a key that is asked for in several ways (as a string and as
// a number, say), the combinations that were not found. Whether "starts with 3"
// and "less than 20" have a common value is not worked out.
func addDoubtful(classes []valueClass, predicates []*predicate, budget *int) ([]valueClass, error) {
	combinations := [][]bool{make([]bool, len(predicates))}
	for kind := textValue; kind < valueKinds; kind++ {
		parts := map[string][]bool{}
		for _, c := range classes {
			part := make([]bool, len(predicates))
			for i, p := range predicates {
				part[i] = c.holds[i] && len(p.atoms) > 0 && p.atoms[0].kind == kind
			}
			parts[boolsID(part)] = part
		}
		var longer [][]bool
		for _, c := range combinations {
			for _, part := range parts {
				if *budget--; *budget < 0 {
					return nil, errOverBudget
				}
				both := slices.Clone(c)
				for i, holds := range part {
					both[i] = both[i] || holds
				}
				longer = append(longer, both)
			}
		}
		combinations = longer
	}
	found := map[string]bool{}
	for _, c := range classes {
		found[c.id()] = true
	}
	slices.SortFunc(combinations, func(a, b []bool) int { return strings.Compare(boolsID(a), boolsID(b)) })
	for _, c := range combinations {
		if id := boolsID(c); !found[id] && !isLiteral(c, predicates) {
			found[id] = true
			classes = append(classes, valueClass{holds: c, doubtful: true})
		}
	}
	return classes, nil
}

// isLiteral tells whether a combination only holds for literals. Those were all tried.
func isLiteral(holds []bool, predicates []*predicate) bool {
	for i, p := range predicates {
		if holds[i] && !slices.ContainsFunc(p.atoms, func(a atom) bool { return a.kind != textValue || a.pattern != nil }) {
			return true
		}
	}
	return false
}

// samplesOf returns values that stand for all values, as far as atoms of one kind
// can tell.
func samplesOf(kind valueKind, atoms []atom, budget *int) ([]string, error) {
	switch kind {
	case numberValue:
		return numberSamples(atoms), nil
	case timeValue:
		return timeSamples(atoms), nil
	case addressValue:
		return addressSamples(atoms), nil
	case binaryValue:
		return binarySamples(atoms), nil
	default:
		return textSamples(atoms, budget)
	}
}

func textSamples(atoms []atom, budget *int) ([]string, error) {
	var literals []string
	var patterns []pattern
	if folded := foldedOnly(atoms); folded != nil {
		return folded, nil
	}
	seen := map[string]bool{}
	for _, a := range atoms {
		if a.literal != "" && !seen[a.literal] {
			seen[a.literal] = true
			literals = append(literals, a.literal)
		}
		if a.pattern != nil {
			patterns = append(patterns, a.pattern)
		} else if a.literal == "" && !seen[""] {
			seen[""] = true
			literals = append(literals, "")
		}
	}
	return samples(patterns, literals, nil, budget)
}

// foldedOnly returns samples for atoms that all ignore case, as Bool does: then
// one spelling of each and one other value are enough. Else it returns nil.
func foldedOnly(atoms []atom) []string {
	var list []string
	for _, a := range atoms {
		if a.literal == "" || a.pattern == nil {
			return nil
		}
		if !slices.Contains(list, a.literal) {
			list = append(list, a.literal)
		}
	}
	other := "other"
	for slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, other) }) {
		other += "-value"
	}
	return append(list, other)
}

// numberSamples returns each number asked for, one between each two, one beyond
// either end, and a value that is no number. Numbers are dense.
func numberSamples(atoms []atom) []string {
	numbers := make([]*big.Rat, len(atoms))
	for i, a := range atoms {
		numbers[i] = a.number
	}
	slices.SortFunc(numbers, (*big.Rat).Cmp)
	one, half := big.NewRat(1, 1), big.NewRat(1, 2)
	first, last := numbers[0], numbers[len(numbers)-1]
	samples := []string{decimal(new(big.Rat).Sub(first, one)), decimal(new(big.Rat).Add(last, one)), "not-a-number"}
	for i, n := range numbers {
		samples = append(samples, decimal(n))
		if i > 0 && numbers[i-1].Cmp(n) != 0 {
			between := new(big.Rat).Add(numbers[i-1], n)
			samples = append(samples, decimal(between.Mul(between, half)))
		}
	}
	return samples
}

// decimal writes a number whose decimals end.
func decimal(r *big.Rat) string {
	places, _ := r.FloatPrec()
	return r.FloatString(places)
}

// timeSamples is numberSamples for times.
func timeSamples(atoms []atom) []string {
	times := make([]time.Time, len(atoms))
	for i, a := range atoms {
		times[i] = a.time
	}
	slices.SortFunc(times, time.Time.Compare)
	samples := []string{instant(times[0].Add(-24 * time.Hour)), instant(times[len(times)-1].Add(24 * time.Hour)), "not-a-date"}
	for i, t := range times {
		samples = append(samples, instant(t))
		if i > 0 && t.After(times[i-1]) {
			between := times[i-1].Add(t.Sub(times[i-1]) / 2)
			if ms := between.Truncate(time.Millisecond); ms.After(times[i-1]) {
				between = ms
			}
			samples = append(samples, instant(between))
		}
	}
	return samples
}

// instant writes a time such that policy.ParseDate reads it.
func instant(t time.Time) string {
	if t.Year() < 1 || t.Year() > 9999 {
		return strconv.FormatInt(t.Unix(), 10)
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// addressSamples returns one address of each range that lies in no smaller one,
// one of each family that lies in none, and a value that is no address.
func addressSamples(atoms []atom) []string {
	ranges := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, a := range atoms {
		if !slices.Contains(ranges, a.addresses) {
			ranges = append(ranges, a.addresses)
		}
	}
	samples := []string{"not-an-address"}
	for _, r := range ranges {
		var inside []netip.Prefix
		for _, other := range ranges {
			if other != r && other.Bits() > r.Bits() && r.Contains(other.Addr()) {
				inside = append(inside, other)
			}
		}
		if address, ok := outsideOf(r, inside); ok {
			samples = append(samples, address.String())
		}
	}
	return samples
}

// outsideOf returns an address of a range that lies in none of the smaller
// ranges inside it, and false where those cover it.
func outsideOf(r netip.Prefix, inside []netip.Prefix) (netip.Addr, bool) {
	if len(inside) == 0 {
		return r.Addr(), true
	}
	for _, half := range halves(r) {
		if slices.Contains(inside, half) {
			continue
		}
		var rest []netip.Prefix
		for _, p := range inside {
			if half.Contains(p.Addr()) {
				rest = append(rest, p)
			}
		}
		if address, ok := outsideOf(half, rest); ok {
			return address, true
		}
	}
	return netip.Addr{}, false
}

// halves splits a range of more than one address.
func halves(r netip.Prefix) [2]netip.Prefix {
	bits := r.Bits() + 1
	upper := r.Addr().AsSlice()
	upper[(bits-1)/8] |= 0x80 >> ((bits - 1) % 8)
	second, _ := netip.AddrFromSlice(upper)
	return [2]netip.Prefix{netip.PrefixFrom(r.Addr(), bits), netip.PrefixFrom(second, bits)}
}

// binarySamples returns each value asked for, and one that is none of them.
func binarySamples(atoms []atom) []string {
	samples := []string{"not base64"}
	for _, a := range atoms {
		samples = append(samples, encodeBinary(a.bytes))
	}
	return samples
}

func encodeBinary(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
