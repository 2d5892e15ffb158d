package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// The folders of the bucket.
const (
	keys    = "keys/"
	records = "records/"
	pending = "pending/"
	hours   = "hours/"

	generations = "generations/"
)

// hourLayout is the name of an hour.
const hourLayout = "20060102T15Z"

// mostTries is how often an hour that others count in meanwhile is tried.
const mostTries = 10

// Ledger returns the ledger of a key and its version, with one GetObject call. The ledger is
// zero and the version "" where there is none yet.
func (a *Archive) Ledger(ctx context.Context, key ledger.Key) (ledger.Ledger, ledger.Version, error) {
	l, etag, err := readBody[ledger.Ledger](ctx, a.objects, keys+string(key))
	switch {
	case errors.Is(err, errAbsent):
		return ledger.Ledger{}, "", nil
	case err != nil:
		return ledger.Ledger{}, "", err
	}
	if of, err := ledger.KeyOf(l.KeyARN); err != nil || of != key {
		return ledger.Ledger{}, "", corrupt(keys+string(key), "it is of the key %.200q", l.KeyARN)
	}
	return l, ledger.Version(etag), nil
}

// Swap replaces the version of a ledger, and returns the new one, with one PutObject call.
// ErrConflict: it has another version by now.
func (a *Archive) Swap(ctx context.Context, key ledger.Key, l ledger.Ledger, version ledger.Version) (ledger.Version, error) {
	if of, err := ledger.KeyOf(l.KeyARN); err != nil || of != key {
		return "", refuse("the ledger of %s names the key %.200q", key, l.KeyARN)
	}
	etag, err := replaceBody(ctx, a.objects, keys+string(key), l, string(version))
	switch {
	case isLost(err), errors.Is(err, errAbsent):
		return "", fmt.Errorf("%w: %w", ledger.ErrConflict, err)
	case err != nil:
		return "", err
	}
	return ledger.Version(etag), nil
}

// Point makes the pointer to something left to do, with one PutObject call.
func (a *Archive) Point(ctx context.Context, name ledger.Name) error {
	object, err := pointerOf(name)
	if err != nil {
		return err
	}
	return overwriteBody(ctx, a.objects, object, pointer{})
}

// Unpoint deletes a pointer, which need not exist, with one DeleteObject call.
func (a *Archive) Unpoint(ctx context.Context, name ledger.Name) error {
	object, err := pointerOf(name)
	if err != nil {
		return err
	}
	return a.objects.remove(ctx, object)
}

func pointerOf(name ledger.Name) (string, error) {
	key, id, ok := name.Parts()
	if !ok {
		return "", refuse("%.400q is not the name of a record", string(name))
	}
	return pending + string(key) + "/" + id, nil
}

// Pending returns up to limit pointers, in the order of their keys. A name that the guardrail
// does not give does not hide the others: names and error may both be returned.
func (a *Archive) Pending(ctx context.Context, limit int) (names []ledger.Name, problems error) {
	for object, err := range a.objects.list(ctx, pending, "") {
		switch name := ledger.Name(records + object[min(len(pending), len(object)):]); {
		case err != nil:
			return names, errors.Join(problems, err)
		case len(names) >= limit:
			return names, problems
		case !isRecord(name):
			problems = errors.Join(problems, corrupt(fmt.Sprintf("%q", object), "there is no object of such a name"))
		default:
			names = append(names, name)
		}
	}
	return names, problems
}

func isRecord(name ledger.Name) bool {
	_, _, ok := name.Parts()
	return ok
}

// Count replaces the counter of a moment's hour by what add makes of it, with a GetObject and
// a PutObject call, again where somebody else counted meanwhile. by names who counts. The
// error of add is returned as it is, and nothing is counted then.
func (a *Archive) Count(ctx context.Context, now time.Time, by string, add func(ledger.Hour) (ledger.Hour, error)) error {
	name := hours + now.UTC().Format(hourLayout)
	for range mostTries {
		present, etag, err := readBody[hour](ctx, a.objects, name)
		if err != nil && !errors.Is(err, errAbsent) {
			return err
		}
		next, err := add(present.Hour)
		if err != nil {
			return err
		}
		if _, err = replaceBody(ctx, a.objects, name, hour{next, by}, etag); !isLost(err) && !errors.Is(err, errAbsent) {
			return err
		}
	}
	return fmt.Errorf("%w: %s", ledger.ErrConflict, name)
}

// FirstUse returns when a generation of the guardrail was first used, with one GetObject call. It
// is now where the generation was not used before; a PutObject call notes that.
func (a *Archive) FirstUse(ctx context.Context, generation string, now time.Time) (time.Time, error) {
	name := generations + sum(generation)
	for range mostTries {
		present, _, err := readBody[firstUse](ctx, a.objects, name)
		if !errors.Is(err, errAbsent) {
			return present.At, err
		}
		if _, err = replaceBody(ctx, a.objects, name, firstUse{generation, now.UTC()}, ""); !isLost(err) {
			return now, err
		}
	}
	return now, fmt.Errorf("%w: %s", ledger.ErrConflict, name)
}
