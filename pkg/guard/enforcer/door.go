package enforcer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// door is the only way to PutKeyPolicy: a record is archived and claimed, its policy written
// once and looked for, and the claim closed. A repair and a person's restore go through it.
type door struct {
	*Enforcer
	// holder names who goes through, book is the ledger of the key.
	holder string
	book   *book

	// record is the last one that was archived or read; zero for none. named counts names.
	record ledger.Record
	named  byte
	// isCounted says that the hour's counter has this holder's repair.
	isCounted bool
	// wrote is when KMS answered the write.
	wrote time.Time
}

// margin is what is added to an invocation's deadline: a call that was sent before it may
// take effect a little later, and clocks differ.
const margin = 5 * time.Second

// leastTime is what archiving, writing and confirming take where AWS is slow.
const leastTime = 8 * time.Second

// errNoTime says that the invocation ends too soon to write, and to see what was written.
var errNoTime = errors.New("too little time is left to write")

// enoughTime is an error where the context ends before a write could be confirmed. A
// context's deadline is by the real clock, whatever Config.Now says.
func enoughTime(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < leastTime {
		return errNoTime
	}
	return nil
}

// deadline is when this delivery must have ended: nothing is written after it.
func (d *door) deadline(ctx context.Context) time.Time {
	left := d.config.Lifetime
	if at, ok := ctx.Deadline(); ok {
		left = time.Until(at)
	}
	return d.config.Now().Add(left + margin).UTC()
}

func (d *door) newName() ledger.Name {
	d.named++
	return ledger.NewName(d.book.key, d.config.Now(), d.holder, d.named)
}

// begin is an error where no repair can be begun: the ledger is lost, or too little time is left.
func (d *door) begin(ctx context.Context) error {
	if d.book.lost != nil {
		return d.book.lost
	}
	return enoughTime(ctx)
}

// count counts a repair of an account in its hour, which may be full, unless this holder's was
// counted before. A critical finding counts apart, once an hour for a key, and only while the
// guardrail is young: nobody may keep a key open by making others drift, but on its first day the
// guardrail itself may be wrong.
func (d *door) count(ctx context.Context, account string, isCritical bool) error {
	now, add := d.config.Now(), ledger.Hour.Add
	if d.isCounted {
		return nil
	}
	if isCritical {
		if d.book.ledger.Critical.IsCounted(now) {
			return nil
		}
		firstUse, err := d.config.Archive.FirstUse(ctx, d.config.Version+" "+d.hash, now)
		switch {
		case errors.Is(err, ledger.ErrArchive): // it is not known, so it counts as young
		case err != nil:
			return err
		case !ledger.IsYoung(firstUse, now):
			return nil
		}
		add = ledger.Hour.AddCritical
	}
	err := d.config.Archive.Count(ctx, now, d.holder, func(h ledger.Hour) (ledger.Hour, error) { return add(h, account, d.limits(), now) })
	d.isCounted = err == nil
	return err
}

// pause waits until a time, after which the ledger is read again.
func (d *door) pause(ctx context.Context, until time.Time) error {
	if err := enoughTime(ctx); err != nil {
		return err
	}
	if err := d.config.Pause(ctx, until.Sub(d.config.Now())); err != nil {
		return fmt.Errorf("waiting for the next write: %w", err)
	}
	d.book.isKnown = d.config.Archive == nil
	return nil
}

// claim archives a record, points to it, and claims. The record gets its name here.
func (d *door) claim(ctx context.Context, record ledger.Record) error {
	record.Name = d.newName()
	if err := d.config.Archive.Keep(ctx, record); err != nil {
		return err
	}
	if err := d.config.Archive.Point(ctx, record.Name); err != nil {
		return err
	}
	d.record = record
	return d.book.swap(ctx, d.book.ledger.Claim(record.Line(d.holder, d.deadline(ctx))))
}

// recordFor returns the record of a name.
func (d *door) recordFor(ctx context.Context, name ledger.Name) (ledger.Record, error) {
	if d.record.Name == name {
		return d.record, nil
	}
	record, err := d.config.Archive.Record(ctx, name)
	if err != nil {
		return record, fmt.Errorf("reading the record: %w", err)
	}
	d.record = record
	return record, nil
}

// confirmPauses are the waits before each look at the key after a write: five seconds
// in all. A policy that is not seen by then is written again by whoever takes the claim over.
var confirmPauses = []time.Duration{0, time.Second, 4 * time.Second}

// write puts the policy of a record that this holder has claimed, once, and looks for it. An
// error of the write itself is in refused where KMS will not take the policy later either.
func (d *door) write(ctx context.Context, key rules.Key, record ledger.Record, isPermanent func(error) bool) (refused, err error) {
	if err := d.config.Keys.PutPolicy(ctx, record.KeyARN, record.After.Text); err != nil {
		if isPermanent(err) {
			return err, nil
		}
		return nil, fmt.Errorf("writing the key policy: %w", err)
	}
	d.wrote = d.config.Now().UTC()
	for _, pause := range confirmPauses {
		if err := d.config.Pause(ctx, pause); err != nil {
			return nil, fmt.Errorf("waiting for the written policy: %w", err)
		}
		text, err := d.config.Keys.Policy(ctx, record.KeyARN)
		if err != nil && !isPermanent(err) {
			return nil, fmt.Errorf("reading the key policy after the write: %w", err)
		}
		if err == nil && inspect.Hash(key, text) == record.After.Hash {
			return nil, nil
		}
	}
	return nil, ledger.ErrUnsettled
}

// giveUp ends a claim. Where the archive fails for good, the claim stays as it is, and the
// flush sees to it when the archive works again.
func (d *door) giveUp(ctx context.Context, record ledger.Name, reason string) error {
	err := d.book.swap(ctx, d.book.ledger.End(record, d.holder, reason, d.config.Now().UTC()))
	if errors.Is(err, ledger.ErrArchive) {
		d.book.lose(ctx, err)
		d.book.isKnown, d.book.ledger = true, ledger.Ledger{} // nothing more is done about it here
		return nil
	}
	return err
}
