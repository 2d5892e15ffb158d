package enforcer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// faultKind is what goes wrong with one call.
type faultKind string

const (
	throttled  faultKind = "throttled"         // an error that goes away; nothing was done
	failed     faultKind = "5xx"               // the same
	lostBefore faultKind = "time-out before"   // no answer; nothing was done
	lostAfter  faultKind = "time-out after"    // no answer; it was done
	denied     faultKind = "access denied"     // an error that stays; of S3 one that goes away
	broken     faultKind = "broken object"     // an error of S3 that stays
	crashed    faultKind = "crash right after" // it was done, and the process is no more
	stale      faultKind = "stale read"        // the policy before the last one
)

// crash is what a crashed process panics with.
type crash struct{}

// scene is one key in memory, with a queue, in which each AWS call and each report may go
// wrong by its place in the order of all.
type scene struct {
	t        *testing.T
	name     string
	clock    *clock
	bucket   *bucket
	keys     *memory
	reporter *reporter
	config   enforcer.Config
	arn      string
	previous string // the policy before the last one
	changed  time.Time

	armed  bool
	dead   bool     // the process is no more
	calls  []string // since the scene is armed
	faults map[int]faultKind
	struck int
	hard   bool // an error that stays was among them
	mute   bool // and it was the reporter's

	queue  []*queued
	acked  int
	puts   []put
	refuse error // of every write
	// superseding says that somebody else writes, too, so that a write may replace what is
	// archived only later.
	superseding bool
}

// put is a write that took effect.
type put struct{ before, after string }

// queued is a message in the queue.
type queued struct {
	event    []byte
	receives int
	due      time.Time
}

// settling is how long KMS may answer with an old policy.
const settling = 10 * time.Minute

const sceneKey = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func newScene(t *testing.T, name string, c *rules.Configuration, policies ...string) *scene {
	t.Helper()
	s := &scene{t: t, name: name, clock: newClock(), keys: &memory{}, reporter: &reporter{}, arn: sceneKey, faults: map[int]faultKind{}}
	s.bucket = newBucket(s.clock)
	s.bucket.strike = s.strikeS3
	k := memoryKeyOf("1234abcd-12ab-34cd-56ef-1234567890ab")
	s.keys.add(k, policies[len(policies)-1])
	s.previous, s.changed = policies[0], s.clock.now()
	s.config = configOf(sceneKeys{s}, c, s.clock, io.Discard)
	s.config.Archive, s.config.Reporter = s.bucket.archive(), sceneReporter{s}
	s.config.Pause = func(_ context.Context, d time.Duration) error { s.clock.advance(d); return nil }
	return s
}

func (s *scene) live() string { return s.keys.keys[s.arn].policy }

// strike lets one call happen, or go wrong.
func (s *scene) strike(call string, do func() error, undone, stays error) error {
	s.clock.advance(20 * time.Millisecond)
	if s.dead {
		panic(crash{}) // whatever the process would catch
	}
	if !s.armed {
		return do()
	}
	kind := s.faults[len(s.calls)]
	s.calls = append(s.calls, call)
	if kind != "" {
		s.struck++
	}
	switch kind {
	case throttled, failed, lostBefore:
		return fmt.Errorf("%s: %w", kind, undone)
	case lostAfter:
		_ = do()
		return fmt.Errorf("%s: %w", kind, undone)
	case denied, broken:
		isAway := errors.Is(stays, errNoAnswer) && kind == denied
		s.hard, s.mute = s.hard || !isAway, s.mute || call == "report"
		return fmt.Errorf("%s: %w", kind, stays)
	case crashed:
		_ = do()
		s.dead = true
		panic(crash{})
	default:
		return do()
	}
}

var errNoAnswer = errors.New("no answer")

// sceneKeys is the scene's KMS.
type sceneKeys struct{ s *scene }

func (k sceneKeys) call(name string, do func() error) error {
	return k.s.strike("KMS "+name, do, errNoAnswer, fmt.Errorf("%w: %s", inspect.ErrAccessDenied, name))
}

func (k sceneKeys) Describe(ctx context.Context, arn string) (key rules.Key, err error) {
	err = k.call("DescribeKey", func() (err error) { key, err = k.s.keys.Describe(ctx, arn); return err })
	return key, err
}

func (k sceneKeys) Policy(ctx context.Context, arn string) (text string, err error) {
	old := k.s.armed && k.s.faults[len(k.s.calls)] == stale
	err = k.call("GetKeyPolicy", func() (err error) { text, err = k.s.keys.Policy(ctx, arn); return err })
	if old && err == nil && k.s.clock.now().Sub(k.s.changed) < settling {
		text = k.s.previous
	}
	return text, err
}

func (k sceneKeys) Aliases(ctx context.Context, arn string) (names []string, err error) {
	err = k.call("ListAliases", func() (err error) { names, err = k.s.keys.Aliases(ctx, arn); return err })
	return names, err
}

func (k sceneKeys) Tags(ctx context.Context, arn string) (tags map[string]string, err error) {
	err = k.call("ListResourceTags", func() (err error) { tags, err = k.s.keys.Tags(ctx, arn); return err })
	return tags, err
}

func (k sceneKeys) PutPolicy(ctx context.Context, arn, text string) error {
	return k.call("PutKeyPolicy", func() error {
		s := k.s
		if s.refuse != nil {
			return s.refuse
		}
		before := s.live()
		if err := s.keys.PutPolicy(ctx, arn, text); err != nil {
			return err
		}
		s.puts = append(s.puts, put{before, text})
		s.previous, s.changed = before, s.clock.now()
		if !s.superseding {
			s.checkArchived(before, text)
		}
		s.send(ownEvent(arn, text, s.clock.now()))
		return nil
	})
}

