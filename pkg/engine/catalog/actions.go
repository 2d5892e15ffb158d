package catalog

import "slices"

// Action is one KMS permission.
type Action struct {
	// Name is the name without the prefix "kms:", as AWS spells it. Policies may spell it
	// in any case.
	Name string
	// KeyPolicy is true where the permission has an effect in a key policy; the others
	// take effect in IAM policies only.
	KeyPolicy bool
	// CrossAccount is true where a principal of another account can use the permission on
	// the key. Elsewhere, giving it to a foreign principal has no effect.
	CrossAccount bool
}

// undocumentedKeys are actions of which no page says which condition keys their requests
// carry: Encapsulate and Decapsulate are newer than the permissions reference (October
// 2026), SynchronizeMultiRegionKey is a permission of a service-linked role. Any key counts
// as possible for them.
var undocumentedKeys = []string{"Decapsulate", "Encapsulate", "SynchronizeMultiRegionKey"}

// actions is sorted as [Actions] says. "Key policy", "IAM policy" and "Cross-account use"
// are the columns of the permissions reference.
//
// SynchronizeMultiRegionKey is in the Service Authorization Reference only. It counts as a
// permission of key policies because policies in the wild name it, and because one action
// too many can only make two policies differ, never agree. RetireGrant is documented as not
// effective in a key policy.
var actions = []Action{
	{Name: "CancelKeyDeletion", KeyPolicy: true},
	{Name: "ConnectCustomKeyStore"},
	{Name: "CreateAlias", KeyPolicy: true},
	{Name: "CreateCustomKeyStore"},
	{Name: "CreateGrant", KeyPolicy: true, CrossAccount: true},
	{Name: "CreateKey"},
	{Name: "Decapsulate", KeyPolicy: true, CrossAccount: true},
	{Name: "Decrypt", KeyPolicy: true, CrossAccount: true},
	{Name: "DeleteAlias", KeyPolicy: true},
	{Name: "DeleteCustomKeyStore"},
	{Name: "DeleteImportedKeyMaterial", KeyPolicy: true},
	{Name: "DeriveSharedSecret", KeyPolicy: true, CrossAccount: true},
	{Name: "DescribeCustomKeyStores"},
	{Name: "DescribeKey", KeyPolicy: true, CrossAccount: true},
	{Name: "DisableKey", KeyPolicy: true},
	{Name: "DisableKeyRotation", KeyPolicy: true},
	{Name: "DisconnectCustomKeyStore"},
	{Name: "EnableKey", KeyPolicy: true},
	{Name: "EnableKeyRotation", KeyPolicy: true},
	{Name: "Encapsulate", KeyPolicy: true, CrossAccount: true},
	{Name: "Encrypt", KeyPolicy: true, CrossAccount: true},
	{Name: "GenerateDataKey", KeyPolicy: true, CrossAccount: true},
	{Name: "GenerateDataKeyPair", KeyPolicy: true, CrossAccount: true},
	{Name: "GenerateDataKeyPairWithoutPlaintext", KeyPolicy: true, CrossAccount: true},
	{Name: "GenerateDataKeyWithoutPlaintext", KeyPolicy: true, CrossAccount: true},
	{Name: "GenerateMac", KeyPolicy: true, CrossAccount: true},
	{Name: "GenerateRandom"},
	{Name: "GetKeyLastUsage", KeyPolicy: true},
	{Name: "GetKeyPolicy", KeyPolicy: true},
	{Name: "GetKeyRotationStatus", KeyPolicy: true, CrossAccount: true},
	{Name: "GetParametersForImport", KeyPolicy: true},
	{Name: "GetPublicKey", KeyPolicy: true, CrossAccount: true},
	{Name: "ImportKeyMaterial", KeyPolicy: true},
	{Name: "ListAliases"},
	{Name: "ListGrants", KeyPolicy: true, CrossAccount: true},
	{Name: "ListKeyPolicies", KeyPolicy: true},
	{Name: "ListKeyRotations", KeyPolicy: true},
	{Name: "ListKeys"},
	{Name: "ListResourceTags", KeyPolicy: true},
	{Name: "ListRetirableGrants"},
	{Name: "PutKeyPolicy", KeyPolicy: true},
	{Name: "ReEncryptFrom", KeyPolicy: true, CrossAccount: true},
	{Name: "ReEncryptTo", KeyPolicy: true, CrossAccount: true},
	{Name: "ReplicateKey", KeyPolicy: true},
	{Name: "RetireGrant", CrossAccount: true},
	{Name: "RevokeGrant", KeyPolicy: true, CrossAccount: true},
	{Name: "RotateKeyOnDemand", KeyPolicy: true},
	{Name: "ScheduleKeyDeletion", KeyPolicy: true},
	{Name: "Sign", KeyPolicy: true, CrossAccount: true},
	{Name: "SynchronizeMultiRegionKey", KeyPolicy: true},
	{Name: "TagResource", KeyPolicy: true},
	{Name: "UntagResource", KeyPolicy: true},
	{Name: "UpdateAlias", KeyPolicy: true},
	{Name: "UpdateCustomKeyStore"},
	{Name: "UpdateKeyDescription", KeyPolicy: true},
	{Name: "UpdatePrimaryRegion", KeyPolicy: true},
	{Name: "Verify", KeyPolicy: true, CrossAccount: true},
	{Name: "VerifyMac", KeyPolicy: true, CrossAccount: true},
}

// Actions returns every KMS permission, sorted by name with case ignored. The caller owns
// the slice.
func Actions() []Action { return slices.Clone(actions) }

// KeyPolicyActions returns the names, without "kms:", of the permissions that have an
// effect in a key policy, sorted with case ignored. The caller owns the slice.
func KeyPolicyActions() []string {
	var names []string
	for _, a := range actions {
		if a.KeyPolicy {
			names = append(names, a.Name)
		}
	}
	return names
}
