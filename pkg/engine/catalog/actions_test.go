package catalog_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
)

// TestKnowsTheOperationsOfTheSDK fails when AWS adds an operation, so that the tables do
// not fall behind unseen.
func TestKnowsTheOperationsOfTheSDK(t *testing.T) {
	ours := map[string]bool{}
	for _, a := range catalog.Actions() {
		ours[a.Name] = true
	}
	delete(ours, "ReEncryptFrom") // ReEncrypt asks for one permission on each of two keys
	delete(ours, "ReEncryptTo")
	ours["ReEncrypt"] = true
	delete(ours, "SynchronizeMultiRegionKey") // no operation asks for it
	client := reflect.TypeFor[*kms.Client]()
	for i := range client.NumMethod() {
		name := client.Method(i).Name
		if name == "Options" { // of the client itself
			continue
		}
		if !ours[name] {
			t.Errorf("the SDK has the operation %s, the catalog has not: look it up in the KMS permissions reference, add it to actions.go "+
				"(KeyPolicy where its policy type says key policy), and its name to the Actions of the condition keys that its requests carry", name)
		}
		delete(ours, name)
	}
	for name := range ours {
		t.Errorf("the catalog has %s, the SDK has no such operation: misspelled, or retired", name)
	}
}

func TestActionsAreSortedAndUnique(t *testing.T) {
	var names []string
	for _, a := range catalog.Actions() {
		if strings.HasPrefix(a.Name, "kms:") || a.Name == "" {
			t.Errorf("name %q: without the prefix", a.Name)
		}
		names = append(names, strings.ToLower(a.Name))
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not sorted, or a name twice: %q", names)
	}
}

// The two lists below are written out again from the permissions reference, so that a slip
// in the table does not go unnoticed. 46 actions is what a 64-bit set has to hold.
func TestKeyPolicyActions(t *testing.T) {
	only := strings.Fields(`ConnectCustomKeyStore CreateCustomKeyStore CreateKey DeleteCustomKeyStore DescribeCustomKeyStores
		DisconnectCustomKeyStore GenerateRandom ListAliases ListKeys ListRetirableGrants RetireGrant UpdateCustomKeyStore`)
	effective := catalog.KeyPolicyActions()
	if len(effective) != 46 || len(effective)+len(only) != len(catalog.Actions()) {
		t.Errorf("%d actions have an effect in a key policy, %d do not; want 46 and %d", len(effective), len(catalog.Actions())-len(effective), len(only))
	}
	for _, name := range only {
		if slices.Contains(effective, name) {
			t.Errorf("%s takes effect in IAM policies only", name)
		}
	}
	if !slices.Contains(effective, "SynchronizeMultiRegionKey") {
		t.Error("SynchronizeMultiRegionKey is missing: one action too few could make two policies look alike")
	}
}

func TestCrossAccountUse(t *testing.T) {
	want := strings.Fields(`CreateGrant Decapsulate Decrypt DeriveSharedSecret DescribeKey Encapsulate Encrypt GenerateDataKey
		GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext GenerateDataKeyWithoutPlaintext GenerateMac GetKeyRotationStatus
		GetPublicKey ListGrants ReEncryptFrom ReEncryptTo RetireGrant RevokeGrant Sign Verify VerifyMac`)
	var got []string
	for _, a := range catalog.Actions() {
		if a.CrossAccount {
			got = append(got, a.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("usable from another account:\n%q, want\n%q", got, want)
	}
}

func TestTablesCannotBeChangedByACaller(t *testing.T) {
	catalog.Actions()[0].Name = "changed"
	catalog.KeyPolicyActions()[0] = "changed"
	catalog.ConditionKeys()[0].Name = "changed"
	if catalog.Actions()[0].Name == "changed" || catalog.KeyPolicyActions()[0] == "changed" || catalog.ConditionKeys()[0].Name == "changed" {
		t.Error("a caller changed a table")
	}
}
