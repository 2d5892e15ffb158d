package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// takeOver takes the claim of a delivery over that must have ended.
func (d *delivery) takeOver(ctx context.Context, r ledger.Repair) error {
	if err := enoughTime(ctx); err != nil {
		return err
	}
	d.view.reading.Made, d.message.Superseded = false, false
	return d.book.swap(ctx, d.book.ledger.TakeOver(r.Record, d.holder, d.deadline(ctx)))
}

// writeRepair writes the policy of the claim. A record that cannot be read for good is not
// written by.
func (d *delivery) writeRepair(ctx context.Context, r ledger.Repair) error {
	record, err := d.recordFor(ctx, r.Record)
	if errors.Is(err, ledger.ErrArchive) || errors.Is(err, ledger.ErrNoRecord) {
		refuse(d.outcome, "archive-unusable", guardrail.CodeArchiveUnusable, "nothing was written: "+err.Error())
		d.decision.Dismiss()
		return nil
	}
	if err != nil {
		return err
	}
	isPermanent := func(err error) bool { return d.isPermanent(err, d.event.Time) }
	refused, err := d.write(ctx, d.view.Snapshot.Key, record, isPermanent)
	if refused != nil {
		return d.refused(ctx, r, record, refused)
	}
	d.message.Wrote = err == nil
	return err
}

// kmsRefused is the reason of a repair that KMS did not take.
const kmsRefused = "kms-refused"

// refused goes on after KMS refused the claimed policy for good. One role in the configuration
// that does not exist must not switch off the repair of critical findings: for one, what is
// too much is taken away without adding anything, by the same claim.
func (d *delivery) refused(ctx context.Context, r ledger.Repair, record ledger.Record, cause error) error {
	if errors.Is(cause, inspect.ErrInvalidPrincipal) {
		cause = withNames(cause, d.view.Judgement.Live, record)
		if d.decision.Critical && !d.isPartial && d.view.reading.Live == r.Before {
			if plan, err := repair.Excess(d.view.Snapshot, d.view.Judgement, d.config.Role); err == nil {
				addFinding(d.outcome, guardrail.CodeRepairRefused, rules.High,
					"what is too much is taken away, and what is required cannot be added: KMS refused that: "+cause.Error())
				d.plan, d.isPartial, d.outcome.Plan = plan, true, plan.Planned()
				d.view.reading.Made = false
				return d.claimPlan(ctx)
			}
		}
	}
	if errors.Is(cause, inspect.ErrAccessDenied) {
		refuse(d.outcome, string(guardrail.CodeAccessDenied), guardrail.CodeRepairRefused, "the guardrail may not write the key policy: "+cause.Error())
	} else {
		refuse(d.outcome, kmsRefused, guardrail.CodeRepairRefused, "KMS refused the repair: "+cause.Error())
	}
	d.decision.Dismiss()
	reason := d.outcome.ActionReason
	if r.TakeOvers > 0 {
		reason = ledger.Unconfirmed // the delivery before may have written
	}
	return d.giveUp(ctx, r.Record, reason)
}

// mostNames is how many principals an error lists.
const mostNames = 20

// withNames adds the principals that a record's policy would add to the error of KMS, which
// does not say which one it does not know.
func withNames(cause error, live *policy.Document, record ledger.Record) error {
	after, err := policy.Parse(record.After.Text)
	if err != nil {
		return cause
	}
	var names []string
	for _, name := range repair.Unnamed(live, after) {
		names = append(names, fmt.Sprintf("%.200q", name))
	}
	if len(names) == 0 {
		return cause
	}
	return fmt.Errorf("%w; the repair adds %s: create who is missing, or correct the configuration", cause, rules.FirstOf(names, mostNames))
}

// mark notes the write. Where the archive fails for good, the report says so, and the flush
// finishes the repair when the archive works again.
func (d *delivery) mark(ctx context.Context, r ledger.Repair) (isDone bool, err error) {
	err = d.book.swap(ctx, d.book.ledger.Mark(r.Record, d.wrote))
	d.message.Wrote, d.view.reading.Made = false, false
	if !errors.Is(err, ledger.ErrArchive) {
		return false, err
	}
	r.Phase = ledger.Written
	o := d.closedOutcome(r, d.record)
	addFinding(&o, guardrail.CodeArchiveUnusable, rules.High, "the repair was written, and the archive does not take note of it: "+err.Error())
	*d.outcome = o
	return true, d.tell.send(ctx, o)
}

// report reports a repair that is closed. Its message has come to its end with the report of
// what was written.
func (d *delivery) report(ctx context.Context, step ledger.Step) (isDone bool, err error) {
	r := step.Repair
	record, err := d.recordFor(ctx, r.Record)
	switch {
	case errors.Is(err, ledger.ErrArchive), errors.Is(err, ledger.ErrNoRecord):
		d.config.Log.LogAttrs(ctx, slog.LevelError, "a record is lost", slog.String("record", string(r.Record)), slog.String("error", err.Error()))
		record = recordFrom(r, d.event.KeyARN)
	case err != nil:
		return false, err
	}
	o := d.closedOutcome(r, record)
	var at time.Time // of the report
	switch {
	case r.Reason == ledger.NotNeeded: // there is nothing to tell
	case step.IsQuiet:
		d.tell.log(ctx, o)
	default:
		if err := d.tell.send(ctx, o); err != nil {
			return false, err
		}
		at = d.config.Now().UTC()
	}
	isDone = r.Phase == ledger.Written && r.EventID == d.event.ID
	if isDone {
		*d.outcome = o
	}
	return isDone, d.book.close(ctx, r.Record, at)
}

