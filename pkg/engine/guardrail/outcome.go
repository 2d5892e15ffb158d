package guardrail

import (
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Action is what the guardrail did.
type Action string

// The actions.
const (
	NoAction        Action = "none"             // nothing to do: compliant, or exempt
	Reported        Action = "reported"         // differs, or cannot be judged; nothing was written
	Repaired        Action = "repaired"         // the planned policy was written
	Held            Action = "held"             // a repair is planned, and not written; ActionReason says why
	Skipped         Action = "skipped"          // nothing to judge; ActionReason says why
	BudgetExhausted Action = "budget-exhausted" // a repair is planned, and the key has been repaired too often
	PlanRefused     Action = "plan-refused"     // a repair was wanted, and refused; ActionReason says why
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

	Account        string `json:"account,omitempty"`
	Role           string `json:"role,omitempty"`
	SourceIdentity string `json:"sourceIdentity,omitempty"`
	OnBehalfOf     string `json:"onBehalfOf,omitempty"`
	Provider       string `json:"provider,omitempty"`
	AccessKeyID    string `json:"accessKeyId,omitempty"`
	Console        bool   `json:"console,omitempty"`
	MFA            bool   `json:"mfa,omitempty"`
}

// Resolved is a finding that is there no longer.
type Resolved struct {
	ID        string         `json:"id"`
	Code      Code           `json:"code"`
	Severity  rules.Severity `json:"severity"`
	FirstSeen time.Time      `json:"firstSeen"`
}

// Outcome is what became of one key or event. Its JSON form is public.
type Outcome struct {
	Schema           string    `json:"schema"`
	Time             time.Time `json:"time"`
	GuardrailVersion string    `json:"guardrailVersion"`
	// ConfigurationHash identifies the [rules.Configuration].
	ConfigurationHash string     `json:"configurationHash"`
	Mode              rules.Mode `json:"mode"`
	// Trigger is what made the guardrail look.
	Trigger Trigger `json:"trigger"`

	KeyARN  string `json:"keyArn"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// KeyType is the key's type in words, "" where it is not known.
	KeyType string   `json:"keyType"`
	Aliases []string `json:"aliases"`
	// Rule and Baseline name what the key was held against.
	Rule     string `json:"rule"`
	Baseline string `json:"baseline"`

	Verdict  Verdict        `json:"verdict"`
	Severity rules.Severity `json:"severity"`
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

	// Resolved are findings that people were told of and that are there no longer.
	Resolved []Resolved `json:"resolved,omitempty"`
	// Exemption names those in force, with commas.
	Exemption string `json:"exemption,omitempty"`
	// Plan is the repair that was planned, whether it was written or not.
	Plan *PlannedPolicy `json:"plan,omitempty"`
	// Archive is the archive's record of a repair, and Restore the command that puts the
	// policy before it back.
	Archive string `json:"archive,omitempty"`
	Restore string `json:"restore,omitempty"`
}

// Judged writes a judgement into an outcome: what was found, what of the configuration
// applied, and the action as it is without a repair.
func (o *Outcome) Judged(j Judgement) {
	o.Verdict, o.Severity, o.Findings = j.Verdict, j.Severity, append([]Finding{}, j.Findings...)
	o.Action, o.ActionReason = Reported, j.Decision.Reason
	if j.Verdict == Compliant || j.Verdict == Exempt {
		o.Action = NoAction
	}
	o.Plan, o.Exemption = nil, ""
	s := j.Selection
	if s.Mode == "" {
		return // the configuration was not asked
	}
	o.Rule, o.Baseline, o.Mode = s.RuleName(), "", s.Mode
	if s.Baseline != nil && !s.IsUncertain() {
		o.Baseline = s.Baseline.Name
	}
	o.Exemption = s.ExemptionNames()
}

// PlannedPolicy is a repair in an outcome.
type PlannedPolicy struct {
	// Policy is the text to write.
	Policy string `json:"policy"`
	// Edits say in words what changes.
	Edits []string `json:"edits"`
	// Hash is the hash of the canonical form of Policy.
	Hash string `json:"hash"`
}
