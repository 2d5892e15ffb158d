package defaultpolicy

import "slices"

// KeySpec is a key's kind of key material, as KMS spells it.
type KeySpec string

// The key specs.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#KMS-CreateKey-request-KeySpec
const (
	SymmetricDefault    KeySpec = "SYMMETRIC_DEFAULT"
	HMAC224             KeySpec = "HMAC_224"
	HMAC256             KeySpec = "HMAC_256"
	HMAC384             KeySpec = "HMAC_384"
	HMAC512             KeySpec = "HMAC_512"
	RSA2048             KeySpec = "RSA_2048"
	RSA3072             KeySpec = "RSA_3072"
	RSA4096             KeySpec = "RSA_4096"
	ECCNISTP256         KeySpec = "ECC_NIST_P256"
	ECCNISTP384         KeySpec = "ECC_NIST_P384"
	ECCNISTP521         KeySpec = "ECC_NIST_P521"
	ECCNISTEdwards25519 KeySpec = "ECC_NIST_EDWARDS25519"
	ECCSECGP256K1       KeySpec = "ECC_SECG_P256K1"
	SM2                 KeySpec = "SM2"
	MLDSA44             KeySpec = "ML_DSA_44"
	MLDSA65             KeySpec = "ML_DSA_65"
	MLDSA87             KeySpec = "ML_DSA_87"
	MLKEM512            KeySpec = "ML_KEM_512"
	MLKEM768            KeySpec = "ML_KEM_768"
	MLKEM1024           KeySpec = "ML_KEM_1024"
)

// KeyUsage is what a key is for, as KMS spells it.
type KeyUsage string

// The key usages.
const (
	EncryptDecrypt         KeyUsage = "ENCRYPT_DECRYPT"
	SignVerify             KeyUsage = "SIGN_VERIFY"
	GenerateVerifyMAC      KeyUsage = "GENERATE_VERIFY_MAC"
	KeyAgreement           KeyUsage = "KEY_AGREEMENT"
	EncapsulateDecapsulate KeyUsage = "ENCAPSULATE_DECAPSULATE"
)

// Origin is where a key's material comes from, as KMS spells it.
type Origin string

// The origins. The last two are custom key stores.
const (
	AWSKMS           Origin = "AWS_KMS"
	External         Origin = "EXTERNAL"
	AWSCloudHSM      Origin = "AWS_CLOUDHSM"
	ExternalKeyStore Origin = "EXTERNAL_KEY_STORE"
)

// MultiRegion is a key's part in a set of multi-Region keys: the
// MultiRegionKeyType of KMS in lower case, or "none".
type MultiRegion string

// The parts.
const (
	SingleRegion MultiRegion = "none"
	Primary      MultiRegion = "primary"
	Replica      MultiRegion = "replica"
)

// KeyType is what decides about a key's default policy. None of it can change
// in the life of a key, except that a primary and a replica may swap parts.
type KeyType struct {
	Spec        KeySpec
	Usage       KeyUsage
	Origin      Origin
	MultiRegion MultiRegion
}

