package access

import (
	"math/bits"
	"slices"
	"strings"
)

// actionNames are the KMS actions that have an effect in a key policy, in
// alphabetical order. This is the one place to update when KMS adds an action;
// a test compares it with the operations of the AWS SDK.
//
// State of 2026-11. Actions that only IAM policies control (CreateKey, ListKeys,
// RetireGrant, …) are left out. SynchronizeMultiRegionKey is a permission without
// an API operation; it is in, because one action too many can only make two
// policies differ, never agree.
// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
var actionNames = [...]string{
	"CancelKeyDeletion", "CreateAlias", "CreateGrant", "Decapsulate", "Decrypt", "DeleteAlias",
	"DeleteImportedKeyMaterial", "DeriveSharedSecret", "DescribeKey", "DisableKey", "DisableKeyRotation",
	"EnableKey", "EnableKeyRotation", "Encapsulate", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
	"GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetKeyLastUsage",
	"GetKeyPolicy", "GetKeyRotationStatus", "GetParametersForImport", "GetPublicKey", "ImportKeyMaterial",
	"ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags", "PutKeyPolicy", "ReEncryptFrom",
	"ReEncryptTo", "ReplicateKey", "RevokeGrant", "RotateKeyOnDemand", "ScheduleKeyDeletion", "Sign",
	"SynchronizeMultiRegionKey", "TagResource", "UntagResource", "UpdateAlias", "UpdateKeyDescription",
	"UpdatePrimaryRegion", "Verify", "VerifyMac",
}

// Actions is a set of the KMS actions that have an effect in a key policy.
type Actions uint64

// AllActions is what kms:* covers in a key policy.
const AllActions Actions = 1<<len(actionNames) - 1

// ActionsMatching returns the actions that an Action value of a policy covers:
// "*", or a pattern such as kms:ReEncrypt*, in any case. A value that names no
// action of a key policy gives the empty set.
func ActionsMatching(pattern string) Actions {
	if pattern == "*" || strings.EqualFold(pattern, "kms:*") {
		return AllActions
	}
	if !strings.ContainsAny(pattern, "*?") {
		return exactAction(pattern)
	}
	pattern = strings.ToLower(pattern)
	var set Actions
	for i, name := range actionNames {
		if globMatch(pattern, "kms:"+strings.ToLower(name)) {
			set |= 1 << i
		}
	}
	return set
}

func exactAction(value string) Actions {
	if len(value) < len("kms:") || !strings.EqualFold(value[:len("kms:")], "kms:") {
		return 0
	}
	i, found := slices.BinarySearchFunc(actionNames[:], value[len("kms:"):], compareFold)
	if !found {
		return 0
	}
	return 1 << i
}

// compareFold orders ASCII strings as their lower-case forms.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Names returns the actions as kms:Name, in alphabetical order.
func (a Actions) Names() []string {
	names := make([]string, 0, bits.OnesCount64(uint64(a)))
	for i, name := range actionNames {
		if a&(1<<i) != 0 {
			names = append(names, "kms:"+name)
		}
	}
	return names
}

// first returns the name of the first action of a set that is not empty.
func (a Actions) first() string { return "kms:" + actionNames[bits.TrailingZeros64(uint64(a))] }

// globMatch tells whether text as a whole matches a pattern, in which * stands
// for any characters and ? for one. It takes at most len(pattern)*len(text) steps.
func globMatch(pattern, text string) bool {
	p, t := 0, 0
	star, retry := -1, 0 // the last * seen, and where its match was last extended to
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, retry = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			retry++
			p, t = star+1, retry
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
