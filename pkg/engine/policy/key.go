package policy

import (
	"fmt"
	"strings"
)

// Key is the KMS key that a policy is of.
type Key struct {
	// ARN is the full key ARN, or "" where only the account is known; what a
	// Resource other than "*" means then stays open.
	ARN string
	// Partition is aws, aws-cn, aws-us-gov or another.
	Partition string
	// Account is the 12-digit id of the account that owns the key.
	Account string

	// What follows never changes in the life of a key; each is "" where it is not known.
	// Conditions that ask for it are decided where it is.

	// Region is the Region of the key, us-east-1.
	Region string
	// Spec, Usage and Origin are as KMS says them: SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT, AWS_KMS.
	Spec, Usage, Origin string
	// MultiRegion is "true" for a multi-Region key, primary or replica, and "false" for others.
	MultiRegion string
}

// ParseKeyARN reads arn:partition:kms:region:account:key/id. An alias is not a key. It is the
// engine's one reading of key ARNs, but for package trail, which knows Regions and is stricter.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN
func ParseKeyARN(arn string) (Key, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || !isWord(parts[1]) || parts[2] != "kms" || !isWord(parts[3]) ||
		!IsAccountID(parts[4]) || !isKeyResource(parts[5]) {
		return Key{}, fmt.Errorf("%s is not the ARN of a key, such as arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", quoted(arn))
	}
	return Key{ARN: arn, Partition: parts[1], Account: parts[4], Region: parts[3]}, nil
}

func isKeyResource(resource string) bool {
	id, ok := strings.CutPrefix(resource, "key/")
	return ok && len(id) <= 128 && isWord(id)
}

// isWord tells whether text is of letters, digits and hyphens, and not empty.
func isWord(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return text != ""
}