// specs lists each key spec with its usages, and the first edition of the
// console default that a key of the spec can have.
// https://docs.aws.amazon.com/kms/latest/developerguide/dochistory.html
var specs = []struct {
	spec   KeySpec
	usages []KeyUsage
	since  Edition
}{
	{SymmetricDefault, []KeyUsage{EncryptDecrypt}, Edition2014},
	{HMAC224, []KeyUsage{GenerateVerifyMAC}, Edition2017}, // April 2022
	{HMAC256, []KeyUsage{GenerateVerifyMAC}, Edition2017},
	{HMAC384, []KeyUsage{GenerateVerifyMAC}, Edition2017},
	{HMAC512, []KeyUsage{GenerateVerifyMAC}, Edition2017},
	{RSA2048, []KeyUsage{EncryptDecrypt, SignVerify}, Edition2017}, // November 2019
	{RSA3072, []KeyUsage{EncryptDecrypt, SignVerify}, Edition2017},
	{RSA4096, []KeyUsage{EncryptDecrypt, SignVerify}, Edition2017},
	{ECCNISTP256, []KeyUsage{SignVerify, KeyAgreement}, Edition2017}, // November 2019
	{ECCNISTP384, []KeyUsage{SignVerify, KeyAgreement}, Edition2017},
	{ECCNISTP521, []KeyUsage{SignVerify, KeyAgreement}, Edition2017},
	{ECCNISTEdwards25519, []KeyUsage{SignVerify}, Edition2024}, // November 2025
	{ECCSECGP256K1, []KeyUsage{SignVerify}, Edition2017},       // November 2019
	{SM2, []KeyUsage{EncryptDecrypt, SignVerify, KeyAgreement}, Edition2017},
	{MLDSA44, []KeyUsage{SignVerify}, Edition2024}, // June 2025
	{MLDSA65, []KeyUsage{SignVerify}, Edition2024},
	{MLDSA87, []KeyUsage{SignVerify}, Edition2024},
	{MLKEM512, []KeyUsage{EncapsulateDecapsulate}, Edition2024}, // October 2026
	{MLKEM768, []KeyUsage{EncapsulateDecapsulate}, Edition2024},
	{MLKEM1024, []KeyUsage{EncapsulateDecapsulate}, Edition2024},
}

// origins, as specs.
var origins = []struct {
	origin Origin
	since  Edition
}{
	{AWSKMS, Edition2014},
	{External, Edition2015},         // August 2016
	{AWSCloudHSM, Edition2017},      // November 2018
	{ExternalKeyStore, Edition2017}, // November 2022
}

// KeySpecs returns every key spec.
func KeySpecs() []KeySpec {
	var list []KeySpec
	for _, s := range specs {
		list = append(list, s.spec)
	}
	return list
}

// KeyUsages returns every key usage.
func KeyUsages() []KeyUsage {
	return []KeyUsage{EncryptDecrypt, SignVerify, GenerateVerifyMAC, KeyAgreement, EncapsulateDecapsulate}
}

// Origins returns every origin.
func Origins() []Origin {
	var list []Origin
	for _, o := range origins {
		list = append(list, o.origin)
	}
	return list
}

// MultiRegions returns every part in a set of multi-Region keys, SingleRegion first.
func MultiRegions() []MultiRegion { return []MultiRegion{SingleRegion, Primary, Replica} }

// UsagesOf returns the usages that a key of the spec can have: none for an
// unknown spec, and a single one where the spec implies it.
func UsagesOf(spec KeySpec) []KeyUsage {
	for _, s := range specs {
		if s.spec == spec {
			return slices.Clone(s.usages)
		}
	}
	return nil
}

// WithDefaults returns the key type with its empty fields filled in: the spec,
// the origin and the part that CreateKey takes by default, and the usage where
// the spec implies it. It does not validate.
func (t KeyType) WithDefaults() KeyType {
	if t.Spec == "" {
		t.Spec = SymmetricDefault
	}
	t = t.WithImplied()
	if t.Origin == "" {
		t.Origin = AWSKMS
	}
	if t.MultiRegion == "" {
		t.MultiRegion = SingleRegion
	}
	return t
}

// WithImplied returns the key type with the usage filled in where it is empty and the spec
// has one usage only. What KMS, or what stands in for it, left out and nothing implies
// stays empty.
func (t KeyType) WithImplied() KeyType {
	if usages := UsagesOf(t.Spec); t.Usage == "" && len(usages) == 1 {
		t.Usage = usages[0]
	}
	return t
}

// CustomKeyStore tells whether the key's material is in a custom key store; it
// follows from the origin.
func (t KeyType) CustomKeyStore() bool {
	return t.Origin == AWSCloudHSM || t.Origin == ExternalKeyStore
}

