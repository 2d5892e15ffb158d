package cli

import (
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// scanManual is the long help of scan.
const scanManual = `scan judges every customer key of an account in a Region, or in several, against
guardrail.yaml. It only reads, with your AWS credentials: ListKeys and ListAliases once,
DescribeKey and GetKeyPolicy for each key, and ListResourceTags where the configuration
asks for tags or a tag could hold a repair; at most 200 keys a second, and slower where
KMS throttles. Keys that AWS manages are counted and skipped.

` + configManual + `

It prints the keys with findings, the worst first: keys of which the same is to be told
together, by alias, with what is wrong and what a repair would change. The last line
counts every key. --output json and jsonl have one outcome a key, as check has it. Where
standard output is not text, the counts are on standard error. An interrupt ends the
scan: standard output has what was judged, and no file is written.

` + outputsManual + `

The exit code is 0 where every key is compliant or exempt, 1 for a finding of at least
--fail-on, 3 for a key that could not be judged, 2 for one that could not be read.`

func newScan(o *options) *cobra.Command {
	want := scanOptions{concurrency: 20}
	var outputs outputs
	failOn, severity := severityFlag(rules.Low), severityFlag("")
	cmd := &cobra.Command{
		Use:   "scan",
		Short: "Judge every key of an account against guardrail.yaml",
		Long:  scanManual, Annotations: concerns(readsConfiguration, judges, callsAWS),
		Example: "  kmsguard scan --default-config --region eu-central-1\n" +
			"  kmsguard scan --region eu-central-1 --region us-east-1 --severity high --fail-on critical\n" +
			"  kmsguard scan --output jsonl > outcomes.jsonl",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if want.concurrency < 1 || want.concurrency > mostConcurrent {
				return misuse("--concurrency: %d is not a number from 1 to %d", want.concurrency, mostConcurrent)
			}
			for _, region := range want.regions {
				if err := checkRegion(region); err != nil {
					return err
				}
			}
			if err := want.place.check(); err != nil {
				return err
			}
			want.targets, want.failOn, want.severity = outputs.targets(), rules.Severity(failOn), rules.Severity(severity)
			return scan(cmd.Context(), o, want)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&want.regions, "region", nil, "AWS `REGION` whose keys are judged (repeatable)")
	flags.IntVar(&want.concurrency, "concurrency", want.concurrency, "how many keys are read at the same time, `N` from 1 to 100")
	flags.Var(&severity, "severity", "lowest `SEVERITY` that is shown: critical, high, medium or low (all)")
	complete(cmd, "severity", failSeverities...)
	want.place.add(cmd)
	failOn.add(cmd)
	outputs.add(cmd)
	return cmd
}
