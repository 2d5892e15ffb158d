package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

func newDemo(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Run the whole main job on embedded AWS",
		Long: `demo starts an embedded AWS on loopback and creates KMS keys of every type in it,
some as they should be and some not. Their events go through the real event
pattern to the real handler, in repair mode with the console default as the
yardstick; the function's role may do what the stack grants it, no more. It prints
what differs, what was done, and one policy before and after; with --output json or
jsonl, the outcome of every event that the pattern passes.

It needs no AWS account and leaves nothing behind. It is an error if the guardrail
does anything but leave the good keys alone, repair the others where the need is
proved, and report the rest.`,
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
	defer w.cloud.Close()
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
	return checkPromises(w, stories)
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

// checkPromises compares what was done with what each story promises: the action,
// for a repaired key the policy it has now, and no write but those.
func checkPromises(w *world, stories []story) error {
	repairs := 0
	for i := range stories {
		s := &stories[i]
		if got := s.answer().Action; got != s.promise {
			return fmt.Errorf("%s, %s: the guardrail answered %q in place of %q", s.name, s.keyType, got, s.promise)
		}
		if s.promise != guardrail.Repaired {
			continue
		}
		repairs++
		if p := w.place(s); !samePolicy(p.partition, s.after, s.generated(p)) {
			return fmt.Errorf("%s, %s: the repaired key does not have the generated default", s.name, s.keyType)
		}
		if last := s.outcomes[len(s.outcomes)-1]; last.Verdict != guardrail.Compliant {
			return fmt.Errorf("%s, %s: the guardrail calls its own repair %q", s.name, s.keyType, last.Verdict)
		}
	}
	if writes := w.calls("PutKeyPolicy"); writes != repairs {
		return fmt.Errorf("the guardrail wrote %d policies for %d repairs", writes, repairs)
	}
	return nil
}

// samePolicy compares two policies by their canonical form.
func samePolicy(partition, a, b string) bool {
	first, err := policy.Parse(a)
	if err != nil {
		return false
	}
	second, err := policy.Parse(b)
	return err == nil && first.Hash(partition) == second.Hash(partition)
}
