package evaluation

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// checkKey refuses a key of which too little is known to decide anything.
func checkKey(k policy.Key) *RequestError {
	if k.Partition == "" || !policy.IsAccountID(k.Account) {
		return refuse("resource", "the partition and the account of the key must be known")
	}
	return nil
}
