package policy

import (
	"encoding/base64"
	"errors"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var decimal = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?$`)

// ParseNumber reads a value of a Numeric operator, exactly. An exponent has at
// most two digits, so that a number's size is bounded by its text.
func ParseNumber(value string) (*big.Rat, error) {
	if !decimal.MatchString(value) {
		return nil, errors.New("expected a decimal number")
	}
	number, _ := new(big.Rat).SetString(strings.TrimPrefix(value, "+"))
	return number, nil
}

// dateLayouts are the W3C forms of ISO 8601, except the year alone, which
// cannot be told from epoch seconds. https://www.w3.org/TR/NOTE-datetime
var dateLayouts = []string{
	"2006-01", "2006-01-02", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z07:00",
}

var longFraction = regexp.MustCompile(`\.[0-9]{10,}`)

// ParseDate reads a value of a Date operator: ISO 8601, to the nanosecond, or
// whole seconds since 1970. Digits alone are seconds.
func ParseDate(value string) (time.Time, error) {
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil && len(value) <= 12 {
		return time.Unix(seconds, 0).UTC(), nil
	}
	if !longFraction.MatchString(value) {
		for _, layout := range dateLayouts {
			if t, err := time.Parse(layout, value); err == nil {
				return t.UTC(), nil
			}
		}
	}
	return time.Time{}, errors.New("expected a date such as 2026-01-31T00:00:00Z, or seconds since 1970")
}

// ParseBool reads a value of Bool or Null; case does not matter.
func ParseBool(value string) (bool, error) {
	switch {
	case strings.EqualFold(value, "true"):
		return true, nil
	case strings.EqualFold(value, "false"):
		return false, nil
	default:
		return false, errors.New("expected true or false")
	}
}

// ParseBinary reads a value of BinaryEquals: standard base64.
func ParseBinary(value string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return nil, errors.New("expected base64")
	}
	return b, nil
}

// ParseIPRange reads a value of an IpAddress operator. A bare address is a
// range of one; bits behind the mask are ignored.
func ParseIPRange(value string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(value); err == nil {
		return prefix.Masked(), nil
	}
	address, err := netip.ParseAddr(value)
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, errors.New("expected an IP address or a CIDR range")
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}
