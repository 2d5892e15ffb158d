package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// checkManual is the long help of check.
const checkManual = `check judges key policies against guardrail.yaml: policy files, each as if it were the
policy of the key that the flags tell of, or the policies of live keys. A file named - is
standard input. It only reads: nothing is written, in no mode.

` + configManual + `

It prints one outcome a policy: the verdict, all findings with the line of their
statement, and what a repair would change, or why it would be held or refused.

` + outputsManual + `

` + subjectManual + `

The exit code is 0 for compliant or exempt, 1 for a finding of at least --fail-on,
3 where that could not be judged, 2 for a file or key that could not be read.`

func newCheck(o *options) *cobra.Command {
	var flags subjectFlags
	var outputs outputs
	failOn := severityFlag(rules.Low)
	cmd := &cobra.Command{
		Use:   "check FILE...|--key-id ID",
		Short: "Judge key policies against guardrail.yaml",
		Long:  checkManual, Annotations: concerns(readsConfiguration, judges, callsAWS),
		Example: "  kmsguard check --account 111122223333 --region us-east-1 policy.json\n" +
			"  kmsguard check --default-config --account 111122223333 policy.json\n" +
			"  kmsguard check --key-id alias/payments --fail-on high --output json",
		RunE: func(cmd *cobra.Command, files []string) error {
			if (len(files) == 0) == (len(flags.keyIDs) == 0) {
				return misuse("expected policy files, or live keys with --key-id")
			}
			if err := onceStandardInput(files); err != nil {
				return err
			}
			c, err := o.newChecker(outputs.targets(), rules.Severity(failOn))
			if err != nil {
				return err
			}
			if len(files) > 0 {
				s, err := flags.described(cmd, o.aws.region)
				if err != nil {
					return err
				}
				return checkFiles(cmd.Context(), c, s, files)
			}
			if err := flags.checkLive(cmd); err != nil {
				return err
			}
			keys, err := o.aws.keyReader(cmd.Context())
			if err != nil {
				return err
			}
			return checkKeys(cmd.Context(), c, keys, flags.place, flags.keyIDs)
		},
	}
	flags.add(cmd)
	failOn.add(cmd)
	outputs.add(cmd)
	return cmd
}

// severityFlag is the value of --fail-on.
type severityFlag rules.Severity

// failSeverities are all but info, which no exit code tells.
var failSeverities = slices.DeleteFunc(rules.Severities(), func(s rules.Severity) bool { return s == rules.Info })

func (s *severityFlag) add(cmd *cobra.Command) {
	cmd.Flags().Var(s, "fail-on", "lowest `SEVERITY` that makes the exit code 1: critical, high, medium or low")
	complete(cmd, "fail-on", failSeverities...)
}

// String, Set and Type make severityFlag a flag.
func (s *severityFlag) String() string { return string(*s) }

// Type names the flag's value in the help.
func (s *severityFlag) Type() string { return "severity" }

// Set takes one of the severities above info.
func (s *severityFlag) Set(value string) error {
	severity, err := oneOf(value, failSeverities)
	if err == nil {
		*s = severityFlag(severity)
	}
	return err
}
