package report_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// writer writes results in one format.
type writer interface {
	Add(report.Judged) error
	Missed(report.Gap) error
	End() error
}

// formats are all of them, by the name of their golden file.
var formats = map[string]func(io.Writer) writer{
	"results.table.txt":  func(w io.Writer) writer { return report.NewTable(w, report.Style{Width: 140}) },
	"results.narrow.txt": func(w io.Writer) writer { return report.NewTable(w, report.Style{Width: 60}) },
	"results.colour.txt": func(w io.Writer) writer { return report.NewTable(w, report.Style{Colour: true}) },
	"results.github.txt": func(w io.Writer) writer { return report.NewGitHub(w) },
	"results.csv":        func(w io.Writer) writer { return report.NewCSV(w) },
	"results.junit.xml":  func(w io.Writer) writer { return report.NewJUnit(w, someRun) },
	"results.sarif":      func(w io.Writer) writer { return report.NewSARIF(w, someRun) },
}

var someRun = report.Run{Version: "1.2.3", Configuration: "infra/guardrail.yaml", ConfigurationHash: "0123456789abcdef", FailOn: rules.High}

// twoStatements is the policy of a file. Its second statement is on line 4.
const twoStatements = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"},

  {"Sid": "partners", "Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}]}`

// finding returns a finding about the statement with an index, -1 for none.
func finding(code guardrail.Code, severity rules.Severity, statement int, message string) guardrail.Finding {
	f := guardrail.Finding{ID: "id-of-" + string(code), Code: code, Severity: severity, Message: message}
	if statement >= 0 {
		f.Statement = &statement
	}
	return f
}

// liveKey returns the outcome of a key with an id.
func liveKey(id string, verdict guardrail.Verdict, severity rules.Severity, findings ...guardrail.Finding) guardrail.Outcome {
	return guardrail.Outcome{
		KeyARN: "arn:aws:kms:eu-central-1:111122223333:key/" + id, Account: "111122223333", Region: "eu-central-1", Rule: "default", Baseline: "standard",
		Verdict: verdict, Severity: severity, Findings: findings, Action: guardrail.Reported, ActionReason: "report-mode",
	}
}

// someResults has each kind of result once.
func someResults() []report.Judged {
	public := finding(guardrail.CodePublicAccess, rules.Critical, 1, "PUBLIC: anyone with an AWS account can decrypt (kms:Decrypt).")
	account := finding(guardrail.CodeAccountAccess, rules.Medium, 1, "Role App can decrypt (kms:Decrypt), ${aws:PrincipalTag/x} [a](b), 100 %.")
	file := liveKey("", guardrail.NonCompliant, rules.Critical, public, public, account, finding("lint-dead-statement", rules.Info, 7, "no request matches it"))
	file.KeyARN, file.Region = "", ""
	open := liveKey("open", guardrail.NonCompliant, rules.Critical, public)
	open.Aliases = []string{"alias/payments/main", "alias/old"}
	low := liveKey("low", guardrail.NonCompliant, rules.Low, finding(guardrail.CodeAccessMissing, rules.Low, -1, "The account cannot give kms:Sign."))
	held := liveKey("held", guardrail.NonCompliant, rules.High, finding(guardrail.CodeServiceAccess, rules.High, 2, "CloudWatch Logs can decrypt."), finding(guardrail.CodeRepairHeld, rules.Info, -1, "The repair would take access from a service."))
	held.Action, held.ActionReason = guardrail.Held, "would-remove-service-access"
	exempt := liveKey("exempt", guardrail.Exempt, rules.Critical, public)
	exempt.Exemption, exempt.Action, exempt.ActionReason = "vendor", guardrail.NoAction, "exempt"
	undecided := liveKey("undecided", guardrail.CannotJudge, rules.High, finding(guardrail.CodeUndecided, rules.High, 0, "What statement 1 allows is not decided."))
	undecided.ActionReason = "undecided"
	silent := liveKey("silent", guardrail.CannotJudge, rules.High)
	silent.ActionReason = "for-no-reason"
	managed := liveKey("managed", guardrail.NothingToJudge, rules.NoSeverity)
	list := []report.Judged{
		{Source: report.Source{Name: "keys/a b.json", File: "keys/a b.json", Policy: twoStatements}, Outcome: file},
		{Source: report.Source{Name: "standard input", Policy: twoStatements}, Outcome: file},
	}
	inTemplate := report.Source{Name: "stack.yaml", File: "stack.yaml", Resource: "PaymentsKey", Line: 7, Policy: twoStatements, Lines: []int{11, 15}}
	list = append(list, report.Judged{Source: inTemplate, Outcome: liveKey("", guardrail.NonCompliant, rules.Critical, public, finding(guardrail.CodeAccessMissing, rules.Low, -1, "The account cannot give kms:Sign."))})
	list[2].Outcome.KeyARN = ""
	for _, o := range []guardrail.Outcome{open, low, held, exempt, undecided, silent, managed, liveKey("good", guardrail.Compliant, rules.NoSeverity)} {
		list = append(list, report.Judged{Outcome: o})
	}
	return list
}

// evil is what somebody writes who wants more of a format than to be text in it.
const evil = "=cmd|' /C calc'!A0\x1b[2J\x00\x0b\ufffe\x9b]]></failure><x a=\"b\">\"',\r\n::error file=a,line=1::evil ##[add-mask]e\n## evil\u2028\u202eevil"

// evilResults are results of which everything is hostile that somebody can choose.
func evilResults() []report.Judged {
	o := liveKey(evil, guardrail.NonCompliant, rules.Critical, finding(evil, rules.Critical, 0, evil), finding(guardrail.CodePublicAccess, evil, -1, evil))
	o.KeyARN, o.Account, o.Region, o.Aliases, o.Rule, o.Baseline, o.ActionReason, o.Exemption = evil, evil, evil, []string{evil, "@SUM(1)"}, evil, evil, evil, evil
	o.Findings[0].ID = evil
	exempt, undecided, odd := o, o, o
	exempt.Verdict, undecided.Verdict, odd.Verdict = guardrail.Exempt, guardrail.CannotJudge, evil
	policy := strings.ReplaceAll(twoStatements, `"Effect": "Allow", "Principal": {`, `"Sid": "=\u001b[2J\n::error::evil", "Effect": "Allow", "Principal": {`)
	list := []report.Judged{{Source: report.Source{Name: evil, File: evil, Policy: policy}, Outcome: o}}
	for _, o := range []guardrail.Outcome{o, exempt, undecided, odd} {
		list = append(list, report.Judged{Outcome: o})
	}
	return list
}

// writeAll writes results and a gap.
func writeAll(t *testing.T, format func(io.Writer) writer, list []report.Judged, gap report.Gap) string {
	t.Helper()
	var b strings.Builder
	w := format(&b)
	for _, j := range list {
		if err := w.Add(j); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Missed(gap); err != nil {
		t.Fatal(err)
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestResultsInEveryFormat(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			checkGolden(t, name, writeAll(t, format, someResults(), report.Gap{Name: "keys/none.json", Why: "there is no such file"}))
		})
	}
}

func TestHostileResultsAreHarmlessInEveryFormat(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			text := writeAll(t, format, evilResults(), report.Gap{Name: evil, Why: evil})
			text = strings.NewReplacer("\r\n", "\n", "\n::error ", "\n", "\x1b[1;31m", "", "\x1b[0m", "").Replace("\n" + text) // what a format adds itself
			checkHarmless(t, text, 5)
		})
	}
}

// TestAWriterThatFailsIsAnErrorInEveryFormat at the end at the latest.
func TestAWriterThatFailsIsAnErrorInEveryFormat(t *testing.T) {
	for name, format := range formats {
		w := format(fullDisk{})
		var err error
		for _, j := range someResults() {
			err = errors.Join(err, w.Add(j))
		}
		if err = errors.Join(err, w.End()); !errors.Is(err, errDiskFull) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
