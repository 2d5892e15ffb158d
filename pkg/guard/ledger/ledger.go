package ledger

import (
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Ledger is all that is remembered of a key. The zero value is the ledger of a key of which
// nothing is remembered.
type Ledger struct {
	KeyARN string `json:"keyArn"`
	// Repairs are the last ones, oldest first.
	Repairs []Repair `json:"repairs,omitempty"`
	// Critical counts the repairs of critical findings, also of those that are forgotten.
	Critical Critical `json:"critical,omitzero"`
	// Findings are open: they are not resolved.
	Findings []OpenFinding `json:"findings,omitempty"`
	// Due is the event to be handled again later; nil for none.
	Due *Due `json:"due,omitempty"`
	// ConfigurationHash identifies the configuration by which the key was last judged.
	ConfigurationHash string `json:"configurationHash,omitempty"`
}

// mostRepairs is how many repairs a ledger keeps. A budget is smaller, so that it counts. Of the
// repairs of critical findings it keeps mostCritical, and those of the last SettlingTime.
const (
	mostRepairs  = 500
	mostCritical = 20
)

// Version identifies one version of a ledger in the archive; "" where there is none yet.
type Version string

// Kind says who asked for a repair.
type Kind string

// The kinds.
const (
	ForFinding Kind = "repair"  // the guardrail, because of a finding
	ForPerson  Kind = "restore" // a person, who puts an archived policy back
)

// Phase says how far a repair came.
type Phase string

// The phases.
const (
	Claimed Phase = "claimed" // its holder may write
	Written Phase = "written" // its policy was read from the key
	Ended   Phase = "ended"   // given up
)

// Repair is one line of the ledger. Record names the texts that go with it.
type Repair struct {
	Record   Name           `json:"record"`
	Kind     Kind           `json:"kind"`
	EventID  string         `json:"eventId"`
	ActorARN string         `json:"actorArn,omitempty"` // of the call that the event tells of: the caller's own text
	Severity rules.Severity `json:"severity"`
	// Before and After identify the policy to be replaced and the one to be written.
	Before string `json:"before"`
	After  string `json:"after"`

	Phase Phase `json:"phase"`
	// Holder names the delivery that may write, or that closed the repair. Deadline is when
	// that delivery must have ended.
	Holder   string    `json:"holder"`
	Deadline time.Time `json:"deadline"`
	// TakeOvers counts how often another delivery took the claim over.
	TakeOvers int       `json:"takeOvers,omitempty"`
	Claimed   time.Time `json:"claimed"`
	// Closed is when the write was seen, or the repair ended; zero while it is claimed.
	Closed time.Time `json:"closed,omitzero"`
	// Reason says why the repair ended: Unconfirmed, NotNeeded, or the refusal of KMS.
	Reason   string `json:"reason,omitempty"`
	Reported bool   `json:"reported,omitempty"`
}

// The reasons of an end. Another reason is the refusal of KMS.
const (
	// Unconfirmed: it may have been written or not. The attempt was interrupted, and the key
	// has a third policy since, or may not be written any more.
	Unconfirmed = "write-not-confirmed"
	// NotNeeded: nothing was written. When the policy was read again it was another one,
	// which needs no repair.
	NotNeeded = "not-needed"
)

// IsOpen tells whether something of the repair is left to do.
func (r Repair) IsOpen() bool { return r.Phase == Claimed || !r.Reported }

// Due is an event that a delivery handles again at a later time. That delivery judges the live
// policy, so Due keeps the hash of the event's policy and not its text.
type Due struct {
	// Name is the name of the pointer to this event.
	Name               Name             `json:"name"`
	At                 time.Time        `json:"at"`
	EventID            string           `json:"eventId"`
	EventTime          time.Time        `json:"eventTime"`
	EventPolicy        string           `json:"eventPolicy,omitempty"` // hash of the event's policy, "" if there is none
	Actor              *guardrail.Actor `json:"actor"`
	SweepID            string           `json:"sweepId,omitempty"`
	SweptConfiguration string           `json:"sweptConfiguration,omitempty"`
}

// Find returns the repair of a record; nil for none.
func (l *Ledger) Find(record Name) *Repair {
	return l.last(func(r *Repair) bool { return r.Record == record })
}

// Open returns the repair that is claimed; nil for none.
func (l *Ledger) Open() *Repair {
	return l.last(func(r *Repair) bool { return r.Phase == Claimed })
}

// of returns the last repair for an event; nil for none.
func (l *Ledger) of(eventID string) *Repair {
	return l.last(func(r *Repair) bool { return r.EventID == eventID })
}

// LastWrite returns the last repair that was written; nil for none.
func (l *Ledger) LastWrite() *Repair {
	return l.last(func(r *Repair) bool { return r.Phase == Written })
}

func (l *Ledger) last(is func(*Repair) bool) *Repair {
	for i := len(l.Repairs) - 1; i >= 0; i-- {
		if is(&l.Repairs[i]) {
			return &l.Repairs[i]
		}
	}
	return nil
}

// IsPending tells whether something is left to do under a name: the repair of that record is
// open, or the event with that name is due. The pointer of that name must then stay.
func (l *Ledger) IsPending(name Name) bool {
	r := l.Find(name)
	return r != nil && r.IsOpen() || l.Due != nil && l.Due.Name == name
}

// Claim returns the ledger with a repair claimed. An earlier claim of the same holder is
// removed: the holder did not write under it.
func (l Ledger) Claim(r Repair) Ledger {
	r.Phase = Claimed
	isCounted := false
	l.Repairs = slices.DeleteFunc(slices.Clone(l.Repairs), func(o Repair) bool {
		isReplaced := o.Phase == Claimed && o.Holder == r.Holder
		isCounted = isCounted || isReplaced && o.isCritical()
		return isReplaced
	})
	if r.isCritical() && !isCounted {
		l.Critical = l.Critical.add(r.Claimed)
	}
	l.Repairs = append(l.Repairs, r)
	l.forget(r.Claimed)
	return l
}

// forget leaves out the oldest repairs that nothing asks for any more.
func (l *Ledger) forget(now time.Time) {
	critical := 0
	for _, r := range l.Repairs {
		if r.isCritical() {
			critical++
		}
	}
	l.Repairs = slices.DeleteFunc(l.Repairs, func(r Repair) bool {
		isOld := r.isCritical() && critical > mostCritical && now.Sub(r.Claimed) >= SettlingTime && !r.IsOpen()
		if isOld {
			critical--
		}
		return isOld
	})
	for len(l.Repairs) > mostRepairs && !l.Repairs[0].IsOpen() {
		l.Repairs = l.Repairs[1:]
	}
}

// TakeOver returns the ledger with a claim in the hands of another holder.
func (l Ledger) TakeOver(record Name, holder string, deadline time.Time) Ledger {
	return l.change(record, func(r *Repair) {
		r.Holder, r.Deadline = holder, deadline
		r.TakeOvers++
	})
}

// Mark returns the ledger with a repair marked written. The key has no open findings any more,
// and the event of the repair is not due any more.
func (l Ledger) Mark(record Name, at time.Time) Ledger {
	l.Findings = nil
	if r := l.Find(record); r != nil && l.Due != nil && l.Due.EventID == r.EventID {
		l.Due = nil
	}
	return l.change(record, func(r *Repair) { r.Phase, r.Closed = Written, at })
}

// End returns the ledger with a repair given up by a holder.
func (l Ledger) End(record Name, holder, reason string, at time.Time) Ledger {
	return l.change(record, func(r *Repair) { r.Phase, r.Holder, r.Reason, r.Closed = Ended, holder, reason, at })
}

// Report returns the ledger with a repair reported. at is when people were told of it; zero where
// they were not.
func (l Ledger) Report(record Name, at time.Time) Ledger {
	if r := l.Find(record); r != nil && r.isCritical() && !at.IsZero() {
		l.Critical = l.Critical.Report(at)
	}
	return l.change(record, func(r *Repair) { r.Reported = true })
}

func (l Ledger) change(record Name, change func(*Repair)) Ledger {
	l.Repairs = slices.Clone(l.Repairs)
	if r := l.Find(record); r != nil {
		change(r)
	}
	return l
}

// Conclude returns the ledger with what a message found: the open findings, the time when each
// was first seen, and the event that is due. changed is false where the ledger stays the same. news is what
// people may not know yet.
func (l Ledger) Conclude(eventID string, open []OpenFinding, due *Due, now time.Time) (_ Ledger, news News, changed bool) {
	before := l.Findings
	l.Findings, news = l.renewed(open, now)
	changed = !slices.Equal(before, l.Findings)
	switch {
	case due != nil:
		l.Due, changed = due, true
	case l.Due != nil && l.Due.EventID == eventID:
		l.Due, changed = nil, true
	}
	return l, news, changed
}
