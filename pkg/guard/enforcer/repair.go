package enforcer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// repair plans, archives and writes. It answers again where the policy is not the judged
// one any more, so that nothing was written.
func (w *work) repair(ctx context.Context) (again bool, err error) {
	if w.config.Archive == nil {
		w.refusePlan("no-archive", guardrail.CodeArchiveUnusable, "nothing was written, because there is no archive")
		return false, nil
	}
	plan, ok, err := w.plan(ctx)
	if !ok || err != nil {
		return false, err
	}
	if err := enoughTime(ctx); err != nil {
		return false, err
	}
	w.cut = false
	if ok, err := w.claim(ctx, plan); !ok || err != nil {
		return false, err
	}
	if w.doubtful() || w.unheard() && w.event.PolicyText != "" { // what is replaced may be the event's policy and not the one that was read
		if err := w.supersede(ctx, w.held.Slot); err != nil {
			return false, err
		}
	}
	return w.write(ctx)
}

// write reads the policy once more and, if it is the judged one, replaces it.
func (w *work) write(ctx context.Context) (again bool, err error) {
	record := w.held.Record
	text, err := w.config.Keys.Policy(ctx, w.event.KeyARN)
	switch {
	case err != nil && !w.permanent(err):
		return false, fmt.Errorf("reading the key policy again: %w", err)
	case err != nil:
		return false, w.giveUp(ctx, err)
	case hash(w.snapshot.Key, text) != record.Before.Hash:
		return true, nil
	}
	if err := w.config.Keys.PutPolicy(ctx, w.event.KeyARN, record.After.Text); err != nil {
		if !w.permanent(err) {
			return false, fmt.Errorf("writing the key policy: %w", err)
		}
		return w.refused(ctx, err)
	}
	w.wrote = w.config.Now().UTC()
	entry := Entry{Hold: w.held.Hold, Record: record}
	w.held = nil
	return false, w.confirm(ctx, entry)
}

// giveUp ends a claim whose policy KMS refuses to be written.
func (w *work) giveUp(ctx context.Context, cause error) error {
	if errors.Is(cause, ErrAccessDenied) {
		w.refusePlan(string(guardrail.CodeAccessDenied), guardrail.CodeRepairRefused, "the guardrail may not write the key policy: "+cause.Error())
	} else {
		w.refusePlan(kmsRefused, guardrail.CodeRepairRefused, "KMS refused the repair: "+cause.Error())
	}
	return w.closeHeld(ctx, w.outcome.ActionReason)
}

// kmsRefused is the reason of a repair that KMS did not take.
const kmsRefused = "kms-refused"

// confirmPauses are the waits before each look at the key after a write: five seconds
// in all. A policy that is not seen by then is looked for when the event comes back; the
// claim stays open till then, so that nobody else writes.
var confirmPauses = []time.Duration{0, time.Second, 4 * time.Second}

// confirm looks whether the written policy is on the key.
func (w *work) confirm(ctx context.Context, entry Entry) error {
	for _, pause := range confirmPauses {
		if err := w.config.Pause(ctx, pause); err != nil {
			return fmt.Errorf("waiting for the written policy: %w", err)
		}
		text, err := w.config.Keys.Policy(ctx, w.event.KeyARN)
		if err != nil && !w.permanent(err) {
			return fmt.Errorf("reading the key policy after the write: %w", err)
		}
		if err == nil && hash(w.snapshot.Key, text) == entry.Record.After.Hash {
			return w.finish(ctx, entry)
		}
	}
	return errNotSettled
}
