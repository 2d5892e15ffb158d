package access

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
)

// keyID returns the name of a condition key such that two names give the same if they
// differ in case only, by Unicode's simple folding.
func keyID(name string) string {
	if strings.IndexFunc(name, func(c rune) bool { return c >= utf8.RuneSelf }) < 0 {
		return strings.ToLower(name)
	}
	return strings.Map(func(c rune) rune {
		least := c
		for other := unicode.SimpleFold(c); other != c; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		if least < utf8.RuneSelf {
			return unicode.ToLower(least)
		}
		return least
	}, name)
}

// isDetermined tells whether the principal determines a condition key. name is a keyID.
func isDetermined(name string) bool {
	switch name {
	case "aws:principalarn", "aws:principaltype", "aws:principalaccount", "kms:calleraccount",
		"aws:username", "aws:principalisawsservice", "aws:principalservicename":
		return true
	default:
		return false
	}
}

// constant returns the value of a condition key that the key itself determines, as far as
// it is known. name is a keyID.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
func (r *reader) constant(name string) (value string, known bool) {
	switch name {
	case "aws:resourceaccount":
		value = r.key.Account
	case "aws:requestedregion":
		value = r.key.Region
	case "kms:keyspec", "kms:customermasterkeyspec":
		value = r.key.Spec
	case "kms:keyusage", "kms:customermasterkeyusage":
		value = r.key.Usage
	case "kms:keyorigin":
		value = r.key.Origin
	case "kms:multiregion":
		value = r.key.MultiRegion
	}
	return value, value != ""
}

// determined returns the value of a condition key that the subject or the key
// determines, and whether it is present at all. For other keys, without a subject, and
// for a key of which it is not known what a service's requests carry, ok is false.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
func (r *reader) determined(name string, s *subject) (value string, present, ok bool) {
	name = keyID(name)
	if value, ok = r.constant(name); ok {
		return value, true, true
	}
	if s == nil || !isDetermined(name) {
		return "", false, false
	}
	isService := s.kind == evaluation.ServicePrincipal
	switch name {
	case "aws:principalisawsservice":
		return strconv.FormatBool(isService), true, true
	case "aws:principalservicename":
		value, present = s.arn, isService
	case "aws:username":
		value, present = s.name, s.kind == evaluation.UserPrincipal
	case "aws:principalarn":
		value, present = s.principalARN(), !isService
	case "aws:principaltype":
		value, present = s.principalType(), !isService
	default: // aws:PrincipalAccount, kms:CallerAccount
		value, present = s.account, !isService
	}
	if !present {
		value = ""
	}
	return value, present, present || r.presence(name, s.caller()) != catalog.Foreign
}
