//go:build mutants

package access_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTheTestsNoticeEveryMutant runs the short tests of this package on each mutant, and
// fails where they pass. First come those that are quick and likely to notice.
func TestTheTestsNoticeEveryMutant(t *testing.T) {
	table := make([]string, len(mutants))
	t.Run("all", func(t *testing.T) {
		slots := make(chan struct{}, 2) // a mutant is built on all processors and tested on one
		for i, m := range mutants {
			t.Run(m.rule, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				started := time.Now()
				noticed := noticedBy(t, build(t, m))
				table[i] = fmt.Sprintf("%5.1f s  %-62s %-16s %s", time.Since(started).Seconds(), m.rule, m.file, noticed)
				if noticed == "" {
					t.Errorf("%s: no test notices %q in place of %q", m.file, m.broken, m.old)
				}
			})
		}
	})
	table = slices.DeleteFunc(table, func(line string) bool { return line == "" }) // those that -run leaves out
	t.Logf("%d mutants, and the first test to notice each:\n%s", len(table), strings.Join(table, "\n"))
}

// build makes the tests with one source file replaced, and returns the binary.
func build(t *testing.T, m mutant) string {
	t.Helper()
	source, err := os.ReadFile(m.file)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	original, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: filepath.Join(folder, m.file)}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, m.file), strings.ReplaceAll(string(source), m.old, m.broken))
	write(t, filepath.Join(folder, "overlay.json"), string(overlay))
	binary := filepath.Join(folder, "access.test")
	out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", filepath.Join(folder, "overlay.json"), "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: the mutant does not compile:\n%s", m.file, out)
	}
	return binary
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// noticedBy runs a test binary until a test fails, and returns that test's name; "" where
// none does.
func noticedBy(t *testing.T, binary string) string {
	t.Helper()
	for _, run := range []string{"Rule|OnceWrong|Policies|Difference|Unknown|Within|Equivalent|WhoMay|Action|Condition", "."} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		tests := exec.CommandContext(ctx, binary, "-test.short", "-test.failfast", "-test.run", run, "-rapid.nofailfile")
		out, err := tests.CombinedOutput()
		if failed := new(exec.ExitError); err != nil && !errors.As(err, &failed) {
			t.Fatal(err)
		}
		if err == nil {
			continue
		}
		for line := range strings.Lines(string(out)) {
			if name, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
				return strings.Fields(name)[0]
			}
		}
		return "a panic or a time-out"
	}
	return ""
}
