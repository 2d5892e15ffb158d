package access

// context returns the condition keys that the principal determines.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principal-properties
func (s *subject) context() map[string]any {
	if s.kind == TypeService {
		return map[string]any{"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": s.arn}
	}
	context := map[string]any{
		"aws:PrincipalArn":          s.principalARN(),
		"aws:PrincipalType":         s.principalType(),
		"aws:PrincipalAccount":      s.account,
		"kms:CallerAccount":         s.account,
		"aws:PrincipalIsAWSService": "false",
	}
	if s.kind == TypeUser {
		context["aws:username"] = s.name
	}
	return context
}

// principalARN is the ARN of the principal, of a session its role's.
func (s *subject) principalARN() string {
	if s.kind == TypeSession {
		return s.roleARN
	}
	return s.arn
}

func (s *subject) principalType() string {
	switch s.kind {
	case TypeRoot:
		return "Account"
	case TypeUser:
		return "User"
	case TypeFederated:
		return "FederatedUser"
	default:
		return "AssumedRole"
	}
}
