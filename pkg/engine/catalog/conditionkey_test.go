package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
)

func TestConditionKeysAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	known := map[string]bool{}
	for _, a := range catalog.Actions() {
		known[a.Name] = true
	}
	for _, k := range catalog.ConditionKeys() {
		if seen[strings.ToLower(k.Name)] {
			t.Errorf("%s stands in the table twice", k.Name)
		}
		seen[strings.ToLower(k.Name)] = true
		if k.Type < catalog.String || k.Type > catalog.ARN || k.Type.String() == "unknown" {
			t.Errorf("%s has no type", k.Name)
		}
		if !strings.HasPrefix(k.Source, "https://docs.aws.amazon.com/") {
			t.Errorf("%s has no source", k.Name)
		}
		if ends := strings.HasSuffix(k.Name, ":") || strings.HasSuffix(k.Name, "/"); k.Prefix != ends {
			t.Errorf("%s: the name of a family, and no other, ends in its separator", k.Name)
		}
		if !slices.IsSorted(k.Actions) {
			t.Errorf("%s: actions not sorted: %q", k.Name, k.Actions)
		}
		for _, name := range k.Actions {
			if !known[name] {
				t.Errorf("%s names the action %s, which does not exist", k.Name, name)
			}
		}
	}
}

func TestLookupConditionKey(t *testing.T) {
	for _, test := range []struct{ name, want, reason string }{
		{"kms:ViaService", "kms:ViaService", "as AWS spells it"},
		{"KMS:viaservice", "kms:ViaService", "names ignore case"},
		{"kms:EncryptionContext:aws:logs:arn", "kms:EncryptionContext:", "a family, its suffix with colons"},
		{"KMS:encryptioncontext:x", "kms:EncryptionContext:", "a family ignores case too"},
		{"kms:EncryptionContextKeys", "kms:EncryptionContextKeys", "a key of its own that begins like a family"},
		{"aws:PrincipalTag/team", "aws:PrincipalTag/", "a family with a slash"},
		{"kms:RecipientAttestation:PCR0", "kms:RecipientAttestation:PCR0", "the first measurement of an enclave"},
		{"kms:RecipientAttestation:PCR31", "kms:RecipientAttestation:PCR31", "the last measurement of an enclave"},
		{"kms:RecipientAttestation:PCR32", "", "one more than there are"},
		{"kms:RecipientAttestation:NitroTPMPCR23", "kms:RecipientAttestation:NitroTPMPCR23", "the last measurement of an instance"},
		{"kms:RecipientAttestation:NitroTPMPCR24", "", "one more than there are"},
		{"kms:EncryptionContext:", "", "a family without a suffix names no key"},
		{"aws:PrincipalTag", "", "a family without its separator names no key"},
		{"kms:ViaServices", "", "a typo"},
		{"ec2:SourceInstanceArn", "ec2:SourceInstanceArn", "a cross-service key"},
		{"", "", "nothing"},
	} {
		key, ok := catalog.LookupConditionKey(test.name)
		if key.Name != test.want || ok != (test.want != "") {
			t.Errorf("%s: %q is %q, %v; want %q", test.reason, test.name, key.Name, ok, test.want)
		}
	}
}

// The comparison depends on this list: it is part of what a condition means.
func TestMultiValuedKeys(t *testing.T) {
	want := strings.Fields(`kms:EncryptionContextKeys kms:GrantOperations kms:ResourceAliases aws:PrincipalOrgPaths aws:SourceOrgPaths
		aws:VpceOrgPaths aws:ResourceOrgPaths aws:TagKeys aws:CalledVia aws:PrincipalServiceNamesList`)
	var got []string
	for _, k := range catalog.ConditionKeys() {
		if k.MultiValued {
			got = append(got, k.Name)
		}
		if catalog.MultiValued(strings.ToUpper(k.Name)) != k.MultiValued {
			t.Errorf("MultiValued says otherwise than the table of %s", k.Name)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("multi-valued keys %q, want %q", got, want)
	}
	if catalog.MultiValued("kms:EncryptionContext:a") || catalog.MultiValued("kms:Unknown") {
		t.Error("a single-valued family, or an unknown key, is called multi-valued")
	}
}

func TestAvailableFor(t *testing.T) {
	for _, test := range []struct {
		key, action string
		want        bool
		reason      string
	}{
		{"kms:GrantOperations", "CreateGrant", true, "the one request that carries it"},
		{"kms:GrantOperations", "Decrypt", false, "another request"},
		{"kms:ViaService", "PutKeyPolicy", true, "a key without a list is in every request"},
		{"kms:EncryptionContext:a", "ReEncryptTo", true, "a family has one list"},
		{"kms:EncryptionContext:a", "DescribeKey", false, "no encryption context"},
		{"kms:RecipientAttestation:PCR3", "GenerateDataKey", true, "takes a recipient"},
		{"kms:RecipientAttestation:PCR3", "Encrypt", false, "takes no recipient"},
		{"kms:EncryptionAlgorithm", "Encapsulate", true, "not documented counts as possible"},
		{"kms:TrailingDaysWithoutKeyUsage", "DisableKey", true, "since April 2026"},
	} {
		key, ok := catalog.LookupConditionKey(test.key)
		if !ok || key.AvailableFor(test.action) != test.want {
			t.Errorf("%s: %s for %s: want %v", test.reason, test.key, test.action, test.want)
		}
	}
}

func TestKeysThatKMSRefusesInAKeyPolicy(t *testing.T) {
	var refused []string
	for _, k := range catalog.ConditionKeys() {
		if !k.UsableInKeyPolicy {
			refused = append(refused, k.Name)
		}
	}
	if want := []string{"kms:ResourceAliases", "kms:ResourceTag/", "aws:ResourceTag/"}; !slices.Equal(refused, want) {
		t.Errorf("refused %q, want %q", refused, want)
	}
}
