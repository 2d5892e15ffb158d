package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/trail"
)

// mostFlushed bounds one flush; the next one goes on.
const mostFlushed = 50

// lockTime is how long a claim may be in work. A younger one is left alone.
const lockTime = 15 * time.Minute

// Flushed counts what a flush did.
type Flushed struct {
	// Finished are repairs that an invocation began and did not live to report.
	Finished int `json:"finished"`
	// Retried are postponed events that were handled again.
	Retried int `json:"retried"`
	// Failed are those that the next flush has to try again.
	Failed int `json:"failed"`
}

// Flush finishes every repair that an invocation began and did not live to report, and
// handles postponed events whose time has come. It is called every few minutes; delivery
// names the call. The error is not nil only if the archive could not be read.
func (e *Enforcer) Flush(ctx context.Context, delivery string) (Flushed, error) {
	var done Flushed
	if e.config.Archive == nil {
		return done, nil
	}
	entries, err := e.config.Archive.Unreported(ctx, mostFlushed)
	for _, entry := range entries {
		if ctx.Err() == nil && e.config.Now().Sub(entry.Record.Time) >= lockTime {
			done.count(&done.Finished, e.flushEntry(ctx, entry, delivery))
		}
	}
	postponed, dueErr := e.config.Archive.Due(ctx, e.config.Now(), mostFlushed)
	for _, p := range postponed {
		if ctx.Err() == nil {
			done.count(&done.Retried, e.retry(ctx, p, delivery))
		}
	}
	if err := errors.Join(err, dueErr); err != nil {
		return done, fmt.Errorf("reading the archive: %w", err)
	}
	return done, nil
}

// count counts one more of those that ended well, or of those that failed.
func (f *Flushed) count(well *int, err error) {
	if err != nil {
		well = &f.Failed
	}
	*well++
}

// retry handles a postponed event again.
func (e *Enforcer) retry(ctx context.Context, p Postponed, delivery string) error {
	m := Message{Event: p.Event, Delivery: delivery + "/" + p.EventID, Again: true}
	if err := e.again(ctx, m, p.Record); err != nil {
		return err
	}
	if err := e.config.Archive.Settle(ctx, p); err != nil {
		e.config.Log.LogAttrs(ctx, slog.LevelWarn, "a postponed event is not settled", slog.String("key", p.KeyARN), slog.String("error", err.Error()))
		return err
	}
	return nil
}

// again handles a message again; where there is no event, that of a record.
func (e *Enforcer) again(ctx context.Context, m Message, record *Record) error {
	if record == nil {
		_, err := e.Handle(ctx, m)
		return err
	}
	w := e.workOf(m, *record)
	_, err := w.end(ctx, w.enforce(ctx))
	return err
}

// workOf is the work of a record.
func (e *Enforcer) workOf(m Message, record Record) *work {
	w := e.newWork(m, eventOf(record))
	w.origin = &record
	name(w.outcome, w.event)
	w.outcome.Actor = record.Actor
	return w
}

// flushEntry finishes a repair that was not reported. What is neither written nor given
// up is handled as a redelivery of its message would be, which may be lost.
func (e *Enforcer) flushEntry(ctx context.Context, entry Entry, delivery string) error {
	w := e.workOf(Message{Delivery: delivery + "/" + string(entry.Slot), Again: true}, entry.Record)
	var err error
	switch {
	case entry.Written != nil:
		err = w.finish(ctx, entry)
	case entry.Abandoned != nil:
		err = w.reportAbandoned(ctx, entry)
		if err == nil {
			return nil
		}
	default:
		err = w.enforce(ctx)
	}
	_, err = w.end(ctx, err)
	return err
}

// eventOf is the event that a record is of, as far as the record has it.
func eventOf(r Record) trail.Event {
	event := trail.Event{ID: r.EventID, Time: r.EventTime, KeyARN: r.KeyARN, ParametersOmitted: true}
	if parts := strings.Split(r.KeyARN, ":"); len(parts) == 6 { // the archive has checked it
		event.Partition, event.Region, event.Account = parts[1], parts[3], parts[4]
	}
	actor := r.Actor
	if actor == nil {
		actor = &guardrail.Actor{}
	}
	event.Actor = trail.Actor{
		ARN: actor.ARN, Type: actor.Type, SourceIP: actor.SourceIP, UserAgent: actor.UserAgent, InvokedBy: actor.InvokedBy,
		EventID: actor.EventID, EventTime: actor.EventTime,
	}
	return event
}
