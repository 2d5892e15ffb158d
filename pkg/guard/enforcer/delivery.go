package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// delivery is one message on its way round the loop.
type delivery struct {
	door
	tell  teller
	event trail.Event
	// eventPolicy identifies the event's policy where its text was not kept.
	eventPolicy string
	again       bool

	// message is what this delivery has done, as the rules want to know it.
	message ledger.Message
	// view is what the last round read and judged. decision is the part of its judgement that
	// decides a step. outcome is the outcome to report.
	view     view
	decision ledger.Judgement
	outcome  *guardrail.Outcome
	rounds   int

	plan repair.Plan
	// isPartial says that the plan only takes away.
	isPartial bool
	// news is what the outcome says that the last one of the key did not; nil where nothing is remembered.
	news *ledger.News
	// due is when the event is to be handled again; nil where it is not.
	due *ledger.Due
}

func (e *Enforcer) newDelivery(name string, again bool, event trail.Event) *delivery {
	outcome := e.newOutcome(event)
	return &delivery{
		event: event, again: again, outcome: &outcome, tell: teller{e, e.config.Now()},
		door: door{Enforcer: e, holder: name, book: newBook(e.config.Archive, e.config.Log, event.KeyARN)},
		message: ledger.Message{
			EventID: event.ID, EventTime: event.Time, Holder: name, NewKey: event.Name == "CreateKey" && !again,
		},
	}
}

// alarmTime is how long the report of a message that is given back may take, also if the time
// of the message is over. It is less than the time that package app keeps back to answer.
const alarmTime = time.Second / 2

// alarm reports a critical finding of a message that is given back because the archive does not
// answer or refuses the guardrail. Only the first delivery of a message reports that. An error of
// the reporter changes nothing.
func (d *delivery) alarm(ctx context.Context, cause error) {
	if d.again || !d.book.isDown || !d.decision.Critical || !d.wrote.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), alarmTime)
	defer cancel()
	o := *d.outcome
	o.Action, o.ActionReason = guardrail.Reported, "archive-not-answering"
	addFinding(&o, guardrail.CodeArchiveUnusable, rules.High, "nothing was written yet, because the archive does not answer; the event is handled again: "+cause.Error())
	if err := d.tell.send(ctx, o); err != nil {
		d.config.Log.LogAttrs(ctx, slog.LevelError, "reporter failed", slog.String("key", o.KeyARN), slog.String("error", err.Error()))
	}
}

// end gives the message back where it did not come to its end.
func (d *delivery) end(ctx context.Context, err error) (guardrail.Outcome, error) {
	if err != nil {
		d.alarm(ctx, err)
		d.tell.givenBack(ctx, d.outcome.KeyARN, err)
	}
	return *d.outcome, err
}

// errChanging says that the key does not keep still.
var errChanging = errors.New("the key changes faster than it can be judged")

const (
	// mostRounds is how often one delivery reads a key that others change meanwhile.
	mostRounds = 3
	// mostSteps is more than any delivery needs.
	mostSteps = 60
)

// run asks for the next step and does it, until the message has come to its end. A message
// that was delivered before may have left something: its ledger comes first.
func (d *delivery) run(ctx context.Context) error {
	if d.again {
		if err := d.book.recall(ctx); err != nil {
			return err
		}
	}
	for range mostSteps {
		isDone, err := d.do(ctx, ledger.Next(d.situation()))
		switch {
		case errors.Is(err, ledger.ErrConflict): // somebody else was first: recall, and decide again
		case err != nil || isDone:
			return err
		}
	}
	return errChanging
}

func (d *delivery) situation() ledger.Situation {
	return ledger.Situation{
		Ledger: d.book.ledger, Recalled: d.book.isKnown, Message: d.message,
		Reading: d.view.reading, Judgement: d.decision, Limits: d.limits(), Now: d.config.Now().UTC(),
	}
}

// do does one step. It tells whether the message has come to its end.
func (d *delivery) do(ctx context.Context, step ledger.Step) (isDone bool, err error) {
	switch step.Do {
	case ledger.Read:
		return false, d.read(ctx)
	case ledger.Recall:
		return false, d.book.recall(ctx)
	case ledger.Supersede:
		return false, d.supersede(ctx, step.Repairs)
	case ledger.Plan:
		return false, d.makePlan(ctx)
	case ledger.Pause:
		d.view.reading.Made = false
		return false, d.pause(ctx, step.Until)
	case ledger.Claim:
		return false, d.claimRepair(ctx, step.Attempt)
	case ledger.TakeOver:
		return false, d.takeOver(ctx, step.Repair)
	case ledger.Write:
		return false, d.writeRepair(ctx, step.Repair)
	case ledger.Mark:
		return d.mark(ctx, step.Repair)
	case ledger.End:
		return false, d.giveUp(ctx, step.Repair.Record, step.Reason)
	case ledger.Report:
		return d.report(ctx, step)
	case ledger.Wait:
		return true, step.Err
	default:
		return true, d.conclude(ctx, step)
	}
}

// read reads the key and judges it. Where a delivery that has a claim reads the same policy
// again, the judgement stands.
func (d *delivery) read(ctx context.Context) error {
	if open := d.book.ledger.Open(); d.view.reading.Readable && open != nil && open.Holder == d.holder {
		text, err := d.config.Keys.Policy(ctx, d.event.KeyARN)
		switch {
		case err != nil && !d.isPermanent(err, d.event.Time):
			return fmt.Errorf("reading the key policy again: %w", err)
		case err == nil && inspect.Hash(d.view.Snapshot.Key, text) == d.view.reading.Live:
			d.view.reading.Made = true
			return nil
		}
	}
	if d.rounds++; d.rounds > mostRounds {
		return errChanging
	}
	v, err := d.look(ctx, d.event)
	if err != nil {
		return err
	}
	if d.eventPolicy != "" {
		v.reading.Event = d.eventPolicy
	}
	d.view, d.decision, d.isPartial = v, d.Enforcer.decision(d.event, &v), false
	d.outcome = &d.view.outcome
	return nil
}

// isPermanent tells whether an error of Keys stays when the call is made again. A key that
// was just made, at the time of an event, may not be known everywhere yet.
func (e *Enforcer) isPermanent(err error, event time.Time) bool {
	isYoung := e.config.Now().Sub(event) < ledger.SettlingTime
	return errors.Is(err, inspect.ErrAccessDenied) || errors.Is(err, inspect.ErrRefused) || errors.Is(err, inspect.ErrNotFound) && !isYoung
}

// supersede archives the event's policy beside the repairs that may have replaced it.
func (d *delivery) supersede(ctx context.Context, repairs []ledger.Repair) error {
	for _, r := range repairs {
		err := d.config.Archive.KeepSuperseded(ctx, r.Record, ledger.Superseded{
			Time: d.config.Now().UTC(), EventID: d.event.ID, EventTime: d.event.Time, Actor: d.outcome.Actor,
			Policy: ledger.PolicyText{Text: d.event.PolicyText, Hash: d.view.reading.Event},
		})
		switch {
		case errors.Is(err, ledger.ErrArchive): // for good: the event must not be held up for it
			d.config.Log.LogAttrs(ctx, slog.LevelError, "a replaced policy is not archived", slog.String("record", string(r.Record)), slog.String("error", err.Error()))
		case err != nil:
			d.book.isDown = true
			return fmt.Errorf("archiving the replaced policy: %w", err)
		}
	}
	d.message.Superseded = true
	return nil
}
