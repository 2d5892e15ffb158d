package evaluation

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Check returns a [*RequestError] for a request that cannot be made for a key:
//
//   - a principal that is not of the type said, or of another partition than the key;
//   - an account that is not the principal's;
//   - an action that no key policy decides, or another spelling of one;
//   - another resource than the key, where the key's ARN is known;
//   - a context with a key twice (names ignore case), with values that are no strings, or
//     with several values of a key that has one;
//   - a condition key that contradicts the principal or the key: aws:username for a role,
//     say, or aws:PrincipalOrgID for a service. A key that is missing contradicts nothing.
//
// Nothing here depends on the policy.
func (r Request) Check(key policy.Key) error {
	_, _, err := r.checked(key)
	if err != nil {
		return err
	}
	return nil
}

// checked returns the caller and the context of a request that passes Check.
func (r Request) checked(key policy.Key) (caller, map[string]contextKey, *RequestError) {
	if err := checkKey(key); err != nil {
		return caller{}, nil, err
	}
	c, keys, err := r.checkAlone()
	if err != nil {
		return c, nil, err
	}
	if c.partition != "" && c.partition != key.Partition {
		return c, nil, refuse("principal", "%s is of partition %s, the key of %s", quoted(r.Principal), quoted(c.partition), quoted(key.Partition))
	}
	if r.Resource != "" && key.ARN != "" && r.Resource != key.ARN {
		return c, nil, refuse("resource", "%s is not the key %s", quoted(r.Resource), quoted(key.ARN))
	}
	for _, fact := range factsOf(key) {
		if values := keys[foldedNames[fact.name]].values; len(values) > 0 && fact.value != "" && !strings.EqualFold(values[0], fact.value) {
			return c, nil, refuse(contextField(fact.name), "of the key it is %s", quoted(fact.value))
		}
	}
	return c, keys, nil
}

// factsOf are the condition keys whose value is a property of the key, "" where it is
// not known.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
func factsOf(key policy.Key) [8]determined {
	return [...]determined{
		{name: "aws:ResourceAccount", value: key.Account}, {name: "aws:RequestedRegion", value: key.Region},
		{name: "kms:KeySpec", value: key.Spec}, {name: "kms:CustomerMasterKeySpec", value: key.Spec},
		{name: "kms:KeyUsage", value: key.Usage}, {name: "kms:CustomerMasterKeyUsage", value: key.Usage},
		{name: "kms:KeyOrigin", value: key.Origin}, {name: "kms:MultiRegion", value: key.MultiRegion},
	}
}

// checkCarried refuses condition keys that no request of such a caller carries, by the
// table of package catalog; of several, always the same one. Of a role, which a policy may
// name, it refuses less.
func (r Request) checkCarried() *RequestError {
	var never []string
	for name, value := range r.Context {
		if _, ofPrincipal := foldedNames[name]; ofPrincipal {
			continue // see checkDetermined
		}
		values, _, _ := valuesOf(value)
		if len(values) > 0 && r.neverCarries(catalog.AvailabilityOf(name)) {
			never = append(never, name)
		}
	}
	if len(never) == 0 {
		return nil
	}
	return refuse(contextField(slices.Min(never)), "a request of %s has no such key", quoted(r.Principal))
}

func (r Request) neverCarries(row catalog.Availability) bool {
	switch r.PrincipalType {
	case ServicePrincipal:
		return row.ByService == catalog.Never
	case RolePrincipal, SessionPrincipal:
		return row.OfNamedRole() == catalog.Never
	case OtherPrincipal:
		return false
	default:
		return row.OfIdentity() == catalog.Never
	}
}

// checkAlone is what Check can tell without the key. It returns the caller and the context.
func (r Request) checkAlone() (caller, map[string]contextKey, *RequestError) {
	if err := r.checkPrincipal(); err != nil {
		return caller{}, nil, err
	}
	if err := checkAction(r.Action); err != nil {
		return caller{}, nil, err
	}
	keys, err := r.contextKeys()
	if err != nil {
		return caller{}, nil, err
	}
	c := callerOf(r)
	if err := r.checkDetermined(c, keys); err != nil {
		return c, keys, err
	}
	return c, keys, r.checkCarried()
}

// actionNames are the actions that a key policy decides, without "kms:".
var actionNames = catalog.KeyPolicyActions()

// checkAction refuses what no key policy decides, and says what may have been meant.
func checkAction(action string) *RequestError {
	if name, ofKMS := strings.CutPrefix(action, "kms:"); ofKMS && slices.Contains(actionNames, name) {
		return nil
	}
	var near []string
	for _, name := range actionNames {
		known := "kms:" + name
		switch {
		case folded(known) == folded(action):
			return refuse("action", "%s is spelled %s", quoted(action), known)
		case action != "" && strings.HasPrefix(folded(known), folded(action)), folded(name) == folded(action):
			near = append(near, known)
		}
	}
	switch {
	case strings.ContainsAny(action, "*?"):
		return refuse("action", "%s is a pattern; a request is for one action", quoted(action))
	case len(near) > 0 && len(near) <= 5:
		return refuse("action", "%s is no action that a key policy decides; perhaps %s?", quoted(action), strings.Join(near, " or "))
	default:
		return refuse("action", "%s is no action that a key policy decides; expected one such as kms:Decrypt", quoted(action))
	}
}
