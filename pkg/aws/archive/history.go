package archive

import (
	"context"
	"errors"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// Entries implements [enforcer.History]. It lists all names of the key, about three
// for a repair, and reads only the claims that it returns. A claim that is
// corrupt does not hide the others: entries and error may both be returned.
func (a *Archive) Entries(ctx context.Context, keyARN string, limit int) (entries []enforcer.Entry, problems error) {
	k, err := parseKey(keyARN)
	if err != nil {
		return nil, err
	}
	found, err := a.slots(ctx, repairs+k.String()+"/", "")
	if err != nil {
		return nil, err
	}
	for _, s := range slices.Backward(found) {
		if len(entries) >= limit {
			break
		}
		e, err := a.entry(ctx, s)
		switch {
		case errors.Is(err, enforcer.ErrCorrupt):
			problems = errors.Join(problems, err)
		case err != nil:
			return entries, errors.Join(problems, err)
		default:
			entries = append(entries, e)
		}
	}
	return entries, problems
}

// Entry implements [enforcer.History].
func (a *Archive) Entry(ctx context.Context, slot enforcer.Slot) (enforcer.Entry, error) {
	name, err := parseSlot(slot)
	if err != nil {
		return enforcer.Entry{}, err
	}
	s, err := a.find(ctx, name)
	if err != nil {
		return enforcer.Entry{}, err
	}
	return a.entry(ctx, s)
}
