package localaws

import (
	"fmt"
	"regexp"
	"strings"
)

const upperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// randomText returns n characters of the alphabet. The caller holds mu.
func (c *Cloud) randomText(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[c.random.IntN(len(alphabet))]
	}
	return string(b)
}

func (c *Cloud) randomHex(n int) string { return c.randomText(n, "0123456789abcdef") }

// uuid returns a random id in the form of a UUID. The caller holds mu.
func (c *Cloud) uuid() string {
	return fmt.Sprintf("%s-%s-4%s-a%s-%s",
		c.randomHex(8), c.randomHex(4), c.randomHex(3), c.randomHex(3), c.randomHex(12))
}

// partitionOf returns the partition of a Region by its name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// kmsARN is an ARN of KMS in six parts; the last is "key/id" or "alias/name".
type kmsARN struct{ partition, region, account, resource string }

func (a kmsARN) String() string {
	return strings.Join([]string{"arn", a.partition, "kms", a.region, a.account, a.resource}, ":")
}

// parseKMSARN is embedded AWS's own reading of ARNs: it must not share the engine's
// (policy.ParseKeyARN), which it is there to test.
func parseKMSARN(s string) (kmsARN, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "kms" {
		return kmsARN{}, false
	}
	return kmsARN{parts[1], parts[3], parts[4], parts[5]}, true
}

// A key id is a UUID, or mrk- and 32 hexadecimal digits.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-id
var keyIDForm = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)

var accountIDForm = regexp.MustCompile(`^[0-9]{12}$`)
