package notify_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

func TestAPhoneShowsTheSubject(t *testing.T) {
	if p := report(t, repaired(nil)); p.Texts["sms"] != p.Subject {
		t.Errorf("a phone shows %q", p.Texts["sms"])
	}
}

// An invocation that died may have written or not, and nobody must believe that it did.
func TestARepairThatIsNotConfirmedIsNotCalledDone(t *testing.T) {
	p := report(t, repaired(func(o *guardrail.Outcome) { o.ActionReason = "write-not-confirmed" }))
	if text := p.Texts["email"]; !strings.Contains(text, "it is not\nknown whether it was written") || strings.Contains(p.Subject, "FIXED") || strings.Contains(text, "kms-guardrail changed") {
		t.Error(p.Subject, text)
	}
}

func TestProgramsReadThePublicOutcomeWithoutWhatQuotesThePolicy(t *testing.T) {
	o := repaired(func(o *guardrail.Outcome) {
		o.Findings[0].Witness = &evaluation.Request{Principal: "THE POLICY"}
		o.Findings[0].Lint = &lint.Finding{Detail: "THE POLICY"}
	})
	p := report(t, o)
	want := repaired(func(o *guardrail.Outcome) {
		o.Findings[0], o.Findings[1] = o.Findings[1], o.Findings[0] // the worst first
		o.Plan.Policy = ""
	})
	if diff := cmp.Diff(want, outcomeOf(t, p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for kind, text := range p.Texts {
		if strings.Contains(text, "THE POLICY") {
			t.Errorf("%s quotes the policy: %s", kind, text)
		}
	}
	if o.Plan.Policy == "" || o.Findings[0].Witness == nil {
		t.Error("the outcome of the caller is changed")
	}
}

// hostile is text that does something to whoever shows it.
const hostile = "ana\r\n\r\nKey  fine\x1b[2J\u202egpj.exe\u0085 <script>&amp; <!channel> `rm` https://evil.example/ \U000e0041\xff"

func TestHostileTextActsOnNobody(t *testing.T) {
	p := report(t, repaired(func(o *guardrail.Outcome) {
		o.Actor.ARN, o.Actor.UserAgent, o.Actor.InvokedBy, o.Actor.Type, o.Actor.SourceIP, o.Actor.EventID = hostile, hostile, hostile, hostile, hostile, hostile
		o.Plan.Edits, o.Aliases = []string{hostile}, []string{hostile}
		o.Rule, o.Baseline, o.ActionReason, o.Restore, o.KeyARN, o.Exemption = hostile, hostile, hostile, hostile, hostile, hostile
		o.Findings[0].Message, o.Findings[0].Code = hostile, hostile // planted in the archive
	}))
	for kind, text := range p.Texts {
		if at := strings.IndexFunc(text, acts); at >= 0 {
			t.Errorf("%s: %q", kind, text[at:min(at+40, len(text))])
		}
		if strings.Contains(text, "://") {
			t.Errorf("%s has a link: %s", kind, text)
		}
	}
	const want = `Program: ana\u000d\u000a\u000d\u000aKey fine\u001b[2J\u202egpj.exe\u0085 \u003cscript\u003e\u0026amp; \u003c!channel\u003e \u0060rm\u0060 https:\u002f\u002fevil.example/ \U000e0041�`
	if !strings.Contains(strings.Join(strings.Fields(p.Texts["email"]), " "), want) {
		t.Errorf("the text does not have %q:\n%s", want, p.Texts["email"])
	}
}

// acts tells what must not be in a message.
func acts(r rune) bool { return r != '\n' && !unicode.IsPrint(r) || strings.ContainsRune("<>&`", r) }

// SNS refuses more than 256 KB, and for good: then nobody would hear of it.
func TestAHugeOutcomeIsCutTheWorstStays(t *testing.T) {
	for name, change := range map[string]func(*guardrail.Outcome){
		"findings": func(o *guardrail.Outcome) {
			worst := o.Findings[1]
			for i := range 5000 {
				o.Findings = append(o.Findings, guardrail.Finding{Code: guardrail.CodeAccountAccess, Severity: rules.Low, Message: fmt.Sprintf("finding %d %s", i, strings.Repeat("x", 100))})
			}
			o.Findings[1] = o.Findings[0]
			o.Findings = append(o.Findings, worst)
		},
		"edits":    func(o *guardrail.Outcome) { o.Plan.Edits = strings.Split(strings.Repeat("an edit;", 100_000), ";") },
		"messages": func(o *guardrail.Outcome) { o.Findings[0].Message = strings.Repeat("<", 300<<10) },
		"aliases":  func(o *guardrail.Outcome) { o.Aliases = strings.Split(strings.Repeat("alias/a,", 100_000), ",") },
		"names": func(o *guardrail.Outcome) {
			long := strings.Repeat(`"\`, 200<<10)
			o.Actor.ARN, o.Actor.UserAgent, o.KeyARN, o.Rule, o.Restore, o.KeyType, o.Archive = long, long, long, long, long, long, long
			o.Account, o.Region, o.Before, o.After, o.Baseline, o.GuardrailVersion, o.ConfigurationHash = long, long, long, long, long, long, long
		},
	} {
		p := report(t, repaired(change)) // SNS has checked the size
		text := p.Texts["email"]
		if !strings.Contains(text, "every principal may kms:Decrypt") || len(outcomeOf(t, p).Findings) == 0 {
			t.Errorf("%s: the worst finding is lost in %d bytes", name, p.Bytes)
		}
		if left := strings.Contains(text, " more, which the function's log has\n"); left != (name == "findings" || name == "edits") {
			t.Errorf("%s: says that more is left out: %v", name, left)
		}
	}
}

func TestWhateverAnOutcomeSaysSNSTakesIt(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.String()
		o := repaired(func(o *guardrail.Outcome) {
			o.KeyARN, o.Action, o.Severity = text.Draw(r, "key"), guardrail.Action(text.Draw(r, "action")), rules.Severity(text.Draw(r, "severity"))
			o.Actor.ARN, o.Findings[0].Message = text.Draw(r, "actor"), text.Draw(r, "message")
		})
		for kind, text := range report(t, o).Texts {
			if strings.ContainsFunc(text, acts) {
				r.Errorf("%s acts: %q", kind, text)
			}
		}
	})
}
