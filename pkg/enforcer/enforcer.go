package enforcer

import (
	"context"
	"log/slog"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/trail"
)

// Config is what an Enforcer works with.
type Config struct {
	Keys          Keys
	Configuration *guardrail.Configuration
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

// settlingTime is how long a key that was just made may be unknown to other KMS
// calls, and an old policy be read: "in some cases several minutes".
// https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
const settlingTime = 10 * time.Minute

// Handle judges the key that an event is about, and repairs it where the key's mode
// allows and the judgement proves the need.
//
// The outcome says what became of the event; it is also logged. The error is not
// nil only if the event must be given back and handled again: AWS did not answer,
// another invocation has the key, or what was read may be old.
func (e *Enforcer) Handle(ctx context.Context, m Message) (guardrail.Outcome, error) {
	start := e.config.Now()
	o := e.newOutcome(start)
	event, err := trail.Decode(m.Event)
	if err == nil || event.ID != "" {
		name(&o, event)
	}
	w := &work{Enforcer: e, message: m, event: event, outcome: &o, start: start}
	switch {
	case err != nil:
		refuseEvent(&o, err)
	case event.Ignored != "":
		skip(&o, string(event.Ignored))
	case e.config.Account != "" && event.Account != e.config.Account:
		refuseEvent(&o, errForeignKey)
	default:
		err := w.enforce(ctx)
		if err == nil {
			err = w.report(ctx)
		}
		if err != nil {
			e.logGivenBack(ctx, o, err, start)
			return o, err
		}
		return o, nil
	}
	return o, w.report(ctx)
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
	// live is the hash of the live policy, "" where it was not read or is malformed.
	live string
	// state is what the archive remembers of the key, once it was read.
	state        KeyState
	stateVersion StateVersion
	stateRead    bool
	// unreported is the claim of the repair that the outcome is of; "" for none.
	unreported Slot
}
