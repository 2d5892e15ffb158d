package cli

import "github.com/spf13/cobra"

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
				return misuse("--batch takes policies and key ARNs from its lines; give no others")
			case isBatch:
				return answerLines(cmd.Context(), o, batch, pairs)
			case len(args) != 2:
				return misuse("expected two policy files, BASELINE and ACTUAL, got %d", len(args))
			case args[0] == standardInput && args[1] == standardInput:
				return misuse("only one of the two policies can be standard input")
			default:
				return diffFiles(o, keyARN, args[0], args[1])
			}
		},
	}
	cmd.Flags().StringVar(&keyARN, "key-arn", "", "`ARN` of the key that the policies are of")
	cmd.Flags().StringVar(&batch, "batch", "", "`FILE` of JSON lines to compare, - for standard input")
	return cmd
}
