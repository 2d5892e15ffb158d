package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// mostFlushed bounds one flush; the next one goes on.
const mostFlushed = 50

// lockTime is how long a claim may be in work. A younger one is left alone.
const lockTime = 15 * time.Minute

// Flushed counts what a flush did.
type Flushed struct {
	// Reported are repairs whose outcome had not been reported.
	Reported int `json:"reported"`
	// Retried are postponed events that were handled again.
	Retried int `json:"retried"`
	// Failed are those that the next flush has to try again.
	Failed int `json:"failed"`
}

// Flush reports every repair that an invocation made and did not live to report, and
// handles postponed events whose time has come. It is called every few minutes. The
// error is not nil only if the archive could not be read.
func (e *Enforcer) Flush(ctx context.Context, delivery string) (Flushed, error) {
	var done Flushed
	if e.config.Archive == nil {
		return done, nil
	}
	entries, err := e.config.Archive.Unreported(ctx, mostFlushed)
	for _, entry := range entries {
		if e.config.Now().Sub(entry.Record.Time) < lockTime {
			continue
		}
		if err := e.flushEntry(ctx, entry); err != nil {
			e.config.Log.LogAttrs(ctx, slog.LevelWarn, "flush failed", slog.String("record", string(entry.Slot)), slog.String("error", err.Error()))
			done.Failed++
			continue
		}
		done.Reported++
	}
	postponed, dueErr := e.config.Archive.Due(ctx, e.config.Now(), mostFlushed)
	for _, p := range postponed {
		if err := e.retry(ctx, p, delivery); err != nil {
			done.Failed++
			continue
		}
		done.Retried++
	}
	if err := errors.Join(err, dueErr); err != nil {
		return done, fmt.Errorf("reading the archive: %w", err)
	}
	return done, nil
}

// retry handles a postponed event again.
func (e *Enforcer) retry(ctx context.Context, p Postponed, delivery string) error {
	if _, err := e.Handle(ctx, Message{Event: p.Event, Delivery: delivery + "/" + p.EventID, Again: true}); err != nil {
		return err
	}
	return e.config.Archive.Settle(ctx, p)
}

// flushEntry reports one repair that was not reported. Where it is not marked written,
// the key tells; where the key has a third policy by now, the report says that nobody
// can tell.
func (e *Enforcer) flushEntry(ctx context.Context, entry Entry) error {
	o, err := repaired(entry)
	if err != nil {
		return err
	}
	key := guardrail.Key{ARN: entry.Record.KeyARN, Account: o.Account, Region: o.Region, Partition: partitionOf(entry.Record.KeyARN)}
	live := ""
	if entry.Written == nil {
		text, err := e.config.Keys.Policy(ctx, key.ARN)
		if err != nil && !permanent(err) {
			return fmt.Errorf("reading the key policy: %w", err)
		}
		live = hash(key, text)
	}
	switch {
	case entry.Written != nil:
	case live == entry.Record.After.Hash:
		if err := e.config.Archive.MarkWritten(ctx, entry.Slot, Written{Time: e.config.Now().UTC(), Hash: live}); err != nil && !errors.Is(err, ErrBusy) {
			return fmt.Errorf("marking the repair written: %w", err)
		}
	case live == entry.Record.Before.Hash:
		o.Action, o.ActionReason, o.After = guardrail.Reported, "repair-interrupted", ""
	default:
		o.ActionReason = unconfirmed
	}
	if err := e.send(ctx, o, e.config.Now()); err != nil {
		return err
	}
	if err := e.config.Archive.MarkReported(ctx, entry.Slot, Reported{Time: e.config.Now().UTC()}); err != nil {
		return fmt.Errorf("marking the repair reported: %w", err)
	}
	return nil
}
