package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
)

// streams are where a command reads and writes. Data goes to out; progress,
// notes and errors go to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// The exit codes. Scripts depend on them.
const (
	exitFine         = 0
	exitDifferent    = 1
	exitError        = 2
	exitInconclusive = 3
	exitInterrupted  = 130
)

const exitCodes = `Exit codes:
  0    fine: equal, compliant, exempt, or done
  1    different, not compliant, or refused
  2    an error or bad input
  3    inconclusive or cannot judge
  130  interrupted
Of several results, 2 counts before 1, 1 before 3, 3 before 0.`

// worse returns the exit code that counts of two.
func worse(a, b int) int {
	rank := map[int]int{exitFine: 0, exitInconclusive: 1, exitDifferent: 2, exitError: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// exitStatus is how a command ends with a code that is no error: its answer.
type exitStatus int

// Error returns a text that nobody sees.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// status returns the error that makes the tool exit with a code.
func status(code int) error {
	if code == exitFine {
		return nil
	}
	return exitStatus(code)
}

// Run executes one command line and returns its exit code. Data goes to out; progress,
// notes and errors go to errs.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	return run(ctx, args, streams{in: in, out: out, err: errs})
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	s.in = interruptible{ctx, s.in}
	root := newRoot(s)
	root.SetArgs(append([]string{}, args...)) // nil would be those of the process
	err := root.ExecuteContext(ctx)
	var code exitStatus
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() != nil:
		_, _ = fmt.Fprintln(s.err, "kmsguard: interrupted")
		return exitInterrupted
	}
	printError(s.err, err)
	return exitError
}

// printError writes an error on one line; those of a configuration, one a problem, in the
// form that editors and CI make a link of.
func printError(w io.Writer, err error) {
	var problems *config.Errors
	if !errors.As(err, &problems) {
		_, _ = fmt.Fprintf(w, "kmsguard: %s\n", report.Printable(err.Error()))
		return
	}
	for line := range strings.SplitSeq(problems.Error(), "\n") {
		_, _ = fmt.Fprintln(w, report.Printable(line))
	}
	_, _ = fmt.Fprintln(w, "kmsguard: the configuration cannot be used")
}

// options are the flags that every command has.
type options struct {
	output output
	config string
	aws    awsFlags
}

func newRoot(s streams) *cobra.Command {
	o := &options{output: textOutput}
	root := &cobra.Command{
		Use:   "kmsguard",
		Short: "AWS KMS key policies against the default that AWS generates for the key type",
		Long: "kmsguard judges AWS KMS key policies by what they allow: against guardrail.yaml, the\n" +
			"default policy that AWS generates for a key's type, or each other.",
		Example: "  kmsguard demo\n  kmsguard check --account 111122223333 policy.json\n  kmsguard diff baseline.json actual.json",
		Version: app.Version,
		RunE:    group, Args: cobra.ArbitraryArgs,
		PersistentPreRunE: o.checkGlobal,
		SilenceUsage:      true, SilenceErrors: true,
		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	flags := root.PersistentFlags()
	flags.Var(&o.output, "output", "how results are written: text, json (one document) or jsonl (one object a line)")
	flags.Bool("no-color", false, "write without colours, as with NO_COLOR (today nothing has any)")
	flags.StringVar(&o.config, "config", "", "`FILE` with the configuration (that of "+app.EnvConfig+", else guardrail.yaml in the working directory, where there is one)")
	o.aws.add(flags)
	complete(root, "output", textOutput, jsonOutput, jsonlOutput)
	root.AddCommand(newDefault(o), newIdentify(o), newDiff(o), newEval(o), newCheck(o), newReplay(o), newHistory(o), newRestore(o), newDemo(o), newConfig(o), newVersion(o), newCompletion())
	root.SetHelpCommand(newHelp())
	addExitCodes(root)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if words := cmd.Flags().Args(); cmd == root && len(words) > 0 {
			return unknownCommand(cmd, words[0]) // the flag is that of the command meant
		}
		return misuse(cmd, "%w", flagProblem(err))
	})
	return root
}

// group runs the root: alone it prints its help; what follows it would be a command.
func group(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	return unknownCommand(cmd, args[0])
}

func unknownCommand(root *cobra.Command, name string) error {
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return misuse(root, "unknown command %q; did you mean %s?", name, strings.Join(near, " or "))
	}
	return misuse(root, "unknown command %q", name)
}

// misuse is an error about the command line. It names the help that tells better.
func misuse(cmd *cobra.Command, format string, args ...any) error {
	return fmt.Errorf("%w (see %s --help)", fmt.Errorf(format, args...), cmd.CommandPath())
}
