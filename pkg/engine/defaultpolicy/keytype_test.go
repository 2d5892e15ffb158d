package defaultpolicy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
)

// everyKeyType returns all valid key types, and the partition to have them in.
func everyKeyType() map[defaultpolicy.KeyType]string {
	types := map[defaultpolicy.KeyType]string{}
	for _, spec := range defaultpolicy.KeySpecs() {
		for _, usage := range defaultpolicy.KeyUsages() {
			for _, origin := range defaultpolicy.Origins() {
				for _, part := range defaultpolicy.MultiRegions() {
					t := defaultpolicy.KeyType{Spec: spec, Usage: usage, Origin: origin, MultiRegion: part}
					if t.Validate() != nil {
						continue
					}
					types[t] = "aws"
					if spec == defaultpolicy.SM2 {
						types[t] = "aws-cn"
					}
				}
			}
		}
	}
	return types
}

// codeOf returns the code of an error of the package, "" for nil.
func codeOf(t *testing.T, err error) defaultpolicy.ErrorCode {
	t.Helper()
	var e *defaultpolicy.Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &e):
		t.Fatalf("%v is not a *defaultpolicy.Error", err)
	case strings.ContainsAny(e.Detail, "\n\x00") || e.Detail == "":
		t.Errorf("the detail %q is not one line", e.Detail)
	}
	return e.Code
}

// The table of CreateKey, row by row:
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#KMS-CreateKey-request-KeyUsage
func TestUsagesOfEverySpec(t *testing.T) {
	want := []struct {
		spec   defaultpolicy.KeySpec
		usages string
	}{
		{"SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"},
		{"HMAC_224", "GENERATE_VERIFY_MAC"},
		{"HMAC_256", "GENERATE_VERIFY_MAC"},
		{"HMAC_384", "GENERATE_VERIFY_MAC"},
		{"HMAC_512", "GENERATE_VERIFY_MAC"},
		{"RSA_2048", "ENCRYPT_DECRYPT SIGN_VERIFY"},
		{"RSA_3072", "ENCRYPT_DECRYPT SIGN_VERIFY"},
		{"RSA_4096", "ENCRYPT_DECRYPT SIGN_VERIFY"},
		{"ECC_NIST_P256", "SIGN_VERIFY KEY_AGREEMENT"},
		{"ECC_NIST_P384", "SIGN_VERIFY KEY_AGREEMENT"},
		{"ECC_NIST_P521", "SIGN_VERIFY KEY_AGREEMENT"},
		{"ECC_NIST_EDWARDS25519", "SIGN_VERIFY"},
		{"ECC_SECG_P256K1", "SIGN_VERIFY"},
		{"SM2", "ENCRYPT_DECRYPT SIGN_VERIFY KEY_AGREEMENT"},
		{"ML_DSA_44", "SIGN_VERIFY"},
		{"ML_DSA_65", "SIGN_VERIFY"},
		{"ML_DSA_87", "SIGN_VERIFY"},
		{"ML_KEM_512", "ENCAPSULATE_DECAPSULATE"},
		{"ML_KEM_768", "ENCAPSULATE_DECAPSULATE"},
		{"ML_KEM_1024", "ENCAPSULATE_DECAPSULATE"},
	}
	if len(want) != len(defaultpolicy.KeySpecs()) {
		t.Errorf("%d rows for %d key specs", len(want), len(defaultpolicy.KeySpecs()))
	}
	for _, row := range want {
		for _, usage := range defaultpolicy.KeyUsages() {
			keyType := defaultpolicy.KeyType{Spec: row.spec, Usage: usage}.WithDefaults()
			want := defaultpolicy.InvalidCombination
			if slices.Contains(strings.Fields(row.usages), string(usage)) {
				want = ""
			}
			if got := codeOf(t, keyType.Validate()); got != want {
				t.Errorf("%s for %s: %q, want %q", row.spec, usage, got, want)
			}
		}
		implied := defaultpolicy.KeyType{Spec: row.spec}.WithDefaults().Usage
		if want := row.usages; !strings.Contains(want, " ") && string(implied) != want {
			t.Errorf("%s implies %q, want %q", row.spec, implied, want)
		} else if strings.Contains(want, " ") && implied != "" {
			t.Errorf("%s implies %q, but allows %s", row.spec, implied, want)
		}
	}
}

