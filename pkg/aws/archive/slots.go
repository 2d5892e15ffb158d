package archive

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// slot is what the names of a claim's objects tell about it.
type slot struct {
	slotName
	turns      int // how often it changed hands
	written    bool
	reported   bool
	superseded []string // names of the objects
}

// slots lists the claims whose names have a prefix and come after a name, in the order
// of their windows. A name that the guardrail does not give is an error.
func (a *Archive) slots(ctx context.Context, prefix, after string) ([]slot, error) {
	var found []slot
	for name, err := range a.objects.list(ctx, prefix, after) {
		if err != nil {
			return nil, err
		}
		s, rest, err := parseName(repairs, name)
		if err != nil {
			return nil, err
		}
		if rest == "" {
			found = append(found, slot{slotName: s})
			continue
		}
		if len(found) == 0 || found[len(found)-1].slotName != s {
			return nil, corrupt(name, "the claim that it belongs to is not there")
		}
		if err := found[len(found)-1].note(name, rest); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// note takes down one of the objects beside a claim.
func (s *slot) note(name, rest string) error {
	switch turn, isTurn := strings.CutPrefix(rest, handover); {
	case isTurn:
		if n, err := strconv.Atoi(turn); err != nil || n != s.turns+1 || s.turn(n) != name {
			return corrupt(strconv.Quote(name), "turn %d is expected to come before", s.turns+1)
		}
		s.turns++
	case rest == written:
		s.written = true
	case rest == reported:
		s.reported = true
	case strings.HasPrefix(rest, superseded):
		s.superseded = append(s.superseded, name)
	default:
		return corrupt(strconv.Quote(name), "there is no object of such a name")
	}
	return nil
}

// claim is a slot with what its objects say.
type claim struct {
	slot
	breaker ticket
	// record is the last holder's.
	record enforcer.Record
	// abandoned is not nil if the claim was given up.
	abandoned *enforcer.Abandonment
}

// open tells whether somebody may still write by the claim.
func (c claim) open() bool { return !c.written && c.abandoned == nil }

// held tells whether the breaker held the claim, so that nothing was written by it.
func (c claim) held() bool {
	return c.abandoned != nil && c.abandoned.Reason == enforcer.BreakerOpened
}

func (c claim) hold() enforcer.Hold { return enforcer.Hold{Slot: c.slot.slot(), Turn: c.turns} }

// read reads a claim: the object, and the last turns.
func (a *Archive) read(ctx context.Context, s slot) (claim, error) {
	first, err := readBody[claimBody](ctx, a.objects, s.String())
	if err != nil {
		return claim{}, err
	}
	c := claim{slot: s, breaker: first.Breaker, record: first.Record}
	if !s.window.has(first.Record.Time) || !first.Breaker.of(first.Record.Time) {
		return claim{}, corrupt(s.String(), "its record is of %s", first.Record.Time)
	}
	for turn := s.turns; turn > 0; turn-- {
		last, err := readBody[handoverBody](ctx, a.objects, s.turn(turn))
		switch {
		case err != nil:
			return claim{}, err
		case (last.Record == nil) == (last.Abandoned == nil), last.Abandoned != nil && turn != s.turns:
			return claim{}, corrupt(s.turn(turn), "it is neither a new record nor the claim's end")
		case last.Record != nil:
			c.record = *last.Record
			return c, c.check(s.turn(turn), first.Record.EventID)
		}
		c.abandoned = last.Abandoned
	}
	return c, c.check(s.String(), first.Record.EventID)
}

// check tells whether the record of the object of a name belongs to the claim.
func (c claim) check(name, eventID string) error {
	if k, err := parseKey(c.record.KeyARN); err != nil || k != c.key {
		return corrupt(name, "its record is of the key %.200q", c.record.KeyARN)
	}
	if c.record.EventID != eventID {
		return corrupt(name, "its record is of another event than the claim's")
	}
	return nil
}

// readBody reads the object of a name that a listing or a claim promises.
func readBody[T any](ctx context.Context, o objects, name string) (T, error) {
	var none T
	text, _, err := o.read(ctx, name)
	if err != nil {
		return none, err
	}
	return decode[T](name, text)
}

// createBody makes an object; see objects.create.
func createBody[T any](ctx context.Context, o objects, name string, body T) error {
	text, err := encode(body)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return o.create(ctx, name, text)
}

// entry reads all that there is of a claim.
func (a *Archive) entry(ctx context.Context, s slot) (enforcer.Entry, error) {
	c, err := a.read(ctx, s)
	if err != nil {
		return enforcer.Entry{}, err
	}
	e := enforcer.Entry{Hold: c.hold(), Record: c.record, Abandoned: c.abandoned, Reported: s.reported}
	if s.written {
		w, err := readBody[enforcer.Written](ctx, a.objects, s.String()+written)
		if err != nil {
			return enforcer.Entry{}, err
		}
		e.Written = &w
	}
	for _, name := range s.superseded {
		other, err := readBody[enforcer.Superseded](ctx, a.objects, name)
		if err != nil {
			return enforcer.Entry{}, err
		}
		if name != s.supersededBy(other.EventID) {
			return enforcer.Entry{}, corrupt(name, "it is of another event")
		}
		e.Superseded = append(e.Superseded, other)
	}
	return e, nil
}

// find reads the claim of a name. ErrNoEntry: there is none.
func (a *Archive) find(ctx context.Context, name slotName) (slot, error) {
	found, err := a.slots(ctx, name.String(), "")
	switch {
	case err != nil:
		return slot{}, err
	case len(found) == 0:
		return slot{}, fmt.Errorf("%w: %s", enforcer.ErrNoEntry, name)
	case len(found) > 1 || found[0].slotName != name:
		return slot{}, corrupt(name.String(), "other claims have names that begin with it")
	}
	return found[0], nil
}
