package defaultpolicy_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// The tests of this file fail when a newer SDK knows more than this package:
// what AWS added needs a default policy, or a place in a list below.

func sorted[T ~string](list []T) []string {
	var words []string
	for _, v := range list {
		words = append(words, string(v))
	}
	slices.Sort(words)
	return words
}

func TestKnowsTheEnumerationsOfTheSDK(t *testing.T) {
	parts := []types.MultiRegionKeyType{"NONE"} // DescribeKey has no MultiRegionConfiguration then
	parts = append(parts, types.MultiRegionKeyType("").Values()...)
	var ours []string
	for _, p := range defaultpolicy.MultiRegions() {
		ours = append(ours, strings.ToUpper(string(p)))
	}
	for _, test := range []struct {
		enumeration string
		ours, sdk   []string
	}{
		{"KeySpec", sorted(defaultpolicy.KeySpecs()), sorted(types.KeySpec("").Values())},
		{"KeyUsageType", sorted(defaultpolicy.KeyUsages()), sorted(types.KeyUsageType("").Values())},
		{"OriginType", sorted(defaultpolicy.Origins()), sorted(types.OriginType("").Values())},
		{"MultiRegionKeyType", sorted(ours), sorted(parts)},
	} {
		if !slices.Equal(test.ours, test.sdk) {
			t.Errorf("%s: the package has\n%v, the SDK\n%v", test.enumeration, test.ours, test.sdk)
		}
	}
}

// sdkActions returns the name of the action of each operation of the SDK.
// ReEncrypt is two actions, one on each key.
// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
func sdkActions() []string {
	var actions []string
	client := reflect.TypeFor[*kms.Client]()
	for i := range client.NumMethod() {
		switch name := client.Method(i).Name; name {
		case "Options": // of the client itself
		case "ReEncrypt":
			actions = append(actions, "ReEncryptFrom", "ReEncryptTo")
		default:
			actions = append(actions, name)
		}
	}
	return actions
}

// reach returns who is allowed an action of the SDK by the default of some key
// type: "account" never counts, it is allowed everything.
func reach(t *testing.T) map[string]string {
	short := map[string]string{
		"Allow access for Key Administrators":      "administrators",
		"Allow use of the key":                     "users",
		"Allow attachment of persistent resources": "grants",
	}
	allowed := map[string][]string{}
	for keyType, partition := range everyKeyType() {
		for _, v := range variants(t, keyType, consoleOptions(partition)) {
			for _, s := range v.Document.Statements[1:] {
				for _, pattern := range s.Actions.Values {
					for _, action := range matching(t, pattern) {
						if who := short[s.SID]; !slices.Contains(allowed[action], who) {
							allowed[action] = append(allowed[action], who)
						}
					}
				}
			}
		}
	}
	who := map[string]string{}
	for _, action := range sdkActions() {
		slices.Sort(allowed[action])
		who[action] = strings.Join(allowed[action], " ")
	}
	return who
}

// matching returns the actions of the SDK that a pattern of a policy reaches.
func matching(t *testing.T, pattern string) []string {
	name, ok := strings.CutPrefix(pattern, "kms:")
	prefix, wildcard := strings.CutSuffix(name, "*")
	var actions []string
	for _, action := range sdkActions() {
		if action == name || wildcard && strings.HasPrefix(action, prefix) {
			actions = append(actions, action)
		}
	}
	if !ok || len(actions) == 0 {
		t.Errorf("%s is no action of the SDK", pattern)
	}
	return actions
}

// A new operation of KMS must be put in this table by hand: is it for users, do
// the wildcards of administrators reach it, or does the default not have it?
func TestEveryOperationOfTheSDKHasItsPlace(t *testing.T) {
	want := map[string]string{
		"administrators": `CancelKeyDeletion CreateAlias DeleteAlias DeleteImportedKeyMaterial DisableKey DisableKeyRotation
			EnableKey EnableKeyRotation GetKeyLastUsage GetKeyPolicy GetKeyRotationStatus GetParametersForImport ImportKeyMaterial
			ListKeyPolicies ListKeyRotations ListResourceTags PutKeyPolicy ReplicateKey RotateKeyOnDemand ScheduleKeyDeletion
			TagResource UntagResource UpdateAlias UpdateKeyDescription UpdatePrimaryRegion ` +
			// Reached by a wildcard, but without effect in a key policy:
			`CreateCustomKeyStore CreateKey DeleteCustomKeyStore DescribeCustomKeyStores ListAliases ListKeys ListRetirableGrants UpdateCustomKeyStore`,
		"administrators grants": `CreateGrant ListGrants RevokeGrant`,
		"administrators users":  `DescribeKey GetPublicKey`,
		"users": `Decapsulate Decrypt DeriveSharedSecret Encapsulate Encrypt GenerateDataKey GenerateDataKeyPair
			GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac ReEncryptFrom ReEncryptTo Sign Verify VerifyMac`,
		// Without effect in a key policy, all four.
		"": `ConnectCustomKeyStore DisconnectCustomKeyStore GenerateRandom RetireGrant`,
	}
	got := reach(t)
	for who, actions := range want {
		for _, action := range strings.Fields(actions) {
			if found, ok := got[action]; !ok {
				t.Errorf("%s is no action of the SDK", action)
			} else if found != who {
				t.Errorf("%s is allowed to %q, want %q", action, found, who)
			}
			delete(got, action)
		}
	}
	for action, who := range got {
		t.Errorf("the SDK has a new action %s, allowed to %q", action, who)
	}
}

func TestGrantConditionIsThatOfTheGuide(t *testing.T) {
	d := generate(t, defaultpolicy.KeyType{}.WithDefaults(), consoleOptions("aws"))
	if got := policy.CanonicalConditions(d.Statements[3].Conditions); got != `[Bool "kms:grantisforawsresource"["true"]]` {
		t.Errorf("got %s", got)
	}
}
