package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allowing returns the account's policy with more statements, of their elements.
func allowing(statements ...string) string {
	text := accountPolicy
	for _, elements := range statements {
		text = strings.TrimSuffix(text, "]}") + `,{"Effect":"Allow","Resource":"*",` + elements + "}]}"
	}
	return text
}

// TestTheExamplesDoWhatTheySay checks keys against the examples of docs/configuration.md.
func TestTheExamplesDoWhatTheySay(t *testing.T) {
	const (
		role    = `"Principal":{"AWS":"arn:aws:iam::111122223333:role/`
		central = role + `KeyAdministrators"},"Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*","kms:Disable*","kms:Get*","kms:Delete*"]`
		own     = role + `kms-guardrail-us-east-1"},"Action":["kms:DescribeKey","kms:GetKeyPolicy","kms:ListResourceTags","kms:PutKeyPolicy"]`
		glass   = role + `BreakGlass"},"Action":["kms:DescribeKey","kms:GetKeyPolicy","kms:PutKeyPolicy"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`
		app     = role + `App"},"Action":["kms:Encrypt","kms:Decrypt"]`
		partner = `"Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"kms:Decrypt"`
		backup  = `"Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":["kms:Decrypt","kms:DescribeKey"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"},"Null":{"kms:ViaService":"false"}}`
	)
	unit := func(id string) []string {
		return []string{"--organization-id", "o-a1b2c3d4e5", "--organizational-unit", id, "--region", "eu-central-1"}
	}
	tests := []struct {
		example, because, policy string
		flags                    []string
		want                     string // verdict and action reason
	}{
		{"report-only.yaml", "the account decides", accountPolicy, nil, "compliant "},
		{"report-only.yaml", "any role of the account may use its keys", allowing(app), nil, "compliant "},
		{"report-only.yaml", "nothing is repaired", publicPolicy, nil, "non-compliant report-mode"},

		{"strict-api.yaml", "the API default", accountPolicy, nil, "compliant "},
		{"strict-api.yaml", "access is given through IAM only", allowing(app), nil, "non-compliant would-repair"},
		{
			"strict-api.yaml", "one key is exempt", allowing(app),
			[]string{"--key-arn", "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}, "exempt exempt",
		},

		{"console-central-administrators.yaml", "the central role, the guardrail and the break-glass role have theirs", allowing(central, own, glass), nil, "compliant "},
		{"console-central-administrators.yaml", "they are missing, the guardrail's own among them, which is high", accountPolicy, nil, "non-compliant would-repair"},
		{"console-central-administrators.yaml", "a partner is nobody's role", allowing(central, own, glass, partner), nil, "non-compliant would-remove-cross-account-access"},
		{"console-central-administrators.yaml", "roles of the account use keys", allowing(central, own, glass, app), nil, "compliant "},
		{"console-central-administrators.yaml", "sandboxes are only reported", publicPolicy, []string{"--tag", "environment=sandbox"}, "non-compliant report-mode"},

		{"organization.yaml", "the backup account copies", allowing(backup), unit("ou-ab12-workload1"), "compliant "},
		{"organization.yaml", "card data is stricter", allowing(backup), unit("ou-ab12-cdef3456"), "non-compliant below-repair-severity"},
		{"organization.yaml", "card data is never public", publicPolicy, unit("ou-ab12-cdef3456"), "non-compliant would-repair"},
		{"organization.yaml", "without its unit, whether a key is card data is not known", accountPolicy, []string{"--region", "eu-central-1"}, "cannot-judge rule-undecided"},
		{"organization.yaml", "an acquired company has time", foreignPolicy, append(unit("ou-ab12-mergers123"), "--region", "ap-southeast-2"), "exempt exempt"},
	}
	for _, test := range tests {
		t.Run(test.example+": "+test.because, func(t *testing.T) {
			flags := test.flags
			if !slices.Contains(flags, "--region") && !slices.Contains(flags, "--key-arn") {
				flags = append(slices.Clone(flags), "--region", "us-east-1")
			}
			args := slices.Concat([]string{"check", "--config", filepath.Join("..", "..", "..", "docs", "examples", test.example), "--account", account, "--output", "jsonl"}, flags, []string{"-"})
			got := kmsguard(t, test.policy, args...)
			if got.out == "" {
				t.Fatal(got.err)
			}
			if j := decode[judgement](t, got.out); j.Verdict+" "+j.ActionReason != test.want {
				t.Errorf("got %s %s, want %s: %s", j.Verdict, j.ActionReason, test.want, got.out)
			}
		})
	}
}
