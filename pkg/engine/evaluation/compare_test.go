package evaluation

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// one makes the condition and the context of one key.
func one(operator, listed, value string, want Decision) conditionRow {
	condition := `{"` + operator + `":{"example:key":` + listed + `}}`
	context := `{"example:key":"` + value + `"}`
	return conditionRow{condition + " and " + value, condition, context, want}
}

func TestStrings(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		one("StringEquals", `"abc"`, "abc", holds),
		one("StringEquals", `"abc"`, "Abc", fails),
		one("StringEquals", `"a*"`, "abc", fails), // no pattern
		one("StringEquals", `"a*"`, "a*", holds),
		one("StringEquals", `true`, "true", holds),
		one("StringEquals", `3`, "3", holds),
		one("StringEquals", `3`, "3.0", fails), // compared as text
		one("StringNotEquals", `"abc"`, "Abc", holds),
		one("StringNotEquals", `"abc"`, "abc", fails),
		one("StringEqualsIgnoreCase", `"aBc"`, "AbC", holds),
		one("StringEqualsIgnoreCase", `"aBc"`, "AbCd", fails),
		one("StringNotEqualsIgnoreCase", `"aBc"`, "AbC", fails),
		one("StringNotEqualsIgnoreCase", `"aBc"`, "other", holds),
		one("StringLike", `"a*c"`, "abbc", holds),
		one("StringLike", `"a*c"`, "abbcd", fails), // the whole string
		one("StringLike", `"a?c"`, "abc", holds),
		one("StringLike", `"a?c"`, "ac", fails),
		one("StringLike", `"A*"`, "abc", fails), // case matters
		one("StringLike", `"*"`, "", holds),
		one("StringLike", `"arn:aws:s3:::*/x"`, "arn:aws:s3:::b/y:z/x", holds), // colons are characters
		one("StringNotLike", `"a*c"`, "abd", holds),
		one("StringNotLike", `["x","a*c"]`, "abc", fails),
	})
}

func TestNumbers(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		one("NumericEquals", `"7"`, "7.0", holds),
		one("NumericEquals", `7`, "8", fails),
		one("NumericNotEquals", `"7"`, "7.00", fails),
		one("NumericNotEquals", `"7"`, "7.01", holds),
		one("NumericLessThan", `"7"`, "6.999", holds),
		one("NumericLessThan", `"7"`, "7", fails),
		one("NumericLessThanEquals", `"7"`, "7", holds),
		one("NumericLessThanEquals", `"7"`, "7.001", fails),
		one("NumericGreaterThan", `"7"`, "10", holds), // not as text
		one("NumericGreaterThan", `"7"`, "7", fails),
		one("NumericGreaterThanEquals", `"-1.5"`, "-1.5", holds),
		one("NumericGreaterThanEquals", `"-1.5"`, "-2", fails),
		one("NumericLessThan", `["1","7"]`, "5", holds),
		one("NumericLessThan", `"7"`, "few", fails), // no number meets nothing,
		one("NumericNotEquals", `"7"`, "few", holds),
	})
}

func TestDates(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		one("DateEquals", `"2026-01-31T00:00:00Z"`, "2026-01-31", holds),
		one("DateEquals", `"2026-01-31T00:00:00Z"`, "2026-01-31T01:00:00+01:00", holds),
		one("DateEquals", `"2026-01-31T00:00:00Z"`, "1769817600", holds), // epoch seconds
		one("DateEquals", `"2026-01-31T00:00:00Z"`, "2026-01-31T00:00:00.001Z", fails),
		one("DateNotEquals", `"2026-01-31"`, "2026-01-31T00:00:00Z", fails),
		one("DateNotEquals", `"2026-01-31"`, "2026-02-01", holds),
		one("DateLessThan", `"2026-01-31"`, "2026-01-30T23:59:59Z", holds),
		one("DateLessThan", `"2026-01-31"`, "2026-01-31T00:00:00Z", fails),
		one("DateLessThanEquals", `"2026-01-31"`, "2026-01-31T00:00:00Z", holds),
		one("DateGreaterThan", `"2026-01-31"`, "2026-01-31T00:00:00.001Z", holds),
		one("DateGreaterThan", `"2026-01-31"`, "2026-01-31", fails),
		one("DateGreaterThanEquals", `"1769817600"`, "2026-01-31", holds),
		one("DateGreaterThanEquals", `"1769817601"`, "2026-01-31", fails),
		one("DateLessThan", `"2026-01-31"`, "yesterday", fails),
		one("DateNotEquals", `"2026-01-31"`, "yesterday", holds),
	})
}

