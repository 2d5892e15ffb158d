package evaluation

import (
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// Key is the key that a policy is of.
type Key struct {
	// ARN is the key's ARN, "" where unknown: a Resource other than "*" is then open.
	ARN string
	// Partition is "aws", "aws-cn", …; Account is the 12-digit id of the owner.
	Partition, Account string
}

// ParseKeyARN reads the ARN of a key, arn:partition:kms:region:account:key/id. An alias
// is not a key.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN
func ParseKeyARN(arn string) (Key, error) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] != "kms" || parts[3] == "" ||
		!policy.IsAccountID(parts[4]) || !strings.HasPrefix(parts[5], "key/") || parts[5] == "key/" ||
		strings.ContainsFunc(arn, notInARN) {
		return Key{}, fmt.Errorf("%s is not the ARN of a key, such as arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", quoted(arn))
	}
	return Key{ARN: arn, Partition: parts[1], Account: parts[4]}, nil
}

// notInARN: blanks, wildcards, and all that is not printable ASCII.
func notInARN(r rune) bool { return r <= ' ' || r > '~' || r == '*' || r == '?' }

// check refuses a key of which too little is known to decide anything.
func (k Key) check() *RequestError {
	if k.Partition == "" || !policy.IsAccountID(k.Account) {
		return refuse("resource", "the partition and the account of the key must be known")
	}
	return nil
}
