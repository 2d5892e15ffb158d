package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func newDiff(o *options) *cobra.Command {
	var keyARN, batch string
	cmd := &cobra.Command{
		Use:   "diff [--key-arn ARN] BASELINE ACTUAL | diff --batch FILE",
		Short: "Compare two key policies by what they allow",
		Long: `diff compares two policy files by what they allow: order, spelling, Sids and
statements without effect make no difference. A file named - is standard input.

The key's own account decides which principals are foreign. Without --key-arn it
is taken from the policies where that is clear, and a Resource other than "*" is
not decided.

With --batch, each line of a file (- is standard input) is one comparison,
  {"id": "1", "keyArn": "arn:aws:kms:...", "baseline": {...}, "actual": {...}}
with policies as objects or strings; id may be anything, id and keyArn may be left
out, and further fields are ignored. The results come in the same order, one JSON
object on a line (an array with --output json). A bad line becomes {"id", "error"}
and the rest goes on; the exit code is 0 unless the stream itself cannot be read.`,
		Example: "  kmsguard diff --key-arn arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab baseline.json actual.json\n" +
			"  kmsguard default --account 111122223333 | kmsguard diff - actual.json\n" +
			"  kmsguard diff --batch pairs.jsonl > results.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch isBatch := cmd.Flags().Changed("batch"); {
			case isBatch && (len(args) > 0 || keyARN != ""):
				return misuse(cmd, "--batch takes policies and key ARNs from its lines; give no others")
			case isBatch:
				return answerLines(cmd, o, batch, pairs)
			case len(args) != 2:
				return misuse(cmd, "expected two policy files, BASELINE and ACTUAL, got %d", len(args))
			case args[0] == standardInput && args[1] == standardInput:
				return misuse(cmd, "only one of the two policies can be standard input")
			default:
				return diffFiles(cmd, o, keyARN, args[0], args[1])
			}
		},
	}
	cmd.Flags().StringVar(&keyARN, "key-arn", "", "`ARN` of the key that the policies are of")
	cmd.Flags().StringVar(&batch, "batch", "", "`FILE` of JSON lines to compare, - for standard input")
	return cmd
}

func diffFiles(cmd *cobra.Command, o *options, keyARN, baselineFile, actualFile string) error {
	baseline, err := readPolicy(baselineFile, cmd.InOrStdin())
	if err != nil {
		return err
	}
	actual, err := readPolicy(actualFile, cmd.InOrStdin())
	if err != nil {
		return err
	}
	key, err := keyOf(keyARN, baseline, actual)
	switch {
	case errors.Is(err, access.ErrUnknownOwner):
		return fmt.Errorf("%w with --key-arn", err)
	case err != nil:
		return fmt.Errorf("--key-arn: %w", err)
	case keyARN == "":
		cmd.PrintErrln(inferenceNote(key, baseline, actual))
	}
	result := compare(key, baseline, actual)
	if o.output == textOutput {
		err = report.Comparison(cmd.OutOrStdout(), report.Policy{Name: nameOf(baselineFile), Document: baseline},
			report.Policy{Name: nameOf(actualFile), Document: actual}, result)
	} else {
		err = o.output.writeJSON(cmd.OutOrStdout(), result)
	}
	if err != nil {
		return err
	}
	return status(verdictCode(result.Verdict))
}

// keyOf reads a key ARN, or infers the key's account from its policies.
func keyOf(keyARN string, documents ...*policy.Document) (policy.Key, error) {
	if keyARN == "" {
		sets := make([]policy.Set, len(documents))
		for i, d := range documents {
			sets[i] = d.Set
		}
		return access.InferKey(sets...)
	}
	return policy.ParseKeyARN(keyARN)
}

// inferenceNote says what the result hangs on where no key ARN was given.
func inferenceNote(key policy.Key, documents ...*policy.Document) string {
	for _, d := range documents {
		if strings.Contains(d.Text(), key.Account) {
			return "note: the key is taken to belong to account " + key.Account + "; say which key it is with --key-arn"
		}
	}
	return "note: the policies name no account, so the key's own is anybody's; say which key it is with --key-arn"
}

// compare compares two policies and lints both.
func compare(key policy.Key, baseline, actual *policy.Document) report.Result {
	result := report.Result{Result: access.Compare(key, baseline.Set, actual.Set), Lint: []report.Lint{}}
	for _, f := range lint.Check(key, baseline) {
		result.Lint = append(result.Lint, report.Lint{Policy: access.Baseline, Finding: f})
	}
	for _, f := range lint.Check(key, actual) {
		result.Lint = append(result.Lint, report.Lint{Policy: access.Actual, Finding: f})
	}
	return result
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
