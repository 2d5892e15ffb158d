package cli

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

// commands returns every command of the tool, the root first.
func commands(t *testing.T) []*cobra.Command {
	t.Helper()
	root := newRoot(streams{in: strings.NewReader(""), out: &strings.Builder{}, err: &strings.Builder{}})
	root.InitDefaultHelpCmd() // which executing does, too
	var list []*cobra.Command
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		list = append(list, cmd)
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(root)
	return list
}

func TestEveryHelpHasAnExampleAndTheExitCodes(t *testing.T) {
	list := commands(t)
	if len(list) < 8 {
		t.Fatalf("only %d commands were found", len(list))
	}
	for _, cmd := range list {
		words := strings.Fields(cmd.CommandPath())[1:]
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			byFlag := kmsguard(t, "", append(words, "--help")...)
			byFlag.check(t, exitFine, "\nExamples:\n  ", "")
			byFlag.check(t, exitFine, exitCodes, "")
			byCommand := kmsguard(t, "", append([]string{"help"}, words...)...)
			if byCommand != byFlag {
				t.Errorf("help %s and %s --help differ", strings.Join(words, " "), cmd.CommandPath())
			}
		})
	}
}

// TestExamplesAreCommandLines parses each example as the tool would.
func TestExamplesAreCommandLines(t *testing.T) {
	for _, cmd := range commands(t) {
		text := strings.ReplaceAll(cmd.Example, "\\\n", " ")
		for line := range strings.Lines(text) {
			found := false
			for part := range strings.SplitSeq(strings.NewReplacer("<(", "|", ")", "", ">", "|").Replace(line), "|") {
				_, arguments, ok := strings.Cut(part, "kmsguard ")
				if !ok {
					continue
				}
				found = true
				root := commands(t)[0] // another one each time: flags remember
				target, rest, err := root.Find(strings.Fields(arguments))
				if err == nil {
					err = target.ParseFlags(rest)
				}
				if err != nil || target == root {
					t.Errorf("%s: %q is no command line of the tool: %v", cmd.CommandPath(), strings.TrimSpace(part), err)
				}
			}
			if !found {
				t.Errorf("%s: no command in the example %q", cmd.CommandPath(), line)
			}
		}
	}
}

func TestNoCommandPrintsTheHelp(t *testing.T) {
	kmsguard(t, "").check(t, exitFine, "Available Commands:", "")
}

func TestMisuseExitsWith2AndNamesTheNextStep(t *testing.T) {
	tests := []struct {
		reason string
		args   []string
		want   string
	}{
		{"unknown command", []string{"frobnicate"}, `unknown command "frobnicate" (see kmsguard --help)`},
		{"mistyped command", []string{"dif"}, `unknown command "dif"; did you mean diff? (see kmsguard --help)`},
		{"the flag is the unknown command's", []string{"frobnicate", "--key-id", "x"}, `unknown command "frobnicate" (see`},
		{"unknown flag of the tool", []string{"--nope"}, "unknown flag: --nope (see kmsguard --help)"},
		{"unknown flag of a command", []string{"diff", "--nope"}, "unknown flag: --nope (see kmsguard diff --help)"},
		{"mistyped flag", []string{"check", "--fail-onn", "high"}, "unknown flag: --fail-onn; did you mean --fail-on? (see kmsguard check --help)"},
		{"mistyped flag of every command", []string{"version", "--outputt", "json"}, "unknown flag: --outputt; did you mean --output? (see kmsguard version --help)"},
		{"unknown letter", []string{"version", "-x"}, `unknown shorthand flag: 'x' in -x (see kmsguard version --help)`},
		{"mistyped severity", []string{"check", "--fail-on", "hiigh"}, "must be critical, high, medium or low; did you mean high? (see kmsguard check --help)"},
		{"unknown output", []string{"version", "--output", "yaml"}, "must be text, json or jsonl (see kmsguard version --help)"},
		{"unknown severity", []string{"check", "--fail-on", "info"}, "must be critical, high, medium or low (see kmsguard check --help)"},
		{"unknown help topic", []string{"help", "frobnicate"}, `unknown command "frobnicate" (see kmsguard --help)`},
		{"a command has no commands", []string{"help", "diff", "x"}, `unknown command "x"`},
		{"version takes no arguments", []string{"version", "x"}, `unexpected argument "x" (see kmsguard version --help)`},
		{"demo takes no arguments", []string{"demo", "x"}, `unexpected argument "x" (see kmsguard demo --help)`},
		{"default takes no arguments", []string{"default", "x"}, `unexpected argument "x" (see kmsguard default --help)`},
		{"no shell", []string{"completion"}, "expected one shell of bash, fish, powershell, zsh, got 0"},
		{"unknown shell", []string{"completion", "tcsh"}, `unknown shell "tcsh"`},
		{"hostile arguments are escaped", []string{"\x1b[2J"}, `unknown command "\x1b[2J"`},
		{"a line stays a line", []string{"a\nb"}, `"a\nb"`},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			got := kmsguard(t, "", test.args...)
			got.check(t, exitError, "", test.want)
			if !strings.HasPrefix(got.err, "kmsguard: ") || strings.Count(got.err, "\n") != 1 {
				t.Errorf("want one line that says whose it is, got %q", got.err)
			}
		})
	}
}

