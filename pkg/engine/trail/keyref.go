package trail

import "strings"

// keyRef names one KMS key in full. Two references are to the same key exactly when
// they are ==: the same multi-Region key in two Regions is two keys with two policies.
type keyRef struct {
	partition, region, account, id string
}

// String returns the key ARN.
func (k keyRef) String() string {
	return "arn:" + k.partition + ":kms:" + k.region + ":" + k.account + ":key/" + k.id
}

// parseKeyARN reads arn:<partition>:kms:<region>:<account>:key/<id> and nothing else,
// found at place. It is stricter than policy.ParseKeyARN, because anybody may have written the
// event: the guardrail must know the Region, and the Region must lie in the ARN's partition.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN
func parseKeyARN(place, arn string) (keyRef, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[2] != "kms" {
		return keyRef{}, refuse(CodeKeyReference, "%s is not a key ARN: %s", place, quote(arn))
	}
	id, isKey := strings.CutPrefix(parts[5], "key/")
	if !isKey || !isID(id) || !isRegion(parts[3]) || !isAccount(parts[4]) {
		return keyRef{}, refuse(CodeKeyReference, "%s is not a key ARN: %s", place, quote(arn))
	}
	partition, err := partitionOf(parts[3])
	if err != nil {
		return keyRef{}, err
	}
	if partition != parts[1] {
		return keyRef{}, refuse(CodeDisagreement, "%s is in partition %s, but Region %s is in %s",
			place, quote(parts[1]), parts[3], partition)
	}
	return keyRef{partition: partition, region: parts[3], account: parts[4], id: id}, nil
}

// partitionOf says in which partition a Region lies, by its name. The prefixes are
// those of the SDK's endpoint rules; the isolated partitions among them are refused,
// because nothing of the guardrail was ever tried there.
func partitionOf(region string) (string, error) {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn", nil
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov", nil
	case strings.HasPrefix(region, "eusc-"):
		return "aws-eusc", nil
	case strings.HasPrefix(region, "us-iso"), strings.HasPrefix(region, "eu-iso"):
		return "", refuse(CodePartition, "Region %s; the guardrail knows aws, aws-cn, aws-us-gov and aws-eusc", region)
	default:
		return "aws", nil
	}
}

// isAccount: exactly twelve digits.
func isAccount(text string) bool {
	return len(text) == 12 && consistsOf(text, isDigit)
}

// isRegion: a Region's name, e.g. us-gov-west-1.
func isRegion(text string) bool {
	return len(text) >= 1 && len(text) <= 32 &&
		consistsOf(text, func(c byte) bool { return isDigit(c) || isLower(c) || c == '-' })
}

// isID: a key id (a UUID, or mrk- and 32 digits) or an event id. The grammar is wider
// than today's ids, and has no slash, colon, space or wildcard.
func isID(text string) bool {
	return len(text) >= 1 && len(text) <= 128 &&
		consistsOf(text, func(c byte) bool { return isDigit(c) || isLower(c|0x20) || c == '-' })
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func consistsOf(text string, allowed func(byte) bool) bool {
	for i := range len(text) {
		if !allowed(text[i]) {
			return false
		}
	}
	return true
}

// isGrantID tells whether text is the id of a grant: hexadecimal, of up to 128 digits.
func isGrantID(text string) bool {
	return text != "" && len(text) <= 128 && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}
