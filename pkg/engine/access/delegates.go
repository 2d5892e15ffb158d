package access

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// Delegates tells whether a policy leaves actions, such as kms:PutKeyPolicy, to the
// IAM policies of the account that owns the key: nothing of that is proved missing.
func Delegates(key policy.Key, d policy.Set, actions ...string) bool {
	owner, err := policy.ParseAWSPrincipal(key.Account)
	if err != nil {
		return false
	}
	needed, err := policy.New(policy.Version2012, "", policy.Statement{
		Effect: policy.Allow, Principals: policy.Principals{Entries: []policy.Principal{owner}},
		Actions: policy.Values(actions...), Resources: policy.Values("*"),
	})
	left := budget
	return err == nil && len(compareWays(key, needed.Set, d, onlyMissing, &left).Missing) == 0
}
