package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
)

// requestWords says who makes a request, and whether IAM allows it.
func requestWords(r evaluation.Request) string {
	switch {
	case r.PrincipalType == evaluation.ServicePrincipal:
		return r.Principal
	case r.IdentityPolicyAllows:
		return r.Principal + ", with an IAM permission,"
	default:
		return r.Principal + ", without an IAM permission,"
	}
}

// impliedKeys lists the condition keys that the principal or the key determines; they
// say nothing that the principal's ARN does not.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
var impliedKeys = []string{
	"aws:principalaccount", "aws:principalarn", "aws:principalisawsservice", "aws:principalservicename",
	"aws:principaltype", "aws:resourceaccount", "aws:username", "kms:calleraccount",
}

// contextWords names the rest of a request's condition keys with their values,
// in alphabetical order.
func contextWords(context map[string]any) string {
	var words []string
	for _, key := range slices.Sorted(maps.Keys(context)) {
		if !slices.Contains(impliedKeys, strings.ToLower(key)) {
			words = append(words, fmt.Sprintf("%s = %q", key, context[key]))
		}
	}
	return strings.Join(words, " and ")
}
