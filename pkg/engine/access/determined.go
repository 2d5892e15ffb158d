package access

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

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

// isDetermined tells whether the principal, or the key itself, determines a
// condition key. name is a keyID.
func isDetermined(name string) bool {
	switch name {
	case "aws:principalarn", "aws:principaltype", "aws:principalaccount", "kms:calleraccount",
		"aws:username", "aws:principalisawsservice", "aws:principalservicename", "aws:resourceaccount":
		return true
	default:
		return false
	}
}

// determined returns the value of a condition key that the subject or the key
// determines, and whether it is present at all. For other keys, and without a
// subject, ok is false.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
func (r *reader) determined(name string, s *subject) (value string, present, ok bool) {
	name = keyID(name)
	isService := s != nil && s.kind == evaluation.ServicePrincipal
	switch {
	case name == "aws:resourceaccount":
		return r.key.Account, true, true
	case s == nil || !isDetermined(name):
		return "", false, false
	case name == "aws:principalisawsservice":
		return strconv.FormatBool(isService), true, true
	case name == "aws:principalservicename":
		value, present = s.arn, isService
	case name == "aws:username":
		value, present = s.name, s.kind == evaluation.UserPrincipal
	case name == "aws:principalarn":
		value, present = s.principalARN(), !isService
	case name == "aws:principaltype":
		value, present = s.principalType(), !isService
	default: // aws:PrincipalAccount, kms:CallerAccount
		value, present = s.account, !isService
	}
	if !present {
		value = ""
	}
	return value, present, true
}
