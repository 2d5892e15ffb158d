package cli

import (
	"context"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/demo"
)

// playDemo plays the demo, writes what happened, and returns an error if a promise of the
// guardrail was broken.
func playDemo(ctx context.Context, o *options, verbose bool) error {
	d, err := demo.Play(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	switch {
	case o.output != textOutput:
		err = writeOutcomes(o, d)
	case verbose:
		err = d.TellAll(o.streams.out, o.style())
	default:
		err = d.Tell(o.streams.out, o.style())
	}
	if err != nil {
		return err
	}
	return d.CheckPromises(ctx)
}

func writeOutcomes(o *options, d *demo.Demo) error {
	answers := &results{out: o.streams.out, output: o.output}
	for _, outcome := range d.Outcomes() {
		if err := answers.add(outcome); err != nil {
			return err
		}
	}
	return answers.end()
}
