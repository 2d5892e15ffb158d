package localaws

import (
	"math/rand/v2"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws/internal/authz"
)

// keyPolicy is a policy as it is stored: the text, and the document with its
// users and roles bound to their unique ids.
type keyPolicy struct {
	document *authz.Document
	bound    map[string]string // AWS principal as written -> unique id
	order    uint64            // seed of the order in which principals come back
}

// defaultPolicy is the text that KMS attaches when CreateKey or ReplicateKey
// give no policy, spaced as KMS spaces it.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
func defaultPolicy(partition, account string) string {
	return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:` + partition + `:iam::` + account + `:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
}

// firstPolicy gives a new key its policy. The lockout check is for a policy
// that the caller wrote.
func (c *Cloud) firstPolicy(req *request, k *key, given *string, bypass *bool) error {
	if given == nil {
		policy, err := c.readPolicy(k, defaultPolicy(partitionOf(k.region), k.account))
		k.policy = policy
		return err
	}
	policy, err := c.acceptPolicy(req, k, *given, bypass)
	k.policy = policy
	return err
}

// acceptPolicy validates a policy that a caller wants on the key.
func (c *Cloud) acceptPolicy(req *request, k *key, text string, bypass *bool) (*keyPolicy, error) {
	policy, err := c.readPolicy(k, text)
	if err != nil {
		return nil, err
	}
	if bypass != nil && *bypass {
		return policy, nil
	}
	return policy, c.checkLockout(req, k, policy)
}

// render is the text that GetKeyPolicy returns: account ids as root ARNs,
// deleted users and roles as their unique ids, principals of an array in
// another order, an array of one as a string; the rest as it was given.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (c *Cloud) render(policy *keyPolicy, partition string) string {
	return policy.document.RewritePrincipals(func(values []string) []string {
		shown := make([]string, 0, len(values))
		for _, v := range values {
			id, bound := policy.bound[v]
			switch {
			case accountIDForm.MatchString(v):
				v = "arn:" + partition + ":iam::" + v + ":root"
			case bound && id != v && !c.liveID(id):
				v = id
			}
			shown = append(shown, v)
		}
		return reorder(shown, policy.order)
	})
}

// reorder shuffles, and makes sure that two different values change places:
// nothing may rely on the order.
func reorder(values []string, seed uint64) []string {
	shuffled := slices.Clone(values)
	rand.New(rand.NewPCG(seed, seed)).Shuffle(len(shuffled), func(i, j int) {
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	})
	if slices.Equal(shuffled, values) && len(values) > 1 {
		shuffled = append(shuffled[1:], shuffled[0])
	}
	return shuffled
}

type getKeyPolicyInput struct {
	KeyId      *string
	PolicyName *string
}

// getKeyPolicy: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
func (c *Cloud) getKeyPolicy(req *request, in getKeyPolicyInput) (any, error) {
	k, err := c.findOwn(req, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := c.authorize(req, "kms:GetKeyPolicy", k, nil); err != nil {
		return nil, err
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	policy := k.policy
	if req.stale && k.previous != nil {
		policy = k.previous
	}
	return object{"Policy": c.render(policy, partitionOf(k.region)), "PolicyName": "default"}, nil
}

// checkPolicyName: the only valid name is "default".
func checkPolicyName(name *string) error {
	if name != nil && *name != "default" {
		return refuse("NotFoundException", "No such policy exists")
	}
	return nil
}

type putKeyPolicyInput struct {
	KeyId                          *string
	PolicyName                     *string
	Policy                         *string
	BypassPolicyLockoutSafetyCheck *bool
}

// putKeyPolicy: https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
func (c *Cloud) putKeyPolicy(req *request, in putKeyPolicyInput) (any, error) {
	req.params = object{"keyId": in.KeyId, "policyName": "default", "policy": in.Policy,
		"bypassPolicyLockoutSafetyCheck": isTrue(in.BypassPolicyLockoutSafetyCheck)}
	if in.Policy == nil {
		return nil, invalid("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must not be null")
	}
	k, err := c.findOwn(req, in.KeyId)
	if err != nil {
		return nil, err
	}
	extra := authz.Context{}
	setBool(extra, "kms:BypassPolicyLockoutSafetyCheck", in.BypassPolicyLockoutSafetyCheck)
	if err := c.authorize(req, "kms:PutKeyPolicy", k, extra); err != nil {
		return nil, err
	}
	if err := checkPolicyName(in.PolicyName); err != nil {
		return nil, err
	}
	policy, err := c.acceptPolicy(req, k, *in.Policy, in.BypassPolicyLockoutSafetyCheck)
	if err != nil {
		return nil, err
	}
	k.previous, k.policy = k.policy, policy
	return nil, nil
}

type listKeyPoliciesInput struct {
	KeyId  *string
	Limit  *int
	Marker *string
}

// listKeyPolicies: https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeyPolicies.html
func (c *Cloud) listKeyPolicies(req *request, in listKeyPoliciesInput) (any, error) {
	k, err := c.findOwn(req, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := c.authorize(req, "kms:ListKeyPolicies", k, nil); err != nil {
		return nil, err
	}
	return object{"PolicyNames": []string{"default"}, "Truncated": false}, nil
}