// checkArchived fails unless an archived record has exactly what is replaced and written.
func (s *scene) checkArchived(before, after string) {
	s.t.Helper()
	defer s.quietly()()
	for _, e := range s.bucket.entries(s.t, s.arn) {
		kept := e.Record.Before.Text == before || slices.ContainsFunc(e.Superseded, func(o ledger.Superseded) bool { return o.Policy.Text == before })
		isRewritten := e.TakeOvers > 0 && before == after
		if (kept || isRewritten) && e.Record.After.Text == after && !e.isEnded() {
			return
		}
	}
	s.t.Errorf("%s: a write without an archived copy of what it replaced", s.name)
}

// quietly looks at the scene without being part of it.
func (s *scene) quietly() (restore func()) {
	armed := s.armed
	s.armed = false
	return func() { s.armed = armed }
}

func (s *scene) strikeS3(r *http.Request, call serve) (answer *http.Response, err error) {
	what := "S3 " + r.Method + " " + strings.SplitN(strings.TrimPrefix(r.URL.Path, "/archive"), "/", 3)[min(1, strings.Count(r.URL.Path, "/")-1)]
	if r.Method == http.MethodPut && what == "S3 PUT keys" {
		what += phaseOf(r)
	}
	err = s.strike(what, func() error { answer = call(); return nil }, errNoAnswer, errNoAnswer) //nolint:bodyclose // it is in memory
	switch kind := fmt.Sprint(err); {
	case err == nil:
		return answer, nil
	case strings.HasPrefix(kind, string(denied)):
		return answered(http.StatusForbidden, "AccessDenied"), nil
	case strings.HasPrefix(kind, string(broken)) && r.Method == http.MethodGet:
		return answered(http.StatusOK, "NotWhatWasWritten"), nil
	case strings.HasPrefix(kind, string(broken)):
		return answered(http.StatusBadRequest, "EntityTooLarge"), nil
	case strings.HasPrefix(kind, string(throttled)):
		return answered(http.StatusServiceUnavailable, "SlowDown"), nil
	case strings.HasPrefix(kind, string(failed)):
		return answered(http.StatusInternalServerError, "InternalError"), nil
	default:
		return nil, err
	}
}

// phaseOf says what a new version of the ledger is for: how far the last repair came.
func phaseOf(r *http.Request) string {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var l struct{ Body ledger.Ledger }
	if err := json.Unmarshal(body, &l); err != nil || len(l.Body.Repairs) == 0 {
		return ""
	}
	last := l.Body.Repairs[len(l.Body.Repairs)-1]
	if last.Reported {
		return " reported"
	}
	return " " + string(last.Phase)
}

// sceneReporter tells the reporter, if nothing goes wrong.
type sceneReporter struct{ s *scene }

func (r sceneReporter) Report(ctx context.Context, o guardrail.Outcome) error {
	return r.s.strike("report", func() error { return r.s.reporter.Report(ctx, o) }, errAway, enforcer.ErrReporter)
}

// ownEvent is the event of a call of the guardrail's role.
func ownEvent(arn, text string, at time.Time) []byte {
	const other, own = `"arn:aws:iam::111122223333:user/Mallory"`, `"arn:aws:sts::111122223333:assumed-role/Guardrail/enforce"`
	return []byte(strings.Replace(string(putEvent(arn, text, at)), other, own, 1))
}

// send puts a message into the queue; it is there a few seconds later.
func (s *scene) send(event []byte) {
	s.queue = append(s.queue, &queued{event: event, due: s.clock.now().Add(4 * time.Second)})
}

// deliver hands a message to a new process. It tells whether that was acknowledged.
func (s *scene) deliver(m *queued) (ok bool) {
	defer func() {
		s.dead = false
		if r := recover(); r != nil {
			if _, dead := r.(crash); !dead {
				panic(r)
			}
			ok = false
		}
	}()
	message := first(m.event)
	message.Again = m.receives > 0
	m.receives++
	_, err := enforcer.New(s.config).Handle(s.t.Context(), message)
	return err == nil
}

// flush is the call of the schedule.
func (s *scene) flush() {
	defer func() {
		s.dead = false
		if r := recover(); r != nil {
			if _, dead := r.(crash); !dead {
				panic(r)
			}
		}
	}()
	_, _ = enforcer.New(s.config).Flush(s.t.Context(), fmt.Sprint("flush-", deliveries.Add(1))) // what is left, the next one does
}

// idle tells whether nothing is left to do.
func (s *scene) idle() bool {
	defer s.quietly()()
	return len(s.queue) == 0 && len(s.bucket.names(s.t, "pending/")) == 0
}

// settle lets time pass, with the queue and the schedule at work, until nothing is left to
// do and the next flush was.
func (s *scene) settle() {
	for idle, end := false, s.clock.now().Add(3*time.Hour); s.clock.now().Before(end) && !idle; {
		now := s.clock.now()
		for _, m := range slices.Clone(s.queue) {
			if m.due.After(now) {
				continue
			}
			m.due = now.Add(visibility)
			switch {
			case s.deliver(m):
				s.acked++
				s.queue = slices.DeleteFunc(s.queue, func(o *queued) bool { return o == m })
			case m.receives >= mostReceives:
				m.receives, m.due = 1, now.Add(time.Hour) // a dead letter, and redriven
			}
		}
		s.clock.at = now.Truncate(time.Minute).Add(time.Minute + time.Duration(len(s.queue)%2)*time.Second)
		idle = s.idle()
		s.flush()
	}
}
