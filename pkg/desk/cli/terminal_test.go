package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// onTerminal runs a command line whose standard output is a terminal of some columns.
func onTerminal(t *testing.T, columns int, in string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	run(t.Context(), args, streams{in: strings.NewReader(in), out: &out, err: &errs, columns: func(stream any) int {
		if stream != &out {
			t.Errorf("the width of %T was asked for", stream)
		}
		return columns
	}})
	return out.String()
}

var checkStandardInput = []string{"check", "--default-config", "--account", account, "-"}

func TestTextIsAsWideAsTheTerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	tests := []struct {
		because string
		columns int
		flags   []string
		want    int
	}{
		{"a narrow terminal", 60, nil, 60},
		{"a wide one", 200, nil, 200},
		{"the flag counts more", 200, []string{"--width", "70"}, 70},
		{"no terminal", 0, nil, 120},
		{"no terminal, and the flag", 0, []string{"--width", "50"}, 50},
	}
	for _, format := range []string{"text", "table"} {
		for _, test := range tests {
			args := slices.Concat(checkStandardInput, []string{"--output", format}, test.flags)
			longest := 0
			for line := range strings.Lines(onTerminal(t, test.columns, publicPolicy, args...)) {
				if !strings.Contains(line, "judged:") { // one line, however long: scripts read it
					longest = max(longest, len(strings.TrimSpace(line)))
				}
			}
			if longest > test.want || longest < min(test.want, 120)-35 {
				t.Errorf("%s, %s: the longest line has %d columns of %d", format, test.because, longest, test.want)
			}
		}
	}
}

func TestAnARNIsNeverBroken(t *testing.T) {
	arn := "arn:aws:iam::444455556666:role/with/a/path/that/is/longer/than/the/terminal/is/wide/Partner"
	policy := strings.Replace(publicPolicy, `"Principal":"*"`, `"Principal":{"AWS":"`+arn+`"}`, 1)
	for _, args := range [][]string{checkStandardInput, slices.Concat(checkStandardInput, []string{"--output", "table"})} {
		if text := onTerminal(t, 40, policy, args...); !strings.Contains(text, "with/a/path/that/is/longer/than/the/terminal/is/wide/Partner") {
			t.Errorf("it is broken:\n%s", text)
		}
	}
	if text := onTerminal(t, 40, "", "config", "explain", "--default-config", "--key-arn", someKey); !strings.Contains(text, someKey) {
		t.Errorf("it is broken:\n%s", text)
	}
}

func TestColoursAreForTerminalsThatWantThem(t *testing.T) {
	const red = "\x1b[1;31mcritical\x1b[0m"
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm-256color")
	for _, format := range []string{"text", "table"} {
		args := slices.Concat(checkStandardInput, []string{"--output", format})
		if text := onTerminal(t, 100, publicPolicy, args...); !strings.Contains(text, red) {
			t.Errorf("%s: a terminal has colours, got %q", format, text)
		}
		plain := map[string]string{
			"no terminal": onTerminal(t, 0, publicPolicy, args...),
			"--no-color":  onTerminal(t, 100, publicPolicy, append(args, "--no-color")...),
		}
		t.Setenv("TERM", "dumb")
		plain["a terminal without colours"] = onTerminal(t, 100, publicPolicy, args...)
		t.Setenv("TERM", "xterm-256color")
		t.Setenv("NO_COLOR", "1")
		plain["NO_COLOR"] = onTerminal(t, 100, publicPolicy, args...)
		t.Setenv("NO_COLOR", "")
		for because, text := range plain {
			if strings.Contains(text, "\x1b") || text == "" {
				t.Errorf("%s, %s: got %q", format, because, text)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "a.txt")
	onTerminal(t, 60, publicPolicy, slices.Concat(checkStandardInput, []string{"--output", "text=" + file})...)
	if text := read(t, file); strings.Contains(text, "\x1b") || !strings.Contains(text, "\n            (kms:Decrypt).\n") {
		t.Errorf("a file is no terminal, and is not as wide: %q", text)
	}
	if text := onTerminal(t, 100, publicPolicy, slices.Concat(checkStandardInput, []string{"--output", "json"})...); strings.Contains(text, "\x1b") {
		t.Errorf("JSON has no colours: %q", text)
	}
}

func TestWidthsThatCannotBe(t *testing.T) {
	for _, width := range []string{"39", "0", "-1", "1001"} {
		kmsguard(t, "", "version", "--width", width).check(t, exitError, "", "--width: "+width+" is not a number from 40 to 1000 (see kmsguard version --help)")
	}
	kmsguard(t, "", "version", "--width", "wide").check(t, exitError, "", `--width: "wide" is not a whole number`)
}

func TestNoFileIsATerminal(t *testing.T) {
	streams := []any{&bytes.Buffer{}, nil}
	for _, name := range []string{write(t, "a", ""), os.DevNull} {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = file.Close() })
		streams = append(streams, file)
	}
	for _, stream := range streams {
		if columns := columnsOf(stream); columns != 0 {
			t.Errorf("%T has %d columns", stream, columns)
		}
	}
}
