package evaluation

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
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
//     say. A key that is missing contradicts nothing.
//
// Nothing here depends on the policy.
func (r Request) Check(key policy.Key) error {
	_, err := r.checked(key)
	if err != nil {
		return err
	}
	return nil
}

// checked returns the context of a request that passes Check.
func (r Request) checked(key policy.Key) (map[string]contextKey, *RequestError) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	keys, err := r.checkAlone()
	if err != nil {
		return nil, err
	}
	if partition := callerOf(r).partition; partition != "" && partition != key.Partition {
		return nil, refuse("principal", "%s is of partition %s, the key of %s", quoted(r.Principal), quoted(partition), quoted(key.Partition))
	}
	if r.Resource != "" && key.ARN != "" && r.Resource != key.ARN {
		return nil, refuse("resource", "%s is not the key %s", quoted(r.Resource), quoted(key.ARN))
	}
	account := keys[folded("aws:ResourceAccount")].values
	if len(account) > 0 && account[0] != key.Account {
		return nil, refuse(contextField("aws:ResourceAccount"), "the key is of account %s", quoted(key.Account))
	}
	return keys, nil
}

// checkAlone is what Check can tell without the key. It returns the context.
func (r Request) checkAlone() (map[string]contextKey, *RequestError) {
	if err := r.checkPrincipal(); err != nil {
		return nil, err
	}
	if err := checkAction(r.Action); err != nil {
		return nil, err
	}
	keys, err := r.contextKeys()
	if err != nil {
		return nil, err
	}
	return keys, r.checkDetermined(keys)
}

// checkAction refuses what no key policy decides, and says what may have been meant.
func checkAction(action string) *RequestError {
	names := catalog.KeyPolicyActions()
	if name, ofKMS := strings.CutPrefix(action, "kms:"); ofKMS && slices.Contains(names, name) {
		return nil
	}
	var near []string
	for _, name := range names {
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
