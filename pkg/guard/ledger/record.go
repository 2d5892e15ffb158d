package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Key names a key in the archive: <account>/<region>/<key id>.
type Key string

// The grammar of the parts is wider than AWS's names of today: only what could change the
// meaning of an object's name matters.
var keyARN = regexp.MustCompile(`^arn:[a-z][a-z0-9-]{0,31}:kms:([a-z0-9-]{1,32}):([0-9]{12}):key/([A-Za-z0-9-]{1,128})$`)

// KeyOf returns the name of the key with an ARN. The error is ErrArchive where it is none.
func KeyOf(arn string) (Key, error) {
	parts := keyARN.FindStringSubmatch(arn)
	if parts == nil {
		return "", fmt.Errorf("%w: %.200q is not a key ARN", ErrArchive, arn)
	}
	return Key(parts[2] + "/" + parts[1] + "/" + parts[3]), nil
}

// Name names a record, for people as well: records/<account>/<region>/<key id>/<id>.
type Name string

// folder is where records are.
const folder = "records/"

var recordName = regexp.MustCompile(`^records/([0-9]{12}/[a-z0-9-]{1,32}/[A-Za-z0-9-]{1,128})/([0-9]{8}T[0-9]{6}[.][0-9]{6}Z-[0-9a-f]{16})$`)

// idLayout is the time in an id.
const idLayout = "20060102T150405.000000Z"

// NewName returns the name of a delivery's nth record: no other delivery gives it, and names
// sort by time.
func NewName(key Key, at time.Time, holder string, n byte) Name {
	sum := sha256.Sum256([]byte(holder))
	return nameIn(key, at.UTC().Format(idLayout)+"-"+hex.EncodeToString(append([]byte{n}, sum[:7]...)))
}

// Parts returns the key of a record and its id; ok is false for a text that names no record.
func (n Name) Parts() (key Key, id string, ok bool) {
	parts := recordName.FindStringSubmatch(string(n))
	if parts == nil {
		return "", "", false
	}
	return Key(parts[1]), parts[2], true
}

// nameIn returns the name of the record with an id.
func nameIn(key Key, id string) Name { return Name(folder + string(key) + "/" + id) }

// Time is when the name was given; zero where it names no record.
func (n Name) Time() time.Time {
	_, id, _ := n.Parts()
	at, _, _ := strings.Cut(id, "-")
	t, _ := time.Parse(idLayout, at)
	return t
}

// Record is what is archived before a key policy is written. It never changes.
type Record struct {
	Name Name `json:"name"`
	Kind Kind `json:"kind"`
	// Time is when the repair was claimed, by the holder's clock.
	Time time.Time `json:"time"`
	// EventID is the identity of the message: all its deliveries share it. EventTime is when
	// the event was made.
	EventID   string    `json:"eventId"`
	EventTime time.Time `json:"eventTime"`
	KeyARN    string    `json:"keyArn"`
	// SweepID names the sweep that sent the event, and SweptConfiguration identifies the
	// configuration of that sweep. Both are empty where no sweep sent the event.
	SweepID            string `json:"sweepId,omitempty"`
	SweptConfiguration string `json:"sweptConfiguration,omitempty"`

	GuardrailVersion  string `json:"guardrailVersion"`
	ConfigurationHash string `json:"configurationHash"`

	// Actor made the call that the event tells of, or asked for the restore; nil where
	// nobody did.
	Actor    *guardrail.Actor    `json:"actor"`
	Severity rules.Severity      `json:"severity"`
	Findings []guardrail.Finding `json:"findings"`
	// Before is the policy that was judged, After the one to write.
	Before PolicyText `json:"before"`
	After  PolicyText `json:"after"`
	// Edits are the plan's, as JSON; nil where the whole policy is replaced.
	Edits json.RawMessage `json:"edits,omitempty"`
	// Outcome is the outcome to report once the write was seen, as JSON: another delivery
	// has nothing else to report from.
	Outcome json.RawMessage `json:"outcome,omitempty"`
}

// PolicyText is a key policy, verbatim, and the hash of its canonical form ("" where it has
// none).
type PolicyText struct {
	Text string `json:"text"`
	Hash string `json:"hash"`
}

// Superseded is the policy of another writer that a repair may have replaced unseen.
type Superseded struct {
	Time      time.Time        `json:"time"`
	EventID   string           `json:"eventId"`
	EventTime time.Time        `json:"eventTime"`
	Actor     *guardrail.Actor `json:"actor"`
	Policy    PolicyText       `json:"policy"`
}

// Entry is all that the archive has of a repair. Repair is nil where no ledger names the
// record: nothing was written by it, or it is older than the ledger's last repairs.
type Entry struct {
	Record     Record
	Repair     *Repair
	Superseded []Superseded
}

// most bounds the caller's own text in a ledger.
const mostActor = 256

// Line returns the line of a record in the ledger.
func (r Record) Line(holder string, deadline time.Time) Repair {
	line := Repair{
		Record: r.Name, Kind: r.Kind, EventID: r.EventID, Severity: r.Severity, Before: r.Before.Hash, After: r.After.Hash,
		Phase: Claimed, Holder: holder, Deadline: deadline.UTC(), Claimed: r.Time,
	}
	if r.Actor != nil {
		line.ActorARN = strings.ToValidUTF8(r.Actor.ARN[:min(len(r.Actor.ARN), mostActor)], "")
	}
	return line
}
