package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

const (
	// mostListed and mostFlushed bound one flush; the next one goes on.
	mostListed  = 1000
	mostFlushed = 50
	// FlushInterval is how often the schedule flushes.
	FlushInterval = time.Minute
	// entryTime is the most that one entry of a flush may take, so that a call that hangs
	// does not keep the flush from the rest.
	entryTime = 15 * time.Second
	// leftoverTime is how long a pointer stays that no ledger names: its claim may be in the
	// making.
	leftoverTime = time.Hour
)

// Flushed counts what a flush did.
type Flushed struct {
	// Finished are repairs that an invocation began and did not live to report.
	Finished int `json:"finished"`
	// Retried are postponed events that were handled again.
	Retried int `json:"retried"`
	// Failed are repairs and postponed events that the next flush has to try again.
	Failed int `json:"failed"`
}

// Flush finishes every repair that an invocation began and did not live to report, and
// handles postponed events whose time has come. It is called every minute; delivery names
// the call. The error is not nil only if the archive could not be read.
func (e *Enforcer) Flush(ctx context.Context, delivery string) (Flushed, error) {
	var done Flushed
	if e.config.Archive == nil {
		return done, nil
	}
	names, listErr := e.config.Archive.Pending(ctx, mostListed)
	turn := e.config.Now().Unix() / int64(FlushInterval/time.Second)
	for i, name := range rotated(names, turn) {
		if ctx.Err() != nil || done.Finished+done.Retried+done.Failed >= mostFlushed {
			break
		}
		counter := &done.Finished
		isDone, err := e.apart(ctx, name, func(ctx context.Context) (isDone bool, err error) {
			f := pointed{Enforcer: e, name: name, delivery: fmt.Sprintf("%s/%d", delivery, i)}
			isDone, err = f.follow(ctx)
			if f.isDue {
				counter = &done.Retried
			}
			return isDone, err
		})
		switch {
		case err != nil:
			done.Failed++
		case isDone:
			*counter++
		}
	}
	if listErr != nil {
		return done, fmt.Errorf("reading the archive: %w", listErr)
	}
	return done, nil
}

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
func (e *Enforcer) apart(ctx context.Context, name ledger.Name, do func(context.Context) (bool, error)) (isDone bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, entryTime)
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			e.config.Log.LogAttrs(ctx, slog.LevelError, "panic", slog.String("record", string(name)), slog.String("fault", fmt.Sprint(fault)))
			err = errors.New("panic")
		}
	}()
	isDone, err = do(ctx)
	if err != nil {
		e.config.Log.LogAttrs(ctx, slog.LevelWarn, "not flushed", slog.String("record", string(name)), slog.String("error", err.Error()))
	}
	return isDone, err
}

// pointed is what one pointer points to.
type pointed struct {
	*Enforcer
	name     ledger.Name
	delivery string
	// isDue says that it was an event that was postponed.
	isDue bool
}

// follow does what a pointer points to, as a redelivery of its message would, which may be
// lost. It tells whether there was something to do, and deletes a pointer to nothing.
func (p *pointed) follow(ctx context.Context) (isDone bool, err error) {
	key, _, _ := p.name.Parts()
	l, _, err := p.config.Archive.Ledger(ctx, key)
	if err != nil {
		return false, err
	}
	event, isReady, err := p.event(ctx, &l)
	switch {
	case err != nil:
		return false, err
	case isReady:
		d := p.newDelivery(p.delivery, true, event)
		if p.isDue {
			d.eventPolicy = l.Due.EventPolicy
		}
		if _, err := d.end(ctx, d.run(ctx)); err != nil {
			return false, err
		}
		if d.book.lost != nil { // what the ledger names is not known
			return false, d.book.lost
		}
		if !d.book.isKnown {
			if err := d.book.recall(ctx); err != nil {
				return false, err
			}
		}
		l = d.book.ledger
	}
	isLeft := l.Find(p.name) == nil && !p.isDue && p.config.Now().Sub(p.name.Time()) < leftoverTime
	if l.IsPending(p.name) || isLeft {
		return isReady, nil
	}
	unpoint(ctx, p.config.Archive, p.config.Log, p.name)
	return isReady, nil
}

// event returns the event to handle again, as far as the archive has it: the due event, or the
// event of an open repair. isReady is false where nothing is left to do, where the event is not
// due yet, and where the holder of the repair can still be at work.
func (p *pointed) event(ctx context.Context, l *ledger.Ledger) (event trail.Event, isReady bool, err error) {
	now := p.config.Now()
	if due := l.Due; due != nil && due.Name == p.name {
		p.isDue = true
		event = eventOf(ledger.Record{
			EventID: due.EventID, EventTime: due.EventTime, KeyARN: l.KeyARN, Actor: due.Actor,
			SweepID: due.SweepID, SweptConfiguration: due.SweptConfiguration,
		})
		return event, !now.Before(due.At), nil
	}
	r := l.Find(p.name)
	if r == nil || !r.IsOpen() || now.Before(r.Deadline) {
		return event, false, nil
	}
	record, err := p.config.Archive.Record(ctx, p.name)
	switch {
	case errors.Is(err, ledger.ErrArchive), errors.Is(err, ledger.ErrNoRecord):
		record = recordFrom(*r, l.KeyARN)
	case err != nil:
		return event, false, fmt.Errorf("reading the record: %w", err)
	}
	return eventOf(record), true, nil
}

// eventOf is the event that a record is of, as far as the record has it.
func eventOf(r ledger.Record) trail.Event {
	k, _ := rules.KeyOf(r.KeyARN) // the archive has checked it
	event := trail.Event{
		ID: r.EventID, Time: r.EventTime, KeyARN: r.KeyARN, Partition: k.Partition, Region: k.Region, Account: k.Account,
		SweepID: r.SweepID, SweptConfiguration: r.SweptConfiguration, ParametersOmitted: true,
	}
	if r.Actor != nil {
		event.Actor = trail.Actor(*r.Actor)
	}
	return event
}
