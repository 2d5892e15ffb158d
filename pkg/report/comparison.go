package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// Policy is one of the two policies of a comparison with the name that a person
// knows it by, such as its file name.
type Policy struct {
	Name     string
	Document *policy.Document
}

// Comparison writes the short answer first, then each difference with who, what,
// where in the file, and a witness. An error is one of w.
func Comparison(w io.Writer, baseline, actual Policy, result access.Result) error {
	t := comparison{baseline: baseline, actual: actual}
	t.line("%s", t.answer(result))
	for _, d := range result.Excess {
		t.difference("+", "may", "may not", d)
	}
	for _, d := range result.Missing {
		t.difference("-", "may not", "may", d)
	}
	for _, open := range result.Inconclusive {
		t.line("")
		t.line("? not decided: %s (%s)", t.place(open.Policy, open.Statement), open.Reason)
		t.line("    %s", Printable(open.Detail))
	}
	_, err := io.WriteString(w, t.text.String())
	return err
}

type comparison struct {
	baseline, actual Policy
	text             strings.Builder
}

func (t *comparison) line(format string, args ...any) { fmt.Fprintf(&t.text, format+"\n", args...) }

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

// difference writes one difference. now and before say what the principals may
// do under the actual policy and under the baseline.
func (t *comparison) difference(sign, now, before string, d access.Difference) {
	t.line("")
	t.line("%s %s", sign, Printable(strings.Join(d.Principals, ", ")))
	help := ""
	if d.Delegated {
		help = ", with a permission of their own account"
	}
	t.line("    %s %s%s", now, strings.Join(d.Actions, ", "), help)
	if d.Conditions != "" {
		t.line("    when %s", Printable(d.Conditions))
	}
	where := t.place(d.Policy, d.Statement)
	if d.SID != "" {
		where += " " + strings.TrimSpace(Printable(fmt.Sprintf("%q", d.SID)))
	}
	t.line("    because of %s", where)
	iam := "without an IAM permission"
	if d.Witness.IdentityPolicyAllows {
		iam = "with an IAM permission"
	}
	t.line("    witness: %s, %s, %s now and %s before", Printable(d.Witness.Principal), d.Witness.Action, now, before)
	t.line("             (%s)", iam)
}

// place names a statement, counted from 0, with its line in the file.
func (t *comparison) place(which access.Which, statement int) string {
	p := t.actual
	if which == access.Baseline {
		p = t.baseline
	}
	if statement < 0 || statement >= len(p.Document.Statements) {
		return Printable(p.Name)
	}
	line, _ := p.Document.Position(p.Document.Statements[statement].Offset)
	return fmt.Sprintf("statement %d of %s, line %d", statement, Printable(p.Name), line)
}
