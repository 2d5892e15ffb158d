package enforcer_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// story is one outcome that the matrix breaks in every place.
type story struct {
	name   string
	set    func(t *testing.T, name string) *scene // the scene, with its message in the queue
	writes int                                    // by the guardrail
	clean  bool                                   // how the key ends
	told   guardrail.Action                       // of a report there must be; "" for none
}

var (
	neverRepairs = configured(func(c *rules.Configuration) {
		c.Baselines[0].Style, c.Repair.HoldWhen = report.Baselines[0].Style, []rules.HoldReason{rules.HoldServiceAccess}
	})
	toService = document(toAccount, allow(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Decrypt"))
)

// drifted is a scene whose key was given the last of some policies.
func drifted(c *rules.Configuration, policies ...string) func(t *testing.T, name string) *scene {
	return func(t *testing.T, name string) *scene {
		t.Helper()
		s := newScene(t, name, c, policies...)
		s.send(putEvent(s.arn, policies[len(policies)-1], s.clock.now()))
		return s
	}
}

var stories = []story{
	{"compliant, made", func(t *testing.T, name string) *scene {
		s := newScene(t, name, repair, apiDefault(t))
		s.send(createEvent(s.arn, s.clock.now()))
		return s
	}, 0, true, ""},
	{"compliant, put", func(t *testing.T, name string) *scene { return drifted(repair, public, apiDefault(t))(t, name) }, 0, true, ""},
	{"repaired", func(t *testing.T, name string) *scene { return drifted(repair, apiDefault(t), public)(t, name) }, 1, true, guardrail.Repaired},
	{"repaired, and bad before", drifted(repair, publicToo, public), 1, true, guardrail.Repaired},
	{"report mode", drifted(report, good, public), 0, false, guardrail.Reported},
	{"held", drifted(neverRepairs, good, toService), 0, false, guardrail.Held},
	{"not planned", drifted(repair, good, unsure), 0, false, guardrail.Reported},
	{"locked out", func(t *testing.T, name string) *scene {
		s := drifted(repair, good, lockedOut)(t, name)
		s.keys.keys[s.arn].denied = true
		return s
	}, 0, false, guardrail.Reported},
	{"refused by KMS", func(t *testing.T, name string) *scene {
		s := drifted(repair, good, public)(t, name)
		s.refuse = fmt.Errorf("%w: LimitExceededException", inspect.ErrRefused)
		return s
	}, 0, false, guardrail.PlanRefused},
	{"not seen, confirmed by its own event", func(t *testing.T, name string) *scene {
		s := drifted(repair, good, public)(t, name)
		s.queue[0].due = s.clock.now().Add(visibility)
		s.unseen(s.queue[0])
		return s
	}, 1, true, guardrail.Repaired},
	{"flushed", func(t *testing.T, name string) *scene {
		s := drifted(repair, good, public)(t, name)
		s.unseen(s.queue[0])
		s.queue = nil // the messages are lost
		s.clock.advance(20 * time.Minute)
		return s
	}, 1, true, guardrail.Repaired},
	{"repaired again", func(t *testing.T, name string) *scene {
		s := newScene(t, name, oneRepair, good, publicToo)
		s.send(putEvent(s.arn, publicToo, s.clock.now()))
		s.settle()
		s.previous, s.changed, s.keys.keys[s.arn].policy = s.live(), s.clock.now(), public
		s.puts, s.reporter.outcomes = nil, nil
		s.send(putEvent(s.arn, public, s.clock.now()))
		return s
	}, 1, true, guardrail.Repaired},
}

var oneRepair = configured(func(c *rules.Configuration) {
	c.Baselines[0].Style = report.Baselines[0].Style
	c.Repair.Budget.Repairs = 1
})

// unseen delivers a message whose write is not seen by the delivery that made it.
func (s *scene) unseen(m *queued) {
	s.clock.advance(4 * time.Second)
	s.armed, s.calls = true, nil
	probe := newScene(s.t, s.name, s.config.Configuration, s.previous, s.live())
	probe.armed = true
	probe.deliver(&queued{event: m.event})
	at := slices.Index(probe.calls, "KMS PutKeyPolicy")
	for i := 1; i <= 3; i++ {
		s.faults[at+i] = stale
	}
	if s.deliver(m) || len(s.puts) != 1 {
		s.t.Fatalf("%s: the scene is not set: %d writes, calls %q", s.name, len(s.puts), s.calls)
	}
	s.armed, s.calls, s.faults, s.struck = false, nil, map[int]faultKind{}, 0
}

// createEvent is the event of a key that was made with the API default.
func createEvent(arn string, at time.Time) []byte {
	event := string(putEvent(arn, "", at))
	event = strings.Replace(event, `"PutKeyPolicy"`, `"CreateKey"`, 1)
	event = strings.Replace(event, `"policy":""`, `"x":""`, 1)
	return []byte(strings.Replace(event, `"requestParameters"`, `"responseElements":{"keyMetadata":{"arn":"`+arn+`"}},"requestParameters"`, 1))
}

// kindsOf are the faults that a call can meet.
func kindsOf(call string) []faultKind {
	switch {
	case call == "report":
		return []faultKind{lostBefore, lostAfter, denied, crashed}
	case call == "KMS GetKeyPolicy":
		return []faultKind{throttled, failed, lostBefore, denied, crashed, stale}
	case strings.HasPrefix(call, "KMS PutKeyPolicy"), strings.HasPrefix(call, "S3 DELETE"):
		return []faultKind{throttled, failed, lostBefore, lostAfter, denied, crashed}
	case strings.HasPrefix(call, "S3 PUT"):
		return []faultKind{throttled, failed, lostBefore, lostAfter, denied, broken, crashed}
	case strings.HasPrefix(call, "S3 GET") && call != "S3 GET ":
		return []faultKind{throttled, failed, lostBefore, denied, broken, crashed}
	default: // a read that is not answered has no effect, before or after
		return []faultKind{throttled, failed, lostBefore, denied, crashed}
	}
}

// fewer leaves out the faults that for the guardrail are the same as another.
func fewer(kinds []faultKind) []faultKind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k faultKind) bool { return k == throttled || k == failed })
}

