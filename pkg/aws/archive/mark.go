package archive

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// Abandon implements [enforcer.Archive].
func (a *Archive) Abandon(ctx context.Context, hold enforcer.Hold, why enforcer.Abandonment) error {
	s, err := parseSlot(hold.Slot)
	if err != nil {
		return err
	}
	if hold.Turn < 0 || hold.Turn >= maxNumber {
		return refuse("%s cannot have changed hands %d times", s, hold.Turn)
	}
	why.Time = why.Time.UTC()
	turn := s.turn(hold.Turn + 1)
	err = createBody(ctx, a.objects, turn, handoverBody{Abandoned: &why})
	if !errors.Is(err, errTaken) {
		return busy(err)
	}
	present, readErr := readBody[handoverBody](ctx, a.objects, turn)
	switch {
	case readErr != nil:
		return readErr
	case present.Abandoned != nil && present.Abandoned.Holder == why.Holder:
		return nil // an earlier try, at another time
	default:
		return busy(err)
	}
}

// MarkWritten implements [enforcer.Archive].
func (a *Archive) MarkWritten(ctx context.Context, slot enforcer.Slot, w enforcer.Written) error {
	s, err := parseSlot(slot)
	if err != nil {
		return err
	}
	w.Time = w.Time.UTC()
	return createOnce(ctx, a.objects, s.String()+written, w)
}

// MarkSuperseded implements [enforcer.Archive].
func (a *Archive) MarkSuperseded(ctx context.Context, slot enforcer.Slot, other enforcer.Superseded) error {
	s, err := parseSlot(slot)
	if err != nil {
		return err
	}
	if !isIdentity(other.EventID) || !utf8.ValidString(other.Policy.Text) {
		return refuse("the superseded policy of %s has no event id, or is not UTF-8", s)
	}
	other.Time, other.EventTime = other.Time.UTC(), other.EventTime.UTC()
	return createOnce(ctx, a.objects, s.supersededBy(other.EventID), other)
}

// MarkReported implements [enforcer.Archive].
func (a *Archive) MarkReported(ctx context.Context, slot enforcer.Slot, r enforcer.Reported) error {
	s, err := parseSlot(slot)
	if err != nil {
		return err
	}
	r.Time = r.Time.UTC()
	if err := createOnce(ctx, a.objects, s.String()+reported, r); err != nil {
		return err
	}
	return a.objects.remove(ctx, s.pointer())
}

// createOnce makes an object that says that something has happened; it stays as it is
// if it has been said before.
func createOnce[T any](ctx context.Context, o objects, name string, body T) error {
	err := createBody(ctx, o, name, body)
	if !errors.Is(err, errTaken) {
		return busy(err)
	}
	if _, err := readBody[T](ctx, o, name); err != nil {
		return fmt.Errorf("it was there before: %w", err)
	}
	return nil
}
