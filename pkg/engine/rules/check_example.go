package rules

import (
	"regexp"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// exampleKey is a key that a baseline can be meant for: of the partition of the ARNs that
// the baseline has, and of the account whose users and roles it requires. They are read
// from the text as it is written, because nothing can be put in the place of ${AccountId}
// and ${Partition} before they are known.
func (b *Baseline) exampleKey() Key {
	texts := slices.Concat(b.Administrators.Required, b.Users.Required, b.Administrators.Permitted)
	account := firstMatch(ownerOfPrincipal, texts)
	texts = append(slices.Concat(texts, b.Users.Permitted), b.GuardrailAccess)
	for _, t := range slices.Concat(b.Require, b.Permit) {
		texts = append(texts, string(t))
	}
	return newExampleKey(firstMatch(partitionOfARN, texts), account)
}

var (
	partitionOfARN   = regexp.MustCompile(`arn:(aws[a-z-]*):`)
	ownerOfPrincipal = regexp.MustCompile(`^arn:[^:]*:iam::([0-9]{12}):(?:user|role)/`)
)

// firstMatch returns what the group of a pattern matches in the first text that it
// matches, "" for none.
func firstMatch(pattern *regexp.Regexp, texts []string) string {
	for _, text := range texts {
		if match := pattern.FindStringSubmatch(text); match != nil {
			return match[1]
		}
	}
	return ""
}

// newExampleKey returns a key of a partition and an account, each "" for any one.
func newExampleKey(partition, account string) Key {
	k := Key{
		Account: "111122223333", Region: "us-east-1", Partition: "aws", OrganizationID: "o-a1b2c3d4e5",
		Type: defaultpolicy.KeyType{}.WithDefaults(),
	}
	if account != "" {
		k.Account = account
	}
	if partition != "" {
		k.Partition = partition
	}
	switch k.Partition {
	case "aws-cn":
		k.Region = "cn-north-1"
	case "aws-us-gov":
		k.Region = "us-gov-west-1"
	case "aws-eusc":
		k.Region = "eusc-de-east-1"
	default:
	}
	k.ARN = "arn:" + k.Partition + ":kms:" + k.Region + ":" + k.Account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
	return k
}

// exampleTypes are one key type for each form of the console default.
func exampleTypes() []defaultpolicy.KeyType {
	return []defaultpolicy.KeyType{
		defaultpolicy.KeyType{}.WithDefaults(),
		defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}.WithDefaults(),
		defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048, Usage: defaultpolicy.EncryptDecrypt}.WithDefaults(),
		defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048, Usage: defaultpolicy.SignVerify}.WithDefaults(),
	}
}

// examplePolicyKey is PolicyKey of an example without the properties by which keys of a
// baseline differ: a statement for another Region or spec is not wrong for that.
func (k Key) examplePolicyKey() policy.Key {
	return policy.Key{ARN: k.ARN, Partition: k.Partition, Account: k.Account}
}
