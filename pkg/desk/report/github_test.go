package report_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// workflowCommand is a line as GitHub's runner reads it.
type workflowCommand struct {
	name, message string
	properties    map[string]string
}

// readCommands reads the lines as the runner does: a command begins a line, after spaces.
// https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
func readCommands(t *testing.T, text string) []workflowCommand {
	t.Helper()
	unescape := func(text string) string {
		return strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",").Replace(text)
	}
	var list []workflowCommand
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimLeft(strings.TrimSuffix(line, "\n"), " \t"), "::")
		if !ok {
			continue
		}
		head, message, ok := strings.Cut(rest, "::")
		if !ok {
			t.Fatalf("no command: %q", line)
		}
		name, properties, _ := strings.Cut(head, " ")
		c := workflowCommand{name, unescape(message), map[string]string{}}
		for property := range strings.SplitSeq(properties, ",") {
			key, value, _ := strings.Cut(property, "=")
			c.properties[key] = unescape(value)
		}
		list = append(list, c)
	}
	return list
}

func TestGitHubReadsTheAnnotationsThatWereMeant(t *testing.T) {
	text := writeAll(t, formats["results.github.txt"], evilResults(), report.Gap{Name: evil, Why: evil})
	commands := readCommands(t, text)
	if len(commands) != 9 { // two findings of four results, and the gap; the exempt one is left out
		t.Errorf("%d commands in\n%s", len(commands), text)
	}
	for _, c := range commands {
		if c.name != "error" || !strings.Contains(c.message, "evil") {
			t.Errorf("got %+v", c)
		}
		for key, value := range c.properties {
			if key != "title" && (key != "file" || value != report.Printable(evil)) && (key != "line" || value != "2") {
				t.Errorf("somebody set %s to %q", key, value)
			}
		}
	}
	if lines := strings.Count(text, "\n"); lines != len(commands)+1 {
		t.Errorf("%d lines", lines)
	}
}

func TestGitHubEscapesPercentSigns(t *testing.T) {
	o := liveKey("x", guardrail.NonCompliant, rules.Medium, finding("a:b,c", rules.Medium, -1, "100 %0A"))
	text := writeAll(t, formats["results.github.txt"], []report.Judged{{Source: report.Source{Name: "a", File: "a,line=7::%3A"}, Outcome: o}}, report.Gap{})
	want := "::warning file=a%2Cline=7%3A%3A%253A,title=medium a%3Ab%2Cc::100 %250A\n"
	if !strings.HasPrefix(text, want) {
		t.Errorf("got %q, want %q", text, want)
	}
}
