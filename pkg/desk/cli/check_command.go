package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// checkManual is the long help of check.
const checkManual = `check judges key policies against guardrail.yaml: the policies in files, or those of live
keys. What a file is, its content decides: a key policy, an answer of aws kms
get-key-policy, a CloudFormation template (JSON or YAML, also in the folder cdk.out), or
what terraform show -json prints of a plan or a state. A folder stands for all files in
it, and - for standard input. It only reads: nothing is written, in no mode.

A template, plan or state says of each key what it knows: type, aliases, tags, account,
Region. The flags say the rest. Parameters of a template count with their defaults, or
with --parameter. What only the deployment knows cannot be judged, and is named with its
line. Of a plan, check also says what the change lets happen.

` + configManual + `

It prints one outcome a key: the verdict, all findings with the line of their
statement, and what a repair would change, or why it would be held or refused.

` + outputsManual + `

` + subjectManual + `

The exit code is 0 for compliant or exempt, 1 for a finding of at least --fail-on,
3 where that could not be judged, 2 for a file or key that could not be read.`

func newCheck(o *options) *cobra.Command {
	var flags subjectFlags
	var outputs outputs
	var parameters []string
	failOn := severityFlag(rules.Low)
	cmd := &cobra.Command{
		Use:   "check FILE...|--key-id ID",
		Short: "Judge key policies against guardrail.yaml",
		Long:  checkManual, Annotations: concerns(readsConfiguration, judges, callsAWS),
		Example: "  kmsguard check --account 111122223333 --region us-east-1 policy.json\n" +
			"  kmsguard check --default-config --account 111122223333 policy.json\n" +
			"  kmsguard check --account 111122223333 --region us-east-1 cdk.out\n" +
			"  kmsguard check --output github --output sarif=kms.sarif --output junit=junit.xml cdk.out\n" +
			"  kmsguard check --key-id alias/payments --fail-on high --output json",
		RunE: func(cmd *cobra.Command, files []string) error {
			if (len(files) == 0) == (len(flags.keyIDs) == 0) {
				return misuse("expected files or folders, or live keys with --key-id")
			}
			if err := onceStandardInput(files); err != nil {
				return err
			}
			c, err := o.newChecker(outputs.targets(), rules.Severity(failOn))
			if err != nil {
				return err
			}
			if len(files) == 0 {
				return flags.checkLiveKeys(cmd, o, c)
			}
			d, err := flags.description(cmd, o.aws.region, parameters)
			if err != nil {
				return err
			}
			return checkFiles(cmd.Context(), c, d, files)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringArrayVar(&parameters, "parameter", nil, "value of a parameter of the CloudFormation templates, as `NAME=VALUE` (repeatable)")
	cmd.Flags().Lookup("account").Usage = "`ID` of the account that owns the key (required where the file and --key-arn do not say it)"
	failOn.add(cmd)
	outputs.add(cmd)
	return cmd
}

// checkLiveKeys judges the keys that the flags name.
func (f *subjectFlags) checkLiveKeys(cmd *cobra.Command, o *options, c checker) error {
	if err := f.checkLive(cmd); err != nil {
		return err
	}
	keys, err := o.aws.keyReader(cmd.Context())
	if err != nil {
		return err
	}
	return checkKeys(cmd.Context(), c, keys, f.place, f.keyIDs)
}

// description returns what the flags say of the keys in files. The account may be missing: a
// file may have it.
func (f *subjectFlags) description(cmd *cobra.Command, region string, parameters []string) (description, error) {
	d := description{hasSpec: cmd.Flags().Changed("key-spec"), hasPartition: cmd.Flags().Changed("partition") || f.keyARN != "", parameters: map[string]string{}}
	for _, parameter := range parameters {
		name, value, ok := strings.Cut(parameter, "=")
		if _, twice := d.parameters[name]; !ok || name == "" || twice {
			return d, misuse("--parameter %q is not a parameter of its own; write NAME=VALUE", parameter)
		}
		d.parameters[name] = value
	}
	var err error
	if f.account == "" && f.keyARN == "" {
		if err = refuseLive(cmd); err == nil {
			d.subject, err = f.about(policy.Key{Partition: f.partition}, region)
		}
		return d, err
	}
	d.subject, err = f.described(cmd, region)
	return d, err
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
