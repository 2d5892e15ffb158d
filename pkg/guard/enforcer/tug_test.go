package enforcer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// undo lets Mallory put a policy again, as long after the last change as KMS needs, and
// handles the event.
func (s *scene) undo(text string) guardrail.Outcome {
	s.t.Helper()
	s.clock.advance(settling)
	o, err := s.handle(s.put(text))
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func TestATugOfWarEndsAtTheBudgetWithTheNameOfTheOther(t *testing.T) {
	c := change(func(c *rules.Configuration) { c.Repair.Budget.Repairs = 2 })
	s := newScene(t, t.Name(), c, good)
	for i := range 2 {
		if o := s.undo(toService); o.Action != guardrail.Repaired {
			t.Fatalf("repair %d: %+v", i, summary(o))
		}
	}
	o := s.undo(toService)
	last := o.Findings[len(o.Findings)-1]
	if o.Action != guardrail.BudgetExhausted || last.Code != guardrail.CodeBudgetExhausted || !strings.Contains(last.Message, "user/Mallory") {
		t.Errorf("%+v: %+v", summary(o), last)
	}
	if len(s.puts) != 2 || len(s.bucket.names(t, "pending/")) > 0 {
		t.Errorf("%d writes, and %q", len(s.puts), s.bucket.names(t, "pending/"))
	}
	s.clock.advance(24 * time.Hour)
	if o := s.undo(toService); o.Action != guardrail.Repaired {
		t.Errorf("in the next window: %+v", summary(o))
	}
}

// For a critical finding it does not end: attempts go on, each with an alarm.
func TestATugOfWarAboutACriticalFindingGoesOnAtGrowingIntervals(t *testing.T) {
	c := change(func(c *rules.Configuration) { c.Repair.Budget.Repairs = 1 })
	s := newScene(t, t.Name(), c, good)
	if o := s.undo(public); o.Action != guardrail.Repaired {
		t.Fatalf("%+v", summary(o))
	}
	for i, wait := range []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour, 4 * time.Hour} {
		since := s.bucket.entries(t, s.arn)[0].Record.Time
		if o := s.undo(public); o.Action != guardrail.BudgetExhausted {
			t.Fatalf("attempt %d: at once %+v", i, summary(o))
		}
		s.clock.at = since.Add(wait - time.Second)
		if s.flush(); len(s.puts) != i+1 {
			t.Errorf("attempt %d: a second too early", i)
		}
		s.clock.at = since.Add(wait)
		s.flush()
		reports := s.reporter.of(s.arn, guardrail.Repaired)
		if len(s.puts) != i+2 || len(reports) != i+2 {
			t.Fatalf("attempt %d: %d writes, %d reports", i, len(s.puts), len(reports))
		}
		o := reports[i+1]
		last := o.Findings[len(o.Findings)-1]
		if last.Code != guardrail.CodeTugOfWar || last.Severity != rules.Critical || !strings.Contains(last.Message, "user/Mallory") || !strings.Contains(last.Message, fmt.Sprint(i+1)) {
			t.Errorf("attempt %d: %+v", i, last)
		}
		if left := s.bucket.names(t, "pending/"); len(left) > 0 {
			t.Errorf("attempt %d: %q is left", i, left)
		}
	}
}

func TestTheGuardrailsOwnWritesCauseNoFurtherWrite(t *testing.T) {
	s := drifted(repair, good, public)(t, t.Name())
	s.settle()
	if len(s.puts) != 1 || s.acked != 2 {
		t.Errorf("%d writes, %d messages", len(s.puts), s.acked)
	}
}

func TestTheStateOfAKeySaysWhatIsOpenSinceWhen(t *testing.T) {
	s := newScene(t, t.Name(), report, good)
	began := s.clock.now().Add(4 * time.Second)
	state := func() ledger.Ledger { return s.bucket.ledger(t, s.arn) }
	for range 2 {
		if _, err := s.handle(s.put(public)); err != nil {
			t.Fatal(err)
		}
		if open := state().Findings; len(open) == 0 || open[0].FirstSeen.Sub(began) > time.Second || s.clock.now().Sub(open[0].LastAlarm) > time.Second {
			t.Errorf("open: %+v", open)
		}
		s.clock.advance(time.Hour)
	}
	if _, err := s.handle(s.put(good)); err != nil || len(state().Findings) > 0 {
		t.Errorf("put right: %+v, %v", state(), err)
	}
}

// An attempt that KMS refused is none that somebody undid, and a sweep tells of nobody.
func TestTheBudgetSaysHowOftenTheKeyWasRepairedAndNamesNobodyWhereNobodyIsKnown(t *testing.T) {
	c := change(func(c *rules.Configuration) { c.Repair.Budget.Repairs, c.Repair.Sweep = 2, true })
	s := newScene(t, t.Name(), c, good)
	s.undo(toService)
	s.refuse = inspect.ErrRefused
	s.undo(toService)
	s.clock.advance(settling)
	o, err := s.handle(sweptEvent(t, s, c))
	last := o.Findings[len(o.Findings)-1]
	if err != nil || last.Code != guardrail.CodeBudgetExhausted || !strings.Contains(last.Message, "repaired 1 times in 2 attempts") || strings.Contains(last.Message, `""`) {
		t.Errorf("%+v, %v: %s", summary(o), err, last.Message)
	}
}

// sweptEvent is the message of a sweep under a configuration.
func sweptEvent(t *testing.T, s *scene, c *rules.Configuration) []byte {
	t.Helper()
	text, err := trail.SweptKey{KeyARN: s.arn, SweepID: "sweep", Time: s.clock.now(), ConfigurationHash: c.Hash()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A sweep under a new configuration only reports, also where what is left of its message is
// the record.
func TestTheRecordOfASweepRepairsUnderItsConfigurationOnly(t *testing.T) {
	sweeping := change(func(c *rules.Configuration) { c.Repair.Sweep = true })
	for _, row := range []struct {
		now    *rules.Configuration
		writes int
		reason string
	}{
		{sweeping, 1, "the flush does what the message would have done"},
		{change(func(c *rules.Configuration) { c.Repair.Sweep, c.Notify.From = true, rules.Medium }), 0, "no sweep was completed under it"},
	} {
		s := newScene(t, t.Name(), sweeping, good, public)
		s.send(sweptEvent(t, s, sweeping))
		s.interrupt("S3 PUT keys claimed")
		s.config.Configuration = row.now
		s.clock.advance(2 * lifetime)
		s.flush()
		if reports := s.reporter.outcomes; len(s.puts) != row.writes || len(reports) == 0 || reports[0].Trigger != guardrail.BySweep || reports[0].Actor != nil {
			t.Errorf("%d writes, reports %+v: %s", len(s.puts), reports, row.reason)
		}
	}
}
