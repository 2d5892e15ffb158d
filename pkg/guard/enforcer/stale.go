package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// settlingTime is how long a key that was just made may be unknown to other KMS
// calls, and an old policy be read: "in some cases several minutes".
// https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
const settlingTime = 10 * time.Minute

// clockSkew is how far the clocks of CloudTrail and of the function may differ. Event
// times are cut to seconds.
const clockSkew = 2 * time.Second

// errNotSettled says that KMS may still answer with an old policy.
var errNotSettled = errors.New("the key policy that was read may be an old one; KMS may not have settled yet")

// settled is an error where the policy that was read may be older than the event, or
// than the guardrail's own last write: KMS is eventually consistent.
//
// The policy before the guardrail's write, read within the settling time, is taken for
// an old one, and not written over again. A policy that is not the one which a young event
// tells of may be older or newer than that, and no further event would tell of the policy
// that was not seen. So the event comes back until it is old enough, unless
//   - the guardrail itself replaced the event's policy, or
//   - both policies are judged alike: the work is the same, whichever it is. Where both
//     are compliant and another invocation may just now be writing over the event's, it
//     is not: see keepSuperseded.
//
// Where it is not known what policy the event is of, a compliant one is not believed.
func (w *work) settled() error {
	last := w.memory.state.lastWrite()
	recent := last.Slot != "" && w.config.Now().Sub(last.Time) < settlingTime
	if recent && w.live == last.Before && last.Before != last.After {
		return errNotSettled
	}
	if recent && w.live == last.After && !w.event.Time.Add(clockSkew).After(last.Claimed) {
		return nil
	}
	if w.unheard() && w.judgement.Verdict == guardrail.Compliant {
		return errNotSettled
	}
	if !w.doubtful() {
		return nil
	}
	s := w.snapshot
	s.Policy, s.BypassedLockoutCheck = w.event.PolicyText, false
	told := guardrail.Judge(s, w.config.Configuration, w.config.Now()).Verdict
	if told != w.judgement.Verdict || told == guardrail.Compliant && w.config.Archive != nil {
		return errNotSettled
	}
	return nil
}

// doubtful tells whether a young event tells of another policy than the live one.
func (w *work) doubtful() bool {
	return w.told != "" && w.told != w.live && w.young()
}

// unheard tells whether a young event is of a policy that is not the live one, as far as the
// texts tell, and that cannot be compared: it is too long for the event, or no policy that
// the guardrail can read, although KMS took it.
func (w *work) unheard() bool {
	return w.event.Name == "PutKeyPolicy" && w.told == "" && w.event.PolicyText != w.snapshot.Policy && w.young()
}

// keepSuperseded archives the policy of another writer that one of the guardrail's writes
// replaced unseen: put after the policy that was judged, and before the write. What was
// judged may have been old by as much as KMS needs to settle. A policy that cannot be
// read has no hash, and none of the writes has it. Of a claim that is open, or was given
// up, nobody knows when it was written by, if at all: it may have been that one. To
// archive one policy more does no harm.
func (w *work) keepSuperseded(ctx context.Context) error {
	isLive := w.told != "" && w.told == w.live
	if w.event.PolicyText == "" || isLive || w.config.Archive == nil || w.ownCall() || w.judgedBefore() {
		return nil
	}
	entries, err := w.unfinished(ctx)
	if err != nil {
		return err
	}
	writes := slices.Clone(w.memory.state.Writes)
	for _, e := range entries {
		if e.Written == nil {
			r := e.Record
			writes = append(writes, PastWrite{Slot: e.Slot, Before: r.Before.Hash, After: r.After.Hash, Claimed: r.Time, Time: w.config.Now()})
		}
	}
	for _, write := range writes {
		between := w.event.Time.After(write.Claimed.Add(-settlingTime)) && w.event.Time.Before(write.Time.Add(clockSkew))
		if !between || w.told == write.Before || w.told == write.After {
			continue
		}
		if err := w.supersede(ctx, write.Slot); err != nil {
			return err
		}
	}
	return nil
}

// judgedBefore tells whether the event's policy is archived as one that was judged, and
// replaced, after the event.
func (w *work) judgedBefore() bool {
	return slices.ContainsFunc(w.memory.state.Writes, func(write PastWrite) bool {
		return write.Before == w.told && w.event.Time.Before(write.Time.Add(clockSkew))
	})
}

// supersede archives the event's policy beside a claim whose write replaced it.
func (w *work) supersede(ctx context.Context, slot Slot) error {
	err := w.config.Archive.MarkSuperseded(ctx, slot, Superseded{
		Time: w.config.Now().UTC(), EventID: w.event.ID, EventTime: w.event.Time, Actor: w.outcome.Actor,
		Policy: PolicyText{Text: w.event.PolicyText, Hash: w.told},
	})
	if errors.Is(err, ErrArchive) { // for good: the event must not be held up for it
		w.config.Log.LogAttrs(ctx, slog.LevelError, "a replaced policy is not archived", slog.String("record", string(slot)), slog.String("error", err.Error()))
		return nil
	}
	if err != nil {
		return fmt.Errorf("archiving the replaced policy: %w", err)
	}
	return nil
}
