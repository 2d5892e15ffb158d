package evaluation

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// caller is what the principal of a request tells about itself.
type caller struct {
	partition, account string // "" where the principal has none
	service            bool
	roleName           string // of a session
	name               string // of a user: the last segment of its path
}

func callerOf(r Request) caller {
	switch r.PrincipalType {
	case ServicePrincipal:
		return caller{service: true}
	case OtherPrincipal:
		return caller{account: r.PrincipalAccount}
	default:
		p, _ := policy.ParseAWSPrincipal(r.Principal) // Check refuses what is no principal
		c := caller{partition: p.Partition, account: p.AccountID}
		if p.Kind == policy.Session {
			c.roleName = p.Name
		}
		if p.Kind == policy.User {
			c.name = p.Name
		}
		return c
	}
}

// kindOf is the kind of policy principal that names a principal of a type.
var kindOf = map[PrincipalType]policy.PrincipalKind{
	UserPrincipal:      policy.User,
	RolePrincipal:      policy.Role,
	SessionPrincipal:   policy.Session,
	FederatedPrincipal: policy.FederatedUser,
	RootPrincipal:      policy.Account,
}

// checkPrincipal refuses a principal that is not of the type said.
func (r Request) checkPrincipal() *RequestError {
	switch r.PrincipalType {
	case ServicePrincipal:
		return r.checkService()
	case OtherPrincipal:
		return r.checkOther()
	case UserPrincipal, RolePrincipal, SessionPrincipal, FederatedPrincipal, RootPrincipal:
	default:
		return refuse("principalType", "%s is none of %s", quoted(string(r.PrincipalType)), typeNames())
	}
	p, err := policy.ParseAWSPrincipal(r.Principal)
	if err != nil {
		return refuse("principal", "%v", err)
	}
	if p.Kind != kindOf[r.PrincipalType] || p.Partition == "" {
		return refuse("principal", "%s is not the ARN of a principal of type %s", quoted(r.Principal), r.PrincipalType)
	}
	if r.PrincipalAccount != "" && r.PrincipalAccount != p.AccountID {
		return refuse("principalAccount", "%s is not the account of %s", quoted(r.PrincipalAccount), quoted(r.Principal))
	}
	return nil
}

func (r Request) checkService() *RequestError {
	if !strings.Contains(r.Principal, ".") || strings.ContainsAny(r.Principal, ": *?/") {
		return refuse("principal", "%s is not the name of a service such as logs.us-east-1.amazonaws.com", quoted(r.Principal))
	}
	if r.PrincipalAccount != "" {
		return refuse("principalAccount", "a service has no account")
	}
	return nil
}

// checkOther refuses a principal that has a type of its own.
func (r Request) checkOther() *RequestError {
	if r.Principal == "" || r.Principal == "*" {
		return refuse("principal", "%s names no one principal", quoted(r.Principal))
	}
	if _, err := policy.ParseAWSPrincipal(r.Principal); err == nil {
		return refuse("principalType", "%s is a principal that policies can name; say which type it is of", quoted(r.Principal))
	}
	if r.PrincipalAccount != "" && !policy.IsAccountID(r.PrincipalAccount) {
		return refuse("principalAccount", "%s is not a 12-digit account id", quoted(r.PrincipalAccount))
	}
	return nil
}

func typeNames() string {
	var names []string
	for _, t := range principalTypes {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}