// String returns the key type in one line: spec and usage, then the origin and
// the part where they are not the usual ones.
func (t KeyType) String() string {
	s := string(t.Spec) + " " + string(t.Usage)
	if t.Origin != AWSKMS {
		s += " " + string(t.Origin)
	}
	if t.MultiRegion != SingleRegion {
		s += " multi-Region " + string(t.MultiRegion)
	}
	return s
}

// Validate tells whether KMS can have a key of this type in some partition.
// Every field must be set. An error is an [*Error] of code UnknownKeySpec,
// UnknownKeyUsage, UnknownOrigin, UnknownMultiRegion or InvalidCombination, and
// names what is possible.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
func (t KeyType) Validate() error {
	usages := UsagesOf(t.Spec)
	switch {
	case usages == nil:
		return fail(UnknownKeySpec, "unknown key spec %s; known are %s", quoted(string(t.Spec)), join(KeySpecs()))
	case t.Usage == "":
		return fail(UnknownKeyUsage, "required for %s: %s", t.Spec, alternatives(usages))
	case !slices.Contains(KeyUsages(), t.Usage):
		return fail(UnknownKeyUsage, "unknown key usage %s; %s keys have %s", quoted(string(t.Usage)), t.Spec, join(usages))
	case !slices.Contains(Origins(), t.Origin):
		return fail(UnknownOrigin, "unknown origin %s; known are %s", quoted(string(t.Origin)), join(Origins()))
	case !slices.Contains(MultiRegions(), t.MultiRegion):
		return fail(UnknownMultiRegion, "unknown part %s in a set of multi-Region keys; known are %s", quoted(string(t.MultiRegion)), join(MultiRegions()))
	case !slices.Contains(usages, t.Usage):
		return fail(InvalidCombination, "%s keys cannot have the usage %s; they have %s", t.Spec, t.Usage, join(usages))
	case t.CustomKeyStore() && t.Spec != SymmetricDefault:
		return fail(InvalidCombination, "a key of origin %s is in a custom key store and has the spec %s; %s keys have the origins %s",
			t.Origin, SymmetricDefault, t.Spec, join([]Origin{AWSKMS, External}))
	case t.CustomKeyStore() && t.MultiRegion != SingleRegion:
		return fail(InvalidCombination, "a key of origin %s is in a custom key store and cannot be a multi-Region key; those have the origins %s",
			t.Origin, join([]Origin{AWSKMS, External}))
	}
	return nil
}

// Partitions returns the AWS partitions: commercial, China, GovCloud (US), the
// European Sovereign Cloud and the isolated ones. The list is closed, because an
// account ARN with a mistyped partition names nobody and would lock the key.
func Partitions() []string {
	return []string{"aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f"}
}

// ValidateIn is Validate, and tells whether keys of this type exist in the
// partition: SM2 does only in China, ML-KEM everywhere else. The further codes
// are UnknownPartition and NotInPartition.
func (t KeyType) ValidateIn(partition string) error {
	if err := t.Validate(); err != nil {
		return err
	}
	switch china := partition == "aws-cn"; {
	case !slices.Contains(Partitions(), partition):
		return fail(UnknownPartition, "unknown partition %s; known are %s", quoted(partition), join(Partitions()))
	case t.Spec == SM2 && !china:
		return fail(NotInPartition, "SM2 keys exist only in China Regions (partition aws-cn), not in %s", partition)
	case t.Usage == EncapsulateDecapsulate && china:
		return fail(NotInPartition, "ML-KEM keys do not exist in China Regions (partition aws-cn)")
	}
	return nil
}

// since returns the first edition of the console default that a key of this
// valid type can have: key types are younger than the console.
func (t KeyType) since() Edition {
	first := Edition2014
	for _, s := range specs {
		if s.spec == t.Spec {
			first = max(first, s.since)
		}
	}
	for _, o := range origins {
		if o.origin == t.Origin {
			first = max(first, o.since)
		}
	}
	if t.MultiRegion != SingleRegion { // June 2021
		first = max(first, Edition2017)
	}
	if t.Usage == KeyAgreement { // June 2024
		first = max(first, Edition2024)
	}
	return first
}
