package report

import (
	"strings"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Style says how text for people looks.
type Style struct {
	// Width is the number of columns that text is wrapped at; 0 stands for [Width].
	Width int
	// Colour tells whether severities and verdicts are coloured.
	Colour bool
}

// columns returns the number of columns that text is wrapped at.
func (s Style) columns() int {
	if s.Width <= 0 {
		return Width
	}
	return s.Width
}

// Wrap breaks a line at its spaces into lines of at most the width of the style, and
// puts indent before each but the first. A word that is too long has a line of its
// own, and none that begins with :: begins a line: GitHub would take it for a command.
// Columns are counted in characters.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
func (s Style) Wrap(text, indent string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(text, " ") {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > s.columns() && !strings.HasPrefix(word, "::"):
			b.WriteString("\n" + indent)
			column = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length
	}
	return b.String()
}

// The colours, as parameters of the terminal's control sequence SGR.
// https://ecma-international.org/publications-and-standards/standards/ecma-48/
var (
	severityColours = map[rules.Severity]string{rules.Critical: "1;31", rules.High: "31", rules.Medium: "33", rules.Low: "36"}
	verdictColours  = map[guardrail.Verdict]string{
		guardrail.Compliant: "32", guardrail.NonCompliant: "31", guardrail.CannotJudge: "35", guardrail.Exempt: "36",
	}
)

// paint colours a word where it first stands in a text; the text stays as it is without a
// colour. The colour comes after wrapping, which counts columns.
func (s Style) paint(text, word, colour string) string {
	if !s.Colour || colour == "" || word == "" {
		return text
	}
	return strings.Replace(text, word, "\x1b["+colour+"m"+word+"\x1b[0m", 1)
}
