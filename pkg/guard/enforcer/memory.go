package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// mostConflicts is how often a state that others change meanwhile is tried to be saved.
const mostConflicts = 5

// memory is what the archive remembers of the key, as far as it was read.
type memory struct {
	state   KeyState
	version StateVersion
	read    bool
	// lost is why there is none, for good. Nothing is written then: what protects a key
	// from being written over and over is not known.
	lost error
}

func (m memory) known() bool { return m.read || m.lost != nil }

// recall reads what the archive remembers of the key, where the event may need it. A
// compliant key that was just made has no past.
func (w *work) recall(ctx context.Context) error {
	w.memory = memory{}
	justMade := w.event.Name == "CreateKey" && !w.message.Again && w.judgement.Verdict == guardrail.Compliant && !w.doubtful()
	if w.config.Archive == nil || justMade {
		return nil
	}
	return w.readState(ctx)
}

func (w *work) readState(ctx context.Context) error {
	if w.memory.known() {
		return nil
	}
	state, version, err := w.config.Archive.State(ctx, w.event.KeyARN)
	if err != nil {
		return w.lose(ctx, fmt.Errorf("reading the key's state: %w", err))
	}
	w.memory = memory{state: state, version: version, read: true}
	return nil
}

// lose takes down that the key's state can be neither read nor saved. For good, that keeps
// no message from being judged; an error that goes away is returned.
func (w *work) lose(ctx context.Context, err error) error {
	if !errors.Is(err, ErrArchive) {
		return err
	}
	w.memory = memory{lost: err}
	w.config.Log.LogAttrs(ctx, slog.LevelError, "the key's state is lost", slog.String("key", w.event.KeyARN), slog.String("error", err.Error()))
	return nil
}

// update changes the key's state, again where somebody else changed it meanwhile. change
// tells whether it changed anything.
func (w *work) update(ctx context.Context, change func(*KeyState) bool) error {
	for range mostConflicts {
		if err := w.readState(ctx); err != nil {
			return err
		}
		if w.memory.lost != nil {
			return w.memory.lost
		}
		if !change(&w.memory.state) {
			return nil
		}
		w.memory.state.ConfigurationHash = w.hash
		version, err := w.config.Archive.SaveState(ctx, w.event.KeyARN, w.memory.state, w.memory.version)
		switch {
		case err == nil:
			w.memory.version = version
			return nil
		case !errors.Is(err, ErrConflict):
			return fmt.Errorf("saving the key's state: %w", err)
		}
		w.memory = memory{}
	}
	return ErrConflict
}

// mostWrites is how many of the guardrail's writes to a key are remembered: more than a
// budget, so that a late event of another writer still finds the one that replaced its policy.
const mostWrites = 8

// noteWrite remembers the guardrail's write by a claim. Where another delivery made it,
// the time is not known, and now is the latest that it can be.
func (w *work) noteWrite(ctx context.Context, entry Entry) error {
	r := entry.Record
	write := PastWrite{Slot: entry.Slot, Before: r.Before.Hash, After: r.After.Hash, Claimed: r.Time, Time: w.wrote}
	if w.wrote.IsZero() {
		write.Time = w.config.Now().UTC()
	}
	return w.update(ctx, func(s *KeyState) bool {
		at, found := slices.BinarySearchFunc(s.Writes, write.Slot, func(p PastWrite, slot Slot) int { return strings.Compare(string(p.Slot), string(slot)) })
		switch {
		case found && s.Writes[at].Claimed.Equal(write.Claimed):
			return false
		case found:
			s.Writes[at] = write
		default:
			s.Writes = slices.Insert(s.Writes, at, write)
		}
		s.Writes = s.Writes[max(0, len(s.Writes)-mostWrites):]
		s.Findings = nil
		return true
	})
}

// remember keeps which findings are open since when, and when they were last told of. A
// key without findings and without a past has no state.
func (w *work) remember(ctx context.Context) error {
	open := w.openFindings()
	done := w.outcome.Action == guardrail.Repaired // and remembered
	if w.config.Archive == nil || done || !w.memory.read && len(open) == 0 {
		return nil
	}
	err := w.update(ctx, func(s *KeyState) bool {
		if len(open) == 0 && len(s.Findings) == 0 {
			return false
		}
		for i := range open {
			if at := slices.IndexFunc(s.Findings, func(f OpenFinding) bool { return f.ID == open[i].ID }); at >= 0 {
				open[i].FirstSeen = s.Findings[at].FirstSeen
			}
		}
		s.Findings = open
		return true
	})
	if err != nil {
		return w.lose(ctx, err) // the report is worth more than the memory of it
	}
	return nil
}

// openFindings are the findings of the outcome that somebody has to resolve, once each.
func (w *work) openFindings() []OpenFinding {
	var open []OpenFinding
	now := w.config.Now().UTC()
	for _, f := range w.outcome.Findings {
		known := slices.ContainsFunc(open, func(o OpenFinding) bool { return o.ID == f.ID })
		if f.Severity.AtLeast(rules.Low) && !known {
			open = append(open, OpenFinding{ID: f.ID, FirstSeen: now, LastAlarm: now})
		}
	}
	return open
}
