package evaluation

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// determined is a condition key whose value follows from the principal (semantics 1).
type determined struct {
	name   string
	absent bool
	value  string // unless absent
	// fits replaces the comparison with value where the principal does not tell all of it.
	fits func(value string) bool
}

// determined returns the table of semantics 1 for the request's principal. What the table
// only assumes (that a service has no aws:PrincipalArn, aws:PrincipalType and account) is
// not held against a request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (r Request) determined(c caller) []determined {
	list := make([]determined, 0, 7)
	if c.account != "" {
		list = append(list,
			determined{name: "kms:CallerAccount", value: c.account},
			determined{name: "aws:PrincipalAccount", value: c.account})
	}
	switch r.PrincipalType {
	case OtherPrincipal:
		return list
	case ServicePrincipal:
		return append(list,
			determined{name: "aws:username", absent: true},
			determined{name: "aws:PrincipalIsAWSService", value: "true"},
			determined{name: "aws:PrincipalServiceName", value: r.Principal})
	default:
		return append(list,
			r.principalARN(c),
			determined{name: "aws:PrincipalType", value: principalTypeValue(r.PrincipalType)},
			determined{name: "aws:username", value: c.name, absent: c.name == ""},
			determined{name: "aws:PrincipalIsAWSService", value: "false"},
			determined{name: "aws:PrincipalServiceName", absent: true})
	}
}

// principalARN is aws:PrincipalArn: the principal's own ARN but for a session, which has
// that of its role. A session's ARN does not tell the role's path.
func (r Request) principalARN(c caller) determined {
	if r.PrincipalType != SessionPrincipal {
		return determined{name: "aws:PrincipalArn", value: r.Principal}
	}
	isTheRole := func(value string) bool {
		p, err := policy.ParseAWSPrincipal(value)
		return err == nil && p.Kind == policy.Role && p.Partition == c.partition && p.AccountID == c.account && p.Name == c.roleName
	}
	return determined{name: "aws:PrincipalArn", value: "the ARN of its role", fits: isTheRole}
}

// principalTypeValue is what aws:PrincipalType says of a type of principals.
func principalTypeValue(t PrincipalType) string {
	switch t {
	case RootPrincipal:
		return "Account"
	case UserPrincipal:
		return "User"
	case FederatedPrincipal:
		return "FederatedUser"
	default:
		return "AssumedRole"
	}
}

// checkDetermined refuses condition keys that contradict the principal.
func (r Request) checkDetermined(c caller, keys map[string]contextKey) *RequestError {
	if len(keys) == 0 {
		return nil
	}
	for _, d := range r.determined(c) {
		values := keys[folded(d.name)].values
		if len(values) == 0 {
			continue
		}
		fits := values[0] == d.value
		if d.fits != nil {
			fits = d.fits(values[0])
		}
		switch {
		case d.absent:
			return refuse(contextField(d.name), "a request of %s has no such key", quoted(r.Principal))
		case !fits:
			return refuse(contextField(d.name), "%s contradicts the principal; expected %s", quoted(values[0]), quoted(d.value))
		}
	}
	return nil
}

// MissingKeys returns the condition keys that the policy asks about, that every request
// of this principal for any key has, and that the context lacks, sorted. Evaluate takes
// them for absent, which whoever wrote the request by hand may not have meant.
func MissingKeys(d policy.Set, r Request) []string {
	keys, err := r.contextKeys()
	if err != nil {
		return nil
	}
	var missing []string
	for _, key := range append(r.determined(callerOf(r)), r.carried()...) {
		if !key.absent && len(keys[folded(key.name)].values) == 0 && asksAbout(d, key.name) {
			missing = append(missing, key.name)
		}
	}
	slices.Sort(missing)
	return missing
}

// carried are the condition keys that each request of the caller carries, by the table of
// package catalog, but for those that the principal determines.
func (r Request) carried() []determined {
	var list []determined
	for _, row := range catalog.Availabilities() {
		presence := row.OfIdentity()
		if r.PrincipalType == ServicePrincipal {
			presence = row.ByService
		}
		known := slices.ContainsFunc(r.determined(callerOf(r)), func(d determined) bool { return d.name == row.Key })
		if presence == catalog.Always && r.PrincipalType != OtherPrincipal && !known {
			list = append(list, determined{name: row.Key})
		}
	}
	if r.PrincipalType == OtherPrincipal {
		list = append(list, determined{name: "aws:ResourceAccount"})
	}
	return list
}

// asksAbout tells whether a condition of the policy is on a key, or has it as a variable.
func asksAbout(d policy.Set, key string) bool {
	for i := range d.Statements {
		for _, c := range d.Statements[i].Conditions {
			if folded(c.Key) == folded(key) {
				return true
			}
			for _, value := range c.Values {
				if d.HasVariables() && strings.Contains(folded(value), folded("${"+key)) {
					return true
				}
			}
		}
	}
	return false
}
