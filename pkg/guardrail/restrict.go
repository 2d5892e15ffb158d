package guardrail

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// restrictingKeys are the condition keys that say who makes a request, for whom, or
// from where. The idea is that of "the meaning of public" for S3 buckets. Keys such as
// kms:ViaService and the encryption context are not among them: they say how a key is
// used, and anybody can use it so.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
var restrictingKeys = []string{
	"aws:principalaccount", "kms:calleraccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:userid",
	"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths",
	"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
}

// restricts tells whether one of the conditions of an Allow statement lets in only
// those whom somebody chose: a positive operator on a restricting key, with values that
// are fixed.
func restricts(conditions []policy.Condition) bool {
	return slices.ContainsFunc(conditions, func(c policy.Condition) bool {
		o := c.Operator
		return slices.Contains(restrictingKeys, strings.ToLower(c.Key)) && len(c.Values) > 0 &&
			!o.Negated && !o.IfExists && o.Set != policy.ForAllValues &&
			!slices.ContainsFunc(c.Values, func(value string) bool { return !isFixed(o, value) })
	})
}

// isFixed tells whether a value names somebody or some place, and is not a pattern for
// nearly all of them.
func isFixed(o policy.Operator, value string) bool {
	switch o.Family {
	case policy.IPFamily:
		r, err := policy.ParseIPRange(value)
		return err == nil && (r.Bits() >= widestIPv6 || r.Addr().Is4() && r.Bits() >= widestIPv4)
	case policy.ArnFamily, policy.StringFamily:
		if o.Comparison == policy.Equals || o.Comparison == policy.EqualsIgnoreCase {
			return value != ""
		}
		return isFixedPattern(value)
	default:
		return false
	}
}

// isFixedPattern tells whether a pattern has a fixed start: the account of an ARN, or
// its resource where it has no account, as of an S3 bucket; the organization of a path
// such as o-a1b2c3d4e5/*; the role of a user id such as AROAEXAMPLEID:*.
func isFixedPattern(value string) bool {
	start := value
	if parts := strings.SplitN(value, ":", 6); len(parts) == 6 {
		if start = parts[4]; start == "" {
			start = parts[5]
		}
	}
	if i := strings.IndexAny(start, ":/"); i > 0 {
		start = start[:i]
	}
	return start != "" && !strings.ContainsAny(start, "*?")
}

// The shortest prefixes that still restrict: S3 takes wider ranges for public.
const (
	widestIPv4 = 8
	widestIPv6 = 32
)
