package report_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// foundKey returns the outcome of a key with an id and one finding.
func foundKey(id string, severity rules.Severity, message string, aliases ...string) guardrail.Outcome {
	arn := "arn:aws:kms:eu-central-1:111122223333:key/" + id
	return guardrail.Outcome{
		KeyARN: arn, Region: "eu-central-1", Aliases: aliases, Verdict: guardrail.NonCompliant, Severity: severity,
		Findings: []guardrail.Finding{{Code: guardrail.CodePublicAccess, Severity: severity, Message: message}},
		Action:   guardrail.Reported, ActionReason: "report-mode", Plan: &guardrail.PlannedPolicy{Edits: []string{"statement 1 \"partners\" goes"}},
	}
}

// scanned is a scan in which each kind of key occurs.
func scanned(from rules.Severity) *report.Scan {
	s := report.NewScan(report.Style{}, from)
	for i := range 22 {
		s.Add(foundKey(fmt.Sprintf("%04d", i), rules.High, "account 444455556666 may kms:Decrypt"))
	}
	s.Add(foundKey("low", rules.Low, "the account cannot give kms:Sign"))
	s.Add(foundKey("open", rules.Critical, "everybody may kms:Decrypt", "alias/payments/main", "alias/payments/old"))
	hostile := foundKey("hostile", rules.Critical, "\x1b[2J\nCOMPLIANT", "alias/\x1b[2J")
	hostile.Plan.Edits = []string{"\x1b[2J"}
	s.Add(hostile)
	held := foundKey("held", rules.High, "logs.eu-central-1.amazonaws.com may kms:Decrypt", "alias/logs")
	held.ActionReason = "would-remove-service-access"
	held.Findings = append(held.Findings, guardrail.Finding{Code: guardrail.CodeRepairHeld, Severity: rules.Info, Message: "the repair would take access from AWS services"})
	s.Add(held)
	would := foundKey("would", rules.Medium, "user mallory may kms:Decrypt", "alias/app")
	would.ActionReason = "would-repair"
	s.Add(would)
	for _, id := range []string{"a", "b"} {
		denied := foundKey(id, rules.High, "no access to arn:aws:kms:eu-central-1:111122223333:key/"+id)
		denied.Verdict, denied.Plan, denied.ActionReason = guardrail.CannotJudge, nil, "access-denied"
		s.Add(denied)
	}
	exempt := foundKey("exempt", rules.Critical, "everybody may kms:Decrypt")
	exempt.Verdict = guardrail.Exempt
	s.Add(exempt)
	for range 5 {
		s.Add(guardrail.Outcome{Verdict: guardrail.Compliant, Severity: rules.NoSeverity})
	}
	s.Add(guardrail.Outcome{Verdict: guardrail.NothingToJudge})
	s.Missed("deleted meanwhile")
	return s
}

func TestScanTellsOfManyKeys(t *testing.T) {
	var b strings.Builder
	if err := scanned(rules.Low).Write(&b); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "scan", b.String())
	b.Reset()
	if err := scanned(rules.Critical).Write(&b); err != nil {
		t.Fatal(err)
	}
	checkGolden(t, "scan-critical", b.String())
}

func TestEveryKeyOfAScanIsCounted(t *testing.T) {
	const want = "33 keys judged: 2 critical, 23 high, 1 medium, 1 low, 5 compliant, 1 exempt. 3 not judged: 2 access-denied, 1 deleted meanwhile. 1 managed by AWS, skipped."
	for _, from := range []rules.Severity{rules.Critical, rules.Low} {
		if got := scanned(from).Counts(); got != want {
			t.Errorf("from %s: got %q, want %q", from, got, want)
		}
	}
	if got := report.NewScan(report.Style{}, rules.Low).Counts(); got != "0 keys judged: 0 compliant, 0 exempt. 0 not judged. 0 managed by AWS, skipped." {
		t.Errorf("of no key it says %q", got)
	}
}

func TestWriterErrorOfAScanIsAnError(t *testing.T) {
	if err := scanned(rules.Low).Write(fullDisk{}); !errors.Is(err, errDiskFull) {
		t.Errorf("got %v", err)
	}
}
