package enforcer

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
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
	// Role is the ARN of the guardrail's own role; "" if the caller does not know it.
	Role string
	// RestoreFlags are the flags of kmsguard restore that name the archive; "" if the caller does not know
	// them.
	RestoreFlags string
	// Account is the only one whose keys are handled; "" for any.
	Account string
	// OrganizationID names the account's organization, and OrganizationalUnits are the units
	// above the account. They are "" and nil if the caller does not know them.
	OrganizationID      string
	OrganizationalUnits []string

	Log *slog.Logger
	// Now is the clock, and Pause waits; it returns early, with the context's error, when
	// that ends.
	Now   func() time.Time
	Pause func(context.Context, time.Duration) error
	// Lifetime is how long an invocation can live whose context has no deadline. 0 is
	// Lambda's longest.
	// https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
	Lifetime time.Duration
	// Version of the guardrail, for outcomes.
	Version string
}

// longest is Lambda's longest timeout.
const longest = 15 * time.Minute

// Enforcer handles events. It has no state of its own and may be used by several
// goroutines.
type Enforcer struct {
	config    Config
	inspector *inspect.Inspector
	hash      string // of the configuration
}

// New returns an Enforcer.
func New(config Config) *Enforcer {
	if config.Lifetime == 0 {
		config.Lifetime = longest
	}
	return &Enforcer{config, inspect.New(inspect.Config{
		Keys: config.Keys, Configuration: config.Configuration, Role: config.Role, OrganizationID: config.OrganizationID,
		OrganizationalUnits: config.OrganizationalUnits, Now: config.Now, Version: config.Version,
	}), config.Configuration.Hash()}
}

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

// errForeignKey says that an event is about a key of an account that is not this
// function's to guard.
var errForeignKey = errors.New("the key belongs to another account than the guardrail's")

// Handle judges the key that an event is about, and repairs it where the key's mode
// allows and the judgement proves the need.
//
// The outcome says what became of the event; it is also logged. The error is not
// nil only if the event must be given back and handled again: AWS did not answer,
// another invocation has the key, or what was read may be old.
func (e *Enforcer) Handle(ctx context.Context, m Message) (guardrail.Outcome, error) {
	event, decodeErr := trail.Decode(m.Event)
	d := e.newDelivery(m.Delivery, m.Again, event)
	switch {
	case decodeErr != nil:
		if event.ID == "" {
			d.outcome.Actor = nil
		}
		refuseEvent(d.outcome, decodeErr)
	case event.Ignored != "":
		skip(d.outcome, string(event.Ignored))
	case e.config.Account != "" && event.Account != e.config.Account:
		refuseEvent(d.outcome, errForeignKey)
	case slices.Contains(rules.NoticeCalls(), event.Name):
		e.notice(d.outcome, event.Name)
	default:
		return d.end(ctx, d.run(ctx))
	}
	return d.end(ctx, d.tell.send(ctx, *d.outcome))
}
