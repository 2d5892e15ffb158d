package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const keyARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func outcome(change func(*guardrail.Outcome)) guardrail.Outcome {
	o := guardrail.Outcome{
		Schema: "1", Time: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Mode: rules.Report, KeyARN: keyARN,
		KeyType: "SYMMETRIC_DEFAULT ENCRYPT_DECRYPT", Verdict: guardrail.Compliant, Severity: rules.NoSeverity,
		Evidence: guardrail.LivePolicy, Action: guardrail.NoAction, Actor: &guardrail.Actor{ARN: "arn:aws:iam::111122223333:user/alice"},
	}
	change(&o)
	return o
}

func TestOutcomeAsText(t *testing.T) {
	statement := 1 // the second one, as the edits say
	public := guardrail.Finding{
		Code: guardrail.CodePublicAccess, Severity: rules.Critical, Statement: &statement,
		Message: "every principal of any other account may kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey with a permission of their own account",
	}
	undecided := guardrail.Finding{
		Code: guardrail.CodeUndecided, Severity: rules.High, Statement: &statement,
		Message: "what statement 2 of the key policy allows is not decided (not-principal)",
	}
	tests := []struct {
		name   string // of the golden file
		change func(*guardrail.Outcome)
	}{
		{"compliant", func(*guardrail.Outcome) {}},
		{"non-compliant", func(o *guardrail.Outcome) {
			o.Verdict, o.Action, o.ActionReason = guardrail.NonCompliant, guardrail.Reported, string(guardrail.CodePublicAccess)
			o.Findings = []guardrail.Finding{public}
		}},
		{"repaired", func(o *guardrail.Outcome) {
			o.Verdict, o.Action, o.ActionReason = guardrail.NonCompliant, guardrail.Repaired, "proved-difference"
			o.Findings = []guardrail.Finding{public}
			o.Rule, o.Baseline = "payments", "standard"
			o.Plan = &guardrail.PlannedPolicy{Policy: "RAW", Edits: []string{`statement 2 "partners": drop-statement: nothing of it may stay`}}
			o.Archive = "repairs/111122223333/us-east-1/1234abcd-12ab-34cd-56ef-1234567890ab/20261123T000000Z-20261124T000000Z/0001"
			o.Restore = "kmsguard restore " + o.Archive
		}},
		{"held", func(o *guardrail.Outcome) {
			o.Verdict, o.Action, o.ActionReason = guardrail.NonCompliant, guardrail.Held, string(rules.HoldServiceAccess)
			o.Rule, o.Baseline = "default", "standard"
			o.Findings = []guardrail.Finding{
				{Code: guardrail.CodeServiceAccess, Severity: rules.High, Statement: &statement, Message: "logs.us-east-1.amazonaws.com may kms:Decrypt"},
				{Code: guardrail.CodeRepairHeld, Severity: rules.Info, Message: "the repair would take access from AWS services: logs.us-east-1.amazonaws.com lose kms:Decrypt"},
			}
			o.Plan = &guardrail.PlannedPolicy{Policy: "RAW", Edits: []string{"statement 2: drop-statement: nothing of it may stay", "policy: add-statement: \"x\x1b[2J\""}}
		}},
		{"exempt", func(o *guardrail.Outcome) {
			o.Verdict, o.Action, o.ActionReason, o.Exemption, o.Baseline = guardrail.Exempt, guardrail.NoAction, guardrail.ReasonExempt, "vendor", "standard"
			o.Findings = []guardrail.Finding{public}
		}},
		{"cannot-judge", func(o *guardrail.Outcome) { // the same finding of several principals is told once
			o.Verdict, o.Action, o.ActionReason = guardrail.CannotJudge, guardrail.Reported, string(guardrail.CodeUndecided)
			o.Findings, o.Evidence, o.KeyType = []guardrail.Finding{undecided, undecided}, guardrail.EventPolicy, ""
		}},
		{"skipped", func(o *guardrail.Outcome) {
			o.Verdict, o.Action, o.ActionReason, o.Evidence, o.KeyType = guardrail.NothingToJudge, guardrail.Skipped, "aws-managed-key", "", ""
		}},
		{"no-key", func(o *guardrail.Outcome) {
			*o = guardrail.Outcome{Verdict: guardrail.CannotJudge, Action: guardrail.Reported, ActionReason: "not-json", Findings: []guardrail.Finding{
				{Code: guardrail.CodeBadEvent, Severity: rules.High, Message: "not JSON"},
			}}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := report.Outcome(&b, report.Style{}, report.Source{Name: "events/event.json"}, outcome(test.change)); err != nil {
				t.Fatal(err)
			}
			checkGolden(t, "outcome-"+test.name, b.String())
		})
	}
}

