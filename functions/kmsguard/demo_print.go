package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/report"
)

// printer writes the demo's report and keeps the first error of the writer.
type printer struct {
	out io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if _, err := fmt.Fprintf(p.out, format+"\n", args...); p.err == nil {
		p.err = err
	}
}

const row = "%-21s %-54s %-14s %s"

func (p *printer) intro(w *world) {
	p.line("Embedded AWS: account %s in %s (and %s in China, for SM2 keys), the guardrail in repair mode.", w.home.account, w.home.region, w.china.account)
	p.line("Yardstick: the console default for the key's type, administrator %s, user %s.", keyAdmin, appRole)
	p.line("")
	p.line(row, "KEY", "TYPE", "VERDICT", "DONE")
}

// story writes one line, and below it what differs.
func (p *printer) story(s *story) {
	o := s.answer()
	p.line(row, s.name, s.keyType, o.Verdict, done(s))
	for _, f := range o.Findings {
		p.line("    %-8s %s: %s", f.Severity, f.Code, report.Printable(f.Message))
	}
}

// done says what the guardrail did, and how the event of its own write ended.
func done(s *story) string {
	text := string(s.answer().Action)
	if last := s.outcomes[len(s.outcomes)-1]; s.answer().Action == guardrail.Repaired && last.Verdict == guardrail.Compliant {
		text += ", its own event: compliant"
	}
	return text
}

func (p *printer) beforeAndAfter(s *story) {
	p.line("")
	p.line("%s, before:", s.name)
	p.line("%s", indent(s.before))
	p.line("%s, after:", s.name)
	p.line("%s", indent(s.after))
}

func indent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = "    " + report.Printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

func (p *printer) summary(w *world, stories []story, took time.Duration) {
	actions := map[guardrail.Action]int{}
	events := len(w.skipped)
	for i := range stories {
		actions[stories[i].answer().Action]++
		events += len(stories[i].outcomes)
	}
	p.line("")
	p.line("%d keys, %d events: %d compliant, %d repaired, %d reported, in %.1f s.", len(stories), events,
		actions[guardrail.NoAction], actions[guardrail.Repaired], actions[guardrail.Reported], took.Seconds())
	p.line("The guardrail made %d DescribeKey, %d GetKeyPolicy and %d PutKeyPolicy calls.",
		w.calls("DescribeKey"), w.calls("GetKeyPolicy"), w.calls("PutKeyPolicy"))
}
