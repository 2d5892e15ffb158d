package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// mostFlushed bounds one flush; the next one goes on.
const mostFlushed = 50

// LockTime is how long a claim may be in work, and keeps other events of the key from
// claiming: Lambda's longest timeout. The flush leaves a younger one alone.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
const LockTime = 15 * time.Minute

// entryTime is the most that one entry of a flush may take, so that a call that hangs does
// not keep the flush from the rest.
const entryTime = 15 * time.Second

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
	turn := e.config.Now().Unix() / int64(flushInterval/time.Second)
	for _, entry := range rotated(entries, turn) {
		if ctx.Err() == nil && e.config.Now().Sub(entry.Record.Time) >= LockTime {
			done.count(&done.Finished, e.apart(ctx, entry.Record.KeyARN, func(ctx context.Context) error { return e.flushEntry(ctx, entry, delivery) }))
		}
	}
	postponed, dueErr := e.config.Archive.Due(ctx, e.config.Now(), mostFlushed)
	for _, p := range rotated(postponed, turn) {
		if ctx.Err() == nil {
			done.count(&done.Retried, e.apart(ctx, p.KeyARN, func(ctx context.Context) error { return e.retry(ctx, p, delivery) }))
		}
	}
	if err := errors.Join(err, dueErr); err != nil {
		return done, fmt.Errorf("reading the archive: %w", err)
	}
	return done, nil
}

// flushInterval is how often the schedule flushes.
const flushInterval = 5 * time.Minute

// rotated begins a list at another place each turn, so that those that use up the time of a
// flush, again and again, do not keep the rest from theirs.
func rotated[T any](list []T, turn int64) []T {
	if len(list) == 0 {
		return nil
	}
	at := int(turn % int64(len(list)))
	return append(slices.Clone(list[at:]), list[:at]...)
}

// apart does the work for one entry, so that neither a panic nor a call that hangs keeps the
// flush from the rest.
func (e *Enforcer) apart(ctx context.Context, keyARN string, do func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, entryTime)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			e.config.Log.LogAttrs(ctx, slog.LevelError, "panic", slog.String("key", keyARN), slog.String("fault", fmt.Sprint(fault)))
			err = errors.New("panic")
		}
	}()
	return do(ctx)
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
	event := trail.Event{ID: r.EventID, Time: r.EventTime, KeyARN: r.KeyARN, SweepID: r.SweepID, SweptConfiguration: r.SweptConfiguration, ParametersOmitted: true}
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
