package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

func TestActionPatternsSayTheSameInFewerWords(t *testing.T) {
	tests := []struct{ reason, names, want string }{
		{"all of a family", "kms:Decrypt kms:ReEncryptFrom kms:ReEncryptTo", "kms:Decrypt kms:ReEncrypt*"},
		{"the shortest word that fits", "kms:CreateAlias kms:CreateGrant", "kms:Create*"},
		{"a name that others start with", "kms:GenerateDataKey kms:GenerateDataKeyPair kms:GenerateDataKeyPairWithoutPlaintext kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKey*"},
		{"a family with one missing is not said", "kms:ReEncryptFrom kms:Sign", "kms:ReEncryptFrom kms:Sign"},
		{"everything stays everything", "kms:*", "kms:*"},
		{"two families", "kms:Verify kms:VerifyMac kms:TagResource", "kms:Verify* kms:TagResource"},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		got := access.ActionPatterns(strings.Fields(test.names))
		if strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, want %q", test.reason, got, test.want)
		}
	}
}

func TestActionPatternsCoverTheSameActions(t *testing.T) {
	all := access.AllActions.Names()
	for drop := range all {
		names := slices.Delete(slices.Clone(all), drop, drop+1)
		var covered access.Actions
		for _, p := range access.ActionPatterns(names) {
			covered |= access.ActionsMatching(p)
		}
		if !slices.Equal(covered.Names(), names) {
			t.Errorf("without %s: %q covers %q", all[drop], access.ActionPatterns(names), covered.Names())
		}
	}
}

func TestAnActionPatternIsOfTheWholeNameInAnyCase(t *testing.T) {
	for _, row := range []struct{ reason, pattern, want string }{
		{"the end counts", "kms:D*Key", "kms:DescribeKey kms:DisableKey"},
		{"a character counts as one", "KMS:generatedata???", "kms:GenerateDataKey"},
		{"the prefix may be a pattern", "k?s:Verify", "kms:Verify"},
		{"another service", "s*:Verify", ""},
	} {
		if got := strings.Join(access.ActionsMatching(row.pattern).Names(), " "); got != row.want {
			t.Errorf("%s: %s covers %q, want %q", row.reason, row.pattern, got, row.want)
		}
	}
}
