package authz

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// operator is the positive test of a condition operator; negated turns the
// outcome around. A glob operator gets the policy's value with its wildcards
// marked (see markWildcards).
type operator struct {
	test      func(wanted, value string) bool
	negated   bool
	variables bool // policy variables are replaced in the values
	glob      bool
	readable  func(wanted string) bool // nil: every string is
}

// operators are all operators of the IAM grammar. Their names are case-sensitive.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var operators = map[string]operator{
	"StringEquals":              {test: equal, variables: true},
	"StringNotEquals":           {test: equal, variables: true, negated: true},
	"StringEqualsIgnoreCase":    {test: strings.EqualFold, variables: true},
	"StringNotEqualsIgnoreCase": {test: strings.EqualFold, variables: true, negated: true},
	"StringLike":                {test: matchGlob, variables: true, glob: true},
	"StringNotLike":             {test: matchGlob, variables: true, glob: true, negated: true},
	"ArnEquals":                 {test: matchARN, variables: true, glob: true},
	"ArnLike":                   {test: matchARN, variables: true, glob: true},
	"ArnNotEquals":              {test: matchARN, variables: true, glob: true, negated: true},
	"ArnNotLike":                {test: matchARN, variables: true, glob: true, negated: true},
	"NumericEquals":             {test: number(func(c int) bool { return c == 0 }), readable: isNumber},
	"NumericNotEquals":          {test: number(func(c int) bool { return c == 0 }), readable: isNumber, negated: true},
	"NumericLessThan":           {test: number(func(c int) bool { return c < 0 }), readable: isNumber},
	"NumericLessThanEquals":     {test: number(func(c int) bool { return c <= 0 }), readable: isNumber},
	"NumericGreaterThan":        {test: number(func(c int) bool { return c > 0 }), readable: isNumber},
	"NumericGreaterThanEquals":  {test: number(func(c int) bool { return c >= 0 }), readable: isNumber},
	"DateEquals":                {test: date(func(c int) bool { return c == 0 }), readable: isDate},
	"DateNotEquals":             {test: date(func(c int) bool { return c == 0 }), readable: isDate, negated: true},
	"DateLessThan":              {test: date(func(c int) bool { return c < 0 }), readable: isDate},
	"DateLessThanEquals":        {test: date(func(c int) bool { return c <= 0 }), readable: isDate},
	"DateGreaterThan":           {test: date(func(c int) bool { return c > 0 }), readable: isDate},
	"DateGreaterThanEquals":     {test: date(func(c int) bool { return c >= 0 }), readable: isDate},
	"Bool":                      {test: strings.EqualFold, readable: isBool},
	"Null":                      {readable: isBool},
	"BinaryEquals":              {test: sameBytes, readable: isBase64},
	"IpAddress":                 {test: inNetwork, readable: isNetwork},
	"NotIpAddress":              {test: inNetwork, readable: isNetwork, negated: true},
}

func equal(wanted, value string) bool { return wanted == value }

func isBool(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

func isBase64(s string) bool {
	_, err := base64.StdEncoding.DecodeString(s)
	return err == nil
}

// sameBytes compares what both sides write in base64, which has more than one spelling for
// the same bytes.
func sameBytes(wanted, value string) bool {
	w, err1 := base64.StdEncoding.DecodeString(wanted)
	v, err2 := base64.StdEncoding.DecodeString(value)
	return err1 == nil && err2 == nil && bytes.Equal(v, w)
}

// numberForm is a decimal number: Rat.SetString alone would also read fractions, and exponents
// that fill the memory.
var numberForm = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$`)

func isNumber(s string) bool { return numberForm.MatchString(s) }

// number compares exactly: a float takes two long numbers that differ for one.
func number(holds func(compared int) bool) func(string, string) bool {
	return func(wanted, value string) bool {
		if !isNumber(wanted) || !isNumber(value) {
			return false
		}
		w, ok1 := new(big.Rat).SetString(wanted)
		v, ok2 := new(big.Rat).SetString(value)
		return ok1 && ok2 && holds(v.Cmp(w))
	}
}

// parseDate reads the ISO 8601 forms of the W3C note, but for the year alone, and epoch seconds.
func parseDate(s string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) <= 12 {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func isDate(s string) bool {
	_, ok := parseDate(s)
	return ok
}

func date(holds func(compared int) bool) func(string, string) bool {
	return func(wanted, value string) bool {
		w, ok1 := parseDate(wanted)
		v, ok2 := parseDate(value)
		return ok1 && ok2 && holds(v.Compare(w))
	}
}

// parseNetwork reads an address or a prefix; host bits are ignored.
func parseNetwork(s string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(s); err == nil {
		return prefix.Masked(), true
	}
	address, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, address.BitLen()), true
}

func isNetwork(s string) bool {
	_, ok := parseNetwork(s)
	return ok
}

func inNetwork(wanted, value string) bool {
	network, ok := parseNetwork(wanted)
	address, err := netip.ParseAddr(value)
	return ok && err == nil && network.Contains(address)
}
