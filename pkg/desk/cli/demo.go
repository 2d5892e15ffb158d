package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

func newDemo(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Run the whole main job on embedded AWS",
		Long: `demo starts an embedded AWS on loopback and creates KMS keys of every type in it,
some as they should be and some not. Their events go through the real event pattern to
the real handler, in repair mode with a configuration of its own, which it prints; the
function's role may do with keys what the stack grants it, no more. Every policy is
archived before it is written, in an embedded S3. It prints what was found, what was
done, and one policy before and after; with --output json or jsonl, the outcome of
every event that the pattern passes.

It needs no AWS account and leaves nothing behind. It is an error if the guardrail
does anything but leave good and exempt keys alone, repair the others where the need is
proved and nothing holds it, change in them what is wrong and nothing else, and
report the rest.`,
		Example: "  kmsguard demo\n  kmsguard demo --output jsonl",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd.Context(), cmd.OutOrStdout(), o.output)
		},
	}
}

// demo lets the stories happen, tells them, and checks that they ended well.
func demo(ctx context.Context, out io.Writer, format output) error {
	start := time.Now()
	w, err := newWorld()
	if err != nil {
		return err
	}
	defer w.close()
	stories := append(goodKeys(), driftedKeys()...)
	for i := range stories {
		if err := w.play(ctx, &stories[i]); err != nil {
			return fmt.Errorf("%s: %w", stories[i].name, err)
		}
	}
	if err := w.playUnrelated(ctx, &stories[0]); err != nil {
		return err
	}
	if format == textOutput {
		err = tell(out, w, stories, time.Since(start))
	} else {
		err = writeOutcomes(out, format, w.outcomes)
	}
	if err != nil {
		return err
	}
	return checkPromises(ctx, w, stories)
}

func writeOutcomes(out io.Writer, format output, outcomes []guardrail.Outcome) error {
	answers := &results{out: out, output: format}
	for i := range outcomes {
		if err := answers.add(outcomes[i]); err != nil {
			return err
		}
	}
	return answers.end()
}
