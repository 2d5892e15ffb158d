package enforcer

import "time"

// StateVersion is the version of a KeyState in the archive; "" is that of none.
type StateVersion string

// KeyState is what is remembered of a key between events. The zero value is that of a
// key of which nothing is remembered.
type KeyState struct {
	// Findings are those that are open.
	Findings []OpenFinding `json:"findings,omitempty"`
	// LastWrite is the guardrail's last write to the key; nil if there was none.
	LastWrite *LastWrite `json:"lastWrite,omitempty"`
	// Attempts counts the repairs that another writer undid, beyond the budget;
	// LastAttempt is when the last of them was.
	Attempts    int       `json:"attempts,omitempty"`
	LastAttempt time.Time `json:"lastAttempt,omitzero"`
	// ConfigurationHash is that of the configuration by which the key was judged.
	ConfigurationHash string `json:"configurationHash,omitempty"`
}

// OpenFinding is a finding that was reported and is not resolved.
type OpenFinding struct {
	ID        string    `json:"id"`
	FirstSeen time.Time `json:"firstSeen"`
	LastAlarm time.Time `json:"lastAlarm,omitzero"`
}

// LastWrite is a write to a key, by the hashes of the policies.
type LastWrite struct {
	Slot   Slot      `json:"slot"`
	Before string    `json:"before"`
	After  string    `json:"after"`
	Time   time.Time `json:"time"`
}
