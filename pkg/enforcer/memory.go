package enforcer

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// mostConflicts is how often a state that others change meanwhile is tried to be saved.
const mostConflicts = 5

// recall reads what the archive remembers of the key, where the event may need it: a
// policy was put, or the event comes again. A key that was just made has no past.
func (w *work) recall(ctx context.Context) error {
	if w.config.Archive == nil || w.event.Name == "CreateKey" && !w.message.Again {
		return nil
	}
	return w.readState(ctx)
}

func (w *work) readState(ctx context.Context) (err error) {
	if w.stateRead {
		return nil
	}
	w.state, w.stateVersion, err = w.config.Archive.State(ctx, w.event.KeyARN)
	if err != nil && !errors.Is(err, ErrArchive) {
		return fmt.Errorf("reading the key's state: %w", err)
	}
	// A state that cannot be read for good keeps no message from being judged. Claim
	// will say the same, and nothing is written.
	w.stateRead = true
	return nil
}

func (w *work) saveState(ctx context.Context) (err error) {
	w.state.ConfigurationHash = w.outcome.ConfigurationHash
	w.stateVersion, err = w.config.Archive.SaveState(ctx, w.event.KeyARN, w.state, w.stateVersion)
	if err != nil {
		return fmt.Errorf("saving the key's state: %w", err)
	}
	return nil
}

// update changes the key's state, again where somebody else changed it meanwhile. change
// tells whether it changed anything.
func (w *work) update(ctx context.Context, change func(*KeyState) bool) error {
	for range mostConflicts {
		if err := w.readState(ctx); err != nil {
			return err
		}
		if !change(&w.state) {
			return nil
		}
		err := w.saveState(ctx)
		switch {
		case err == nil, errors.Is(err, ErrArchive):
			return nil // memory that cannot be kept for good keeps no message from its end
		case !errors.Is(err, ErrConflict):
			return err
		}
		w.stateRead = false
	}
	return ErrConflict
}

// noteWrite remembers the guardrail's write.
func (w *work) noteWrite(ctx context.Context, entry Entry) error {
	r := entry.Record
	return w.update(ctx, func(s *KeyState) bool {
		if s.LastWrite != nil && s.LastWrite.Slot >= entry.Slot {
			return false
		}
		s.LastWrite = &LastWrite{Slot: entry.Slot, Before: r.Before.Hash, After: r.After.Hash, Time: w.config.Now().UTC()}
		s.Findings = nil
		return true
	})
}

// remember keeps which findings are open since when. A key without findings and
// without a past has no state.
func (w *work) remember(ctx context.Context) error {
	if w.config.Archive == nil || !w.stateRead && len(w.openFindings()) == 0 {
		return nil
	}
	return w.update(ctx, func(s *KeyState) bool {
		open := w.openFindings()
		for i := range open {
			at := slices.IndexFunc(s.Findings, func(f OpenFinding) bool { return f.ID == open[i].ID })
			if at >= 0 {
				open[i] = s.Findings[at]
			}
		}
		if slices.Equal(open, s.Findings) {
			return false
		}
		s.Findings = open
		return true
	})
}

// rememberIf is remember where the work has come to an end.
func (w *work) rememberIf(ctx context.Context, ended bool) error {
	if !ended || w.unreported != "" {
		return nil
	}
	return w.remember(ctx)
}

// openFindings are the findings of the outcome that somebody has to resolve, once each.
func (w *work) openFindings() []OpenFinding {
	var open []OpenFinding
	for _, f := range w.outcome.Findings {
		known := slices.ContainsFunc(open, func(o OpenFinding) bool { return o.ID == f.ID })
		if f.Severity.AtLeast(guardrail.Low) && !known {
			open = append(open, OpenFinding{ID: f.ID, FirstSeen: w.config.Now().UTC(), LastAlarm: w.config.Now().UTC()})
		}
	}
	return open
}
