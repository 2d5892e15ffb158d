package cli

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build compiles the tool.
func build(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles the tool")
	}
	binary := filepath.Join(t.TempDir(), "kmsguard")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", binary, "../../../functions/kmsguard").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return binary
}

// exitCodeOf returns the exit code of a command that has ended.
func exitCodeOf(t *testing.T, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return -1
}

// TestBinary runs the tool as a shell does. Everything else is tested through run.
func TestBinary(t *testing.T) {
	binary := build(t)
	policy := write(t, "policy.json", accountPolicy)
	tests := []struct {
		reason string
		in     string
		args   []string
		code   int
		out    string
	}{
		{"prints a policy", "", []string{"default", "--account", account}, exitFine, `"Id" : "key-default-1"`},
		{"equal", accountPolicy, []string{"diff", "-", policy}, exitFine, "allow the same"},
		{"different", publicPolicy, []string{"diff", policy, "-"}, exitDifferent, "allows more"},
		{"bad input", malformedPolicy, []string{"diff", policy, "-"}, exitError, ""},
		{"undecided", undecidedPolicy, []string{"diff", policy, "-"}, exitInconclusive, "not decided"},
		{"a batch", line("7", accountPolicy, accountPolicy), []string{"diff", "--batch", "-"}, exitFine, `{"id":7,"verdict":"equal"`},
		{"a check", publicPolicy, []string{"check", "--default-config", "--account", account, "-"}, exitDifferent, "NON-COMPLIANT"},
		{"a check by nobody's configuration", publicPolicy, []string{"check", "--account", account, "-"}, exitError, ""},
		{"the demo", "", []string{"demo"}, exitFine, "compliant"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), binary, test.args...)
			cmd.Stdin = strings.NewReader(test.in)
			out, err := cmd.Output()
			if code := exitCodeOf(t, err); code != test.code || !strings.Contains(string(out), test.out) {
				t.Errorf("exit code %d, want %d; %q in\n%s", code, test.code, test.out, out)
			}
		})
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) { testSignal(t, binary, signal) })
	}
}

// testSignal interrupts the tool while it waits for somebody to type.
func testSignal(t *testing.T, binary string, signal os.Signal) {
	cmd := exec.CommandContext(t.Context(), binary, "diff", "--batch", "-")
	cmd.WaitDelay = 10 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, line("1", accountPolicy, accountPolicy)); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it runs, and waits again
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, out)
	if code := exitCodeOf(t, cmd.Wait()); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
}
