package lint

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// operand is one value of a condition.
type operand struct {
	key      catalog.ConditionKey
	operator policy.Operator
	value    string
}

// isPattern tells whether * and ? in the value are wildcards.
func (o operand) isPattern() bool {
	return isPattern(o.value) && (o.operator.Family == policy.ArnFamily || o.operator.Comparison == policy.Like)
}

// objection says why no request has a value.
type objection struct {
	// reason completes a sentence that begins with the value; "" for no objection.
	reason     string
	suggestion string
	// elsewhere is true where requests elsewhere have the value. In a list beside one that
	// requests here have, it is for another key with the same policy, and no mistake.
	elsewhere bool
}

// formats are the forms that values of condition keys have. The first that objects counts.
var formats = [...]struct {
	what   string
	of     func(operand) bool
	object func(*statement, operand) objection
}{
	{"a literal wildcard", hasLiteralWildcard, literalWildcard},
	{"an account id", func(o operand) bool { return o.key.AccountID }, accountID},
	{"an organization id", named("aws:PrincipalOrgID", "aws:ResourceOrgID", "aws:SourceOrgID", "aws:VpceOrgID"), organizationID},
	{"a path in an organization", named("aws:PrincipalOrgPaths", "aws:ResourceOrgPaths", "aws:SourceOrgPaths", "aws:VpceOrgPaths"), organizationPath},
	{"a VPC", named("aws:SourceVpc", "aws:Ec2InstanceSourceVpc"), vpcID},
	{"a VPC endpoint", named("aws:SourceVpce"), endpointID},
	{"a service with its Region", named("kms:ViaService"), viaService},
	{"a service principal", named("aws:PrincipalServiceName", "aws:PrincipalServiceNamesList", "kms:GranteeServicePrincipal", "kms:RetiringServicePrincipal"), servicePrincipal},
	{"the ARN of a principal", named("aws:PrincipalArn"), principalARN},
	{"an ARN", func(o operand) bool { return o.key.Type == catalog.ARN || o.operator.Family == policy.ArnFamily }, resourceARN},
	{"a public address", named("aws:SourceIp"), publicAddress},
	{"true or false", func(o operand) bool { return o.key.Type == catalog.Bool && o.operator.Family == policy.StringFamily }, boolean},
	{"the key's Region", named("aws:RequestedRegion"), ownRegion},
	{"a Region", named("kms:PrimaryRegion", "kms:ReplicaRegion"), anyRegion},
	{"an alias", named("kms:RequestAlias"), alias},
	{"one of a few names", func(o operand) bool { return catalog.KnownValues(o.key.Name) != nil }, knownValue},
}

// named makes a predicate of the names of keys, as the catalog spells them.
func named(keys ...string) func(operand) bool {
	return func(o operand) bool { return slices.Contains(keys, o.key.Name) }
}

// objectionTo returns why no request has a value.
func (s *statement) objectionTo(o operand) objection {
	for _, f := range formats {
		if !f.of(o) {
			continue
		}
		if found := f.object(s, o); found.reason != "" {
			return found
		}
	}
	return objection{}
}

// checkFormats reports values that no request has. Where a condition has no other values, it
// says what that makes of the condition.
func checkFormats(s *statement) {
	for i, c := range s.Conditions {
		key := s.keys[i]
		if !key.UsableInKeyPolicy || c.Operator.Family == policy.NullFamily {
			continue
		}
		objections := make([]objection, len(c.Values))
		right := 0
		for j, value := range c.Values {
			if objections[j] = s.objectionTo(operand{key, c.Operator, value}); objections[j].reason == "" {
				right++
			}
		}
		s.object(i, objections, right > 0)
	}
}

// object reports the objections to the values of a condition; some is true where it has
// other values.
func (s *statement) object(i int, objections []objection, some bool) {
	c := s.Conditions[i]
	holds, decided := holdsWithoutKey(c)
	always := c.Operator.Negated && c.Operator.Set == policy.NoSet
	for j, o := range objections {
		if o.reason == "" || o.elsewhere && some {
			continue
		}
		about, text := s.conditionValue(i, j), quote(c.Key)+" never is "+quote(c.Values[j])+": "+o.reason
		switch {
		case some || s.decided[i]:
			s.report(about, ValueNeverMatches, o.suggestion, "%s", text)
		case decided && !holds:
			s.dead(about, o.suggestion, "%s", text)
		case always:
			s.report(about, ConditionWithoutEffect, o.suggestion, "%s, so %s always holds", text, c.Operator)
		default:
			s.report(about, ValueNeverMatches, o.suggestion, "%s", text)
		}
		s.decided[i] = s.decided[i] || !some
	}
}

// isFree tells the keys whose values callers choose, so that a * may be in one.
func isFree(key catalog.ConditionKey) bool {
	switch key.Name {
	case "kms:EncryptionContext:", "kms:EncryptionContextKeys", "aws:UserAgent", "aws:referer":
		return true
	default:
		return false
	}
}

// hasLiteralWildcard tells a * or ? that the operator compares as it stands. In ${*} it is
// meant to be literal.
func hasLiteralWildcard(o operand) bool {
	return o.operator.Family == policy.StringFamily && o.operator.Comparison != policy.Like && isPattern(withoutVariables(o.value))
}

// likeOperator returns the operator that takes wildcards.
func likeOperator(o operand) string {
	like := "StringLike"
	if o.key.Type == catalog.ARN || strings.HasPrefix(o.value, "arn:") {
		like = "ArnLike"
	}
	if o.operator.Negated {
		like = strings.Replace(like, "Like", "NotLike", 1)
	}
	return like
}

func literalWildcard(_ *statement, o operand) objection {
	if isFree(o.key) {
		return objection{}
	}
	return objection{reason: o.operator.String() + " takes * and ? literally", suggestion: likeOperator(o)}
}

// checkWildcards reports literal wildcards in values that callers choose: AWS itself prints
// such conditions, and a request could have the value.
func checkWildcards(s *statement) {
	for i, c := range s.Conditions {
		for j, value := range c.Values {
			o := operand{s.keys[i], c.Operator, value}
			if isFree(o.key) && hasLiteralWildcard(o) {
				s.report(s.conditionValue(i, j), WildcardWithoutLike, likeOperator(o), "%s takes * and ? in %s literally", c.Operator, quote(value))
			}
		}
	}
}
