package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/report"
)

const keyARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func outcome(change func(*guardrail.Outcome)) guardrail.Outcome {
	o := guardrail.Outcome{
		Schema: "1", Time: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Mode: guardrail.Report, KeyARN: keyARN,
		KeyType: "SYMMETRIC_DEFAULT ENCRYPT_DECRYPT", Verdict: guardrail.Compliant, Severity: guardrail.NoSeverity,
		Evidence: guardrail.LivePolicy, Action: guardrail.NoAction, Actor: &guardrail.Actor{ARN: "arn:aws:iam::111122223333:user/alice"},
	}
	change(&o)
	return o
}

func TestOutcomeAsText(t *testing.T) {
	statement := 2
	public := guardrail.Finding{
		Code: guardrail.CodePublicAccess, Severity: guardrail.Critical, Statement: &statement,
		Message: "every principal of any other account may kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey with a permission of their own account",
	}
	undecided := guardrail.Finding{
		Code: guardrail.CodeUndecided, Severity: guardrail.High, Statement: &statement,
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
				{Code: guardrail.CodeBadEvent, Severity: guardrail.High, Message: "not JSON"},
			}}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b strings.Builder
			if err := report.Outcome(&b, "events/event.json", outcome(test.change)); err != nil {
				t.Fatal(err)
			}
			checkGolden(t, "outcome-"+test.name, b.String())
		})
	}
}

func TestWriterErrorOfOutcomeIsReturned(t *testing.T) {
	if err := report.Outcome(fullDisk{}, "", outcome(func(*guardrail.Outcome) {})); !errors.Is(err, errDiskFull) {
		t.Errorf("got %v, want %v", err, errDiskFull)
	}
}
