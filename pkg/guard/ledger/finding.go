package ledger

import (
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// OpenFinding is a finding that is not resolved. Findings of one code are one.
type OpenFinding struct {
	ID string `json:"id"`
	// Code, Severity and Text say what was found; Text is a hash of the words. The finding changes with any
	// of them.
	Code      string         `json:"code,omitempty"`
	Severity  rules.Severity `json:"severity,omitempty"`
	Text      string         `json:"text,omitempty"`
	FirstSeen time.Time      `json:"firstSeen"`
	// LastAlarm is when people were last told of it as it is; zero for not yet.
	LastAlarm time.Time `json:"lastAlarm,omitzero"`
}

// State is what became of a finding since the last outcome of the key.
type State string

// The states.
const (
	NewFinding      State = "new"
	ChangedFinding  State = "changed"
	SameFinding     State = "open"
	ResolvedFinding State = "resolved"
)

// remindAfter is how long an open finding stays untold after it was told.
const remindAfter = 7 * 24 * time.Hour

// News is what an outcome says that the last one of the key did not.
type News struct {
	// States are the states of the open findings, by id.
	States map[string]State
	// FirstSeen is when each was first seen, by id.
	FirstSeen map[string]time.Time
	// Resolved are the findings that people were told of and that are there no longer.
	Resolved []OpenFinding
	untold   []OpenFinding
}

// IsWorthTelling tells whether people are to be told of a finding that is at least so bad: it is new,
// changed, was not told yet, or was told a week ago.
// Or one that they were told of is resolved.
func (n News) IsWorthTelling(from rules.Severity) bool {
	return slices.ContainsFunc(slices.Concat(n.untold, n.Resolved), func(f OpenFinding) bool { return f.Severity.AtLeast(from) })
}

// renewed returns open findings with what the ledger remembers of them, and the news.
func (l Ledger) renewed(open []OpenFinding, now time.Time) ([]OpenFinding, News) {
	n := News{States: map[string]State{}, FirstSeen: map[string]time.Time{}}
	open = slices.Clone(open)
	for i := range open {
		f := &open[i]
		f.LastAlarm = time.Time{}
		state := NewFinding
		if at := slices.IndexFunc(l.Findings, func(o OpenFinding) bool { return o.ID == f.ID }); at >= 0 {
			old := l.Findings[at]
			f.FirstSeen, state = old.FirstSeen, ChangedFinding
			if old.Severity == f.Severity && old.Text == f.Text {
				f.LastAlarm, state = old.LastAlarm, SameFinding
			}
		}
		n.States[f.ID], n.FirstSeen[f.ID] = state, f.FirstSeen
		if f.LastAlarm.IsZero() || now.Sub(f.LastAlarm) >= remindAfter {
			n.untold = append(n.untold, *f)
		}
	}
	write := l.LastWrite()
	for _, old := range l.Findings {
		isLeft := slices.ContainsFunc(open, func(f OpenFinding) bool { return f.ID == old.ID })
		isMended := write != nil && write.Closed.After(old.LastAlarm) // people were told of the repair
		if !isLeft && !isMended && !old.LastAlarm.IsZero() {
			n.Resolved = append(n.Resolved, old)
		}
	}
	return open, n
}

// Told returns the ledger after people were told of the open findings.
func (l Ledger) Told(at time.Time) Ledger {
	l.Findings = slices.Clone(l.Findings)
	for i := range l.Findings {
		l.Findings[i].LastAlarm = at
	}
	return l
}
