package archive

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// postponed is the folder of events that are to be handled again later, one a key.
const postponed = "postponed/"

// Postpone implements [enforcer.Archive] with one PutObject call.
func (a *Archive) Postpone(ctx context.Context, p enforcer.Postponed) error {
	k, err := parseKey(p.KeyARN)
	if err != nil {
		return err
	}
	text, err := encode(p)
	if err != nil {
		return err
	}
	_, err = a.objects.overwrite(ctx, postponed+k.String(), text)
	return err
}

// Due implements [enforcer.Outbox] with one listing, and a GetObject call for each
// postponed event. An object that is corrupt does not hide the others.
func (a *Archive) Due(ctx context.Context, now time.Time, limit int) (due []enforcer.Postponed, problems error) {
	for name, err := range a.objects.list(ctx, postponed, "") {
		if err != nil {
			return due, errors.Join(problems, err)
		}
		if len(due) >= limit {
			break
		}
		p, _, err := a.readPostponed(ctx, name)
		switch {
		case errors.Is(err, errAbsent): // settled meanwhile
		case errors.Is(err, enforcer.ErrCorrupt):
			problems = errors.Join(problems, err)
		case err != nil:
			return due, errors.Join(problems, err)
		case !now.Before(p.Due):
			due = append(due, p)
		}
	}
	return due, problems
}

// Settle implements [enforcer.Outbox] with a GetObject call and a conditional DeleteObject.
func (a *Archive) Settle(ctx context.Context, p enforcer.Postponed) error {
	k, err := parseKey(p.KeyARN)
	if err != nil {
		return err
	}
	name := postponed + k.String()
	present, etag, err := a.readPostponed(ctx, name)
	switch {
	case errors.Is(err, errAbsent):
		return nil
	case err != nil:
		return err
	case present.EventID != p.EventID || !present.Due.Equal(p.Due):
		return nil
	}
	err = a.objects.removeVersion(ctx, name, etag)
	if errors.Is(err, errTaken) || errors.Is(err, errAbsent) { // another one was postponed, or an earlier try deleted it
		return nil
	}
	return busy(err)
}

// readPostponed returns a postponed event, and its object's ETag.
func (a *Archive) readPostponed(ctx context.Context, name string) (p enforcer.Postponed, etag string, err error) {
	text, etag, err := a.objects.read(ctx, name)
	if err != nil {
		return p, "", err
	}
	p, err = decode[enforcer.Postponed](name, text)
	if err != nil {
		return p, "", err
	}
	if k, err := parseKey(p.KeyARN); err != nil || postponed+k.String() != name {
		return p, "", corrupt(strconv.Quote(name), "its event is of the key %.200q", p.KeyARN)
	}
	return p, etag, nil
}
