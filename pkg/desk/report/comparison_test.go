package report_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

const baselineText = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Enable IAM User Permissions", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
  ]
}`

const actualText = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "for the partners", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"},
    {"Effect": "Deny", "Principal": "*", "Action": "kms:ScheduleKeyDeletion", "Resource": "*"}
  ]
}`

func parse(t *testing.T, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The differences are made up, so that this package's tests hold whatever the
// comparison learns to say.
var (
	gained = access.Difference{
		Policy: access.Actual, Statement: 0, SID: "for the partners", Scope: access.AnyAccount,
		Principals: []string{"every principal of any other account"}, Actions: []string{"kms:Decrypt"}, Delegated: true,
		Conditions: `kms:ViaService is "s3.us-east-1.amazonaws.com"`,
		Witness: evaluation.Request{
			Principal: "arn:aws:iam::999999999999:user/unnamed", PrincipalType: evaluation.UserPrincipal, PrincipalAccount: "999999999999",
			IdentityPolicyAllows: true, Action: "kms:Decrypt",
			Context: map[string]any{
				"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:EncryptionContextKeys": []string{"a", "b"},
				"aws:PrincipalArn": "arn:aws:iam::999999999999:user/unnamed", "kms:CallerAccount": "999999999999",
			},
		},
	}
	lost = access.Difference{
		Policy: access.Actual, Statement: 1, Scope: access.OwnAccount,
		Principals: []string{"arn:aws:iam::111122223333:role/KeyAdmin", "every other principal of account 111122223333"},
		Actions: []string{
			"kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:DeleteImportedKeyMaterial",
			"kms:DescribeKey", "kms:DisableKey", "kms:ScheduleKeyDeletion",
		},
		Witness: evaluation.Request{Principal: "arn:aws:iam::111122223333:role/KeyAdmin", PrincipalType: evaluation.RolePrincipal, Action: "kms:ScheduleKeyDeletion"},
	}
	ofAService = access.Difference{
		Policy: access.Actual, Statement: 0, Scope: access.AWSService, Principals: []string{"logs.us-east-1.amazonaws.com"}, Actions: []string{"kms:*"},
		Witness: evaluation.Request{Principal: "logs.us-east-1.amazonaws.com", PrincipalType: evaluation.ServicePrincipal, IdentityPolicyAllows: true, Action: "kms:Decrypt"},
	}
	open       = access.Inconclusive{Policy: access.Baseline, Statement: 0, Reason: "conditions", Detail: "one block"}
	openTwice  = access.Inconclusive{Policy: access.Baseline, Statement: 0, Reason: "conditions", Detail: "another block"}
	overBudget = access.Inconclusive{Policy: access.Actual, Reason: "over-budget", Detail: "more than 100000 combinations of conditions"}
)

func TestComparisonAsText(t *testing.T) {
	tests := []struct {
		name   string // of the golden file
		result access.Result
	}{
		{"equal", access.Result{Verdict: access.Equal}},
		{"more", access.Result{Verdict: access.Different, Excess: []access.Difference{gained}}},
		{"less", access.Result{Verdict: access.Different, Missing: []access.Difference{lost}}},
		{"more-and-less", access.Result{Verdict: access.Different, Excess: []access.Difference{ofAService}, Missing: []access.Difference{lost}}},
		{"undecided", access.Result{Verdict: access.Undecided, Inconclusive: []access.Inconclusive{open, openTwice, overBudget}}},
		{"different-and-undecided", access.Result{Verdict: access.Different, Excess: []access.Difference{gained}, Inconclusive: []access.Inconclusive{open}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := compared(t, "baseline.json", "actual.json", test.result)
			checkGolden(t, "comparison-"+test.name, got)
			for line := range strings.Lines(got) {
				if len(strings.TrimSuffix(line, "\n")) > report.Width {
					t.Errorf("a line is wider than %d columns:\n%s", report.Width, line)
				}
			}
		})
	}
}

func compared(t *testing.T, baseline, actual string, result access.Result) string {
	t.Helper()
	var b strings.Builder
	err := report.Comparison(&b, report.Style{}, report.Policy{Name: baseline, Document: parse(t, baselineText)}, report.Policy{Name: actual, Document: parse(t, actualText)}, report.Result{Result: result})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// A statement that is not in the document would be a defect of the comparison;
// the report must not add a panic to it.
func TestStatementOutsideTheDocumentHasNoPlace(t *testing.T) {
	for _, statement := range []int{-1, 7} {
		got := compared(t, "baseline.json", "actual.json", access.Result{Verdict: access.Undecided, Inconclusive: []access.Inconclusive{
			{Policy: access.Actual, Statement: statement, Reason: "resource", Detail: "…"},
		}})
		if !strings.Contains(got, "where    actual.json\n") {
			t.Errorf("statement %d: got\n%s", statement, got)
		}
	}
}

func TestWriterErrorOfComparisonIsReturned(t *testing.T) {
	d := parse(t, baselineText)
	err := report.Comparison(fullDisk{}, report.Style{}, report.Policy{Name: "a", Document: d}, report.Policy{Name: "b", Document: d}, report.Result{Result: access.Result{Verdict: access.Equal}})
	if !errors.Is(err, errDiskFull) {
		t.Errorf("got %v, want %v", err, errDiskFull)
	}
}
