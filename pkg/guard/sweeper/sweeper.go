package sweeper

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// Config is what a Sweeper works with.
type Config struct {
	Keys  Lister
	Queue Queue
	Judge Judge
	// Memory is required where the configuration repairs; nil otherwise.
	Memory Memory
	// ConfigurationHash identifies the configuration under which keys are judged and messages
	// are handled.
	ConfigurationHash string

	Log *slog.Logger
	// Now is the clock, and Pause waits; it returns early, with the context's error, when
	// that ends.
	Now   func() time.Time
	Pause func(context.Context, time.Duration) error
}

// Lister lists keys.
type Lister interface {
	// Keys yields the ARNs of all keys, page by page. After an error there are no more.
	Keys(ctx context.Context) iter.Seq2[[]string, error]
}

// Queue is the queue whose events the enforcer handles.
type Queue interface {
	// Send returns how many of the messages are surely on the queue; if not all, the error
	// says why.
	Send(ctx context.Context, messages []string) (sent int, err error)
}

// Judge judges the key of a message and does nothing about it. An error may go away by
// trying again. It is called by several goroutines.
type Judge func(ctx context.Context, message []byte) (guardrail.Outcome, error)

// Memory keeps the last complete sweep.
type Memory interface {
	// LastSweep returns the hash of its configuration, "" if there was none.
	LastSweep(ctx context.Context) (configurationHash string, err error)
	// SaveSweep replaces it.
	SaveSweep(ctx context.Context, sweepID string, at time.Time, configurationHash string) error
}

// Summary says what a sweep did. Its JSON form is public.
type Summary struct {
	SweepID           string    `json:"sweepId"`
	Time              time.Time `json:"time"` // when it began
	ConfigurationHash string    `json:"configurationHash"`
	// First is true for the first sweep under the configuration, which judges the keys
	// and queues none.
	First bool `json:"first"`
	// Complete is true where every key was queued, or judged.
	Complete bool `json:"complete"`
	// Keys counts those that were listed, the AWS managed ones included.
	Keys int `json:"keys"`
	// Queued counts the messages that were put on the queue.
	Queued int `json:"queued"`
	// Verdicts counts the judged keys; "none" counts keys that are not to be judged.
	Verdicts map[guardrail.Verdict]int `json:"verdicts"`
	// WouldRepair counts the judged keys that the next sweep repairs, if their policies
	// stay as they are; WouldRepairOnEvent those that sweeps leave alone (repair.sweep),
	// and the next event of the key repairs. A repair that cannot be planned, or that is
	// held, counts too.
	WouldRepair        int `json:"wouldRepair"`
	WouldRepairOnEvent int `json:"wouldRepairOnEvent"`
	// Failed counts the keys that were tried and neither judged nor queued.
	Failed int `json:"failed"`
}

// Sweeper sweeps. It has no state of its own.
type Sweeper struct{ config Config }

// New returns a Sweeper.
func New(config Config) *Sweeper { return &Sweeper{config} }

// idLayout is the time at which a sweep began, in its id.
const idLayout = "20060102T150405Z"

// Sweep lists the keys and queues each or, in the first sweep under a configuration,
// judges each. The summary counts what was done in any case, and is logged.
//
// invocation, of up to 47 letters, digits and hyphens, makes the sweep's id unique together
// with the time in seconds. The messages of two sweeps with one id would be taken for one
// message that came twice, and the second for one that was already repaired for.
//
// The error is not nil if something went wrong that a further sweep may not meet: the
// memory or the list of keys could not be read, or a key failed. That the time was up is
// no error: the summary is not Complete.
func (s *Sweeper) Sweep(ctx context.Context, invocation string) (Summary, error) {
	began := s.config.Now().UTC().Truncate(time.Second)
	r := &run{Config: s.config, summary: Summary{
		SweepID: began.Format(idLayout) + "-" + invocation, Time: began, ConfigurationHash: s.config.ConfigurationHash,
		Verdicts: map[guardrail.Verdict]int{},
	}}
	err := r.sweep(ctx)
	if ctx.Err() != nil {
		err = nil // it is what follows from the end of the time
	}
	r.log(ctx, err)
	return r.summary, err
}

// sweep does it, and remembers it if it was complete.
func (r *run) sweep(ctx context.Context) (err error) {
	if r.summary.First, err = r.first(ctx); err != nil {
		return fmt.Errorf("reading which sweep was the last: %w", err)
	}
	if r.summary.First {
		err = r.judgeAll(ctx)
	} else {
		err = r.queueAll(ctx)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && r.Memory != nil {
		if err = r.Memory.SaveSweep(ctx, r.summary.SweepID, r.summary.Time, r.ConfigurationHash); err != nil {
			err = fmt.Errorf("remembering the sweep: %w", err)
		}
	}
	r.summary.Complete = err == nil
	return err
}

// first tells whether no sweep was completed under the configuration since another one's.
func (r *run) first(ctx context.Context) (bool, error) {
	if r.Memory == nil {
		return false, nil
	}
	last, err := r.Memory.LastSweep(ctx)
	return err == nil && last != r.ConfigurationHash, err
}

// log writes one line for the whole sweep. The outcomes have lines of their own.
func (r *run) log(ctx context.Context, err error) {
	level, message := slog.LevelInfo, slog.Any("sweep", r.summary)
	if !r.summary.Complete {
		level = slog.LevelWarn
	}
	if err != nil {
		r.Log.LogAttrs(ctx, slog.LevelError, "sweep failed", message, slog.String("error", err.Error()))
		return
	}
	r.Log.LogAttrs(ctx, level, "swept", message)
}
