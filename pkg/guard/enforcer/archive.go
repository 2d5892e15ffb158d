package enforcer

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Archive is what the enforcer needs to write a key policy: lock, budget, ledger and
// outbox in one, and a note for each key. Keys are named by their ARN. Errors are
// those of archive_errors.go, possibly wrapped; any other error is transient, and the
// same call may succeed later. Every method may be repeated: it ends in the same state.
//
// A repair goes Claim, PutKeyPolicy, MarkWritten, report, MarkReported. A claim that
// will not be written is given up with Abandon.
type Archive interface {
	Outbox

	// Claim archives a record and takes the key's lock, one repair of its budget and
	// one of the hourly limits. Only the holder of a claim that is Held may write, and
	// only what its record says. ErrBusy, *BudgetError, *BreakerError and
	// ErrTooOld say why there is no claim. An event whose claim was given up as
	// BreakerOpened may claim anew.
	Claim(ctx context.Context, record Record, limits Limits) (Claim, error)
	// Abandon gives up a claim without a write, and with it the lock. Its share of the
	// budget and of the limits stays used. ErrBusy: another invocation has taken the
	// claim over.
	Abandon(ctx context.Context, hold Hold, why Abandonment) error
	// MarkWritten says that the claim's policy is on the key, and ends the lock.
	MarkWritten(ctx context.Context, slot Slot, written Written) error
	// MarkSuperseded archives the policy of another writer which the claim's write
	// replaced although it was not the judged one.
	MarkSuperseded(ctx context.Context, slot Slot, superseded Superseded) error
	// UnreportedOf returns the key's claims that are not reported, oldest first.
	UnreportedOf(ctx context.Context, keyARN string) ([]Entry, error)

	// Postpone keeps an event until it is due. There is one for each key; a later one
	// replaces it.
	Postpone(ctx context.Context, p Postponed) error

	// State returns what is remembered of a key; zero and "" if that is nothing.
	State(ctx context.Context, keyARN string) (KeyState, StateVersion, error)
	// SaveState replaces the state that has a version, and returns the new one's.
	// ErrConflict: it has another version by now.
	SaveState(ctx context.Context, keyARN string, state KeyState, version StateVersion) (StateVersion, error)
}

// Outbox is what the flush needs: every repair is reported, even if the invocation that
// made it died.
type Outbox interface {
	// Due returns up to limit postponed events whose time has come.
	Due(ctx context.Context, now time.Time, limit int) ([]Postponed, error)
	// Settle forgets a postponed event, unless another one has replaced it.
	Settle(ctx context.Context, p Postponed) error

	// Unreported returns up to limit claims of all keys that are not reported. An
	// object that cannot be read does not hide the others: entries and error may both
	// be returned. A claim may be in work at this moment: it is younger than the lock
	// time by its record.
	Unreported(ctx context.Context, limit int) ([]Entry, error)
	// MarkReported says that the outcome was reported, and takes the claim out of the outbox.
	MarkReported(ctx context.Context, slot Slot, reported Reported) error
}

// History is what a reader of the archive needs.
type History interface {
	// Entries returns up to limit claims of a key, newest first. As with Unreported,
	// entries and error may both be returned.
	Entries(ctx context.Context, keyARN string, limit int) ([]Entry, error)
	// Entry returns one claim. ErrNoEntry: there is none of that name.
	Entry(ctx context.Context, slot Slot) (Entry, error)
}

// Slot names a claim, for people as well: it is the record id of outcomes.
type Slot string

// Hold is a claim in the hands of one holder. Turn counts how often it changed hands.
type Hold struct {
	Slot Slot
	Turn int
}

// Record is what is archived before a key policy is written.
type Record struct {
	// Time of the claim, by the holder's clock.
	Time time.Time `json:"time"`
	// Holder names this one attempt to handle the message. No two attempts share a name:
	// it is the request id of the invocation with a random text and the id of the message,
	// say: retries of an asynchronous invocation keep the request id.
	Holder string `json:"holder"`
	// EventID is the identity of the message: all its deliveries share it. EventTime is
	// when the event was made.
	EventID   string    `json:"eventId"`
	EventTime time.Time `json:"eventTime"`
	KeyARN    string    `json:"keyArn"`
	// SweepID and SweptConfiguration are those of the sweep whose message the event is; ""
	// for a call's.
	SweepID            string `json:"sweepId,omitempty"`
	SweptConfiguration string `json:"sweptConfiguration,omitempty"`

	GuardrailVersion  string `json:"guardrailVersion"`
	ConfigurationHash string `json:"configurationHash"`

	// Actor made the call that the event tells of; nil where nobody did.
	Actor    *guardrail.Actor    `json:"actor"`
	Severity rules.Severity      `json:"severity"`
	Findings []guardrail.Finding `json:"findings"`
	// Before is the policy that was judged, After the one to write.
	Before PolicyText `json:"before"`
	After  PolicyText `json:"after"`
	// Edits are the plan's, as JSON; nil if the plan replaces the whole policy.
	Edits json.RawMessage `json:"edits,omitempty"`
	// Outcome is the outcome that is to be reported once the write is done, as JSON, for
	// a flush that has nothing else to report from.
	Outcome json.RawMessage `json:"outcome,omitempty"`
}

