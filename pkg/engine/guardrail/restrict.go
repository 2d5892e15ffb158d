package guardrail

import (
	"math"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// restrictingKeys are the condition keys that say who makes a request, for whom, or
// from where. The idea comes from "the meaning of public" for S3 buckets. Keys such as
// kms:ViaService and the encryption context are not among them: they say how a key is
// used, and anybody can use it so. Nor are aws:PrincipalArn, aws:PrincipalAccount and
// kms:CallerAccount: the comparison folds them into the principal, so what is still open
// to accounts that nobody names is not restricted by them; and anybody's VPC can have the
// addresses of aws:VpcSourceIp.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
var restrictingKeys = []string{
	"aws:principalorgid", "aws:principalorgpaths", "aws:userid",
	"aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths",
	"aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
}

// restricts tells whether one of the conditions of an Allow statement lets in only
// callers that somebody chose: a positive operator on a restricting key, with values that
// are fixed.
func restricts(conditions []policy.Condition) bool {
	return slices.ContainsFunc(conditions, func(c policy.Condition) bool {
		return !c.Operator.Negated && !c.Operator.IfExists && c.Operator.Set != policy.ForAllValues && chooses(c)
	})
}

// guarded tells whether a Deny statement refuses the actions to all callers but the ones that
// somebody chose. Such a Deny is for everyone, and its one condition is a negated operator on
// a restricting key, with values that are fixed.
func guarded(d *policy.Document, actions access.Actions) bool {
	return slices.ContainsFunc(d.Statements, func(st policy.Statement) bool {
		everyone := slices.ContainsFunc(st.Principals.Entries, func(p policy.Principal) bool { return p.Kind == policy.Anyone })
		if st.Effect != policy.Deny || !everyone || st.Principals.Negated || st.Actions.Negated || len(st.Conditions) != 1 ||
			st.Resources.Negated || !slices.Equal(st.Resources.Values, []string{"*"}) {
			return false
		}
		var denied access.Actions
		for _, name := range st.Actions.Values {
			denied |= access.ActionsMatching(name)
		}
		c := st.Conditions[0]
		return actions&^denied == 0 && c.Operator.Negated && c.Operator.Set == policy.NoSet && chooses(c)
	})
}

// chooses tells whether the values of a condition on a restricting key are fixed.
func chooses(c policy.Condition) bool {
	if !slices.Contains(restrictingKeys, strings.ToLower(c.Key)) || len(c.Values) == 0 {
		return false
	}
	if c.Operator.Family == policy.IPFamily {
		return isSmall(c.Values)
	}
	return !slices.ContainsFunc(c.Values, func(value string) bool { return !isFixed(c.Operator, value) })
}

// isSmall tells whether address ranges are together at most a 256th of all IPv4, or a
// 2^32nd of all IPv6 addresses. S3 takes wider ranges for public.
func isSmall(ranges []string) bool {
	var v4, v6 float64 // shares of all addresses
	for _, text := range ranges {
		r, err := policy.ParseIPRange(text)
		switch {
		case err != nil:
			return false
		case r.Addr().Is4():
			v4 += math.Exp2(-float64(r.Bits()))
		default:
			v6 += math.Exp2(-float64(r.Bits()))
		}
	}
	return v4 <= math.Exp2(-8) && v6 <= math.Exp2(-32)
}

// isFixed tells whether a value names somebody or some place, and is not a pattern for
// nearly all of them.
func isFixed(o policy.Operator, value string) bool {
	switch o.Family {
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
	switch parts := strings.SplitN(value, ":", 6); {
	case len(parts) == 6:
		if start = parts[4]; start == "" {
			start = parts[5]
		}
	case parts[0] == "arn":
		return false // a pattern that leaves the account open
	}
	if i := strings.IndexAny(start, ":/"); i > 0 {
		start = start[:i]
	}
	return start != "" && !strings.ContainsAny(start, "*?")
}
