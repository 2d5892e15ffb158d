package report_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// pieces are what formats act on, to be put together with any other text.
var pieces = []string{
	"=", "+", "-", "@", "＝", "\t", "\r", "\n", "\x00", "\x1b[2J", "\u009b", "\xff", "\u202e", "\ufffe", "::error::", "##[error]", "%0A", "%", ",", ";", ":", `"`, "'", `\`,
	"<", ">", "&", "&#10;", "]]>", "<!--", "[a](b)", "{0}", "}", "$", " ", "alias/",
}

// anyText draws a text that may be hostile.
func anyText(t *rapid.T, label string) string {
	parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 3, -1)), 0, 8).Draw(t, label)
	return strings.Join(parts, "")
}

// TestAnyTextIsReadBackFromEveryFormat as text: what was written through Printable, no more and
// no less.
func TestAnyTextIsReadBackFromEveryFormat(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		message, alias, file := anyText(r, "message"), anyText(r, "alias"), anyText(r, "file")
		o := liveKey("x", guardrail.NonCompliant, rules.Critical, finding(guardrail.CodePublicAccess, rules.Critical, -1, message))
		o.Aliases = []string{alias}
		list := []report.Judged{{Outcome: o, Source: report.Source{Name: file, File: file}}}
		gap := report.Gap{Name: alias, Why: message}
		wantMessage, wantAlias, wantFile := report.Printable(message), report.Printable(alias), report.Printable(file)

		commands := readCommands(t, writeAll(t, formats["results.github.txt"], list, gap))
		if len(commands) != 2 || !strings.HasSuffix(commands[0].message, wantMessage) || file != "" && commands[0].properties["file"] != wantFile {
			r.Fatalf("GitHub reads %q", commands)
		}
		rows := readCSV(t, list, gap)
		if len(rows) != 3 || strings.TrimPrefix(rows[1][11], "'") != strings.TrimPrefix(wantMessage, "'") || strings.TrimPrefix(rows[1][8], "'") != strings.TrimPrefix(wantAlias, "'") {
			r.Fatalf("CSV has %q", rows)
		}
		cases := readJUnit(t, writeAll(t, formats["results.junit.xml"], list, gap))
		if len(cases) != 2 || !strings.HasSuffix(cases[0].Failure[0].Message, ": "+wantMessage) || cases[0].File != wantFile || cases[1].Name != wantAlias {
			r.Fatalf("JUnit has %+v", cases)
		}
		checkSARIFText(r, writeAll(t, func(w io.Writer) writer { return report.NewSARIF(w, someRun) }, list, gap), wantMessage, wantAlias)
	})
}

// checkSARIFText looks for a message and an alias in SARIF with one result.
func checkSARIFText(r *rapid.T, text, message, alias string) {
	var read struct {
		Runs []struct {
			Results []struct {
				Message    struct{ Text string }
				Properties struct{ Aliases []string }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		r.Fatalf("%v in %s", err, text)
	}
	result := read.Runs[0].Results[0]
	plain := strings.NewReplacer("{{", "{", "}}", "}", `\](`, "](").Replace(result.Message.Text)
	if len(read.Runs[0].Results) != 1 || !strings.HasSuffix(plain, message) && !strings.Contains(message, `\](`) || result.Properties.Aliases[0] != alias {
		r.Fatalf("SARIF has %q, want %q", plain, message)
	}
}
