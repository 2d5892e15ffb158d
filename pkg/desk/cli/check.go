package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// configManual says which configuration a command reads.
const configManual = `guardrail.yaml is the file of --config, else that of ` + app.EnvConfig + ` in the
environment, else the one in the working directory, else the default configuration.`

// checkManual is the long help of check.
const checkManual = `check judges key policies against guardrail.yaml: policy files, each as if it were the
policy of the key that the flags tell of, or the policies of live keys. A file named - is
standard input. It only reads: nothing is written, in no mode.

` + configManual + `

It prints one outcome a policy: the verdict, all findings with the line of their
statement, and what a repair would change, or why it would be held or refused.

` + subjectManual + `

The exit code is 0 for compliant or exempt, 1 for a finding of at least --fail-on,
3 where that could not be judged, 2 for a file or key that could not be read.`

// checked is one result of check: an outcome, with the file if the policy is of one.
type checked struct {
	File string `json:"file,omitempty"`
	guardrail.Outcome

	text string // of the file
}

func newCheck(o *options) *cobra.Command {
	var flags subjectFlags
	failOn := severityFlag(rules.Low)
	cmd := &cobra.Command{
		Use:   "check FILE...|--key-id ID",
		Short: "Judge key policies against guardrail.yaml",
		Long:  checkManual, Annotations: readsConfiguration,
		Example: "  kmsguard check --account 111122223333 --region us-east-1 policy.json\n" +
			"  kmsguard check --key-id alias/payments --fail-on high --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (len(flags.keyIDs) == 0) {
				return misuse(cmd, "expected policy files, or live keys with --key-id")
			}
			if err := onceStandardInput(cmd, args); err != nil {
				return err
			}
			c, err := newChecker(cmd, o, rules.Severity(failOn))
			if err != nil {
				return err
			}
			if len(args) > 0 {
				return c.files(&flags, args)
			}
			return c.keys(&flags)
		},
	}
	flags.add(cmd)
	cmd.Flags().Var(&failOn, "fail-on", "lowest `SEVERITY` that makes the exit code 1: critical, high, medium or low")
	complete(cmd, "fail-on", failSeverities...)
	return cmd
}

// severityFlag is the value of --fail-on.
type severityFlag rules.Severity

// failSeverities are all but info, which no exit code tells.
var failSeverities = slices.DeleteFunc(rules.Severities(), func(s rules.Severity) bool { return s == rules.Info })

// String, Set and Type make severityFlag a flag.
func (s *severityFlag) String() string { return string(*s) }

// Type names the flag's value in the help.
func (s *severityFlag) Type() string { return "severity" }

// Set takes one of the severities above info.
func (s *severityFlag) Set(value string) error {
	for _, known := range failSeverities {
		if value == string(known) {
			*s = severityFlag(known)
			return nil
		}
	}
	return errors.New("must be critical, high, medium or low")
}

// checker judges one policy after the other.
type checker struct {
	cmd           *cobra.Command
	options       *options
	configuration *rules.Configuration
	now           time.Time
	failOn        rules.Severity
	answers       *results
	code          int
}

func newChecker(cmd *cobra.Command, o *options, failOn rules.Severity) (*checker, error) {
	configuration, err := o.configuration()
	if err != nil {
		return nil, err
	}
	return &checker{
		cmd: cmd, options: o, configuration: configuration, now: time.Now(), failOn: failOn,
		answers: &results{out: cmd.OutOrStdout(), output: o.output}, code: exitFine,
	}, nil
}

// files judges policy files. One that cannot be read is an error; the rest goes on.
func (c *checker) files(flags *subjectFlags, files []string) error {
	s, err := flags.described(c.cmd, c.options.aws.region)
	if err != nil {
		return err
	}
	tellMissingFlags(c.cmd.PrintErrf, s, c.configuration, c.now)
	return c.each(files, func(_ context.Context, file string) (checked, error) {
		text, err := readFile(file, c.cmd.InOrStdin())
		if err != nil {
			return checked{}, err
		}
		if _, err := policy.Parse(string(text)); err != nil {
			return checked{}, err
		}
		o := c.judge(s, string(text))
		o.Evidence = guardrail.FilePolicy
		return checked{File: file, Outcome: o, text: string(text)}, nil
	})
}

// keys judges the policies of live keys.
func (c *checker) keys(flags *subjectFlags) error {
	if err := flags.checkLive(c.cmd); err != nil {
		return err
	}
	reader, err := c.options.aws.keyReader(c.cmd.Context())
	if err != nil {
		return err
	}
	return c.each(flags.keyIDs, func(ctx context.Context, id string) (checked, error) {
		s, err := flags.live(ctx, reader, id)
		if err != nil {
			return checked{}, err
		}
		if s.key.AWSManaged {
			return checked{Outcome: c.skipped(s)}, nil
		}
		tellMissingFlags(c.cmd.PrintErrf, s, c.configuration, c.now)
		text, err := reader.Policy(ctx, s.key.ARN)
		switch {
		case errors.Is(err, enforcer.ErrAccessDenied):
			j := guardrail.Unjudged(s.key, guardrail.CodeAccessDenied, "you may not read the key policy: "+err.Error())
			return checked{Outcome: c.outcome(s, j)}, nil
		case err != nil:
			return checked{}, fmt.Errorf("reading the key policy: %w", err)
		}
		return checked{Outcome: c.judge(s, text)}, nil
	})
}

// each judges what the names stand for, in their order, and ends with the exit code.
func (c *checker) each(names []string, judge func(context.Context, string) (checked, error)) error {
	ctx := c.cmd.Context()
	for _, name := range names {
		result, err := judge(ctx, name)
		switch {
		case ctx.Err() != nil:
			return errors.Join(ctx.Err(), c.answers.end())
		case err != nil:
			c.cmd.PrintErrf("kmsguard: %s\n", report.Printable(problemOf(name, err)))
			c.code = worse(c.code, exitError)
			continue
		}
		c.code = worse(c.code, c.exitCode(result.Outcome))
		if err := c.write(result); err != nil {
			return err
		}
	}
	if err := c.answers.end(); err != nil {
		return err
	}
	return status(c.code)
}

// problemOf words an error about a file or key; of a malformed policy, with its place.
func problemOf(name string, err error) string {
	var malformed *policy.Error
	if errors.As(err, &malformed) {
		return nameOf(name) + ":" + err.Error()
	}
	return nameOf(name) + ": " + err.Error()
}

func (c *checker) write(r checked) error {
	if c.answers.output != textOutput {
		return c.answers.add(r)
	}
	source := report.Source{Policy: r.text}
	if r.File != "" {
		source.Name = nameOf(r.File)
	}
	return c.answers.paragraph(source, r.Outcome)
}

// exitCode is that of one outcome: what is worse than --fail-on counts, and so does what
// is not known.
func (c *checker) exitCode(o guardrail.Outcome) int {
	switch code := outcomeCode(o); {
	case code == exitDifferent && !o.Severity.AtLeast(c.failOn):
		return exitFine
	default:
		return code
	}
}
