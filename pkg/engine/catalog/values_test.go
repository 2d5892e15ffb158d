package catalog_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
)

func names[T ~string](list []T) []string {
	var texts []string
	for _, value := range list {
		texts = append(texts, string(value))
	}
	slices.Sort(texts)
	return texts
}

// TestKnownValuesAreThoseOfTheSDK fails when AWS adds a value.
func TestKnownValuesAreThoseOfTheSDK(t *testing.T) {
	for key, want := range map[string][]string{
		"kms:KeySpec":                names(types.KeySpec("").Values()),
		"kms:CustomerMasterKeySpec":  names(types.KeySpec("").Values()),
		"kms:KeyUsage":               names(types.KeyUsageType("").Values()),
		"kms:CustomerMasterKeyUsage": names(types.KeyUsageType("").Values()),
		"KMS:keyorigin":              names(types.OriginType("").Values()),
		"kms:MultiRegionKeyType":     names(types.MultiRegionKeyType("").Values()),
		"kms:DataKeyPairSpec":        names(types.DataKeyPairSpec("").Values()),
		"kms:EncryptionAlgorithm":    names(types.EncryptionAlgorithmSpec("").Values()),
		"kms:SigningAlgorithm":       names(types.SigningAlgorithmSpec("").Values()),
		"kms:MacAlgorithm":           names(types.MacAlgorithmSpec("").Values()),
		"kms:MessageType":            names(types.MessageType("").Values()),
		"kms:GrantOperations":        names(types.GrantOperation("").Values()),
		"kms:ExpirationModel":        names(types.ExpirationModelType("").Values()),
		"kms:KeyAgreementAlgorithm":  names(types.KeyAgreementAlgorithmSpec("").Values()),
		"kms:WrappingKeySpec":        names(types.WrappingKeySpec("").Values()),
	} {
		got := catalog.KnownValues(key)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s has the values\n%q, the SDK has\n%q", key, got, want)
		}
	}
	if got := catalog.KnownValues("kms:ViaService"); got != nil {
		t.Errorf("nobody lists all services: %q", got)
	}
}

func TestWhatAKeyCannotDo(t *testing.T) {
	hmac := catalog.KeyType{Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC", Origin: "AWS_KMS", MultiRegion: "none"}
	rsa := catalog.KeyType{Spec: "RSA_2048", Usage: "ENCRYPT_DECRYPT", Origin: "EXTERNAL", MultiRegion: "primary"}
	symmetric := catalog.KeyType{Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_CLOUDHSM", MultiRegion: "none"}
	for _, test := range []struct {
		keyType catalog.KeyType
		action  string
		never   bool
		reason  string
	}{
		{hmac, "Decrypt", true, "an HMAC key has no ciphertext"},
		{hmac, "VerifyMac", false, "that is what it is for"},
		{hmac, "GetPublicKey", true, "it has no public key"},
		{hmac, "ReplicateKey", true, "it is of one Region"},
		{hmac, "PutKeyPolicy", false, "every key has a policy"},
		{rsa, "Decrypt", false, "it is for encryption"},
		{rsa, "GenerateDataKey", true, "data keys come from symmetric keys only"},
		{rsa, "Sign", true, "its usage is the other one"},
		{rsa, "GetPublicKey", false, "it is asymmetric"},
		{rsa, "ImportKeyMaterial", false, "its material is imported"},
		{rsa, "ReplicateKey", false, "it is a primary"},
		{symmetric, "GenerateDataKeyPair", false, "a symmetric key encrypts the pair"},
		{symmetric, "EnableKeyRotation", true, "keys of custom key stores do not rotate"},
		{symmetric, "ImportKeyMaterial", true, "its material is in an HSM"},
		{catalog.KeyType{}, "Decrypt", false, "nothing is known"},
		{catalog.KeyType{Spec: "RSA_2048"}, "Sign", false, "the usage is not known"},
		{catalog.KeyType{Spec: "RSA_2048"}, "GenerateDataKey", true, "the spec is enough"},
		{catalog.KeyType{MultiRegion: "replica"}, "ReplicateKey", false, "a replica may become the primary"},
		{rsa, "NoSuchAction", false, "nothing is said of what does not exist"},
	} {
		if who, never := test.keyType.Cannot(test.action); never != test.never || never && who == "" {
			t.Errorf("%+v: cannot %s is %t (%q), want %t: %s", test.keyType, test.action, never, who, test.never, test.reason)
		}
	}
}

func TestEveryAbilityIsOfAnAction(t *testing.T) {
	impossible := catalog.KeyType{Spec: "none", Usage: "none", Origin: "none", MultiRegion: "none"}
	found := 0
	for _, name := range catalog.KeyPolicyActions() {
		if _, never := impossible.Cannot(name); never {
			found++
		}
	}
	if found != 23 {
		t.Errorf("%d actions depend on the key's type, want 23 and GetPublicKey: a name in abilities is misspelled", found)
	}
}
