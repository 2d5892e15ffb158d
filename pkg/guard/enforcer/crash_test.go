package enforcer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
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
	const claimed, wrote, told = "S3 PUT keys claimed", "KMS PutKeyPolicy", "report"
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
		{"claimed", claimed, "", 1, guardrail.Repaired, "public-access", 1, 1, "the claim is taken over"},
		{"claimed, and put right", claimed, good, 2, guardrail.NoAction, "", 0, 1, "whether it was written is not known: it is told as such"},
		{"claimed, and another drift", claimed, publicToo, 1, guardrail.Reported, "write-not-confirmed", 0, 1, "the drift has an event of its own"},
		{"written", wrote, "", 1, guardrail.Repaired, "public-access", 2, 1, "what was read may be from before the drift: the same policy is written again"},
		{"written, and put back", wrote, public, 1, guardrail.Repaired, "public-access", 2, 1, "the same policy is written again"},
		{"written, and another drift", wrote, publicToo, 1, guardrail.Reported, "write-not-confirmed", 1, 1, "it is told as such"},
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
			if got := len(s.reporter.of(s.arn, guardrail.Repaired)); got != row.reports || !e.Reported || !e.isWritten() && !e.isEnded() {
				t.Errorf("%d reports, want %d, of %+v: %s", got, row.reports, e, row.reason)
			}
		})
	}
}

// The message may be lost: the flush finishes what it was about, once its holder must have ended.
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
		{"claimed", repair, "S3 PUT keys claimed", "", enforcer.Flushed{Finished: 1}, 1, guardrail.Repaired, "as a redelivery would"},
		{"written", repair, "KMS PutKeyPolicy", "", enforcer.Flushed{Finished: 1}, 2, guardrail.Repaired, "the same policy is written again"},
		{"written, and another drift", repair, "KMS PutKeyPolicy", publicToo, enforcer.Flushed{Finished: 1}, 1, guardrail.Repaired, "it is never written over: it has an event of its own"},
		{"written, and the kill switch is on", repair.ReportOnly(), "KMS PutKeyPolicy", "", enforcer.Flushed{Finished: 1}, 1, guardrail.Repaired, "as one that may have been"},
		{"marked", repair, "S3 PUT keys written", "", enforcer.Flushed{Finished: 1}, 1, guardrail.Repaired, "it is told"},
		{"claimed, and the kill switch is on", repair.ReportOnly(), "S3 PUT keys claimed", "", enforcer.Flushed{Finished: 1}, 0, guardrail.Reported, "nothing is written any more"},
		{"claimed, and put right", repair, "S3 PUT keys claimed", good, enforcer.Flushed{Finished: 1}, 0, guardrail.Repaired, "as one that may have been"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := drifted(repair, apiDefault(t), public)(t, t.Name())
			s.interrupt(row.after)
			if row.theirs != "" {
				s.put(row.theirs)
			}
			s.config.Configuration = row.c
			e := s.bucket.entries(t, s.arn)[0]
			if lives := e.Deadline.Sub(e.Claimed); lives < lifetime || lives > lifetime+10*time.Second {
				t.Errorf("the holder can live for %s", lives)
			}
			for _, at := range []time.Time{e.Deadline.Add(-time.Second), e.Deadline} {
				s.clock.at = at
				want := row.want
				if at.Before(e.Deadline) {
					want = enforcer.Flushed{}
				}
				got, err := enforcer.New(s.config).Flush(t.Context(), "flush "+at.String())
				if err != nil || got != want {
					t.Errorf("at %s: %+v, %v: %s", at, got, err, row.reason)
				}
			}
			if len(s.puts) != row.writes || len(s.reporter.of(s.arn, row.action)) != 1 || len(s.bucket.names(t, "pending/")) > 0 {
				t.Errorf("%d writes, reports %+v, outbox %q: %s", len(s.puts), s.reporter.outcomes, s.bucket.names(t, "pending/"), row.reason)
			}
		})
	}
}

// Anybody who can write to the queue can pretend an event of the guardrail, or of a policy that
// is just what a repair would write. It makes the guardrail read, and nothing else.
func TestAnEventClosesNothingAndMarksNothing(t *testing.T) {
	for _, call := range []string{"S3 PUT keys claimed", "KMS PutKeyPolicy"} {
		for _, age := range []time.Duration{time.Second, 2 * lifetime} {
			s := drifted(repair, apiDefault(t), public)(t, t.Name())
			s.interrupt(call)
			s.put(apiDefault(t))
			s.clock.advance(age)
			at, writes := s.clock.now().Add(-time.Second), len(s.puts)
			for _, event := range [][]byte{ownEvent(s.arn, apiDefault(t), at), putEvent(s.arn, apiDefault(t), at)} {
				if _, err := s.handle(event); err != nil {
					t.Errorf("given back: %v", err)
				}
			}
			if e := s.bucket.entries(t, s.arn)[0]; e.Phase != ledger.Claimed || e.Reported || len(s.puts) != writes {
				t.Errorf("after %s and %s: %s, reported %t, %d writes", call, age, e.Phase, e.Reported, len(s.puts)-writes)
			}
		}
	}
}

// The report of a repair that was given up was not made: it is, and nothing else is.
func TestARepairThatWasGivenUpIsNotTakenForAWrite(t *testing.T) {
	s := drifted(repair, good, public)(t, t.Name())
	s.refuse = fmt.Errorf("%w: LimitExceededException", inspect.ErrRefused)
	m := s.interrupt("report")
	s.reporter.outcomes = nil
	s.put(apiDefault(t)) // just what the repair would have written
	s.clock.advance(settling)
	if !s.deliver(m) {
		t.Fatal("given back")
	}
	e := s.bucket.entries(t, s.arn)[0]
	if e.isWritten() || !e.Reported || len(s.reporter.of(s.arn, guardrail.PlanRefused)) != 1 {
		t.Errorf("%+v, reports %+v", e, s.reporter.outcomes)
	}
}

// A duplicate is another message for the queue, and the same one for the archive.
func TestADuplicateOfAMessageWhoseRepairWasNotToldTellsIt(t *testing.T) {
	s := drifted(repair, apiDefault(t), public)(t, t.Name())
	m := s.interrupt("S3 PUT keys written")
	s.put(public)
	s.clock.advance(settling)
	o, err := s.handle(m.event)
	if err != nil || o.Action != guardrail.Repaired || len(s.puts) != 1 || len(s.reporter.of(s.arn, guardrail.Repaired)) != 1 {
		t.Errorf("%+v, %v, %d writes", summary(o), err, len(s.puts))
	}
}

// A process dies between claim and write, at whichever second of a minute, and its message is
// lost. The flush comes every minute.
func TestAfterACrashABadPolicyIsOpenForThreeMinutesAtMost(t *testing.T) {
	longest := time.Duration(0)
	for second := range 60 {
		s := drifted(repair, apiDefault(t), public)(t, t.Name())
		s.clock.advance(time.Duration(second) * time.Second)
		s.interrupt("S3 PUT keys claimed")
		s.queue = nil
		crashed := s.clock.now()
		for len(s.puts) == 0 && s.clock.now().Sub(crashed) < time.Hour {
			s.clock.at = s.clock.at.Truncate(time.Minute).Add(time.Minute)
			s.flush()
		}
		longest = max(longest, s.clock.now().Sub(crashed))
	}
	if longest > 3*time.Minute {
		t.Errorf("open for %s", longest)
	}
	t.Logf("proof: after a crash between claim and write a bad policy was open for %s at most", longest)
}
