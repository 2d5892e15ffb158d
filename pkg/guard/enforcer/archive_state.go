package enforcer

import "time"

// StateVersion is the version of a KeyState in the archive; "" is that of none.
type StateVersion string

// KeyState is what is remembered of a key between events. The zero value is that of a
// key of which nothing is remembered.
type KeyState struct {
	// Findings are those that are open.
	Findings []OpenFinding `json:"findings,omitempty"`
	// Writes are the guardrail's last writes to the key, oldest first.
	Writes []PastWrite `json:"writes,omitempty"`
	// ConfigurationHash is that of the configuration by which the key was judged.
	ConfigurationHash string `json:"configurationHash,omitempty"`
}

// lastWrite returns the guardrail's last write to the key; zero if there was none.
func (s KeyState) lastWrite() PastWrite {
	if len(s.Writes) == 0 {
		return PastWrite{}
	}
	return s.Writes[len(s.Writes)-1]
}

// OpenFinding is a finding that was reported and is not resolved.
type OpenFinding struct {
	ID        string    `json:"id"`
	FirstSeen time.Time `json:"firstSeen"`
	// LastAlarm is when an outcome with the finding was last handed over to be reported.
	LastAlarm time.Time `json:"lastAlarm,omitzero"`
}

// PastWrite is a write to a key, by the hashes of the policies.
type PastWrite struct {
	Slot   Slot   `json:"slot"`
	Before string `json:"before"`
	After  string `json:"after"`
	// Claimed is when the claim was made: the policy before was read once more after it.
	Claimed time.Time `json:"claimed"`
	// Time is when the write was answered, or known to have been made.
	Time time.Time `json:"time"`
}
