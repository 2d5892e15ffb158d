package access

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// context returns the condition keys that the principal and the key determine.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
func (s *subject) context(key policy.Key) map[string]any {
	if s.kind == evaluation.ServicePrincipal {
		return map[string]any{"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": s.arn, "aws:ResourceAccount": key.Account}
	}
	context := map[string]any{
		"aws:PrincipalArn":          s.principalARN(),
		"aws:PrincipalType":         s.principalType(),
		"aws:PrincipalAccount":      s.account,
		"kms:CallerAccount":         s.account,
		"aws:PrincipalIsAWSService": "false",
		"aws:ResourceAccount":       key.Account,
	}
	if s.kind == evaluation.UserPrincipal {
		context["aws:username"] = s.name
	}
	return context
}

// principalARN is the ARN of the principal, of a session its role's.
func (s *subject) principalARN() string {
	if s.kind == evaluation.SessionPrincipal {
		return s.roleARN
	}
	return s.arn
}

func (s *subject) principalType() string {
	switch s.kind {
	case evaluation.RootPrincipal:
		return "Account"
	case evaluation.UserPrincipal:
		return "User"
	case evaluation.FederatedPrincipal:
		return "FederatedUser"
	default:
		return "AssumedRole"
	}
}
