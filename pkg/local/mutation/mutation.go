package mutation

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

// Mutant is a package with one rule broken: a text of a source file replaced, everywhere in
// the file, by another.
type Mutant struct{ Rule, File, Old, Broken string }

// longest is how long one run of the tests may take before it counts as noticed.
const longest = 2 * time.Minute

// Follow fails where a mutant does not change its file.
func Follow(t *testing.T, mutants []Mutant) {
	t.Helper()
	for _, m := range mutants {
		source, err := os.ReadFile(m.File)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), m.Old) || m.Old == m.Broken {
			t.Errorf("%q: %s does not contain %q any more; follow the code", m.Rule, m.File, m.Old)
		}
	}
}

// Run runs the short tests of the package in the current directory on each mutant, and
// fails where they pass, or where they fail without a mutant. First come those that quick, a pattern of -run, names: quick and
// likely to notice. flags are for the test binary.
func Run(t *testing.T, mutants []Mutant, quick string, flags ...string) {
	t.Helper()
	whole := mutants[0]
	whole.Broken = whole.Old
	if noticed := noticedBy(t, build(t, whole), []string{quick}, flags); noticed != "" {
		t.Fatalf("the tests fail without any mutant: %s", noticed)
	}
	table := make([]string, len(mutants))
	t.Run("all", func(t *testing.T) {
		slots := make(chan struct{}, 2) // a mutant is built on all processors and tested on one
		for i, m := range mutants {
			t.Run(m.Rule, func(t *testing.T) {
				t.Parallel()
				slots <- struct{}{}
				defer func() { <-slots }()
				started := time.Now()
				noticed := noticedBy(t, build(t, m), []string{quick, "."}, flags)
				table[i] = fmt.Sprintf("%5.1f s  %-62s %-16s %s", time.Since(started).Seconds(), m.Rule, m.File, noticed)
				if noticed == "" {
					t.Errorf("%s: no test notices %q in place of %q", m.File, m.Broken, m.Old)
				}
			})
		}
	})
	table = slices.DeleteFunc(table, func(line string) bool { return line == "" }) // those that -run leaves out
	t.Logf("%d mutants, and the first test to notice each:\n%s", len(table), strings.Join(table, "\n"))
}

// build makes the tests with one source file replaced, and returns the binary.
func build(t *testing.T, m Mutant) string {
	t.Helper()
	source, err := os.ReadFile(m.File)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	original, err := filepath.Abs(m.File)
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: filepath.Join(folder, filepath.Base(m.File))}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, filepath.Base(m.File)), strings.ReplaceAll(string(source), m.Old, m.Broken))
	write(t, filepath.Join(folder, "overlay.json"), string(overlay))
	binary := filepath.Join(folder, "mutant.test")
	out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", filepath.Join(folder, "overlay.json"), "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%s: the mutant does not compile:\n%s", m.File, out)
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
func noticedBy(t *testing.T, binary string, runs, flags []string) string {
	t.Helper()
	for _, run := range runs {
		ctx, cancel := context.WithTimeout(t.Context(), longest)
		defer cancel()
		tests := exec.CommandContext(ctx, binary, append([]string{"-test.short", "-test.failfast", "-test.run", run}, flags...)...)
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
