package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
)

// streams are where a command reads and writes. Data goes to out; progress,
// notes and errors go to err.
type streams struct {
	in       io.Reader
	out, err io.Writer
	// columns returns the width of the terminal that a stream is, 0 where it is none; nil: none
	// is one.
	columns func(stream any) int
}

// note writes a line for people beside the data. Nothing can be done about its own error.
func (s streams) note(format string, args ...any) {
	_, _ = fmt.Fprintln(s.err, report.Printable(fmt.Sprintf(format, args...)))
}

// options are where a command reads and writes, and the flags that every command has.
type options struct {
	streams       streams
	output        output
	config        string
	defaultConfig bool
	width         int // 0: of the terminal
	noColor       bool
	aws           awsFlags
}

// answer writes the one answer of a command, its value as JSON or as text for people, and
// returns the error of the exit code.
func (o *options) answer(code int, value any, text func(w io.Writer) error) error {
	var err error
	if o.output == textOutput {
		err = text(o.streams.out)
	} else {
		err = o.output.writeJSON(o.streams.out, value)
	}
	if err != nil {
		return err
	}
	return status(code)
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

// usageError is an error about the command line. Its message ends with the help of a
// command: of the one that ran, unless the error names another.
type usageError struct {
	error
	command string
}

// misuse returns an error about the command line.
func misuse(format string, args ...any) error {
	return usageError{error: fmt.Errorf(format, args...)}
}

// Run executes one command line and returns its exit code. Data goes to out; progress,
// notes and errors go to errs.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	return run(ctx, args, streams{in: in, out: out, err: errs, columns: columnsOf})
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, s streams) int {
	s.in = interruptible{ctx, s.in}
	root := newRoot(s)
	root.SetArgs(append([]string{}, args...)) // nil would be those of the process
	command, err := root.ExecuteContextC(ctx)
	var code exitStatus
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() != nil:
		s.note("kmsguard: interrupted")
		return exitInterrupted
	}
	printError(s, command.CommandPath(), err)
	return exitError
}

// printError writes an error of a command on one line. The errors of a configuration have a
// line each, in the form that editors and CI make a link of.
func printError(s streams, command string, err error) {
	var problems *config.Errors
	var usage usageError
	switch {
	case errors.As(err, &problems):
		for line := range strings.SplitSeq(problems.Error(), "\n") {
			s.note("%s", line)
		}
		s.note("kmsguard: the configuration cannot be used")
	case errors.As(err, &usage):
		if usage.command != "" {
			command = usage.command
		}
		s.note("kmsguard: %v (see %s --help)", err, command)
	default:
		s.note("kmsguard: %v", plain(err))
	}
}