func TestBooleansAndBytes(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		one("Bool", `true`, "true", holds),
		one("Bool", `"TRUE"`, "tRuE", holds),
		one("Bool", `"true"`, "false", fails),
		one("Bool", `["true","false"]`, "false", holds),
		one("Bool", `"false"`, "no", fails),
		one("BinaryEquals", `"AQI="`, "AQI=", holds),
		one("BinaryEquals", `"AQI="`, "AQM=", fails),
		one("BinaryEquals", `"AQI="`, "aqi=", fails),
		one("BinaryEquals", `"AQI="`, "?", fails),
	})
}

func TestAddresses(t *testing.T) {
	conditions(t, policy.Version2012, []conditionRow{
		one("IpAddress", `"203.0.113.0/24"`, "203.0.113.255", holds),
		one("IpAddress", `"203.0.113.0/24"`, "203.0.114.0", fails),
		one("IpAddress", `"203.0.113.77/24"`, "203.0.113.1", holds), // host bits are ignored
		one("IpAddress", `"203.0.113.7"`, "203.0.113.7", holds),
		one("IpAddress", `"203.0.113.7"`, "203.0.113.8", fails),
		one("IpAddress", `"2001:db8::/32"`, "2001:DB8:0:1::1", holds),
		one("IpAddress", `"2001:db8::1"`, "2001:db8::2", fails),
		one("IpAddress", `"0.0.0.0/0"`, "2001:db8::1", fails), // v4 is not v6
		one("IpAddress", `"0.0.0.0/0"`, "::ffff:203.0.113.7", fails),
		one("IpAddress", `"::/0"`, "203.0.113.7", fails),
		one("NotIpAddress", `"203.0.113.0/24"`, "203.0.113.1", fails),
		one("NotIpAddress", `"203.0.113.0/24"`, "203.0.112.1", holds),
		one("NotIpAddress", `"0.0.0.0/0"`, "2001:db8::1", holds),
		one("IpAddress", `"203.0.113.0/24"`, "203.0.113.0/25", fails), // a range is no address
		one("NotIpAddress", `"203.0.113.0/24"`, "here", holds),
	})
}

func TestARNs(t *testing.T) {
	for _, operator := range []string{"ArnEquals", "ArnLike"} {
		conditions(t, policy.Version2012, []conditionRow{
			one(operator, `"arn:aws:iam::111122223333:role/app"`, "arn:aws:iam::111122223333:role/app", holds),
			one(operator, `"arn:aws:iam::111122223333:role/*"`, "arn:aws:iam::111122223333:role/team/app", holds),
			one(operator, `"arn:aws:iam::111122223333:role/ap?"`, "arn:aws:iam::111122223333:role/app", holds),
			one(operator, `"arn:aws:iam::111122223333:Role/*"`, "arn:aws:iam::111122223333:role/app", fails),       // case matters
			one(operator, `"arn:aws:s3:*:111122223333:finance/*"`, "arn:aws:s3:x:y:111122223333:finance/f", fails), // a star stays in its part
			one(operator, `"arn:aws:logs:*:*:log-group:*"`, "arn:aws:logs:us-east-1:111122223333:log-group:a:b", holds),
			one(operator, `"arn:*:*:*:*:*"`, "arn:aws:iam::111122223333:root", holds),
			one(operator, `"arn:*"`, "arn:aws:iam::111122223333:root", fails), // not six parts
			one(operator, `"*"`, "arn:aws:iam::111122223333:root", fails),
			one(operator, `"*:*:*:*:*:*"`, "one:two:three:four:five:six", fails), // not an ARN
			one(operator, `"arn:aws:iam::*:*"`, "arn:aws:iam::111122223333", fails),
		})
	}
	for _, operator := range []string{"ArnNotEquals", "ArnNotLike"} {
		conditions(t, policy.Version2012, []conditionRow{
			one(operator, `"arn:aws:iam::111122223333:role/*"`, "arn:aws:iam::111122223333:role/app", fails),
			one(operator, `"arn:aws:iam::111122223333:role/*"`, "arn:aws:iam::111122223333:user/app", holds),
			one(operator, `"arn:aws:iam::111122223333:role/*"`, "app", holds),
		})
	}
}
