package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// Outcome writes one outcome as a short paragraph, the verdict first. source is
// where the event or policy came from, such as a file name; "" for nowhere. An
// error is one of w.
func Outcome(w io.Writer, source string, o guardrail.Outcome) error {
	var b strings.Builder
	subject := o.KeyARN
	if subject == "" {
		subject = "(no key)"
	}
	fmt.Fprintf(&b, "%s  %s\n", verdictWord(o.Verdict), Printable(subject))
	line := func(label, text string) {
		if text != "" {
			b.WriteString(Wrap(fmt.Sprintf("  %-8s  %s", label, Printable(text)), Width, strings.Repeat(" ", 12)) + "\n")
		}
	}
	line("source", source)
	line("key type", o.KeyType)
	line("policy", evidenceWords(o.Evidence))
	if o.Actor != nil {
		line("actor", o.Actor.ARN)
	}
	line("action", actionWords(o))
	if len(o.Findings) > 0 {
		b.WriteString(Findings("  ", o.Findings) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Findings returns findings as text without a line feed at its end, each line
// after indent: severity, code, statement and message. Findings that read the same
// are told once.
func Findings(indent string, list []guardrail.Finding) string {
	var told []string
	for _, f := range list {
		text := fmt.Sprintf("%s%-8s  %s", indent, f.Severity, f.Code)
		if f.Statement != nil && f.Code != guardrail.CodeUndecided { // whose message names it
			text += fmt.Sprintf(", statement %d", *f.Statement)
		}
		text = Wrap(Printable(text+": "+f.Message), Width, indent+strings.Repeat(" ", 10))
		if !slices.Contains(told, text) {
			told = append(told, text)
		}
	}
	return strings.Join(told, "\n")
}

// verdictWord is the headline of an outcome.
func verdictWord(v guardrail.Verdict) string {
	if v == guardrail.NothingToJudge {
		return "SKIPPED"
	}
	return strings.ToUpper(Printable(string(v)))
}

// evidenceWords says that the policy is not the key's own; that it is needs no words.
func evidenceWords(e guardrail.Evidence) string {
	switch e {
	case guardrail.LivePolicy:
		return ""
	case guardrail.EventPolicy:
		return "as the event tells it; the key's own could not be read"
	default:
		return string(e)
	}
}

func actionWords(o guardrail.Outcome) string {
	if o.ActionReason == "" {
		return string(o.Action)
	}
	return string(o.Action) + " (" + o.ActionReason + ")"
}