// PolicyText is a key policy, verbatim, and the hash of its canonical form ("" where it
// has none).
type PolicyText struct {
	Text string `json:"text"`
	Hash string `json:"hash"`
}

// Limits bound the repairs. All must be positive.
type Limits struct {
	// Budget is how often one key may be repaired in a window. Windows are of equal
	// length and begin at the zero time, so a day is a calendar day in UTC.
	Budget int
	Window time.Duration
	// AccountPerHour and TotalPerHour are the breaker: repairs per clock hour.
	AccountPerHour, TotalPerHour int
	// Settle is how long after a claim nobody else may take it over: until then KMS may
	// answer with the policy before its write. 0 is no longer than the holder can live.
	Settle time.Duration
}

// ClaimStatus says what a claim is good for.
type ClaimStatus string

// The statuses.
const (
	// Fresh: the claim is new. The holder may write.
	Fresh ClaimStatus = "fresh"
	// Adopted: an earlier attempt at the same message claimed and did not write, since the
	// policy to be replaced is still the same; or this attempt claimed for another policy.
	// The holder may write.
	Adopted ClaimStatus = "adopted"
	// Interrupted: an earlier attempt at the same message claimed, and the policy to be
	// replaced is another one by now: whether it was written is not known any more.
	// Nothing may be written; the claim is to be given up with its Hold.
	Interrupted ClaimStatus = "interrupted"
	// AlreadyWritten: an earlier attempt at the same message wrote.
	AlreadyWritten ClaimStatus = "written"
	// AlreadyAbandoned: the claim of the same message was given up, by an earlier attempt
	// or by another event of the key after the lock time. Nothing is to be written for it.
	AlreadyAbandoned ClaimStatus = "abandoned"
)

// Claim is the answer to Archive.Claim.
type Claim struct {
	Hold
	Status ClaimStatus
	// Record is the one that the holder may write by. Where nothing may be written, it
	// is the last one of the claim.
	Record Record
	// Abandoned says why a claim is AlreadyAbandoned; else nil.
	Abandoned *Abandonment
	// Reported says that the claim's outcome has been reported.
	Reported bool
}

// Held tells whether the holder may write.
func (c Claim) Held() bool { return c.Status == Fresh || c.Status == Adopted }

// Abandonment says why a claim was given up.
type Abandonment struct {
	Time time.Time `json:"time"`
	// Holder and EventID are of the attempt that gave it up.
	Holder  string `json:"holder"`
	EventID string `json:"eventId"`
	// Reason is stable text: LockExpired, BreakerOpened, or the enforcer's.
	Reason string `json:"reason"`
}

// The archive's own reasons for an abandonment.
const (
	// LockExpired: the claim was neither written nor given up within the lock time, and
	// another event of the key needed the lock. Whether it was written is not known.
	LockExpired = "lock-expired"
	// BreakerOpened: other repairs used up the hourly limit at the same moment. The claim
	// was surely not written.
	BreakerOpened = "breaker-opened"
)

// Written says that a claim's policy is on the key.
type Written struct {
	Time time.Time `json:"time"`
	// Hash is that of the policy that was read after the write.
	Hash string `json:"hash"`
}

// Reported says that a claim's outcome was reported.
type Reported struct {
	Time time.Time `json:"time"`
}

// Superseded is the policy of another writer that our write replaced.
type Superseded struct {
	Time      time.Time        `json:"time"`
	EventID   string           `json:"eventId"`
	EventTime time.Time        `json:"eventTime"`
	Actor     *guardrail.Actor `json:"actor"`
	Policy    PolicyText       `json:"policy"`
}

// Entry is all that the archive has of a claim.
type Entry struct {
	Hold
	// Record is that of the last holder.
	Record     Record
	Written    *Written
	Abandoned  *Abandonment
	Reported   bool
	Superseded []Superseded
}
