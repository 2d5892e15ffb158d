package enforcer

import (
	"context"
	"log/slog"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// Config is what an Enforcer works with.
type Config struct {
	Keys          Keys
	Configuration *rules.Configuration
	// Archive is required where the configuration repairs; nil otherwise. Without it
	// nothing is written.
	Archive Archive
	// Reporter takes outcomes that somebody must know of; nil for none. The log has
	// every outcome in any case.
	Reporter Reporter
	// Role is the ARN of the guardrail's own role, "" where unknown.
	Role string
	// Account is the only one whose keys are handled; "" for any.
	Account string
	// OrganizationID and OrganizationalUnits are those of the account; "" and nil where
	// unknown.
	OrganizationID      string
	OrganizationalUnits []string

	Log *slog.Logger
	// Now is the clock, and Pause waits; it returns early, with the context's error, when
	// that ends.
	Now   func() time.Time
	Pause func(context.Context, time.Duration) error
	// Version of the guardrail, for outcomes.
	Version string
}

// Enforcer handles events. It has no state of its own and may be used by several
// goroutines.
type Enforcer struct {
	config Config
	hash   string // of the configuration
}

// New returns an Enforcer.
func New(config Config) *Enforcer { return &Enforcer{config, config.Configuration.Hash()} }

// Message is one delivery of an event.
type Message struct {
	// Event is an EventBridge event.
	Event []byte
	// Delivery names this delivery: no two deliveries share a name, not even of one
	// message.
	Delivery string
	// Again is true where the message was delivered before.
	Again bool
}

// Handle judges the key that an event is about, and repairs it where the key's mode
// allows and the judgement proves the need.
//
// The outcome says what became of the event; it is also logged. The error is not
// nil only if the event must be given back and handled again: AWS did not answer,
// another invocation has the key, or what was read may be old.
func (e *Enforcer) Handle(ctx context.Context, m Message) (guardrail.Outcome, error) {
	event, decodeErr := trail.Decode(m.Event)
	w := e.newWork(m, event)
	if decodeErr == nil || event.ID != "" {
		name(w.outcome, event)
	}
	var err error
	switch {
	case decodeErr != nil:
		refuseEvent(w.outcome, decodeErr)
	case event.Ignored != "":
		skip(w.outcome, string(event.Ignored))
	case e.config.Account != "" && event.Account != e.config.Account:
		refuseEvent(w.outcome, errForeignKey)
	default:
		err = w.enforce(ctx)
	}
	return w.end(ctx, err)
}

// work is one event on its way.
type work struct {
	*Enforcer
	message Message
	event   trail.Event
	outcome *guardrail.Outcome
	start   time.Time

	snapshot  guardrail.Snapshot
	judgement guardrail.Judgement
	// live is the hash of the live policy, "" where it was not read or is malformed; told
	// is that of the event's.
	live, told string
	// memory is what the archive remembers of the key.
	memory memory

	// held is the claim that this delivery may write by and has not; nil for none. taken
	// says that an earlier delivery had it.
	held  *Claim
	taken bool
	// cut says that the plan of held only takes away.
	cut bool
	// wrote is when this delivery wrote; zero if it did not.
	wrote time.Time
	// unreported is the closed claim that the outcome is the report of; "" for none.
	unreported Slot

	// origin is the record that a flush goes by, where there is no message; else nil.
	origin *Record
	// due is until when the event was postponed; zero if it was not.
	due time.Time
}

func (e *Enforcer) newWork(m Message, event trail.Event) *work {
	start := e.config.Now()
	return &work{Enforcer: e, message: m, event: event, outcome: e.newOutcome(start), start: start}
}

// end reports the outcome of work that came to one; an error gives the message back.
func (w *work) end(ctx context.Context, err error) (guardrail.Outcome, error) {
	if err == nil {
		err = w.report(ctx)
	}
	if err != nil {
		w.logGivenBack(ctx, err)
	}
	return *w.outcome, err
}
