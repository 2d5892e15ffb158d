package archive

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// The folders of the bucket, and the names beside a claim.
const (
	repairs = "repairs/"
	outbox  = "outbox/"
	breaker = "breaker/"
	states  = "state/"

	written    = "/written"
	reported   = "/reported"
	handover   = "/handover/"
	superseded = "/superseded/"
)

const (
	timeLayout = "20060102T150405Z"
	hourLayout = "20060102T15Z"
	// maxNumber is the largest number in a name.
	maxNumber = 9999
)

// key names a KMS key. Its parts have no slash.
type key struct{ account, region, id string }

// The grammar of the parts is the trail package's, wider than today's names: only what
// could change the meaning of an object's name matters here.
var keyARN = regexp.MustCompile(`^arn:[a-z][a-z0-9-]{0,31}:kms:([a-z0-9-]{1,32}):([0-9]{12}):key/([A-Za-z0-9-]{1,128})$`)

// place is the account and Region of a name.
var place = regexp.MustCompile(`^[0-9]{12}/[a-z0-9-]{1,32}$`)

// parseKey reads a key ARN.
func parseKey(arn string) (key, error) {
	parts := keyARN.FindStringSubmatch(arn)
	if parts == nil {
		return key{}, refuse("%.200q is not a key ARN", arn)
	}
	return key{region: parts[1], account: parts[2], id: parts[3]}, nil
}

// String returns the part of a name that is the key's.
func (k key) String() string { return k.account + "/" + k.region + "/" + k.id }

// window is a time from start to before end.
type window struct{ start, end time.Time }

// windowAt returns the window of a length that a time is in.
func windowAt(t time.Time, length time.Duration) window {
	start := t.UTC().Truncate(length)
	return window{start, start.Add(length)}
}

func (w window) String() string {
	return w.start.Format(timeLayout) + "-" + w.end.Format(timeLayout)
}

func (w window) has(t time.Time) bool { return !t.Before(w.start) && t.Before(w.end) }

// slotName is the name of a claim.
type slotName struct {
	key    key
	window window
	n      int
}

// path is the name without its folder: the same under repairs and outbox.
func (s slotName) path() string { return fmt.Sprintf("%s/%s/%04d", s.key, s.window, s.n) }

// slot is the claim's name for all outside of this package.
func (s slotName) slot() enforcer.Slot { return enforcer.Slot(repairs + s.path()) }

func (s slotName) String() string { return repairs + s.path() }

func (s slotName) turn(n int) string { return fmt.Sprintf("%s%s%04d", s, handover, n) }

func (s slotName) pointer() string { return outbox + s.path() }

// supersededBy is the name of another writer's policy. The id of its event is not fit
// for a name: it may be any text.
func (s slotName) supersededBy(eventID string) string {
	sum := sha256.Sum256([]byte(eventID))
	return s.String() + superseded + hex.EncodeToString(sum[:])
}

var slotPath = regexp.MustCompile(`^([0-9]{12})/([a-z0-9-]{1,32})/([A-Za-z0-9-]{1,128})/([0-9]{8}T[0-9]{6}Z)-([0-9]{8}T[0-9]{6}Z)/([0-9]{4})(/.*)?$`)

// parseName reads the name of an object in a folder, and returns the claim that it
// belongs to and what comes after the claim's name.
func parseName(folder, name string) (slotName, string, error) {
	path, ok := strings.CutPrefix(name, folder)
	parts := slotPath.FindStringSubmatch(path)
	if !ok || parts == nil {
		return slotName{}, "", corrupt(strconv.Quote(name), "there is no object of such a name")
	}
	s := slotName{key: key{account: parts[1], region: parts[2], id: parts[3]}}
	// Where a part is out of range, the name does not come out the same.
	s.window.start, _ = time.Parse(timeLayout, parts[4])
	s.window.end, _ = time.Parse(timeLayout, parts[5])
	s.n, _ = strconv.Atoi(parts[6])
	if s.path()+parts[7] != path || s.n == 0 || !s.window.start.Before(s.window.end) {
		return slotName{}, "", corrupt(strconv.Quote(name), "there is no object of such a name")
	}
	return s, parts[7], nil
}

// parseSlot reads the name of a claim that comes from outside.
func parseSlot(slot enforcer.Slot) (slotName, error) {
	s, rest, err := parseName(repairs, string(slot))
	if err != nil || rest != "" {
		return slotName{}, fmt.Errorf("%w: %.400q is not the name of a claim", enforcer.ErrNoEntry, string(slot))
	}
	return s, nil
}
