package inspect

import (
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Config is what an Inspector works with.
type Config struct {
	// Keys reads live keys; nil for an Inspector of files.
	Keys          Keys
	Configuration *rules.Configuration
	// Role is the ARN of the role that the guardrail runs as, in the key's account. Where it
	// is "", it is the role that the configuration or the documentation names, see
	// [rules.Baseline.GuardrailRole].
	Role string
	// OrganizationID and OrganizationalUnits belong to the keys' account. They are "" and nil
	// if the caller does not know them.
	OrganizationID      string
	OrganizationalUnits []string
	// AllLabels reads aliases and tags also where the configuration does not ask for them.
	AllLabels bool
	// Now is the clock.
	Now func() time.Time
	// Version of the guardrail, for outcomes.
	Version string
}

// Inspector looks at keys. It has no state of its own and may be used by several
// goroutines.
type Inspector struct {
	config Config
	hash   string // of the configuration
}

// New returns an Inspector.
func New(config Config) *Inspector { return &Inspector{config, config.Configuration.Hash()} }

// Subject is a key to look at, and why.
type Subject struct {
	// Key has at least the ARN and its parts.
	Key     rules.Key
	Trigger guardrail.Trigger
	// FirstSweep is true where a sweep found the key and no sweep was completed under the
	// configuration yet.
	FirstSweep bool
	// Event is what an event says of the key; nil without an event.
	Event *Event
}

// Event is what an event says of a key's policy. Whoever sends the event wrote it.
type Event struct {
	Actor guardrail.Actor
	// Policy is the text that the event carries; "" if it carries none.
	Policy string
	// SetsDefault is true where the call left the policy to KMS, which then sets the API
	// default.
	SetsDefault bool
	// BypassedLockoutCheck is true where the caller asked KMS to skip the lockout safety check.
	BypassedLockoutCheck bool
	// Grant is the grant that the call made; nil for other calls.
	Grant *guardrail.Grant
}

// View is a key at one moment: what was read of it, and, after [Inspector.Judge], what the
// configuration says of it.
type View struct {
	Subject  Subject
	Snapshot guardrail.Snapshot
	// Denied is the error of KMS if it denied the inspector DescribeKey or GetKeyPolicy.
	// Then the key cannot be judged.
	Denied error

	// Judgement is zero before Judge.
	Judgement guardrail.Judgement
	// LiveHash identifies the policy that was judged, if it was read from the key or a file;
	// EventHash identifies the policy text in the event. Each is "" before Judge, if there is
	// no such policy, and if it does not parse.
	LiveHash, EventHash string
}

// Judge judges a View at the present moment. An AWS managed key is not judged: its verdict
// is guardrail.NothingToJudge.
func (i *Inspector) Judge(v *View) {
	now := i.config.Now()
	switch {
	case v.Snapshot.Key.AWSManaged:
		v.Judgement = guardrail.Judgement{Verdict: guardrail.NothingToJudge, Severity: rules.NoSeverity, At: now}
		return
	case v.Denied != nil:
		v.Judgement = i.judgeDenied(v, now)
		return
	}
	v.Judgement = guardrail.Judge(v.Snapshot, i.config.Configuration, now)
	if live := v.Judgement.Live; live != nil {
		v.LiveHash = live.Hash(v.Snapshot.Key.Partition)
	}
	switch event := v.Subject.Event; {
	case event == nil:
	case event.Policy == v.Snapshot.Policy:
		v.EventHash = v.LiveHash
	default:
		v.EventHash = Hash(v.Snapshot.Key, event.Policy)
	}
}

// Unjudged says of a View that it could not be judged, for one reason.
func (v *View) Unjudged(code guardrail.Code, message string) {
	v.Judgement = guardrail.Unjudged(v.Snapshot.Key, code, message)
}

// Hash returns the hash of a policy's canonical form, "" for a text that is no policy.
func Hash(k rules.Key, text string) string {
	d, err := policy.Parse(text)
	if err != nil {
		return ""
	}
	return d.Hash(k.Partition)
}
