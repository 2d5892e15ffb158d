package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// Archive is what the enforcer needs to write a key policy: the ledger of each key, the
// records that ledgers name, pointers to what is left to do, and the hourly counters. Errors
// are of the classes of package ledger, possibly wrapped; any other error is transient, and the
// same call may succeed later. Every method may be repeated: it ends in the same state.
type Archive interface {
	// Ledger returns the ledger of a key and its version; a zero one and "" for none.
	Ledger(ctx context.Context, key ledger.Key) (ledger.Ledger, ledger.Version, error)
	// Swap replaces the version of a ledger and returns the new one. ErrConflict: it has
	// another version by now.
	Swap(ctx context.Context, key ledger.Key, l ledger.Ledger, version ledger.Version) (ledger.Version, error)

	// Keep archives a record. It comes before the ledger that names the record.
	Keep(ctx context.Context, record ledger.Record) error
	// KeepSuperseded archives another writer's policy beside a record.
	KeepSuperseded(ctx context.Context, name ledger.Name, other ledger.Superseded) error
	// Record returns a record. ErrNoRecord: there is none of that name.
	Record(ctx context.Context, name ledger.Name) (ledger.Record, error)

	// Point makes a pointer to something left to do; it comes before the ledger that names
	// it. Unpoint deletes the pointer.
	Point(ctx context.Context, name ledger.Name) error
	Unpoint(ctx context.Context, name ledger.Name) error
	// Pending returns up to limit pointers. Names and error may both be returned.
	Pending(ctx context.Context, limit int) ([]ledger.Name, error)

	// Count replaces the counter of a moment's hour by what add makes of it. The error of add
	// is returned as it is.
	Count(ctx context.Context, now time.Time, by string, add func(ledger.Hour) (ledger.Hour, error)) error
	// FirstUse returns when a generation of the guardrail was first used, which is now where it
	// was not used before. A generation is a version under a configuration.
	FirstUse(ctx context.Context, generation string, now time.Time) (time.Time, error)
}

// book is the ledger of one key, as far as a delivery knows it.
type book struct {
	archive Archive // nil for none
	log     *slog.Logger
	keyARN  string
	key     ledger.Key // once the ledger was read

	ledger  ledger.Ledger
	version ledger.Version
	// isKnown says that the ledger was read, or that there is none to read.
	isKnown bool
	// lost is why the ledger cannot be read or changed, for good. Nothing is written then:
	// what protects the key from being written over and over is not known.
	lost error
	// isDown says that the archive did not answer or refused the guardrail, and may answer later.
	isDown bool
}

func newBook(archive Archive, log *slog.Logger, keyARN string) *book {
	return &book{archive: archive, log: log, keyARN: keyARN, isKnown: archive == nil}
}

// recall reads the ledger. An archive that fails for good keeps no message from being judged.
func (b *book) recall(ctx context.Context) error {
	b.ledger, b.version, b.isKnown = ledger.Ledger{}, "", b.archive == nil
	if b.isKnown {
		return nil
	}
	var err error
	if b.key, err = ledger.KeyOf(b.keyARN); err == nil {
		b.ledger, b.version, err = b.archive.Ledger(ctx, b.key)
	}
	if err != nil && !errors.Is(err, ledger.ErrArchive) {
		b.isDown = true
		return fmt.Errorf("reading the key's ledger: %w", err)
	}
	b.isKnown = true
	if err != nil {
		b.lose(ctx, err)
	}
	return nil
}

func (b *book) lose(ctx context.Context, err error) {
	b.lost = err
	b.log.LogAttrs(ctx, slog.LevelError, "the key's ledger is lost", slog.String("key", b.keyARN), slog.String("error", err.Error()))
}

// swap replaces the ledger that is known. After ErrConflict it is not known any more.
func (b *book) swap(ctx context.Context, next ledger.Ledger) error {
	if b.lost != nil {
		return b.lost
	}
	next.KeyARN = b.keyARN
	version, err := b.archive.Swap(ctx, b.key, next, b.version)
	if err != nil {
		b.isKnown = false
		return fmt.Errorf("changing the key's ledger: %w", err)
	}
	b.ledger, b.version = next, version
	return nil
}

// mostConflicts is how often a ledger that others change meanwhile is tried to be changed.
const mostConflicts = 8

// close notes that a repair was reported, and deletes its pointer. at is when people were told of
// a written one; zero where they were not. The report was made: what
// the archive refuses for good is left to the flush, and so is a pointer that is not deleted.
func (b *book) close(ctx context.Context, record ledger.Name, at time.Time) error {
	err := ledger.ErrConflict
	for try := 0; try < mostConflicts && errors.Is(err, ledger.ErrConflict); try++ {
		if !b.isKnown {
			if err := b.recall(ctx); err != nil {
				return err
			}
		}
		err = b.swap(ctx, b.ledger.Report(record, at))
	}
	switch {
	case err == nil:
		unpoint(ctx, b.archive, b.log, record)
	case errors.Is(err, ledger.ErrArchive):
		b.log.LogAttrs(ctx, slog.LevelError, "the report is not archived", slog.String("record", string(record)), slog.String("error", err.Error()))
		return nil
	}
	return err
}

// unpoint deletes a pointer to what is done. A pointer that stays does no harm: each flush tries
// to delete it again.
func unpoint(ctx context.Context, archive Archive, log *slog.Logger, name ledger.Name) {
	if err := archive.Unpoint(ctx, name); err != nil {
		log.LogAttrs(ctx, slog.LevelError, "a pointer is not deleted", slog.String("record", string(name)), slog.String("error", err.Error()))
	}
}
