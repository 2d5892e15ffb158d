package guardrail

import "time"

// Action is what the guardrail did.
type Action string

// The actions.
const (
	NoAction    Action = "none"         // nothing differs
	Reported    Action = "reported"     // differs, or cannot be judged; nothing was written
	Repaired    Action = "repaired"     // the generated default was written
	Skipped     Action = "skipped"      // nothing to judge; ActionReason says why
	PlanRefused Action = "plan-refused" // a repair was wanted, and refused; ActionReason says why
)

// Actor is who made the call that an event tells of. All its text is the caller's.
type Actor struct {
	ARN       string    `json:"arn"`
	Type      string    `json:"type"`
	SourceIP  string    `json:"sourceIp"`
	UserAgent string    `json:"userAgent"`
	EventID   string    `json:"eventId"`
	EventTime time.Time `json:"eventTime"`
	InvokedBy string    `json:"invokedBy"`
}

// Outcome is what became of one key or event. Its JSON form is public.
type Outcome struct {
	Schema           string    `json:"schema"`
	Time             time.Time `json:"time"`
	GuardrailVersion string    `json:"guardrailVersion"`
	// ConfigurationHash is that of the Yardstick.
	ConfigurationHash string `json:"configurationHash"`
	Mode              Mode   `json:"mode"`
	// Trigger is "event".
	Trigger string `json:"trigger"`

	KeyARN  string `json:"keyArn"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// KeyType is the key's type in words, "" where it is not known.
	KeyType string   `json:"keyType"`
	Aliases []string `json:"aliases"`
	// Rule and Baseline name what the key was held against.
	Rule     string `json:"rule"`
	Baseline string `json:"baseline"`

	Verdict  Verdict  `json:"verdict"`
	Severity Severity `json:"severity"`
	// Evidence is "" where no policy was judged.
	Evidence Evidence  `json:"evidence"`
	Findings []Finding `json:"findings"`

	Action       Action `json:"action"`
	ActionReason string `json:"actionReason"`

	Actor *Actor `json:"actor,omitempty"`
	// Before and After are hashes of the canonical policy (64 hexadecimal digits):
	// Before is "" where the key's policy was not read, After where none was written.
	Before string `json:"before"`
	After  string `json:"after,omitempty"`
}
