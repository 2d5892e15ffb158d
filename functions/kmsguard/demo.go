package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

func newDemo() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Run the whole main job on embedded AWS",
		Long: `demo starts an embedded AWS on loopback and creates KMS keys of every type in it,
some as they should be and some not. Their events go through the real event
pattern to the real handler, in repair mode with the console default as the
yardstick. It prints what differs, what was done, and one policy before and after.

It needs no AWS account and leaves nothing behind.`,
		Example: "  kmsguard demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return demo(cmd.Context(), cmd.OutOrStdout())
		},
	}
}

// demo runs the demonstration. It is an error if the guardrail does anything but
// what the demo promises: leave the good keys, repair the proved ones, report the rest.
func demo(ctx context.Context, out io.Writer) error {
	start := time.Now() //nolint:forbidigo // only to tell a person how long it took
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
	p := printer{out: out}
	p.intro(w)
	for i := range stories {
		p.story(&stories[i])
	}
	p.beforeAndAfter(&stories[len(goodKeys())])
	p.summary(w, stories, time.Since(start))
	if p.err != nil {
		return p.err
	}
	return checkPromises(stories)
}

// checkPromises compares what was done with what each story promises.
func checkPromises(stories []story) error {
	for i := range stories {
		s := &stories[i]
		if got := s.answer().Action; got != s.promise {
			return fmt.Errorf("%s: the guardrail answered %q in place of %q", s.name, got, s.promise)
		}
	}
	return nil
}

// answer is the outcome that tells the story: the first that is not about a
// compliant key, else the first.
func (s *story) answer() guardrail.Outcome {
	for _, o := range s.outcomes {
		if o.Verdict != guardrail.Compliant {
			return o
		}
	}
	if len(s.outcomes) > 0 {
		return s.outcomes[0]
	}
	return guardrail.Outcome{}
}
