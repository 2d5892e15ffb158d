package localaws

import (
	"slices"
	"strings"
)

// keySpec is one kind of key material.
type keySpec struct {
	usages []string
	// regions is where the spec exists: everywhere, only in the China
	// Regions, or everywhere but there.
	regions regionSet
}

type regionSet int

const (
	everywhere regionSet = iota
	onlyChina
	notChina
)

func (s regionSet) has(region string) bool {
	china := partitionOf(region) == "aws-cn"
	return s == everywhere || (s == onlyChina) == china
}

const (
	encryptDecrypt    = "ENCRYPT_DECRYPT"
	signVerify        = "SIGN_VERIFY"
	generateVerifyMac = "GENERATE_VERIFY_MAC"
	keyAgreement      = "KEY_AGREEMENT"
	encapsulate       = "ENCAPSULATE_DECAPSULATE"
	symmetricDefault  = "SYMMETRIC_DEFAULT"
)

// keySpecs are the key specs and the usages that each allows.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#KMS-CreateKey-request-KeyUsage
var keySpecs = map[string]keySpec{
	symmetricDefault:        {usages: []string{encryptDecrypt}},
	"HMAC_224":              {usages: []string{generateVerifyMac}},
	"HMAC_256":              {usages: []string{generateVerifyMac}},
	"HMAC_384":              {usages: []string{generateVerifyMac}},
	"HMAC_512":              {usages: []string{generateVerifyMac}},
	"RSA_2048":              {usages: []string{encryptDecrypt, signVerify}},
	"RSA_3072":              {usages: []string{encryptDecrypt, signVerify}},
	"RSA_4096":              {usages: []string{encryptDecrypt, signVerify}},
	"ECC_NIST_P256":         {usages: []string{signVerify, keyAgreement}},
	"ECC_NIST_P384":         {usages: []string{signVerify, keyAgreement}},
	"ECC_NIST_P521":         {usages: []string{signVerify, keyAgreement}},
	"ECC_NIST_EDWARDS25519": {usages: []string{signVerify}},
	"ECC_SECG_P256K1":       {usages: []string{signVerify}},
	"ML_DSA_44":             {usages: []string{signVerify}},
	"ML_DSA_65":             {usages: []string{signVerify}},
	"ML_DSA_87":             {usages: []string{signVerify}},
	"ML_KEM_512":            {usages: []string{encapsulate}, regions: notChina},
	"ML_KEM_768":            {usages: []string{encapsulate}, regions: notChina},
	"ML_KEM_1024":           {usages: []string{encapsulate}, regions: notChina},
	"SM2":                   {usages: []string{encryptDecrypt, signVerify, keyAgreement}, regions: onlyChina},
}

var keyUsages = []string{encryptDecrypt, signVerify, generateVerifyMac, keyAgreement, encapsulate}

var origins = []string{"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"}

// algorithmsOf returns the KeyMetadata field that lists the algorithms of a
// key, and the list.
// https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html
func algorithmsOf(spec, usage string) (field string, algorithms []string) {
	switch usage {
	case generateVerifyMac:
		return "MacAlgorithms", []string{strings.Replace(spec, "HMAC_", "HMAC_SHA_", 1)}
	case keyAgreement:
		return "KeyAgreementAlgorithms", []string{"ECDH"}
	case encapsulate:
		return "EncapsulationAlgorithms", []string{"ML_KEM"}
	case signVerify:
		return "SigningAlgorithms", signingAlgorithms(spec)
	}
	switch {
	case spec == "SM2":
		return "EncryptionAlgorithms", []string{"SM2PKE"}
	case strings.HasPrefix(spec, "RSA_"):
		return "EncryptionAlgorithms", []string{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"}
	}
	return "EncryptionAlgorithms", []string{symmetricDefault}
}

func signingAlgorithms(spec string) []string {
	switch spec {
	case "ECC_NIST_P256", "ECC_SECG_P256K1":
		return []string{"ECDSA_SHA_256"}
	case "ECC_NIST_P384":
		return []string{"ECDSA_SHA_384"}
	case "ECC_NIST_P521":
		return []string{"ECDSA_SHA_512"}
	case "ECC_NIST_EDWARDS25519":
		return []string{"ED25519_SHA_512", "ED25519_PH_SHA_512"}
	case "SM2":
		return []string{"SM2DSA"}
	case "ML_DSA_44", "ML_DSA_65", "ML_DSA_87":
		return []string{"ML_DSA_SHAKE_256"}
	}
	return []string{
		"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
		"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512",
	}
}

// checkSpec refuses a spec that does not exist in the Region, and a usage
// that is missing or that the spec does not allow.
func checkSpec(spec, usage, region string) error {
	known, ok := keySpecs[spec]
	switch {
	case !ok || !known.regions.has(region):
		return notInEnum("keySpec", spec, specsIn(region))
	case usage == "":
		return invalid("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	case !slices.Contains(keyUsages, usage):
		return notInEnum("keyUsage", usage, keyUsages)
	case !slices.Contains(known.usages, usage):
		return invalid("KeyUsage %s is not compatible with KeySpec %s", usage, spec)
	}
	return nil
}

func specsIn(region string) []string {
	var names []string
	for name, spec := range keySpecs {
		if spec.regions.has(region) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func notInEnum(member, value string, allowed []string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
		value, member, strings.Join(allowed, ", "))
}
