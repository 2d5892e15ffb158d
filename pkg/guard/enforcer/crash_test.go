package enforcer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// interrupt delivers the scene's message to a process that crashes right after a call: the
// last of that name.
func (s *scene) interrupt(call string) *queued {
	s.t.Helper()
	s.clock.advance(4 * time.Second)
	m := s.queue[0]
	probe := newScene(s.t, s.name, s.config.Configuration, s.previous, s.live())
	probe.armed, probe.refuse = true, s.refuse
	probe.deliver(&queued{event: m.event})
	at := -1
	for i, c := range probe.calls {
		if c == call {
			at = i
		}
	}
	s.armed, s.calls, s.faults = true, nil, map[int]faultKind{at: crashed}
	if at < 0 || s.deliver(m) || s.struck != 1 {
		s.t.Fatalf("%s: no crash after %s: %q", s.name, call, s.calls)
	}
	s.armed, s.faults = false, map[int]faultKind{}
	return m
}

// What a process that ended leaves behind, and what becomes of it.
func TestARepairThatACrashInterruptedIsFinished(t *testing.T) {
	const claimed, wrote, told = "S3 PUT outbox", "KMS PutKeyPolicy", "report"
	for _, row := range []struct {
		name     string
		after    string // the crash
		theirs   string // another writer's policy, put after it; "" for none
		receives int    // until the message is acknowledged
		want     guardrail.Action
		why      string
		writes   int
		reports  int // of repairs
		reason   string
	}{
		{"claimed", claimed, "", 2, guardrail.Repaired, "public-access", 1, 1, "it waits until KMS has settled, and takes the claim over"},
		{"claimed, and put right", claimed, good, 2, guardrail.NoAction, "", 0, 1, "whether it was written is not known: it is told as such"},
		{"claimed, and another drift", claimed, publicToo, 2, guardrail.Reported, "write-not-confirmed", 0, 1, "the drift has an event of its own"},
		{"written", wrote, "", 2, guardrail.Repaired, "public-access", 1, 1, "it is seen when it cannot be from before the drift any more"},
		{"written, and put back", wrote, public, 2, guardrail.Repaired, "public-access", 2, 1, "it is not known that it was; its own event would have told"},
		{"written, and another drift", wrote, publicToo, 2, guardrail.Reported, "write-not-confirmed", 1, 1, "it is told as such"},
		{"written, and put right", wrote, good, 2, guardrail.NoAction, "", 1, 1, "it is told as such"},
		{"told", told, "", 1, guardrail.Repaired, "public-access", 1, 2, "twice is better than never"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := drifted(repair, apiDefault(t), public)(t, t.Name())
			s.superseding = true
			m := s.interrupt(row.after)
			if row.theirs != "" {
				s.put(row.theirs)
			}
			var o guardrail.Outcome
			for n := 1; ; n++ {
				s.clock.advance(visibility)
				var err error
				if o, err = enforcer.New(s.config).Handle(t.Context(), again(m.event)); err == nil {
					if n != row.receives {
						t.Errorf("acknowledged at redelivery %d, want %d: %s", n, row.receives, row.reason)
					}
					break
				}
				if n == mostReceives {
					t.Fatalf("a dead letter: %v", err)
				}
			}
			if o.Action != row.want || o.ActionReason != row.why || len(s.puts) != row.writes {
				t.Errorf("%+v, %d writes: %s", summary(o), len(s.puts), row.reason)
			}
			e := s.bucket.entries(t, s.arn)[0]
			if got := len(s.reporter.of(s.arn, guardrail.Repaired)); got != row.reports || !e.Reported || e.Written == nil && e.Abandoned == nil {
				t.Errorf("%d reports, want %d, of %+v: %s", got, row.reports, e, row.reason)
			}
		})
	}
}

