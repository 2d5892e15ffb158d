package catalog

import "slices"

// KeyType is what a key is, spelled as KMS does: "RSA_2048", "SIGN_VERIFY", "EXTERNAL". An
// empty field is not known.
type KeyType struct {
	Spec, Usage, Origin string
	// MultiRegion is "none", "primary" or "replica".
	MultiRegion string
}

// ability is what a key must be to perform some actions: of one of the usages, specs, origins
// and parts; an empty list asks for nothing. Why ends the sentence "only … can do that".
type ability struct {
	actions                      []string
	usages, specs, origins, part []string
	why                          string
}

const symmetricDefault = "SYMMETRIC_DEFAULT"

// secretSpecs have no public key.
var secretSpecs = []string{symmetricDefault, "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512"}

// abilities hold for a key's whole life, but for the part of a multi-Region key, which may
// change: a replica can become the primary, so a replica counts as able to replicate.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-compare.html
// https://docs.aws.amazon.com/kms/latest/APIReference/API_RotateKeyOnDemand.html
var abilities = []ability{
	{actions: []string{"Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo"}, usages: []string{"ENCRYPT_DECRYPT"}, why: "a key for encryption"},
	{
		actions: []string{"GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext"},
		specs:   []string{symmetricDefault}, why: "a symmetric encryption key",
	},
	{actions: []string{"Sign", "Verify"}, usages: []string{"SIGN_VERIFY"}, why: "a key for signatures"},
	{actions: []string{"GenerateMac", "VerifyMac"}, usages: []string{"GENERATE_VERIFY_MAC"}, why: "an HMAC key"},
	{actions: []string{"DeriveSharedSecret"}, usages: []string{"KEY_AGREEMENT"}, why: "a key for key agreement"},
	{actions: []string{"Decapsulate", "Encapsulate"}, usages: []string{"ENCAPSULATE_DECAPSULATE"}, why: "a key for encapsulation"},
	{actions: []string{"EnableKeyRotation"}, specs: []string{symmetricDefault}, origins: []string{"AWS_KMS"}, why: "a symmetric encryption key with material of AWS KMS"},
	{actions: []string{"RotateKeyOnDemand"}, specs: []string{symmetricDefault}, origins: []string{"AWS_KMS", "EXTERNAL"}, why: "a symmetric encryption key outside custom key stores"},
	{
		actions: []string{"DeleteImportedKeyMaterial", "GetParametersForImport", "ImportKeyMaterial"},
		origins: []string{"EXTERNAL"}, why: "a key with imported material",
	},
	{actions: []string{"ReplicateKey", "SynchronizeMultiRegionKey", "UpdatePrimaryRegion"}, part: []string{"primary", "replica"}, why: "a multi-Region key"},
}

// Cannot tells whether a key of a type can never perform an action (its name without "kms:",
// as AWS spells it), and which kind of key can: "an HMAC key". Never true where what would
// decide it is not known.
func (t KeyType) Cannot(action string) (who string, never bool) {
	if action == "GetPublicKey" {
		return "an asymmetric key", slices.Contains(secretSpecs, t.Spec)
	}
	lacks := func(value string, wanted []string) bool {
		return value != "" && len(wanted) > 0 && !slices.Contains(wanted, value)
	}
	for _, a := range abilities {
		if slices.Contains(a.actions, action) {
			return a.why, lacks(t.Usage, a.usages) || lacks(t.Spec, a.specs) || lacks(t.Origin, a.origins) || lacks(t.MultiRegion, a.part)
		}
	}
	return "", false
}
