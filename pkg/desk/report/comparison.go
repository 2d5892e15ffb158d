package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Policy is one of the two policies of a comparison with the name that a person
// knows it by, such as its file name.
type Policy struct {
	Name     string
	Document *policy.Document
}

// Result is a comparison with what lint finds in the two policies. Its JSON form
// is public.
type Result struct {
	access.Result
	Lint []Lint `json:"lint"`
}

// Lint is one lint finding about one of the policies.
type Lint struct {
	Policy access.Which `json:"policy"`
	lint.Finding
}

// Comparison writes the short answer first, then each difference: who (after "+"
// gains, after "-" loses), what, when, where in the files, and one example; then
// what is undecided, and what lint finds. An error is one of w.
func Comparison(w io.Writer, style Style, baseline, actual Policy, result Result) error {
	t := comparison{style: style, baseline: baseline, actual: actual}
	t.text.WriteString(t.answer(result.Result) + scale(result) + "\n") // one line, however long: scripts read it
	for _, d := range result.Excess {
		t.difference("+", "may", d)
	}
	for _, d := range result.Missing {
		t.difference("-", "may not", d)
	}
	for _, questions := range openQuestions(result) {
		t.undecided(questions)
	}
	for _, l := range result.Lint {
		t.lint(l)
	}
	_, err := io.WriteString(w, t.text.String())
	return err
}

type comparison struct {
	style            Style
	baseline, actual Policy
	text             strings.Builder
}

// answer is what a person wants to know first.
func (t *comparison) answer(r access.Result) string {
	actual, baseline := Printable(t.actual.Name), Printable(t.baseline.Name)
	switch {
	case len(r.Excess) > 0 && len(r.Missing) > 0:
		return actual + " allows more than " + baseline + " in some ways, and less in others"
	case len(r.Excess) > 0:
		return actual + " allows more than " + baseline
	case len(r.Missing) > 0:
		return actual + " allows less than " + baseline
	case r.Verdict == access.Equal:
		return actual + " and " + baseline + " allow the same"
	default:
		return "whether " + actual + " and " + baseline + " allow the same is not decided"
	}
}

// scale says how much follows.
func scale(r Result) string {
	var parts []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	add(len(r.Excess)+len(r.Missing), "difference", "differences")
	add(len(openQuestions(r)), "open question", "open questions")
	add(len(r.Lint), "remark", "remarks")
	if parts == nil {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// difference writes one difference; may says what it means for the principals.
func (t *comparison) difference(sign, may string, d access.Difference) {
	t.text.WriteString("\n" + t.style.Wrap(sign+" "+Printable(strings.Join(d.Principals, ", ")), "  ") + "\n")
	t.line(may, strings.Join(access.ActionPatterns(d.Actions), ", "))
	if d.Conditions != "" {
		t.line("when", d.Conditions)
	}
	if d.Delegated {
		t.line("only if", "an IAM policy of the principal's own account allows it, too")
	}
	t.line("because", t.place(d.Policy, d.Statement))
	allowing, other := t.actual, t.baseline
	if may != "may" {
		allowing, other = t.baseline, t.actual
	}
	t.line("example", fmt.Sprintf("%s may %s under %s, not under %s", requestWords(d.Witness), d.Witness.Action, allowing.Name, other.Name))
	if context := contextWords(d.Witness.Context); context != "" {
		t.line("", "in a request with "+context)
	}
}

// openQuestions puts together what is undecided about one statement for one
// reason: it is often the same question for each of many principals.
func openQuestions(r Result) [][]access.Inconclusive {
	var groups [][]access.Inconclusive
	for _, open := range r.Inconclusive {
		i := slices.IndexFunc(groups, func(g []access.Inconclusive) bool {
			return g[0].Policy == open.Policy && g[0].Statement == open.Statement && g[0].Reason == open.Reason
		})
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], open)
	}
	return groups
}

// undecided writes what is undecided about one statement.
func (t *comparison) undecided(questions []access.Inconclusive) {
	open := questions[0]
	text := "? not decided (" + open.Reason + "): " + open.Detail
	if more := len(questions) - 1; more > 0 {
		text += fmt.Sprintf("; and %d more like this", more)
	}
	t.text.WriteString("\n" + t.style.Wrap(Printable(text), "  ") + "\n")
	if open.Reason != access.OverBudget { // which is about all statements together
		t.line("where", t.place(open.Policy, open.Statement))
	}
}

// lint writes one lint finding with its place.
func (t *comparison) lint(l Lint) {
	p := t.actual
	if l.Policy == access.Baseline {
		p = t.baseline
	}
	text := fmt.Sprintf("! %s:%d:%d, %s: %s: %s", p.Name, l.Line, l.Column, Statement(p.Document.Statements, l.Statement), l.Code, l.Detail)
	t.text.WriteString("\n" + t.style.Wrap(Printable(text), "  ") + "\n")
}

// line writes text from outside under a label.
func (t *comparison) line(label, text string) {
	t.text.WriteString(t.style.Wrap(fmt.Sprintf("    %-8s %s", label, Printable(text)), strings.Repeat(" ", 13)) + "\n")
}

// place names the statement with an index, with its line and column in the file.
func (t *comparison) place(which access.Which, statement int) string {
	p := t.actual
	if which == access.Baseline {
		p = t.baseline
	}
	if statement < 0 || statement >= len(p.Document.Statements) {
		return p.Name
	}
	s := &p.Document.Statements[statement]
	line, column := p.Document.Position(s.Offset)
	words := fmt.Sprintf("%s:%d:%d, %s", p.Name, line, column, Statement(p.Document.Statements, statement))
	if s.Effect == policy.Deny {
		words += ", a Deny"
	}
	return words
}
