package cli

import "github.com/spf13/cobra"

func newDemo(o *options) *cobra.Command {
	verbose := false
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole main job on embedded AWS",
		Long: `demo starts an embedded AWS on loopback and creates KMS keys of every type in it,
some as they should be and some not. Their events go through the real event pattern to
the real handler, in repair mode with a configuration of its own; the function's role
may do with keys what the stack grants it, no more. Every policy is archived before it
is written, in an embedded S3. It prints how many keys became what, and what the repair
of one public key took away; with --verbose, the configuration, what was found and done
for every key, and one policy before and after; with --output json or jsonl, the outcome
of every event that the pattern passes.

It needs no AWS account and leaves nothing behind. It is an error if the guardrail
does anything but leave good and exempt keys alone, repair the others where the need is
proved and nothing holds it, change in them what is wrong and nothing else, and
report the rest.`,
		Example: "  kmsguard demo\n  kmsguard demo --verbose\n  kmsguard demo --output jsonl",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return playDemo(cmd.Context(), o, verbose) },
	}
	cmd.Flags().BoolVar(&verbose, "verbose", false, "tell of every key")
	return cmd
}