func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "fish", "powershell", "zsh"} {
		kmsguard(t, "", "completion", shell).check(t, exitFine, "__complete", "")
	}
}

func TestCompletionKnowsCommandsAndValues(t *testing.T) {
	tests := []struct {
		args []string
		want string
	}{
		{[]string{"d"}, "default\t"},
		{[]string{"completion", "b"}, "bash\n"},
		{[]string{"version", "--output", "js"}, "jsonl\n"},
		{[]string{"default", "--key-spec", "ML_K"}, "ML_KEM_768\n"},
		{[]string{"default", "--style", ""}, "console\n"},
		{[]string{"check", "--fail-on", "cr"}, "critical\n"},
		{[]string{"identify", "--style", ""}, "any\n"},
		{[]string{"identify", "--edition", ""}, "2017-02\n"},
		{[]string{"identify", "--key-spec", "ML_K"}, "ML_KEM_768\n"},
	}
	for _, test := range tests {
		got := kmsguard(t, "", append([]string{"__complete"}, test.args...)...)
		if got.code != exitFine || !strings.Contains(got.out, test.want) {
			t.Errorf("completing %q: exit code %d, want %q in\n%s", test.args, got.code, test.want, got.out)
		}
	}
}

func TestVersion(t *testing.T) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	kmsguard(t, "", "version").check(t, exitFine, "kmsguard "+app.Version+" "+runtime.Version()+" "+platform+"\n", "")
	kmsguard(t, "", "--version").check(t, exitFine, app.Version, "")
	want := map[string]string{"version": app.Version, "go": runtime.Version(), "platform": platform}
	for _, format := range []string{"json", "jsonl"} {
		got := kmsguard(t, "", "version", "--output", format)
		if data := decode[map[string]string](t, got.out); len(data) != len(want) || data["version"] != want["version"] || data["go"] != want["go"] || data["platform"] != want["platform"] {
			t.Errorf("%s: got %v, want %v", format, data, want)
		}
		if lines := strings.Count(got.out, "\n"); format == "jsonl" && lines != 1 {
			t.Errorf("jsonl has %d lines", lines)
		}
	}
}

func TestGlobalFlagsAreTakenByEveryCommand(t *testing.T) {
	flags := []string{"--no-color", "--profile", "p", "--region", "us-east-1", "--endpoint-url", "http://127.0.0.1:1", "--output", "text"}
	for _, cmd := range commands(t)[1:] {
		words := strings.Fields(cmd.CommandPath() + " --help")[1:]
		kmsguard(t, "", slices.Concat(flags, words)...).check(t, exitFine, "Examples:", "") // before the command
		kmsguard(t, "", slices.Concat(words, flags)...).check(t, exitFine, "Examples:", "") // and after it
	}
}

func TestOutputHasNoColour(t *testing.T) {
	file := write(t, "public.json", publicPolicy)
	args := []string{"diff", "--key-arn", someKey, "-", file}
	plain := kmsguard(t, accountPolicy, args...)
	if strings.Contains(plain.out, "\x1b") {
		t.Errorf("escape sequences in %q", plain.out)
	}
	if byFlag := kmsguard(t, accountPolicy, append(args, "--no-color")...); byFlag != plain {
		t.Errorf("--no-color changed the output to %+v", byFlag)
	}
	t.Setenv("NO_COLOR", "1")
	if byVariable := kmsguard(t, accountPolicy, args...); byVariable != plain {
		t.Errorf("NO_COLOR changed the output to %+v", byVariable)
	}
}

func TestWorseExitCode(t *testing.T) {
	order := []int{exitFine, exitInconclusive, exitDifferent, exitError} // 2 before 1 before 3 before 0
	for i, better := range order {
		for _, worst := range order[i:] {
			if got := worse(better, worst); got != worst {
				t.Errorf("worse(%d, %d) is %d", better, worst, got)
			}
			if got := worse(worst, better); got != worst {
				t.Errorf("worse(%d, %d) is %d", worst, better, got)
			}
		}
	}
}

func TestInterruptedExitsWith130(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	for _, args := range [][]string{
		{"demo"},
		{"diff", "-", write(t, "policy.json", accountPolicy)},
		{"diff", "--batch", "-"},
		{"identify", "--account", account, "-"},
		{"check", "--default-config", "--account", account, "-"},
		{"replay", "--default-config", "-"},
	} {
		blocked := streams{in: neverEnding{}, out: &strings.Builder{}, err: &strings.Builder{}}
		if code := run(ctx, args, blocked); code != exitInterrupted {
			t.Errorf("%q: exit code %d, want %d", args, code, exitInterrupted)
		}
	}
}

// neverEnding is a reader like a terminal at which nobody types.
type neverEnding struct{}

func (neverEnding) Read([]byte) (int, error) { select {} }
