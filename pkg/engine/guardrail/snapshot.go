package guardrail

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"

// Evidence says where the judged policy comes from.
type Evidence string

// The kinds of evidence.
const (
	// LivePolicy: read from the key.
	LivePolicy Evidence = "live"
	// EventPolicy: the text that an event carries. It was the key's policy at
	// best once; nothing is written because of it.
	EventPolicy Evidence = "event"
	// FilePolicy: a file at a desk, the policy that a key has or will have.
	FilePolicy Evidence = "file"
)

// mayPlan tells whether a repair may be planned from the evidence: all but the text of an
// event, which somebody else wrote.
func (e Evidence) mayPlan() bool { return e == LivePolicy || e == FilePolicy }

// Trigger says what made the guardrail look at a key.
type Trigger string

// The triggers.
const (
	ByEvent   Trigger = "event"
	BySweep   Trigger = "sweep"
	ByCommand Trigger = "command"
)

// Snapshot is a key at one moment.
type Snapshot struct {
	Key    rules.Key
	Labels rules.Labels
	// Policy is the text of the key policy.
	Policy   string
	Evidence Evidence
	Trigger  Trigger
	// Writer is the ARN of the role that would write a repair, the guardrail's own in the
	// key's account; "" where unknown.
	Writer string
	// BypassedLockoutCheck is true where the caller who set this policy asked KMS to
	// skip the check that it can still be changed.
	BypassedLockoutCheck bool
	// Grant is a grant that the event tells of; nil for none. It is what somebody says: nothing else shows it.
	Grant *Grant
	// FirstSweep is true where a sweep found the key and no sweep was completed under
	// this configuration yet: then none may repair.
	FirstSweep bool
}
