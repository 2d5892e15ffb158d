package catalog

import "strconv"

const (
	kmsPage     = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"
	enclavePage = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-nitro-enclave.html"
	tpmPage     = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-nitro-tpm.html"
	tagPage     = "https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html"
)

// The permissions whose requests carry keys that belong together.
var (
	cipherActions = []string{"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
		"GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo"}
	encryptionContextActions = []string{"CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
		"GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "RetireGrant"}
	aliasActions = []string{"Decrypt", "DeriveSharedSecret", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
		"GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetPublicKey", "ReEncryptFrom",
		"ReEncryptTo", "Sign", "Verify", "VerifyMac"}
	// GenerateDataKeyPair and DeriveSharedSecret take the Recipient parameter as well.
	attestationActions = []string{"Decrypt", "DeriveSharedSecret", "GenerateDataKey", "GenerateDataKeyPair", "GenerateRandom"}
	pairActions        = []string{"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"}
	grantActions       = []string{"CreateGrant", "ListGrants", "RevokeGrant"}
)

// kmsKeys are the condition keys of KMS but for the attestation of enclaves and instances.
var kmsKeys = []ConditionKey{
	{Name: "kms:BypassPolicyLockoutSafetyCheck", Type: Bool, Actions: []string{"CreateKey", "PutKeyPolicy"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:CallerAccount", Type: String, AccountID: true, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:CustomerMasterKeySpec", Type: String, UsableInKeyPolicy: true, Source: kmsPage},  // deprecated for kms:KeySpec
	{Name: "kms:CustomerMasterKeyUsage", Type: String, UsableInKeyPolicy: true, Source: kmsPage}, // deprecated for kms:KeyUsage
	{Name: "kms:DataKeyPairSpec", Type: String, Actions: pairActions, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:EncryptionAlgorithm", Type: String, Actions: cipherActions, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:EncryptionContext:", Prefix: true, Type: String, Actions: encryptionContextActions, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:EncryptionContextKeys", Type: String, MultiValued: true, Actions: encryptionContextActions, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:ExpirationModel", Type: String, Actions: []string{"ImportKeyMaterial"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:GrantConstraintSourceArn", Type: ARN, Actions: []string{"CreateGrant"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:GrantConstraintType", Type: String, Actions: []string{"CreateGrant", "RetireGrant"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:GrantIsForAWSResource", Type: Bool, Actions: grantActions, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:GrantOperations", Type: String, MultiValued: true, Actions: []string{"CreateGrant"}, Required: true, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:GranteePrincipal", Type: String, Actions: []string{"CreateGrant"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:GranteeServicePrincipal", Type: String, Actions: []string{"CreateGrant"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:KeyAgreementAlgorithm", Type: String, Actions: []string{"DeriveSharedSecret"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:KeyOrigin", Type: String, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:KeySpec", Type: String, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:KeyUsage", Type: String, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:MacAlgorithm", Type: String, Actions: []string{"GenerateMac", "VerifyMac"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:MessageType", Type: String, Actions: []string{"Sign", "Verify"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:MultiRegion", Type: Bool, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:MultiRegionKeyType", Type: String, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:PrimaryRegion", Type: String, Actions: []string{"UpdatePrimaryRegion"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:ReEncryptOnSameKey", Type: Bool, Actions: []string{"ReEncryptFrom", "ReEncryptTo"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:ReplicaRegion", Type: String, Actions: []string{"ReplicateKey"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:RequestAlias", Type: String, Actions: aliasActions, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:ResourceAliases", Type: String, MultiValued: true, Source: kmsPage},
	// Not documented as a key of KMS, but named in its refusal: "These condition keys are not permitted in a key
	// policy: aws:ResourceTag, kms:ResourceTag, kms:ResourceAliases" (awsdocs/aws-kms-developer-guide#47).
	{Name: "kms:ResourceTag/", Prefix: true, Type: String, Source: tagPage},
	{Name: "kms:RetiringPrincipal", Type: String, Actions: []string{"CreateGrant"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:RetiringServicePrincipal", Type: String, Actions: []string{"CreateGrant"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:RotationPeriodInDays", Type: Numeric, Actions: []string{"EnableKeyRotation"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:ScheduleKeyDeletionPendingWindowInDays", Type: Numeric, Actions: []string{"ScheduleKeyDeletion"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:SigningAlgorithm", Type: String, Actions: []string{"Sign", "Verify"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:TrailingDaysWithoutKeyUsage", Type: Numeric, Actions: []string{"DisableKey", "ScheduleKeyDeletion"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:ValidTo", Type: Date, Actions: []string{"ImportKeyMaterial"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:ViaService", Type: String, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:WrappingAlgorithm", Type: String, Actions: []string{"GetParametersForImport"}, UsableInKeyPolicy: true, Source: kmsPage},
	{Name: "kms:WrappingKeySpec", Type: String, Actions: []string{"GetParametersForImport"}, UsableInKeyPolicy: true, Source: kmsPage},
}

// attestationKeys are the measurements of a Nitro enclave (PCR0 to PCR31) and of an
// instance with NitroTPM (NitroTPMPCR0 to NitroTPMPCR23).
func attestationKeys() []ConditionKey {
	var keys []ConditionKey
	add := func(measurement, source string) {
		keys = append(keys, ConditionKey{Name: "kms:RecipientAttestation:" + measurement, Type: String, Actions: attestationActions, UsableInKeyPolicy: true, Source: source})
	}
	add("ImageSha384", enclavePage)
	for i := range 32 {
		add("PCR"+strconv.Itoa(i), enclavePage)
	}
	for i := range 24 {
		add("NitroTPMPCR"+strconv.Itoa(i), tpmPage)
	}
	return keys
}