// recordFrom is what the ledger's line says of a record that is lost.
func recordFrom(r ledger.Repair, keyARN string) ledger.Record {
	return ledger.Record{
		Name: r.Record, Kind: r.Kind, Time: r.Claimed, EventID: r.EventID, EventTime: r.Claimed, KeyARN: keyARN,
		Actor: &guardrail.Actor{ARN: r.ActorARN}, Severity: r.Severity, Findings: []guardrail.Finding{},
		Before: ledger.PolicyText{Hash: r.Before}, After: ledger.PolicyText{Hash: r.After},
	}
}

// conclude ends a message without a repair of its own: it keeps the findings that are open
// and what is due, and reports.
func (d *delivery) conclude(ctx context.Context, step ledger.Step) error {
	o := d.outcome
	switch step.Reason {
	case ledger.EventTooOld:
		refuse(o, step.Reason, guardrail.CodePlanRefused, "the event is too old to write a policy for it")
	case ledger.BudgetExhausted:
		if !step.Until.IsZero() && d.due == nil {
			d.postpone(step.Until)
		}
		d.exhausted(step.Until)
	case ledger.GivenUp:
		if o.Action, o.ActionReason = guardrail.Reported, step.Repair.Reason; step.Repair.Reason != ledger.Unconfirmed {
			givenUp(o, step.Repair.Reason)
		}
	}
	if err := d.remember(ctx, step); err != nil {
		return err
	}
	if err := d.announce(ctx, step); err != nil {
		return err
	}
	for _, r := range d.book.ledger.Repairs { // the outcome was the report of what this delivery gave up
		if r.Phase == ledger.Ended && !r.Reported && r.Holder == d.holder {
			if err := d.book.close(ctx, r.Record, time.Time{}); err != nil {
				return err
			}
		}
	}
	return nil
}

// announce reports the outcome, or only logs it where people know all that it says. After people were told,
// the ledger says so; where that fails they are told once more.
func (d *delivery) announce(ctx context.Context, step ledger.Step) error {
	o, from := d.outcome, d.config.Configuration.Notify.From
	if n := d.news; n != nil {
		placeInTime(o, *n)
		isOld := !n.IsWorthTelling(from) && (o.Action == guardrail.Reported || o.Action == guardrail.Held || o.Action == guardrail.PlanRefused)
		if isOld {
			d.tell.log(ctx, *o)
			return nil
		}
	}
	if step.IsQuiet {
		d.tell.log(ctx, *o)
		return nil
	}
	if err := d.tell.send(ctx, *o); err != nil {
		return err
	}
	if d.news != nil && d.tell.isWorthReporting(*o) {
		if err := d.book.swap(ctx, d.book.ledger.Told(d.config.Now().UTC())); err != nil {
			d.config.Log.LogAttrs(ctx, slog.LevelWarn, "what was told is not remembered", slog.String("key", o.KeyARN), slog.String("error", err.Error()))
		}
	}
	return nil
}

// remember keeps which findings are open since when, when they were last reported, and what
// is due. The report is worth more than the memory of it, but not more than what is due.
func (d *delivery) remember(ctx context.Context, step ledger.Step) error {
	open := openFindings(d.outcome, d.config.Now().UTC())
	if d.config.Archive == nil || d.book.lost != nil || !d.book.isKnown && len(open) == 0 {
		return nil //nolint:nilerr // a ledger that is lost keeps nothing; the outcome says so
	}
	if !d.book.isKnown {
		if err := d.book.recall(ctx); err != nil {
			return err
		}
	}
	next, news, isChanged := d.book.ledger.Conclude(d.event.ID, open, d.due, d.config.Now().UTC())
	d.news = &news
	isJudgedAnew := len(open) > 0 && next.ConfigurationHash != d.hash
	if !isChanged && !isJudgedAnew {
		return nil
	}
	if step.Reason == ledger.BudgetExhausted && d.decision.Critical && !step.IsQuiet {
		next.Critical = next.Critical.Report(d.config.Now().UTC())
	}
	next.ConfigurationHash = d.hash
	if d.due != nil {
		if err := d.config.Archive.Point(ctx, d.due.Name); err != nil {
			return fmt.Errorf("postponing the event: %w", err)
		}
	}
	err := d.book.swap(ctx, next)
	if errors.Is(err, ledger.ErrArchive) && d.due == nil {
		d.book.lose(ctx, err)
		d.book.isKnown, d.news = true, nil
		return nil
	}
	return err
}
