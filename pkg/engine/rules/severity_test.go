package rules_test

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

var update = flag.Bool("update", false, "write the golden files")

// TestTheTableOfSeverities shows who may do what, and how bad that is. A change of the table
// changes the hash of every configuration.
func TestTheTableOfSeverities(t *testing.T) {
	const golden = "testdata/severities.txt"
	got := rules.SeverityTable()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("the table (-want +got; go test -update):\n%s", diff)
	}
}

// Every action of key policies is here, so that a new one is put into a group by somebody.
func TestEachActionIsInOneGroup(t *testing.T) {
	want := map[rules.Group][]string{
		rules.Metadata: {
			"DescribeKey", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus", "GetParametersForImport", "GetPublicKey",
			"ListGrants", "ListKeyPolicies", "ListKeyRotations", "ListResourceTags",
		},
		rules.Use: {
			"Decapsulate", "Decrypt", "DeriveSharedSecret", "Encapsulate", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
			"GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify", "VerifyMac",
		},
		rules.Grant: {"CreateGrant", "RevokeGrant"},
		rules.Administer: {
			"CancelKeyDeletion", "CreateAlias", "DeleteAlias", "DeleteImportedKeyMaterial", "DisableKey", "DisableKeyRotation", "EnableKey",
			"EnableKeyRotation", "ImportKeyMaterial", "PutKeyPolicy", "ReplicateKey", "RotateKeyOnDemand", "ScheduleKeyDeletion",
			"SynchronizeMultiRegionKey", "TagResource", "UntagResource", "UpdateAlias", "UpdateKeyDescription", "UpdatePrimaryRegion",
		},
	}
	got := map[rules.Group][]string{}
	for _, name := range catalog.KeyPolicyActions() {
		g := rules.GroupOf("kms:"+name, false)
		got[g] = append(got[g], name)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if rules.GroupOf("kms:CreateGrant", true) != rules.Use || rules.GroupOf("kms:RevokeGrant", true) != rules.Grant {
		t.Error("a grant for an AWS resource is use of the key, and its revocation is not")
	}
}

func TestTheWorstGroupDecides(t *testing.T) {
	for _, row := range []struct {
		who    rules.Who
		groups []rules.Group
		want   rules.Severity
		reason string
	}{
		{rules.Anyone, []rules.Group{rules.Metadata}, rules.Medium, "metadata alone"},
		{rules.Anyone, []rules.Group{rules.Metadata, rules.Use}, rules.Critical, "use is worse"},
		{rules.ForeignAccount, []rules.Group{rules.Use, rules.Administer}, rules.Critical, "administration is worse"},
		{rules.ServiceBound, []rules.Group{rules.Metadata, rules.Use}, rules.Info, "no severity is told as info"},
		{rules.ServiceBound, []rules.Group{rules.Use, rules.Grant}, rules.Medium, "grants are not use"},
		{rules.WholeAccount, []rules.Group{rules.Metadata}, rules.Info, "the account looks at its key"},
	} {
		if got := rules.SeverityOf(row.who, row.groups); got != row.want {
			t.Errorf("%s, want %s: %s", got, row.want, row.reason)
		}
	}
}