// A key in a template has its place, the lines of its statements, what was assumed, and what a
// plan changes.
func TestOutcomeOfAKeyInATemplate(t *testing.T) {
	first, second := 0, 1
	o := guardrail.Outcome{Verdict: guardrail.NonCompliant, Action: guardrail.Reported, Trigger: guardrail.ByCommand, Baseline: "b", Findings: []guardrail.Finding{
		{Code: guardrail.CodePublicAccess, Severity: rules.Critical, Statement: &first, Message: "a"},
		{Code: guardrail.CodeForeignAccess, Severity: rules.High, Statement: &second, Message: "b"},
	}}
	change := access.Result{
		Verdict: access.Different,
		Excess: []access.Difference{
			{Principals: []string{"arn:aws:iam::111122223333:role/\x1bA", "sns.amazonaws.com"}, Actions: []string{"kms:Decrypt", "kms:Encrypt"}, Conditions: "x is y"},
		},
		Missing:      []access.Difference{{Principals: []string{"every other principal of account 444455556666"}, Actions: []string{"kms:*"}, Delegated: true}},
		Inconclusive: []access.Inconclusive{{Policy: access.Actual, Reason: "values", Detail: "what z means"}, {Policy: access.Actual, Reason: "values", Detail: "the same again"}},
	}
	source := report.Source{
		Name: "template.yaml", Line: 7, Resource: "Key", Lines: []int{12}, Assumed: []string{"the parameter P is \"x\", its default"}, Change: &change,
		Policy: `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"},{"Sid":"s","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`,
	}
	const want = `NON-COMPLIANT  template.yaml:7 Key
  baseline  b
  action    reported
  assumed   the parameter P is "x", its default
  change    lets arn:aws:iam::111122223333:role/\x1bA, sns.amazonaws.com call kms:Decrypt, kms:Encrypt when x is y
  change    no longer lets every other principal of account 444455556666 call kms:*, if an IAM policy of their account
            allows it
  change    whether it changes access is not decided: what z means
  critical  public-access, statement 1 on line 12: a
  high      foreign-access, statement 2 "s": b
`
	var b strings.Builder
	if err := report.Outcome(&b, report.Style{}, source, o); err != nil || b.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, b.String(), want)
	}
	b.Reset()
	o.Findings = nil
	if err := report.Outcome(&b, report.Style{}, report.Source{Name: "template.yaml", Line: 7, Resource: "Key", Change: &access.Result{Verdict: access.Equal}}, o); err != nil || !strings.Contains(b.String(), "NON-COMPLIANT  template.yaml:7 Key\n") || !strings.Contains(b.String(), "  change    the policy allows the same as before\n") {
		t.Errorf("%v, got\n%s", err, b.String())
	}
}

// Whoever judges a file looks for the statement in it.
func TestOutcomeOfAFileNamesItsLines(t *testing.T) {
	first, second, beyond := 0, 1, 7
	o := guardrail.Outcome{Verdict: guardrail.NonCompliant, Action: guardrail.Reported, Trigger: guardrail.ByCommand, Baseline: "b", Findings: []guardrail.Finding{
		{Code: guardrail.CodePublicAccess, Severity: rules.Critical, Statement: &first, Message: "a"},
		{Code: guardrail.CodeForeignAccess, Severity: rules.High, Statement: &second, Message: "b"},
		{Code: guardrail.CodeForeignAccess, Severity: rules.High, Statement: &beyond, Message: "c"},
	}}
	text := "{\"Statement\": [\n  {\"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"kms:*\", \"Resource\": \"*\"},\n\n" +
		"  {\"Sid\": \"for \\u001b them\", \"Effect\": \"Allow\", \"Principal\": \"*\", \"Action\": \"kms:*\", \"Resource\": \"*\"}\n]}"
	const want = `NON-COMPLIANT  policy.json
  baseline  b
  action    reported
  critical  public-access, statement 1 on line 2: a
  high      foreign-access, statement 2 "for \x1b them" on line 4: b
  high      foreign-access, statement 8: c
`
	var b strings.Builder
	if err := report.Outcome(&b, report.Style{}, report.Source{Name: "policy.json", Policy: text}, o); err != nil || b.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, b.String(), want)
	}
}

func TestWriterErrorOfOutcomeIsReturned(t *testing.T) {
	if err := report.Outcome(fullDisk{}, report.Style{}, report.Source{}, outcome(func(*guardrail.Outcome) {})); !errors.Is(err, errDiskFull) {
		t.Errorf("got %v, want %v", err, errDiskFull)
	}
}
