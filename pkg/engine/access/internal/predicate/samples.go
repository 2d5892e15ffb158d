package predicate

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/work"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// samplesOf returns values that stand for all values, as far as atoms of one kind
// can tell.
func samplesOf(kind valueKind, atoms []atom, budget *work.Budget) ([]string, error) {
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

func textSamples(atoms []atom, budget *work.Budget) ([]string, error) {
	var literals []string
	var patterns []pattern.Pattern
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
	return pattern.Samples(patterns, literals, nil, budget)
}

// foldedOnly returns samples for atoms that all ignore case, as Bool does: then
// one spelling of each, its opposite, and one other value are enough. Else it returns nil.
func foldedOnly(atoms []atom) []string {
	var list []string
	for _, a := range atoms {
		if a.literal == "" || a.pattern == nil {
			return nil
		}
		texts := []string{a.literal}
		if value, err := policy.ParseBool(a.literal); a.boolean && err == nil {
			texts = append(texts, strconv.FormatBool(!value))
		}
		for _, text := range texts {
			if !slices.ContainsFunc(list, func(s string) bool { return strings.EqualFold(s, text) }) {
				list = append(list, text)
			}
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
	samples := []string{"not base64", otherBinary(atoms)}
	for _, a := range atoms {
		samples = append(samples, encodeBinary(a.bytes))
	}
	return samples
}

// otherBinary returns a binary value that is none of those asked for.
func otherBinary(atoms []atom) string {
	value := []byte("other")
	for slices.ContainsFunc(atoms, func(a atom) bool { return bytes.Equal(a.bytes, value) }) {
		value = append(value, '-')
	}
	return encodeBinary(value)
}

func encodeBinary(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
