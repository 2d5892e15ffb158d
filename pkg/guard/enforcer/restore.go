package enforcer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// Restore is a policy that a person puts on a key.
type Restore struct {
	Key rules.Key
	// Shown identifies the live policy that the person saw, Policy is the text to write.
	Shown  string
	Policy ledger.PolicyText
	// Actor is who asks for it.
	Actor guardrail.Actor
	// Name tells this restore from all others.
	Name string
}

// ErrChanged says that the key has another policy than the person saw. Nothing was written.
var ErrChanged = errors.New("the key policy was changed meanwhile")

// restoreTime is the most that a restore may take.
const restoreTime = time.Minute

// Restore writes a policy for a person, the way of a repair: it archives what is replaced,
// claims, reads again, writes, confirms, and closes. Budget and breaker do not count it. It
// returns the name of its record.
//
// Nothing was written after ErrBusy, where another delivery has the key's claim, ErrChanged,
// and the permanent errors of Keys and of the archive. After any other error it is not known
// whether the policy was written; a flush then ends the claim, and never writes by it.
func (e *Enforcer) Restore(ctx context.Context, r Restore) (ledger.Name, error) {
	ctx, cancel := context.WithTimeout(ctx, restoreTime)
	defer cancel()
	d := &door{Enforcer: e, holder: r.Name, book: newBook(e.config.Archive, e.config.Log, r.Key.ARN)}
	if err := d.book.recall(ctx); err != nil {
		return "", err
	}
	open := d.book.ledger.Open()
	if open != nil && open.Kind == ledger.ForPerson && !e.config.Now().Before(open.Deadline) {
		if err := d.book.swap(ctx, d.book.ledger.End(open.Record, d.holder, ledger.Unconfirmed, e.config.Now().UTC())); err != nil {
			return "", err
		}
		open = d.book.ledger.Open() // of a restore that was interrupted; the flush reports it
	}
	if open != nil {
		return "", fmt.Errorf("%w: %s is claimed until %s; the next flush after that ends it", ledger.ErrBusy, open.Record, open.Deadline.Format(time.RFC3339))
	}
	text, err := d.readShown(ctx, r)
	if err != nil {
		return "", err
	}
	record, err := e.restoreRecord(r, text)
	if err != nil {
		return "", err
	}
	if err := d.claim(ctx, record); err != nil {
		return "", fmt.Errorf("archiving the restore: %w", err)
	}
	return d.record.Name, d.restore(ctx, r)
}

// restore writes by the claim, and closes it.
func (d *door) restore(ctx context.Context, r Restore) error {
	if _, err := d.readShown(ctx, r); err != nil {
		return errors.Join(err, d.endRestore(ctx, ledger.NotNeeded))
	}
	refused, err := d.write(ctx, r.Key, d.record, isRefusal)
	switch {
	case refused != nil:
		return errors.Join(refused, d.endRestore(ctx, kmsRefused))
	case err != nil:
		return err
	}
	if err := d.book.swap(ctx, d.book.ledger.Mark(d.record.Name, d.wrote)); err != nil {
		return fmt.Errorf("the policy was written, and the archive does not take note of it: %w", err)
	}
	return d.book.close(ctx, d.record.Name, time.Time{})
}

// endRestore gives the claim up that nothing was written by. The person reads why.
func (d *door) endRestore(ctx context.Context, reason string) error {
	if err := d.book.swap(ctx, d.book.ledger.End(d.record.Name, d.holder, reason, d.config.Now().UTC())); err != nil {
		return err
	}
	return d.book.close(ctx, d.record.Name, time.Time{})
}

// readShown reads the key policy, which must be the one that the person saw.
func (d *door) readShown(ctx context.Context, r Restore) (text string, err error) {
	text, err = d.config.Keys.Policy(ctx, r.Key.ARN)
	switch {
	case err != nil:
		return "", fmt.Errorf("reading the key policy again: %w", err)
	case inspect.Hash(r.Key, text) != r.Shown:
		return "", ErrChanged
	}
	return text, nil
}

// isRefusal tells whether an error of Keys stays when the call is made again.
func isRefusal(err error) bool {
	return errors.Is(err, inspect.ErrAccessDenied) || errors.Is(err, inspect.ErrRefused) || errors.Is(err, inspect.ErrNotFound)
}

func (e *Enforcer) restoreRecord(r Restore, before string) (ledger.Record, error) {
	event := trail.Event{ID: "restore-" + r.Name, Time: e.config.Now().UTC(), KeyARN: r.Key.ARN, Account: r.Key.Account, Region: r.Key.Region}
	o := e.newOutcome(event)
	o.Judged(guardrail.Unjudged(r.Key, guardrail.CodeUnexpectedError, "a restore by "+r.Actor.ARN+" was interrupted; whether it was written is not known"))
	o.Actor, o.Before, o.After = &r.Actor, r.Shown, r.Policy.Hash
	record, err := e.newRecord(ledger.ForPerson, event, o, ledger.PolicyText{Text: before, Hash: r.Shown}, r.Policy)
	record.Severity, record.Findings = rules.NoSeverity, []guardrail.Finding{} // a person found nothing
	return record, err
}
