package demo

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// printer writes the demo's report and keeps the first error of the writer.
type printer struct {
	out   io.Writer
	style report.Style
	err   error
}

func (p *printer) line(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format+"\n", args...); p.err == nil {
		p.err = err
	}
}

// Tell writes the story on one screen: how many keys became what, one public key with the
// lines that its repair removed, and how to undo that. An error is one of out.
func (d *Demo) Tell(out io.Writer, style report.Style) error {
	p := &printer{out: out, style: style}
	s := &d.stories[len(goodKeys())]
	o := s.answer()
	p.line("Somebody made keys of every type on an embedded AWS, some as they should be and some not. The guardrail judged")
	p.counts(d.stories, d.took)
	p.line("")
	p.line("One of them somebody had %s (- is what the repair took away):", s.name)
	p.line("%s", changed(marked(p.style, "-", s.before, s.after)))
	p.line("")
	p.line("%s", p.style.Wrap("found     "+report.Printable(string(o.Severity)+", "+o.Findings[0].Message), strings.Repeat(" ", 10)))
	for _, edit := range o.Plan.Edits {
		p.line("%s", p.style.Wrap("repaired  "+report.Printable(edit), strings.Repeat(" ", 10)))
	}
	p.line("undo      %s", o.Restore)
	p.line("")
	p.line("kmsguard demo --verbose tells of every key, with the guardrail.yaml that was enforced.")
	return p.err
}

// changed returns the lines of a marked policy that have a sign, and one line around them.
func changed(marked string) string {
	lines := strings.Split(marked, "\n")
	isSigned := func(i int) bool { return i >= 0 && i < len(lines) && !strings.HasPrefix(lines[i], "   ") }
	var kept []string
	for i, line := range lines {
		if isSigned(i) || isSigned(i-1) || isSigned(i+1) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// TellAll writes a line for every key, with what was found and done, and the policy of the
// first drifted key before and after its repair. An error is one of out.
func (d *Demo) TellAll(out io.Writer, style report.Style) error {
	p := &printer{out: out, style: style}
	p.intro(d.world)
	for i := range d.stories {
		p.story(&d.stories[i])
	}
	p.beforeAndAfter(&d.stories[len(goodKeys())])
	p.summary(d.world, d.stories, d.took)
	return p.err
}

const row = "%-21s %-54s %-14s %s"

func (p *printer) intro(w *world) {
	p.line("Embedded AWS with account %s in %s, and account %s in %s, where SM2 keys are.",
		w.home.account, w.home.region, w.china.account, w.china.region)
	p.line("The guardrail is deployed in both, with this guardrail.yaml:")
	p.line("")
	for line := range strings.Lines(configurationText) {
		p.line("%s", strings.TrimRight("    "+line, "\n "))
	}
	p.line("")
	p.line(row, "KEY", "TYPE", "VERDICT", "DONE")
}

// story writes one line, and below it what differs.
func (p *printer) story(s *story) {
	o := s.answer()
	p.line(row, s.name, s.keyType, o.Verdict, done(o.Action))
	if len(o.Findings) > 0 {
		p.line("%s", report.Findings(p.style, "    ", o.Findings))
	}
	if o.Plan != nil {
		verb := "changed"
		if o.Action != guardrail.Repaired {
			verb = "planned"
		}
		for _, edit := range o.Plan.Edits {
			p.line("%s", p.style.Wrap("    "+verb+"   "+report.Printable(edit), strings.Repeat(" ", 14)))
		}
	}
}

func done(a guardrail.Action) string {
	if a == guardrail.NoAction {
		return "nothing"
	}
	return string(a)
}

func (p *printer) beforeAndAfter(s *story) {
	p.line("")
	p.line("The key policy of %q before its repair (- is what the repair took away):", s.name)
	p.line("%s", marked(p.style, "-", s.before, s.after))
	p.line("")
	p.line("And after it:")
	p.line("%s", marked(p.style, "+", s.after, s.before))
}

// marked returns a policy with a sign before the lines of each statement that is
// not in the other policy.
func marked(style report.Style, sign, text, other string) string {
	theirs := map[string]bool{}
	for _, s := range statementsOf(other) {
		theirs[other[s.Offset:s.End]] = true
	}
	ours := statementsOf(text)
	var b strings.Builder
	offset := 0
	for line := range strings.Lines(text) {
		margin := " "
		for _, s := range ours {
			if s.Offset < offset && offset < s.End && !theirs[text[s.Offset:s.End]] {
				margin = sign
			}
		}
		offset += len(line)
		printable := report.Printable(strings.TrimSuffix(line, "\n"))
		b.WriteString(style.Wrap("  "+margin+" "+printable, "  "+margin+strings.Repeat(" ", 18)) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func statementsOf(text string) []policy.Statement {
	d, err := policy.Parse(text)
	if err != nil {
		return nil // then every line is as it should not be
	}
	return d.Statements
}

// counts writes how many keys became what.
func (p *printer) counts(stories []story, took time.Duration) {
	actions, exempt := map[guardrail.Action]int{}, 0
	for i := range stories {
		o := stories[i].answer()
		actions[o.Action]++
		if o.Verdict == guardrail.Exempt {
			exempt++
		}
	}
	p.line("%d keys: %d compliant, %d exempt, %d repaired, %d held, %d reported, in %.1f s.", len(stories),
		actions[guardrail.NoAction]-exempt, exempt, actions[guardrail.Repaired], actions[guardrail.Held], actions[guardrail.Reported], took.Seconds())
}

func (p *printer) summary(w *world, stories []story, took time.Duration) {
	p.line("")
	p.counts(stories, took)
	p.line("%d CloudTrail events; the event pattern passed %d of them to the guardrail, its own %d writes among them,",
		len(w.cloud.Events()), len(w.passed), w.calls("PutKeyPolicy"))
	kept := w.keptBack()
	p.line("and kept back %d: %s.", len(kept), strings.Join(kept, ", "))
	p.line("It made %d PutKeyPolicy calls to repair; before each it archived the policy, and the outcome says how to restore it.",
		w.calls("PutKeyPolicy"))
}
