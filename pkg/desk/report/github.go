package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// GitHub writes findings as the workflow commands that make annotations of a run in GitHub
// Actions, and a plain line at the end that counts. Findings of exempt keys are not shown.
// GitHub shows 10 errors, 10 warnings and 10 notices of a step.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
type GitHub struct {
	w      io.Writer
	counts counts
}

// NewGitHub returns a writer of results.
func NewGitHub(w io.Writer) *GitHub { return &GitHub{w, newCounts()} }

// Add writes the findings of one key or file.
func (g *GitHub) Add(j Judged) error {
	g.Count(j.Outcome)
	for _, i := range j.items() {
		if i.isExcused {
			continue
		}
		if err := g.command(githubCommand(i.severity), j.Source.File, j.line(i), Printable(string(i.severity))+" "+string(i.code), j.told(i)); err != nil {
			return err
		}
	}
	return nil
}

// Count counts an outcome that is not shown.
func (g *GitHub) Count(o guardrail.Outcome) { g.counts.add(o) }

// Missed writes that there is no outcome of a key or file.
func (g *GitHub) Missed(gap Gap) error {
	g.counts.unread["not read"]++
	return g.command("error", "", 0, "not read", Printable(gap.Name+": "+gap.Why))
}

// End writes the counts.
func (g *GitHub) End() error {
	_, err := fmt.Fprintf(g.w, "kmsguard: %s %d skipped.\n", g.counts.words("policy", "policies"), g.counts.skipped)
	return err
}

// command writes one workflow command. Its texts are printable.
func (g *GitHub) command(name, file string, line int, title, message string) error {
	var parts []string
	if file != "" {
		parts = append(parts, "file="+property(Printable(file)))
		if line > 0 {
			parts = append(parts, "line="+strconv.Itoa(line))
		}
	}
	parts = append(parts, "title="+property(title))
	_, err := fmt.Fprintf(g.w, "::%s %s::%s\n", name, strings.Join(parts, ","), data.Replace(message))
	return err
}

// githubCommand returns the command of a severity. One that is not known is an error.
func githubCommand(s rules.Severity) string {
	switch s {
	case rules.Medium:
		return "warning"
	case rules.Low, rules.Info:
		return "notice"
	default:
		return "error"
	}
}

// data escapes the text after the second :: of a command, as the toolkit of GitHub does.
// https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
var data = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")

// property escapes the value of a property.
func property(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data.Replace(text))
}
