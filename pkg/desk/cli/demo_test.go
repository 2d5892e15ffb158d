package cli

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// TestTheDemoIsACommand runs it in each form; package demo tests what it tells.
func TestTheDemoIsACommand(t *testing.T) {
	short := kmsguard(t, "", "demo")
	short.check(t, exitFine, "undo      kmsguard restore --archive ", "")
	kmsguard(t, "", "demo", "--verbose").check(t, exitFine, "The key policy of \"made public\" before its repair", "")
	whole := kmsguard(t, "", "demo", "--output", "json")
	whole.check(t, exitFine, "[\n  {\n", "")
	list := decode[[]guardrail.Outcome](t, whole.out)
	lines := kmsguard(t, "", "demo", "--output", "jsonl")
	if n := strings.Count(lines.out, "\n"); lines.code != exitFine || n != len(list) || n < 50 {
		t.Errorf("jsonl has %d lines, json %d outcomes", n, len(list))
	}
}

func TestWriterErrorOfTheDemoIsAnError(t *testing.T) {
	for _, format := range []string{"text", "json", "jsonl"} {
		code := run(t.Context(), []string{"demo", "--output", format}, streams{in: strings.NewReader(""), out: fullDisk{}, err: &strings.Builder{}})
		if code != exitError {
			t.Errorf("%s: exit code %d", format, code)
		}
	}
}
