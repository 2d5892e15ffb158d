package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
)

func TestPrintable(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain text stays", `Allow use of the key: "a", ~`, `Allow use of the key: "a", ~`},
		{"letters of other scripts stay", "clé ключ 鍵", "clé ключ 鍵"},
		{"a line feed could forge a line", "a\nCOMPLIANT", `a\nCOMPLIANT`},
		{"a carriage return could overwrite the line", "a\rb", `a\rb`},
		{"an escape sequence could clear the screen", "\x1b[2J", `\x1b[2J`},
		{"a C1 control is a control sequence of one character", "\u009b2J", `\u009b2J`},
		{"a lone byte is one to a terminal that is not set to UTF-8", "\x9b2J", `\x9b2J`},
		{"invalid UTF-8 amid characters that stay", "é\xffé", `é\xffé`},
		{"the replacement character itself stays", "\ufffd", "\ufffd"},
		{"an override turns the direction of writing", "role/\u202enimda", `role/\u202enimda`},
		{"an isolate does, too", "\u2066", `\u2066`},
		{"a space of no width hides a difference", "ad\u200bmin", `ad\u200bmin`},
		{"a space that does not break looks like one that does", "a\u00a0b", `a\u00a0b`},
		{"a soft hyphen is not seen", "a\u00adb", `a\u00adb`},
		{"tags are not seen", "a\U000e0041", `a\U000e0041`},
		{"delete", "\x7f", `\x7f`},
		{"a number sign stays", "team #3 # 4", "team #3 # 4"},
		{"two of them begin a command of Azure Pipelines", "##vso[task.complete]", `#\x23vso[task.complete]`},
		{"or an old one of GitHub, anywhere in a line", "x ###[add-mask]e", `x #\x23\x23[add-mask]e`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := report.Printable(test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// hostile has what an attacker would put into a name.
const hostile = "x\x1b[2J\n+ COMPLIANT\r\u202eevil\u009b\x9b\u200b ::add-mask::e ##[add-mask]e\n::error::e"

// checkHarmless fails if text can do more to a terminal than print lines.
func checkHarmless(t *testing.T, text string, lines int) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("the output is not UTF-8: %q", text)
	}
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("the output has %U: %q", r, text)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##") {
			t.Errorf("a CI system would take this line for a command: %q", line)
		}
	}
	if strings.Contains(text, "\n+ COMPLIANT") {
		t.Errorf("a name forged a line:\n%s", text)
	}
	if strings.Count(text, "evil") < lines {
		t.Errorf("the text should be told, escaped:\n%s", text)
	}
}

func TestHostileTextOfAComparisonIsEscaped(t *testing.T) {
	d := access.Difference{
		Policy: access.Actual, SID: hostile, Principals: []string{hostile}, Actions: []string{hostile}, Conditions: hostile,
		Witness: evaluation.Request{Principal: hostile, PrincipalType: evaluation.UserPrincipal, Action: hostile, Context: map[string]any{"k" + hostile: hostile, "l": []string{hostile}}},
	}
	// The document's characters are those that KMS takes: up to U+00FF.
	sid := strings.Map(func(r rune) rune {
		if r > 0xff {
			return -1
		}
		return r
	}, hostile)
	text, err := json.Marshal(map[string]any{"Statement": map[string]any{"Sid": sid, "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}})
	if err != nil {
		t.Fatal(err)
	}
	p := report.Policy{Name: hostile, Document: parse(t, string(text))}
	var b strings.Builder
	err = report.Comparison(&b, report.Style{}, p, p, report.Result{
		Result: access.Result{
			Verdict: access.Different, Excess: []access.Difference{d}, Missing: []access.Difference{d},
			Inconclusive: []access.Inconclusive{{Policy: access.Actual, Reason: hostile, Detail: hostile}},
		},
		Lint: []report.Lint{{Policy: access.Actual, Finding: lint.Finding{Code: hostile, Detail: hostile}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	checkHarmless(t, b.String(), 20)
}

func TestHostileTextOfAnOutcomeIsEscaped(t *testing.T) {
	var b strings.Builder
	err := report.Outcome(&b, report.Style{}, report.Source{Name: hostile}, guardrail.Outcome{
		KeyARN: hostile, KeyType: hostile, Verdict: hostile, Evidence: hostile, Action: hostile, ActionReason: hostile,
		Rule: hostile, Baseline: hostile, Exemption: hostile, Archive: hostile, Restore: hostile,
		Actor:    &guardrail.Actor{ARN: hostile},
		Plan:     &guardrail.PlannedPolicy{Policy: hostile, Edits: []string{hostile}},
		Findings: []guardrail.Finding{{Code: hostile, Severity: hostile, Message: hostile}},
	})
	if err != nil {
		t.Fatal(err)
	}
	checkHarmless(t, b.String(), 16)
}

func TestPrintableJSONHasTheSameValue(t *testing.T) {
	want := map[string]any{"k\u202e": "a\u009b\u007f\u200b\U000e0041é\U0001f511 \"\\\n ###[x]"}
	text, err := json.MarshalIndent(want, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	safe := report.PrintableJSON(text)
	var got map[string]any
	if err := json.Unmarshal(safe, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the value changed (-want +got):\n%s", diff)
	}
	for _, r := range string(safe) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("the output has %U: %q", r, safe)
		}
	}
	if strings.Contains(string(safe), "##") {
		t.Errorf("a CI system would take it for a command: %q", safe)
	}
	if !strings.Contains(string(safe), "é\U0001f511") {
		t.Errorf("what prints should stay: %q", safe)
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		name, text, want string
	}{
		{"a short line stays", "one two", "one two"},
		{"a line of just the width stays", "one two234", "one two234"},
		{"one column more is too many", "one two2345", "one\n  two2345"},
		{"a following line has its indent", "one two three four", "one two\n  three\n  four"},
		{"a long word has a line of its own", "a verylongword b", "a\n  verylongword\n  b"},
		{"a long first word is not moved", "verylongword b", "verylongword\n  b"},
		{"spaces at the start stay", "   one", "   one"},
		{"columns are characters, not bytes", "éé ééééééé", "éé ééééééé"},
		{"what GitHub would take for a command begins no line", "one two ::error::x four", "one two ::error::x\n  four"},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := (report.Style{Width: 10}).Wrap(test.text, "  "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
