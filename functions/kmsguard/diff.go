package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/report"
)

func newDiff(o *options) *cobra.Command {
	var keyARN, batch string
	cmd := &cobra.Command{
		Use:   "diff [--key-arn ARN] BASELINE ACTUAL",
		Short: "Compare two key policies by what they allow",
		Long: `diff compares two policy files by what they allow: order, spelling, Sids and
statements without effect make no difference. A file named - is standard input.

The key's own account decides which principals are foreign. Without --key-arn it
is taken from the policies where that is clear, and a Resource other than "*" is
not decided.

With --batch, each line of a file (- is standard input) is one comparison,
  {"id": "1", "keyArn": "arn:aws:kms:…", "baseline": {…}, "actual": {…}}
with policies as objects or strings, and each line of the output is its result, in
the same order. A bad line becomes {"id", "error"} and the rest goes on; the exit
code is 0 unless the stream itself cannot be read.`,
		Example: "  kmsguard diff --key-arn arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab baseline.json actual.json\n" +
			"  kmsguard diff --batch pairs.jsonl > results.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			if batch != "" {
				if len(args) > 0 || keyARN != "" {
					return errors.New("--batch takes its policies and key ARNs from the lines; give no others")
				}
				return diffBatch(cmd, batch)
			}
			if len(args) != 2 {
				return fmt.Errorf("expected two policy files, got %d; see kmsguard diff --help", len(args))
			}
			return diffFiles(cmd, o, keyARN, args[0], args[1])
		},
	}
	cmd.Flags().StringVar(&keyARN, "key-arn", "", "ARN of the key that the policies are of")
	cmd.Flags().StringVar(&batch, "batch", "", "file of JSON lines to compare, - for standard input")
	return cmd
}

func diffFiles(cmd *cobra.Command, o *options, keyARN, baselineName, actualName string) error {
	baseline, err := readPolicy(baselineName, cmd.InOrStdin())
	if err != nil {
		return err
	}
	actual, err := readPolicy(actualName, cmd.InOrStdin())
	if err != nil {
		return err
	}
	key, err := keyOf(keyARN, baseline, actual)
	if err != nil {
		return err
	}
	if keyARN == "" {
		cmd.PrintErrf("note: the key is taken to belong to account %s; --key-arn says for sure\n", key.Account)
	}
	result := access.Compare(key, baseline, actual)
	if o.output == textOutput {
		err = report.Comparison(cmd.OutOrStdout(),
			report.Policy{Name: baselineName, Document: baseline}, report.Policy{Name: actualName, Document: actual}, result)
	} else {
		err = o.output.writeJSON(cmd.OutOrStdout(), result)
	}
	if err != nil {
		return err
	}
	return status(verdictCode(result.Verdict))
}

// keyOf reads a key ARN, or infers the key's account from its policies.
func keyOf(keyARN string, documents ...*policy.Document) (access.Key, error) {
	if keyARN == "" {
		return access.InferKey(documents...)
	}
	return access.ParseKeyARN(keyARN)
}

func verdictCode(v access.Verdict) int {
	switch v {
	case access.Equal:
		return exitFine
	case access.Different:
		return exitDifferent
	default:
		return exitInconclusive
	}
}