// play plays a story with some faults, and checks how it ends.
func (st story) play(t *testing.T, faults map[int]faultKind) *scene {
	t.Helper()
	s := st.set(t, fmt.Sprintf("%s %v", st.name, faults))
	s.armed, s.faults, s.calls = true, faults, nil
	s.settle()
	s.armed = false
	s.settle() // the faults are over
	st.check(s)
	return s
}

func (st story) check(s *scene) {
	s.t.Helper()
	fail := func(format string, args ...any) { s.t.Errorf(s.name+": "+format, args...) }
	if len(s.different()) > st.writes {
		fail("%d different writes, want at most %d", len(s.different()), st.writes)
	}
	if len(s.queue) > 0 {
		fail("%d messages are still in the queue", len(s.queue))
	}
	clean := guardrail.Judge(guardrail.Snapshot{Key: s.keys.keys[s.arn].key, Policy: s.live(), Evidence: guardrail.LivePolicy}, s.config.Configuration, s.clock.now()).Verdict == guardrail.Compliant
	told := slices.ContainsFunc(s.reporter.outcomes, func(o guardrail.Outcome) bool { return o.Verdict != guardrail.Compliant })
	switch {
	case clean != st.clean && !s.hard:
		fail("the key is clean: %t", clean)
	case !clean && !told && !s.mute:
		fail("the key is not clean, and nobody was told why")
	}
	if repaired := len(s.reporter.of(s.arn, guardrail.Repaired)); repaired < len(s.different()) && !s.hard {
		fail("%d different writes and %d reports of repairs", len(s.different()), repaired)
	}
	if st.told != "" && len(s.reporter.of(s.arn, st.told)) == 0 && !s.hard {
		fail("no report of %s: %+v", st.told, s.reporter.outcomes)
	}
	st.checkArchive(s, fail)
}

