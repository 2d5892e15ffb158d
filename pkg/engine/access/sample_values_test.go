package access_test

import (
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// valuesNear returns values of a request that an operator may just match, or just not
// match, given one value of a policy.
func valuesNear(o policy.Operator, value string) []string {
	switch o.Family {
	case policy.NumericFamily:
		return numbersNear(value)
	case policy.DateFamily:
		return datesNear(value)
	case policy.IPFamily:
		return addressesNear(value)
	case policy.BoolFamily, policy.NullFamily:
		return []string{"true", "false", "TRUE", "True", "0", "true "}
	case policy.BinaryFamily:
		b, _ := policy.ParseBinary(value)
		return []string{value, base64.StdEncoding.EncodeToString(append(b, 0)), "QUJD", "not base64"}
	case policy.ArnFamily:
		return append(textsNear(value), instancesOf(value, "a:b", "x")...)
	default:
		return textsNear(value)
	}
}

func numbersNear(value string) []string {
	n, err := policy.ParseNumber(value)
	if err != nil {
		return nil
	}
	list := []string{value, "not-a-number", "1e3", "0", "-1"}
	for _, step := range []*big.Rat{big.NewRat(1, 1), big.NewRat(-1, 1), big.NewRat(1, 2), big.NewRat(-1, 2), big.NewRat(0, 1)} {
		list = append(list, strings.TrimSuffix(new(big.Rat).Add(n, step).FloatString(4), ".0000"))
	}
	return list
}

func datesNear(value string) []string {
	at, err := policy.ParseDate(value)
	if err != nil {
		return nil
	}
	list := []string{value, "not-a-date", "2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z"}
	for _, step := range []time.Duration{0, time.Second, -time.Second, time.Millisecond, -time.Millisecond, 400 * 24 * time.Hour, -400 * 24 * time.Hour} {
		list = append(list, at.Add(step).UTC().Format("2006-01-02T15:04:05.999Z"))
	}
	return list
}

func addressesNear(value string) []string {
	prefix, err := policy.ParseIPRange(value)
	if err != nil {
		return nil
	}
	list := []string{"192.0.2.1", "2001:db8::1", "::ffff:10.0.0.1", "not-an-address"}
	first := prefix.Addr()
	last := lastOf(prefix)
	middle := first.AsSlice()
	if bits := prefix.Bits(); bits < first.BitLen() {
		middle[bits/8] |= 0x80 >> (bits % 8) // the upper half begins
	}
	half, _ := netip.AddrFromSlice(middle)
	for _, a := range []netip.Addr{first, last, half, half.Prev(), first.Prev(), last.Next()} {
		if a.IsValid() {
			list = append(list, a.String())
		}
	}
	return list
}

func lastOf(p netip.Prefix) netip.Addr {
	bytes := p.Addr().AsSlice()
	for bit := p.Bits(); bit < p.Addr().BitLen(); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	a, _ := netip.AddrFromSlice(bytes)
	return a
}

// textsNear returns texts for a value that may be a literal or a pattern.
func textsNear(value string) []string {
	list := []string{value, value + "x", "x" + value, strings.ToUpper(value), strings.ToLower(value)}
	if value != "" {
		list = append(list, value[1:], value[:len(value)-1])
	}
	if upper := strings.ReplaceAll(value, "k", "\u212a"); len(upper) < 100 { // the Kelvin sign is a k but for case
		list = append(list, upper)
	}
	for _, filler := range []string{"", "x", "y/z:w"} {
		list = append(list, instancesOf(value, filler, "q")...)
	}
	return list
}

// instancesOf replaces the wildcards of a pattern, and makes near misses of the result:
// something in front or behind, a ? without its character.
func instancesOf(pattern, star, question string) []string {
	if !strings.ContainsAny(pattern, "*?") {
		return nil
	}
	fits := strings.NewReplacer("*", star, "?", question).Replace(pattern)
	return []string{
		fits, "x" + fits, fits + "x",
		strings.NewReplacer("*", star, "?", "").Replace(pattern),
		strings.NewReplacer("*", star, "?", question+question).Replace(pattern),
	}
}

// crossings returns texts that several patterns on a key may match together: the
// wildcards of one filled with the literal parts of another. Where the policies use few
// characters, it returns all short words of them instead; of ARNs, in the last part.
func crossings(documents []*policy.Document, key string) []string {
	var values, arns []string
	for c := range conditionsOf(documents) {
		if !strings.EqualFold(c.Key, key) || c.Operator.Family != policy.StringFamily && c.Operator.Family != policy.ArnFamily {
			continue
		}
		for _, v := range c.Values {
			if strings.Count(v, ":") >= 5 {
				arns = append(arns, v)
			} else {
				values = append(values, v)
			}
		}
	}
	list := crossed(values)
	var fronts, resources []string
	for _, arn := range arns {
		parts := strings.SplitN(arn, ":", 6)
		front, _, _ := strings.Cut(parts[5], "/") // the type of an IAM resource
		if front += "/"; len(front) > len(parts[5]) {
			front = ""
		}
		resources = append(resources, parts[5][len(front):])
		fronts = append(fronts, strings.ReplaceAll(strings.Join(parts[:5], ":"), "*", "")+":"+front)
	}
	slices.Sort(fronts)
	for _, front := range slices.Compact(fronts) {
		for _, resource := range crossed(resources) {
			list = append(list, front+resource)
		}
	}
	return list
}

// crossed is crossings for values as they stand.
func crossed(values []string) []string {
	if letters := lettersOf(values); len(letters) > 0 && len(letters) <= 3 {
		return wordsOver(letters, 4)
	}
	var list []string
	for _, pattern := range values {
		for _, other := range values {
			if pattern != other && strings.Contains(pattern, "*") && len(list) < 60 {
				list = append(list, instancesOf(pattern, strings.NewReplacer("*", "", "?", "q").Replace(other), "q")[:1]...)
			}
		}
	}
	return list
}

// lettersOf returns the distinct characters of values but the wildcards.
func lettersOf(values []string) string {
	var letters string
	for _, c := range strings.Join(values, "") {
		if c != '*' && c != '?' && !strings.ContainsRune(letters, c) {
			letters += string(c)
		}
	}
	return letters
}

// wordsOver returns all words of up to n of the letters.
func wordsOver(letters string, n int) []string {
	words := []string{""}
	for from := 0; n > 0; n-- {
		end := len(words)
		for _, w := range words[from:end] {
			for _, c := range letters {
				words = append(words, w+string(c))
			}
		}
		from = end
	}
	return words[1:]
}
