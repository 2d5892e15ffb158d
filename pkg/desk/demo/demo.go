// Package demo runs the whole main job on embedded AWS. [Play] starts an AWS on loopback,
// makes KMS keys of every type in it, some as they should be and some not, and lets their
// events go through the real event pattern to the real handler. [Demo.Tell] prints what was
// found and done, and [Demo.CheckPromises] returns an error if the guardrail did anything
// else than its promises say.
//
// The package is the one part of the desk that imports embedded AWS.
package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// Demo is a demo that has been played. [Demo.Close] ends its embedded AWS.
type Demo struct {
	world   *world
	stories []story
	took    time.Duration
}

// Play lets the stories of all keys happen. An error is one of embedded AWS or of the
// handler: then there is nothing to tell.
func Play(ctx context.Context) (*Demo, error) {
	start := time.Now()
	w, err := newWorld()
	if err != nil {
		return nil, err
	}
	d := &Demo{world: w, stories: append(goodKeys(), driftedKeys()...)}
	if err := d.play(ctx); err != nil {
		d.Close()
		return nil, err
	}
	d.took = time.Since(start)
	return d, nil
}

func (d *Demo) play(ctx context.Context) error {
	for i := range d.stories {
		if err := d.world.play(ctx, &d.stories[i]); err != nil {
			return fmt.Errorf("%s: %w", d.stories[i].name, err)
		}
	}
	return d.world.playUnrelated(ctx, &d.stories[0])
}

// Close ends the embedded AWS of the demo.
func (d *Demo) Close() { d.world.close() }

// Outcomes returns the outcome of every event that the event pattern passed, in the order
// of the events.
func (d *Demo) Outcomes() []guardrail.Outcome { return d.world.outcomes }

// CheckPromises returns an error if the guardrail did anything else than leave good and
// exempt keys alone, repair the others where the need is proved and nothing holds the
// repair, change in them what is wrong and nothing else, archive each policy first, and
// report the rest.
func (d *Demo) CheckPromises(ctx context.Context) error {
	return checkPromises(ctx, d.world, d.stories)
}
