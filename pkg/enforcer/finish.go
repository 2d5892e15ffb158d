package enforcer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// finish does what is left to do for a repair whose policy is known to be on the key:
// remember it, mark it written, report it, mark it reported. Each step may be repeated.
// The report of the event at hand is the repair's.
func (w *work) finish(ctx context.Context, entry Entry) error {
	if err := w.noteWrite(ctx, entry); err != nil {
		return err
	}
	if entry.Written == nil {
		if err := w.config.Archive.MarkWritten(ctx, entry.Slot, Written{Time: w.config.Now().UTC(), Hash: entry.Record.After.Hash}); err != nil {
			return fmt.Errorf("marking the repair written: %w", err)
		}
	}
	o, err := repaired(entry)
	if err != nil {
		return err
	}
	if entry.Record.EventID == w.event.ID {
		*w.outcome = o
		w.unreported = entry.Slot
		return nil // Handle reports it, and marks it reported
	}
	if entry.Reported {
		return nil
	}
	if err := w.send(ctx, o, w.start); err != nil {
		return err
	}
	return w.markReported(ctx, entry.Slot)
}

// repaired returns the outcome of a repair, from its record.
func repaired(entry Entry) (guardrail.Outcome, error) {
	var o guardrail.Outcome
	if err := json.Unmarshal(entry.Record.Outcome, &o); err != nil {
		return o, fmt.Errorf("%w: the outcome in record %s: %w", ErrCorrupt, entry.Slot, err)
	}
	o.Archive, o.Restore = string(entry.Slot), restoreCommand(entry.Slot)
	return o, nil
}

// finishEarlier looks for repairs of the key whose end is not known, where there may be
// some: the message was delivered before, or the guardrail made the call that the event
// tells of. It tells whether this event's own repair was among them.
func (w *work) finishEarlier(ctx context.Context) (done bool, err error) {
	if w.config.Archive == nil || !w.message.Again && !w.ownCall() {
		return false, nil
	}
	entries, err := w.config.Archive.UnreportedOf(ctx, w.event.KeyARN)
	if err != nil {
		return false, fmt.Errorf("looking for repairs that were not reported: %w", err)
	}
	for _, entry := range entries {
		if entry.Abandoned != nil || entry.Written == nil && entry.Record.After.Hash != w.live {
			continue // not known to be on the key: the flush will tell
		}
		if err := w.finish(ctx, entry); err != nil {
			return false, err
		}
		done = done || entry.Record.EventID == w.event.ID
	}
	return done, nil
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

// keepSuperseded archives the policy of another writer that the guardrail's last write
// replaced unseen: put after the policy that was judged, and before the write.
func (w *work) keepSuperseded(ctx context.Context) error {
	last := w.state.LastWrite
	if last == nil || w.event.PolicyText == "" || w.ownCall() {
		return nil
	}
	told := hash(w.snapshot.Key, w.event.PolicyText)
	before := last.Time.Sub(w.event.Time)
	if told == last.Before || told == last.After || before < -time.Second || before > settlingTime {
		return nil
	}
	err := w.config.Archive.MarkSuperseded(ctx, last.Slot, Superseded{
		Time: w.config.Now().UTC(), EventID: w.event.ID, EventTime: w.event.Time, Actor: w.outcome.Actor,
		Policy: PolicyText{Text: w.event.PolicyText, Hash: told},
	})
	if err != nil && !errors.Is(err, ErrArchive) {
		return fmt.Errorf("archiving the replaced policy: %w", err)
	}
	return nil
}

func (w *work) markReported(ctx context.Context, slot Slot) error {
	if err := w.config.Archive.MarkReported(ctx, slot, Reported{Time: w.config.Now().UTC()}); err != nil {
		return fmt.Errorf("marking the repair reported: %w", err)
	}
	return nil
}
