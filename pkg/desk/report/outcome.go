package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Source is where an outcome's event or policy came from.
type Source struct {
	// Name is that of a file, say; "" for nowhere.
	Name string
	// File is the path of the file; "" for standard input, say.
	File string
	// Resource is the name of the key in a template, plan or state, which starts at Line; "" and
	// 0 where the file is the policy.
	Resource string
	Line     int
	// Policy is the text of the policy that was judged, so that findings name the lines of its
	// statements; "" for none.
	Policy string
	// Lines are the lines of the statements where the policy is a part of a file: 0, or left out,
	// where a statement has none. They are nil where Policy is the text of the file.
	Lines []int
	// Assumed says in words what of a template was assumed.
	Assumed []string
	// Change is what a plan changes, with the policy before it as the baseline; nil for nothing.
	Change *access.Result
}

// Outcome writes one outcome as a short paragraph, the verdict first. Of a plan it tells
// the edits in words, not the policy. An error is one of w.
func Outcome(w io.Writer, style Style, source Source, o guardrail.Outcome) error {
	var b strings.Builder
	subject, place := o.KeyARN, source.place(source.Line)
	switch {
	case subject != "":
	case source.Policy != "", source.Name != "" && o.Trigger == guardrail.ByCommand:
		subject, place = place, ""
	default:
		subject = "(no key)"
	}
	word := verdictWord(o.Verdict)
	b.WriteString(style.paint(fmt.Sprintf("%s  %s\n", word, Printable(subject)), word, verdictColours[o.Verdict]))
	line := func(label, text string) {
		if text != "" {
			b.WriteString(style.Wrap(fmt.Sprintf("  %-8s  %s", label, Printable(text)), strings.Repeat(" ", 12)) + "\n")
		}
	}
	line("source", place)
	line("key type", o.KeyType)
	line("baseline", baselineWords(o))
	line("exempt", o.Exemption)
	line("policy", evidenceWords(o.Evidence))
	if o.Actor != nil {
		line("actor", o.Actor.ARN)
	}
	line("action", actionWords(o))
	for _, what := range source.Assumed {
		line("assumed", what)
	}
	if source.Change != nil {
		for _, what := range changes(*source.Change) {
			line("change", what)
		}
	}
	if len(o.Findings) > 0 {
		b.WriteString(source.findings(style, "  ", o.Findings) + "\n")
	}
	if o.Plan != nil {
		line("repair", planWords(o))
		for _, edit := range o.Plan.Edits {
			b.WriteString(style.Wrap(strings.Repeat(" ", 12)+"- "+Printable(edit), strings.Repeat(" ", 14)) + "\n")
		}
	}
	line("archive", o.Archive)
	if o.Restore != "" { // on one line, to be copied
		fmt.Fprintf(&b, "  undo      %s\n", Printable(o.Restore))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Findings returns findings as text without a line feed at its end, each line
// after indent: severity, code, statement and message. Findings that read the same
// are written once.
func Findings(style Style, indent string, list []guardrail.Finding) string {
	return Source{}.findings(style, indent, list)
}

// findings is Findings with the lines of the statements, where they are known.
func (s Source) findings(style Style, indent string, list []guardrail.Finding) string {
	var texts []string
	for _, f := range s.Placed(list) {
		text := fmt.Sprintf("%s%-8s  %s", indent, f.Severity, f.Code)
		if f.Statement != nil && f.Code != guardrail.CodeUndecided { // whose message names it
			text += ", " + statementWords(f)
		}
		if f.IsExcused() {
			text += ", excused by exemption " + f.Exemption
		}
		text = style.Wrap(Printable(text+": "+said(f)), indent+strings.Repeat(" ", 10))
		text = style.paint(text, string(f.Severity), severityColours[f.Severity])
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "\n")
}

// said returns what a finding says to people at a desk. Of a finding of package lint that is its
// detail, which quotes the policy.
func said(f guardrail.Finding) string {
	switch {
	case f.Lint == nil:
		return f.Message
	case f.Lint.Line == 0:
		return f.Lint.Detail
	default:
		return fmt.Sprintf("%s (line %d, column %d)", f.Lint.Detail, f.Lint.Line, f.Lint.Column)
	}
}

// statementsOf returns the statements of a policy's text; none where it is malformed or "".
func statementsOf(text string) []policy.Statement {
	d, err := policy.Parse(text)
	if err != nil {
		return nil // no finding is about one of its statements
	}
	return d.Statements
}

// Placed returns findings with the line on which their statement starts, and its Sid, as far as the
// source knows them.
func (s Source) Placed(list []guardrail.Finding) []guardrail.Finding {
	statements := statementsOf(s.Policy)
	list = slices.Clone(list)
	for i := range list {
		f := &list[i]
		if f.Statement == nil {
			continue
		}
		f.Line = s.lineOf(statements, *f.Statement)
		if n := *f.Statement; f.SID == "" && n >= 0 && n < len(statements) {
			f.SID = statements[n].SID
		}
	}
	return list
}

// statementWords names the statement of a placed finding.
func statementWords(f guardrail.Finding) string {
	words := fmt.Sprintf("statement %d", *f.Statement+1)
	if f.SID != "" {
		words += fmt.Sprintf(" %q", f.SID)
	}
	if f.Line > 0 {
		words += fmt.Sprintf(" on line %d", f.Line)
	}
	return words
}

// lineOf returns the line of the file on which the statement with an index starts; 0 where it is
// not known.
func (s Source) lineOf(statements []policy.Statement, index int) int {
	switch {
	case index >= 0 && index < len(s.Lines):
		return s.Lines[index]
	case s.Lines == nil && index >= 0 && index < len(statements):
		return 1 + strings.Count(s.Policy[:statements[index].Offset], "\n")
	default:
		return 0
	}
}

// place names the file, the line in it and the resource, as far as they are known, as an editor
// makes a link of them. It may not be printable.
func (s Source) place(line int) string {
	place := s.Name
	if place != "" && line > 0 {
		place += fmt.Sprintf(":%d", line)
	}
	if s.Resource != "" {
		place += " " + s.Resource
	}
	return place
}

// Statement names the statement with an index, which counts from 0, as people count: from 1. Its
// Sid follows in quotes, where the statements have one. The words may not be printable.
func Statement(statements []policy.Statement, index int) string {
	words := fmt.Sprintf("statement %d", index+1)
	if index >= 0 && index < len(statements) && statements[index].SID != "" {
		words += fmt.Sprintf(" %q", statements[index].SID)
	}
	return words
}

// baselineWords says what the key was held against; nothing where there was nothing to judge.
func baselineWords(o guardrail.Outcome) string {
	switch {
	case o.Baseline == "" || o.Verdict == guardrail.NothingToJudge || o.KeyARN == "" && o.Trigger != guardrail.ByCommand:
		return ""
	case o.Rule == "" || o.Rule == "default":
		return o.Baseline
	default:
		return o.Baseline + ", by rule " + o.Rule
	}
}

func planWords(o guardrail.Outcome) string {
	if o.Action == guardrail.Repaired {
		return "the policy was changed:"
	}
	return "not written; it would change the policy:"
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
	case guardrail.LivePolicy, guardrail.FilePolicy:
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