func TestKeyTypeOfCreateKeyWithoutParameters(t *testing.T) {
	want := defaultpolicy.KeyType{Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", MultiRegion: "none"}
	if got := (defaultpolicy.KeyType{}).WithDefaults(); got != want {
		t.Errorf("got %+v", got)
	}
	set := defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "SIGN_VERIFY", Origin: "EXTERNAL", MultiRegion: "replica"}
	if got := set.WithDefaults(); got != set {
		t.Errorf("a complete type became %+v", got)
	}
}

func TestValidateNamesWhatIsPossible(t *testing.T) {
	tests := []struct {
		reason  string
		keyType defaultpolicy.KeyType
		code    defaultpolicy.ErrorCode
		names   string
	}{
		{"nothing is assumed", defaultpolicy.KeyType{}, defaultpolicy.UnknownKeySpec, "SYMMETRIC_DEFAULT, HMAC_224"},
		{"case counts", defaultpolicy.KeyType{Spec: "rsa_2048"}, defaultpolicy.UnknownKeySpec, "RSA_2048"},
		{"a spec that AWS may add", defaultpolicy.KeyType{Spec: "SLH_DSA_128"}, defaultpolicy.UnknownKeySpec, "ML_KEM_1024"},
		{"text of an attacker", defaultpolicy.KeyType{Spec: defaultpolicy.KeySpec("\x00\n" + strings.Repeat("é", 5000))}, defaultpolicy.UnknownKeySpec, `"\x00\n`},
		{"no usage", defaultpolicy.KeyType{Spec: "RSA_2048", Origin: "AWS_KMS", MultiRegion: "none"}, defaultpolicy.UnknownKeyUsage, "required for RSA_2048: ENCRYPT_DECRYPT or SIGN_VERIFY"},
		{"no origin", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "SIGN_VERIFY", MultiRegion: "none"}, defaultpolicy.UnknownOrigin, "AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE"},
		{"no part", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "SIGN_VERIFY", Origin: "AWS_KMS"}, defaultpolicy.UnknownMultiRegion, "none, primary, replica"},
		{"the part in the case of KMS", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "SIGN_VERIFY", Origin: "AWS_KMS", MultiRegion: "PRIMARY"}, defaultpolicy.UnknownMultiRegion, "primary"},
		{"RSA does not agree on keys", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "KEY_AGREEMENT", Origin: "AWS_KMS", MultiRegion: "none"}, defaultpolicy.InvalidCombination, "ENCRYPT_DECRYPT, SIGN_VERIFY"},
		{"no HMAC key in CloudHSM", defaultpolicy.KeyType{Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC", Origin: "AWS_CLOUDHSM", MultiRegion: "none"}, defaultpolicy.InvalidCombination, "SYMMETRIC_DEFAULT"},
		{"no RSA key in an external key store", defaultpolicy.KeyType{Spec: "RSA_2048", Usage: "SIGN_VERIFY", Origin: "EXTERNAL_KEY_STORE", MultiRegion: "none"}, defaultpolicy.InvalidCombination, "AWS_KMS, EXTERNAL"},
		{"no multi-Region key in CloudHSM", defaultpolicy.KeyType{Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_CLOUDHSM", MultiRegion: "primary"}, defaultpolicy.InvalidCombination, "AWS_KMS, EXTERNAL"},
		{"no replica in an external key store", defaultpolicy.KeyType{Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "EXTERNAL_KEY_STORE", MultiRegion: "replica"}, defaultpolicy.InvalidCombination, "AWS_KMS, EXTERNAL"},
	}
	for _, test := range tests {
		err := test.keyType.Validate()
		if got := codeOf(t, err); got != test.code {
			t.Errorf("%s: code %q, want %q", test.reason, got, test.code)
		} else if !strings.Contains(err.Error(), test.names) || len(err.Error()) > 700 {
			t.Errorf("%s: %q does not name %s in a short line", test.reason, err, test.names)
		}
	}
}

func TestOriginsAndPartsOfEverySpec(t *testing.T) {
	counts := map[defaultpolicy.KeySpec]int{}
	for keyType := range everyKeyType() {
		counts[keyType.Spec]++
	}
	for spec, got := range counts {
		want := 6 * len(defaultpolicy.UsagesOf(spec)) // AWS_KMS and EXTERNAL, each in three parts
		if spec == defaultpolicy.SymmetricDefault {
			want += 2 // the custom key stores, single-Region
		}
		if got != want {
			t.Errorf("%s: %d key types, want %d", spec, got, want)
		}
	}
}

func TestKeyTypesPerPartition(t *testing.T) {
	tests := []struct {
		reason    string
		spec      defaultpolicy.KeySpec
		usage     defaultpolicy.KeyUsage
		partition string
		code      defaultpolicy.ErrorCode
	}{
		{"SM2 is Chinese", "SM2", "SIGN_VERIFY", "aws-cn", ""},
		{"SM2 is only Chinese", "SM2", "SIGN_VERIFY", "aws", defaultpolicy.NotInPartition},
		{"nor is it American", "SM2", "ENCRYPT_DECRYPT", "aws-us-gov", defaultpolicy.NotInPartition},
		{"ML-KEM", "ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "aws", ""},
		{"ML-KEM in GovCloud", "ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "aws-us-gov", ""},
		{"ML-KEM is not in China", "ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "aws-cn", defaultpolicy.NotInPartition},
		{"an isolated partition", "RSA_2048", "SIGN_VERIFY", "aws-iso-b", ""},
		{"a partition mistyped", "RSA_2048", "SIGN_VERIFY", "aws-gov", defaultpolicy.UnknownPartition},
		{"no partition", "RSA_2048", "SIGN_VERIFY", "", defaultpolicy.UnknownPartition},
		{"the type is checked too", "RSA_2048", "KEY_AGREEMENT", "aws", defaultpolicy.InvalidCombination},
	}
	for _, test := range tests {
		keyType := defaultpolicy.KeyType{Spec: test.spec, Usage: test.usage}.WithDefaults()
		if got := codeOf(t, keyType.ValidateIn(test.partition)); got != test.code {
			t.Errorf("%s: %q, want %q", test.reason, got, test.code)
		}
	}
}

func TestCustomKeyStoreFollowsFromOrigin(t *testing.T) {
	for origin, want := range map[defaultpolicy.Origin]bool{"AWS_KMS": false, "EXTERNAL": false, "AWS_CLOUDHSM": true, "EXTERNAL_KEY_STORE": true} {
		if got := (defaultpolicy.KeyType{Origin: origin}).CustomKeyStore(); got != want {
			t.Errorf("%s: %v", origin, got)
		}
	}
}

func TestKeyTypesAsText(t *testing.T) {
	for want, keyType := range map[string]defaultpolicy.KeyType{
		"SYMMETRIC_DEFAULT ENCRYPT_DECRYPT":                 {},
		"SYMMETRIC_DEFAULT ENCRYPT_DECRYPT AWS_CLOUDHSM":    {Origin: "AWS_CLOUDHSM"},
		"HMAC_256 GENERATE_VERIFY_MAC multi-Region replica": {Spec: "HMAC_256", MultiRegion: "replica"},
	} {
		if got := keyType.WithDefaults().String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWithImplied(t *testing.T) {
	for _, test := range []struct {
		given, want defaultpolicy.KeyType
		reason      string
	}{
		{defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}, defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256, Usage: defaultpolicy.GenerateVerifyMAC}, "the spec has one usage"},
		{defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048}, defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048}, "the spec has two"},
		{defaultpolicy.KeyType{}, defaultpolicy.KeyType{}, "nothing implies a spec"},
		{defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256, Usage: "NEW"}, defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256, Usage: "NEW"}, "what is given stays"},
	} {
		if got := test.given.WithImplied(); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.reason, got, test.want)
		}
	}
}