// checkArchive checks that every claim is closed and reported, and every write marked.
func (st story) checkArchive(s *scene, fail func(string, ...any)) {
	open, due := s.bucket.open(s.t)
	if left := s.bucket.names(s.t, "pending/"); len(open)+len(due)+len(left) > 0 {
		fail("open are %+v, due %q, pointers %q", open, due, left)
	}
	written := 0
	for _, e := range s.bucket.entries(s.t, s.arn) {
		if e.isWritten() && slices.ContainsFunc(s.different(), func(p put) bool { return p.after == e.Record.After.Text }) {
			written++
		}
		if e.isWritten() && !e.Reported {
			fail("%s is written and not reported", e.Record.Name)
		}
	}
	if written < len(s.different()) && !s.hard {
		fail("%d different writes, and %d marked", len(s.different()), written)
	}
}

// different are the writes without those that only write the same policy again.
func (s *scene) different() []put {
	return slices.CompactFunc(slices.Clone(s.puts), func(a, b put) bool { return a.after == b.after })
}

// TestEveryFaultOfEveryCallEndsRight is the fault matrix: every AWS call and every report
// of each story goes wrong in every way, singly.
func TestEveryFaultOfEveryCallEndsRight(t *testing.T) {
	var cases, struck atomic.Int64
	start := time.Now()
	t.Run("singly", func(t *testing.T) {
		for _, st := range stories {
			t.Run(st.name, func(t *testing.T) {
				t.Parallel()
				plain := st.play(t, nil)
				for at, call := range plain.calls {
					for _, kind := range kindsOf(call) {
						s := st.play(t, map[int]faultKind{at: kind})
						cases.Add(1)
						struck.Add(int64(s.struck))
					}
				}
			})
		}
	})
	if cases.Load() != struck.Load() {
		t.Errorf("%d cases, and %d faults struck", cases.Load(), struck.Load())
	}
	t.Logf("proof: fault matrix: %d single faults in %d stories, %.1f s", cases.Load(), len(stories), time.Since(start).Seconds())
}

// TestTwoFaultsOfARepairEndRight is the same for pairs of faults in a repair: the first
// anywhere in it, the second anywhere after it, up to the end of the redelivery. Of the
// faults that for the guardrail are the same, there is one; an error that stays ends a
// story and is not the first of a pair. FAULTS=full plays all pairs; else every third.
func TestTwoFaultsOfARepairEndRight(t *testing.T) {
	step := 3
	switch {
	case os.Getenv("FAULTS") == "full":
		step = 1
	case testing.Short():
		step = 30
	}
	st := stories[slices.IndexFunc(stories, func(s story) bool { return s.name == "repaired" })]
	start, plain := time.Now(), st.play(t, nil)
	var cases atomic.Int64
	t.Run("pairs", func(t *testing.T) {
		for first, call := range plain.calls {
			for _, kind := range fewer(kindsOf(call)) {
				if kind == broken || kind == denied && strings.HasPrefix(call, "KMS") {
					continue
				}
				t.Run(fmt.Sprintf("%d %s %s", first, call, kind), func(t *testing.T) {
					t.Parallel()
					calls := st.play(t, map[int]faultKind{first: kind}).calls
					n := first
					for second := first + 1; second < len(calls); second++ {
						for _, other := range fewer(kindsOf(calls[second])) {
							if n++; n%step == 0 {
								st.play(t, map[int]faultKind{first: kind, second: other})
								cases.Add(1)
							}
						}
					}
				})
			}
		}
	})
	t.Logf("proof: fault matrix: %d pairs of faults in a repair of %d calls, %.1f s", cases.Load(), len(plain.calls), time.Since(start).Seconds())
}
