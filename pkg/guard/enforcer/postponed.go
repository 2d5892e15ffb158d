package enforcer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Postponed is an event that is to be handled again later.
type Postponed struct {
	KeyARN  string    `json:"keyArn"`
	EventID string    `json:"eventId"`
	Due     time.Time `json:"due"`
	// Event is the EventBridge event, verbatim; empty where a flush postponed it.
	Event []byte `json:"event,omitempty"`
	// Record is that of a claim for the event, where the event itself was not at hand; else
	// nil.
	Record *Record `json:"record,omitempty"`
}

// postpone keeps the event until it is due.
func (w *work) postpone(ctx context.Context, due time.Time) error {
	p := Postponed{KeyARN: w.event.KeyARN, EventID: w.event.ID, Due: due.UTC(), Event: w.message.Event, Record: w.origin}
	if err := w.config.Archive.Postpone(ctx, p); err != nil {
		return fmt.Errorf("postponing the event: %w", err)
	}
	w.due = p.Due
	return nil
}

// postponeHeld postpones the event of a critical finding whose repair the breaker holds,
// till the breaker is closed. Nobody may keep a key open by making cheap ones drift, and
// nobody but the flush would come back to it. It returns the error as it was, or that of
// the archive.
func (w *work) postponeHeld(ctx context.Context, held error) error {
	var breaker *BreakerError
	if !errors.As(held, &breaker) || w.judgement.Severity != rules.Critical {
		return held
	}
	if err := w.postpone(ctx, w.afterBreaker(breaker.Until)); err != nil {
		return err
	}
	return held
}

// afterBreaker is when a repair that the breaker held is tried again. A claim that is
// resumed goes by the limits of its own hour, which may be over.
func (w *work) afterBreaker(until time.Time) time.Time {
	if now := w.config.Now(); until.Before(now) {
		until = now
	}
	return until.Add(clockSkew)
}

// untilDue says until when the event was postponed; "" if it was not.
func (w *work) untilDue() string {
	if w.due.IsZero() {
		return ""
	}
	return "; postponed until " + w.due.Format(time.RFC3339)
}