// The message may be lost: the flush finishes what it was about, after the lock time.
func TestAFlushFinishesWhatIsLongInWork(t *testing.T) {
	for _, row := range []struct {
		name   string
		c      *rules.Configuration
		after  string
		theirs string
		want   enforcer.Flushed
		writes int
		action guardrail.Action // of the report
		reason string
	}{
		{"claimed", repair, "S3 PUT outbox", "", enforcer.Flushed{Finished: 1}, 1, guardrail.Repaired, "as a redelivery would"},
		{"written", repair, "KMS PutKeyPolicy", "", enforcer.Flushed{Finished: 1}, 1, guardrail.Repaired, "it is seen"},
		{"marked", repair, "S3 PUT written", "", enforcer.Flushed{Finished: 1}, 1, guardrail.Repaired, "it is told"},
		{"claimed, and the kill switch is on", repair.ReportOnly(), "S3 PUT outbox", "", enforcer.Flushed{Finished: 1}, 0, guardrail.Reported, "nothing is written any more"},
		{"claimed, and put right", repair, "S3 PUT outbox", good, enforcer.Flushed{Finished: 1}, 0, guardrail.Repaired, "as one that may have been"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := drifted(repair, apiDefault(t), public)(t, t.Name())
			s.interrupt(row.after)
			if row.theirs != "" {
				s.put(row.theirs)
			}
			s.config.Configuration = row.c
			began := s.bucket.entries(t, s.arn)[0].Record.Time
			for _, at := range []time.Time{began.Add(15*time.Minute - time.Second), began.Add(15 * time.Minute)} {
				s.clock.at = at
				want := row.want
				if at.Sub(began) < 15*time.Minute {
					want = enforcer.Flushed{}
				}
				got, err := enforcer.New(s.config).Flush(t.Context(), "flush "+at.String())
				if err != nil || got != want {
					t.Errorf("after %s: %+v, %v: %s", at.Sub(began), got, err, row.reason)
				}
			}
			if len(s.puts) != row.writes || len(s.reporter.of(s.arn, row.action)) != 1 || len(s.bucket.names(t, "outbox/")) > 0 {
				t.Errorf("%d writes, reports %+v, outbox %q: %s", len(s.puts), s.reporter.outcomes, s.bucket.names(t, "outbox/"), row.reason)
			}
		})
	}
}

// The guardrail's own event says that a write took effect, whatever the key has by now.
func TestTheGuardrailsOwnEventTellsOfAWriteThatWasUndone(t *testing.T) {
	s := drifted(repair, apiDefault(t), public)(t, t.Name())
	m := s.interrupt("KMS PutKeyPolicy")
	own := s.queue[1]
	s.put(public)
	s.clock.advance(time.Minute)
	s.deliver(own) // whether it is acknowledged does not matter
	if e := s.bucket.entries(t, s.arn)[0]; e.Written == nil || !e.Reported {
		t.Fatalf("%+v", e)
	}
	s.clock.advance(settling)
	if !s.deliver(m) || len(s.puts) != 1 || !slices.ContainsFunc(s.reporter.outcomes, func(o guardrail.Outcome) bool { return o.ActionReason == "repaired-before" }) {
		t.Errorf("%d writes, reports %+v", len(s.puts), s.reporter.outcomes)
	}
}

// The report of a repair that was given up was not made: it is, and nothing else is.
func TestARepairThatWasGivenUpIsNotTakenForAWrite(t *testing.T) {
	s := drifted(repair, good, public)(t, t.Name())
	s.refuse = fmt.Errorf("%w: LimitExceededException", enforcer.ErrRefused)
	m := s.interrupt("report")
	s.reporter.outcomes = nil
	s.put(apiDefault(t)) // just what the repair would have written
	s.clock.advance(settling)
	if !s.deliver(m) {
		t.Fatal("given back")
	}
	e := s.bucket.entries(t, s.arn)[0]
	if e.Written != nil || !e.Reported || len(s.reporter.of(s.arn, guardrail.PlanRefused)) != 1 {
		t.Errorf("%+v, reports %+v", e, s.reporter.outcomes)
	}
}

// A duplicate is another message for the queue, and the same one for the archive.
func TestADuplicateOfAMessageWhoseRepairWasNotToldTellsIt(t *testing.T) {
	s := drifted(repair, apiDefault(t), public)(t, t.Name())
	m := s.interrupt("S3 PUT written")
	s.put(public)
	s.clock.advance(settling)
	o, err := s.handle(m.event)
	if err != nil || o.Action != guardrail.Repaired || len(s.puts) != 1 || len(s.reporter.of(s.arn, guardrail.Repaired)) != 1 {
		t.Errorf("%+v, %v, %d writes", summary(o), err, len(s.puts))
	}
}

// What somebody else put says nothing of the guardrail's write, be it the same policy.
func TestTheEventOfAnotherConfirmsNoWrite(t *testing.T) {
	s := drifted(repair, apiDefault(t), public)(t, t.Name())
	s.interrupt("S3 PUT outbox")
	theirs := s.put(apiDefault(t))
	s.put(public)
	s.clock.advance(time.Minute)
	_, _ = enforcer.New(s.config).Handle(t.Context(), again(theirs)) // it is given back, or not
	if e := s.bucket.entries(t, s.arn)[0]; e.Written != nil || e.Reported {
		t.Errorf("%+v", e)
	}
}
