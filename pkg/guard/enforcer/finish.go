package enforcer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// The reasons for giving up a claim, beside those of the archive and those of refusals.
const (
	// unconfirmed: it may have been written or not. The attempt was interrupted, and the
	// key has a third policy since, or cannot be read.
	unconfirmed = "write-not-confirmed"
	// notNeeded: it was surely not written; when the policy was read again, it was another
	// one, which is not to be repaired.
	notNeeded = "not-needed"
)

// finish does what is left to do for a repair whose policy is known to be on the key:
// remember it, mark it written, report it, mark it reported. Each step may be repeated.
// The report of the event at hand is the repair's. Where the archive fails for good, the
// report says so, and the flush finishes the repair when the archive works again.
func (w *work) finish(ctx context.Context, entry Entry) error {
	err := w.markWritten(ctx, entry)
	if err != nil && !errors.Is(err, ErrArchive) {
		return err
	}
	o := repaired(entry)
	if err != nil {
		addFinding(&o, guardrail.CodeArchiveUnusable, rules.High, "the repair was written, and the archive does not take note of it: "+err.Error())
	}
	if entry.Record.EventID == w.event.ID {
		*w.outcome = o
		if err == nil {
			w.unreported = entry.Slot
		}
		return nil // the report is the end's to make
	}
	if sendErr := w.send(ctx, o); sendErr != nil || err != nil {
		return sendErr
	}
	return w.markReported(ctx, entry.Slot)
}

// markWritten remembers a write and marks it: in this order, because the mark ends the
// lock, and who gets the key then must know of the write.
func (w *work) markWritten(ctx context.Context, entry Entry) error {
	if err := w.noteWrite(ctx, entry); err != nil {
		return err
	}
	if entry.Written != nil {
		return nil
	}
	err := w.config.Archive.MarkWritten(ctx, entry.Slot, Written{Time: w.config.Now().UTC(), Hash: entry.Record.After.Hash})
	if err != nil {
		return fmt.Errorf("marking the repair written: %w", err)
	}
	return nil
}

// repaired returns the outcome of a repair, from its record.
func repaired(entry Entry) guardrail.Outcome {
	r := entry.Record
	var o guardrail.Outcome
	if err := json.Unmarshal(r.Outcome, &o); err != nil { // planted, or of another version
		o = guardrail.Outcome{
			Schema: "1", Time: r.Time, GuardrailVersion: r.GuardrailVersion, ConfigurationHash: r.ConfigurationHash,
			Mode: rules.Repair, Trigger: guardrail.ByEvent, KeyARN: r.KeyARN, Aliases: []string{},
			Verdict: guardrail.NonCompliant, Severity: r.Severity, Evidence: guardrail.LivePolicy, Findings: r.Findings,
			Action: guardrail.Repaired, ActionReason: "outcome-not-archived", Actor: r.Actor, Before: r.Before.Hash, After: r.After.Hash,
		}
	}
	o.Archive, o.Restore = string(entry.Slot), "kmsguard restore "+string(entry.Slot)
	return o
}

// finishSeen finishes the repairs of the key that are surely written and not reported,
// where there may be some: the message was delivered before, or it is the event of the
// guardrail's own call. That says that the write took effect, whatever the key has now.
// The written policy itself says so only when it cannot be an old one any more: often it
// is just what the key had before the drift. It tells whether this message's own repair was
// among them.
func (w *work) finishSeen(ctx context.Context) (done bool, err error) {
	if !w.message.Again && !w.ownCall() {
		return false, nil
	}
	entries, err := w.unfinished(ctx)
	if err != nil {
		return false, err
	}
	for _, entry := range entries {
		if entry.Written == nil && (entry.Abandoned != nil || !w.seen(entry) && !w.confirmed(entry)) {
			continue
		}
		if err := w.finish(ctx, entry); err != nil {
			return false, err
		}
		done = done || entry.Record.EventID == w.event.ID
	}
	return done, nil
}

// seen tells whether the key has the policy of a claim since the event of that.
func (w *work) seen(entry Entry) bool {
	return entry.Record.After.Hash == w.live && w.config.Now().Sub(entry.Record.EventTime) >= settlingTime
}

// confirmed tells whether the event is the guardrail's own, of the write by a claim.
func (w *work) confirmed(entry Entry) bool {
	return w.ownCall() && entry.Record.After.Hash == w.told && !w.event.Time.Add(clockSkew).Before(entry.Record.Time)
}

// unfinished returns the key's claims that are not reported. One that cannot be read for
// good keeps no message from its end; the flush names it.
func (w *work) unfinished(ctx context.Context) ([]Entry, error) {
	if w.config.Archive == nil {
		return nil, nil
	}
	entries, err := w.config.Archive.UnreportedOf(ctx, w.event.KeyARN)
	if errors.Is(err, ErrArchive) {
		w.config.Log.LogAttrs(ctx, slog.LevelError, "the archive is not readable", slog.String("key", w.event.KeyARN), slog.String("error", err.Error()))
		return entries, nil
	}
	if err != nil {
		return nil, fmt.Errorf("looking for repairs that were not reported: %w", err)
	}
	return entries, nil
}

