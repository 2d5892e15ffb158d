package archive

import (
	"context"
	"errors"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// Unreported implements [enforcer.Outbox]. It costs a listing, and for each pointer a
// listing and two reads.
func (a *Archive) Unreported(ctx context.Context, limit int) ([]enforcer.Entry, error) {
	return a.unreported(ctx, outbox, limit)
}

// UnreportedOf implements [enforcer.Archive].
func (a *Archive) UnreportedOf(ctx context.Context, keyARN string) ([]enforcer.Entry, error) {
	k, err := parseKey(keyARN)
	if err != nil {
		return nil, err
	}
	return a.unreported(ctx, outbox+k.String()+"/", maxNumber)
}

// unreported returns up to limit claims that the pointers with a prefix point to. An
// object that is corrupt does not end it; any other error does.
func (a *Archive) unreported(ctx context.Context, prefix string, limit int) (entries []enforcer.Entry, problems error) {
	for pointer, err := range a.objects.list(ctx, prefix, "") {
		if err != nil {
			return entries, errors.Join(problems, err)
		}
		if len(entries) >= limit {
			break
		}
		e, found, err := a.pointedTo(ctx, pointer)
		switch {
		case errors.Is(err, enforcer.ErrCorrupt):
			problems = errors.Join(problems, err)
		case err != nil:
			return entries, errors.Join(problems, err)
		case found:
			entries = append(entries, e)
		}
	}
	return entries, problems
}

// pointedTo returns the claim that a pointer points to. A pointer that was left behind
// after the report is deleted.
func (a *Archive) pointedTo(ctx context.Context, pointer string) (e enforcer.Entry, found bool, err error) {
	name, rest, err := parseName(outbox, pointer)
	if err != nil || rest != "" {
		return e, false, corrupt(pointer, "there is no object of such a name")
	}
	s, err := a.find(ctx, name)
	switch {
	case errors.Is(err, enforcer.ErrNoEntry):
		return e, false, corrupt(pointer, "it points to no claim")
	case err != nil:
		return e, false, err
	case s.reported:
		return e, false, a.objects.remove(ctx, pointer)
	}
	e, err = a.entry(ctx, s)
	return e, err == nil, err
}
