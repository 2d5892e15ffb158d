package integration

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// The kinds of keys that services work with.
const (
	symmetricDefault = "SYMMETRIC_DEFAULT"
	eccNISTP256      = "ECC_NIST_P256"
	encryptDecrypt   = "ENCRYPT_DECRYPT"
	signVerify       = "SIGN_VERIFY"
)

// useOfTheKey is what AWS documents for a service or role that encrypts with the key.
var useOfTheKey = []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"}

// sendEncrypted is what AWS documents for a service that sends to an encrypted topic or queue.
var sendEncrypted = []string{"kms:GenerateDataKey*", "kms:Decrypt"}

// The operators that the statements use.
var (
	stringEquals, _ = policy.ParseOperator("StringEquals")
	stringLike, _   = policy.ParseOperator("StringLike")
	arnLike, _      = policy.ParseOperator("ArnLike")
	boolean, _      = policy.ParseOperator("Bool")
	null, _         = policy.ParseOperator("Null")
)

// allow makes a statement. In a key policy, the Resource "*" is the key.
func allow(sid string, who []policy.Principal, actions []string, conditions ...policy.Condition) policy.Statement {
	return policy.Statement{
		SID: sid, Effect: policy.Allow, Principals: policy.Principals{Entries: who},
		Actions: policy.Values(slices.Clone(actions)...), Resources: policy.Values("*"), Conditions: conditions,
	}
}

// service returns service principals.
func service(names ...string) []policy.Principal {
	var list []policy.Principal
	for _, name := range names {
		list = append(list, policy.Principal{Kind: policy.Service, Text: name})
	}
	return list
}

// anyone is "*": a statement for it needs a condition on the caller's account.
func anyone() []policy.Principal { return []policy.Principal{{Kind: policy.Anyone, Text: "*"}} }

// role returns a role of the account; path has its name at the end.
func (f Facts) role(path, name string) []policy.Principal {
	return []policy.Principal{{
		Kind: policy.Role, Text: "arn:" + f.Partition + ":iam::" + f.Account + ":role" + path + name,
		Partition: f.Partition, AccountID: f.Account, Name: name,
	}}
}

// arn returns the ARN, or a pattern, of resources of the account.
func (f Facts) arn(service, region, resource string) string {
	return "arn:" + f.Partition + ":" + service + ":" + region + ":" + f.Account + ":" + resource
}

func when(operator policy.Operator, key, value string) policy.Condition {
	return policy.Condition{Operator: operator, Key: key, Values: []string{value}}
}

// sourceAccount holds where a service acts for the key's own account.
func (f Facts) sourceAccount() policy.Condition {
	return when(stringEquals, "aws:SourceAccount", f.Account)
}

// sourceARN holds where a service acts for a resource of the account.
func (f Facts) sourceARN(service, region, resource string) policy.Condition {
	return when(arnLike, "aws:SourceArn", f.arn(service, region, resource))
}

// callerAccount holds for principals of the key's own account.
func (f Facts) callerAccount() policy.Condition {
	return when(stringEquals, "kms:CallerAccount", f.Account)
}

// forAWSResource holds for grants that a service makes for its own resources.
func forAWSResource() policy.Condition { return when(boolean, "kms:GrantIsForAWSResource", "true") }