// closeOwn closes and reports the claim that an earlier delivery of the message left, now
// that the message ends without a write.
func (w *work) closeOwn(ctx context.Context) error {
	if !w.message.Again {
		return nil
	}
	entries, err := w.unfinished(ctx)
	if err != nil {
		return err
	}
	slices.Reverse(entries) // of several, the breaker gave up all but the last; the flush reports those
	at := slices.IndexFunc(entries, func(e Entry) bool { return e.Record.EventID == w.event.ID })
	if at < 0 {
		return nil
	}
	switch entry := entries[at]; {
	case entry.Written != nil:
		return w.finish(ctx, entry)
	case entry.Abandoned != nil && entry.Abandoned.Holder == w.message.Delivery: // the breaker's doing
		w.unreported = entry.Slot
		return nil
	case entry.Abandoned != nil:
		return w.reportAbandoned(ctx, entry)
	case w.config.Now().Sub(entry.Record.Time) < settlingTime:
		return errNotSettled
	case entry.Record.Before.Hash != w.live:
		return w.endUnconfirmed(ctx, entry)
	default:
		return w.close(ctx, entry.Hold, notNeeded)
	}
}

// letGo closes the claim that this delivery holds: when the policy was read again, it was
// another one, which is not to be repaired. If an earlier delivery had the claim, that one
// may have written after all, and the first read was of an old policy.
func (w *work) letGo(ctx context.Context) error {
	entry := Entry{Hold: w.held.Hold, Record: w.held.Record}
	switch {
	case !w.taken:
		return w.closeHeld(ctx, notNeeded)
	case entry.Record.After.Hash == w.live:
		w.held = nil
		return w.finish(ctx, entry)
	default:
		w.held = nil
		return w.endUnconfirmed(ctx, entry)
	}
}

// endUnconfirmed gives up a claim of which nobody can tell any more whether it was written,
// and reports that.
func (w *work) endUnconfirmed(ctx context.Context, entry Entry) error {
	why, ok, err := w.abandon(ctx, entry.Hold, unconfirmed)
	if !ok || err != nil {
		return err
	}
	entry.Abandoned = &why
	return w.reportAbandoned(ctx, entry)
}

// reportAbandoned reports a repair that was given up: as one that may have been written,
// unless it surely was not.
func (w *work) reportAbandoned(ctx context.Context, entry Entry) error {
	o := repaired(entry)
	switch reason := entry.Abandoned.Reason; reason {
	case notNeeded: // there is nothing to tell
		return w.markReported(ctx, entry.Slot)
	case unconfirmed, LockExpired:
		o.ActionReason = unconfirmed
	case BreakerOpened:
		if entry.Record.Severity == rules.Critical {
			if err := w.postpone(ctx, w.afterBreaker(entry.Abandoned.Time.Truncate(time.Hour).Add(time.Hour))); err != nil {
				return err
			}
		}
		w.abandoned(&o, reason)
	default:
		w.abandoned(&o, reason)
	}
	if err := w.send(ctx, o); err != nil {
		return err
	}
	return w.markReported(ctx, entry.Slot)
}

// ownCall tells whether the guardrail's role made the call. Anybody who can assume the
// role can pretend that; all that follows is a look into the archive.
func (w *work) ownCall() bool {
	_, name, ok := strings.Cut(w.config.Role, ":role/")
	if !ok {
		return false
	}
	return strings.Contains(w.event.Actor.ARN, ":assumed-role/"+name[strings.LastIndexByte(name, '/')+1:]+"/")
}

// closeHeld gives up the claim that this delivery holds.
func (w *work) closeHeld(ctx context.Context, reason string) error {
	held := w.held
	w.held = nil
	return w.close(ctx, held.Hold, reason)
}

// close gives up a claim that was surely not written. The outcome is its report.
func (w *work) close(ctx context.Context, hold Hold, reason string) error {
	_, ok, err := w.abandon(ctx, hold, reason)
	if ok {
		w.unreported = hold.Slot
	}
	return err
}

// abandon gives up a claim. That another invocation has taken it over is an error like
// any other: what becomes of the message is in that one's hands. If the archive fails for
// good, the claim stays as it is, and the flush sees to it when the archive works again.
func (w *work) abandon(ctx context.Context, hold Hold, reason string) (why Abandonment, ok bool, err error) {
	why = Abandonment{Time: w.config.Now().UTC(), Holder: w.message.Delivery, EventID: w.event.ID, Reason: reason}
	err = w.config.Archive.Abandon(ctx, hold, why)
	switch {
	case errors.Is(err, ErrArchive):
		w.config.Log.LogAttrs(ctx, slog.LevelError, "a claim is not given up", slog.String("record", string(hold.Slot)), slog.String("error", err.Error()))
		return why, false, nil
	case err != nil:
		return why, false, fmt.Errorf("giving up the claim: %w", err)
	}
	return why, true, nil
}

// markReported takes a claim out of the outbox. If the archive fails for good, the flush
// does it when the archive works again: the report was made.
func (w *work) markReported(ctx context.Context, slot Slot) error {
	err := w.config.Archive.MarkReported(ctx, slot, Reported{Time: w.config.Now().UTC()})
	switch {
	case errors.Is(err, ErrArchive):
		w.config.Log.LogAttrs(ctx, slog.LevelError, "the report is not archived", slog.String("record", string(slot)), slog.String("error", err.Error()))
		return nil
	case err != nil:
		return fmt.Errorf("marking the repair reported: %w", err)
	}
	return nil
}
