package enforcer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
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

// For a critical finding it does not end: beyond the share of a day, one repair goes on each quarter
// of an hour, from the last event.
func TestATugOfWarAboutACriticalFindingNeverEnds(t *testing.T) {
	s := newScene(t, t.Name(), change(func(*rules.Configuration) {}), good)
	if o := s.undo(public); o.Action != guardrail.Repaired {
		t.Fatalf("%+v", summary(o))
	}
	key, err := ledger.KeyOf(s.arn)
	if err != nil {
		t.Fatal(err)
	}
	l, version, err := s.bucket.archive().Ledger(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	l.Critical.Repairs, l.Critical.Today = 2000, 2000
	if _, err := s.bucket.archive().Swap(t.Context(), key, l, version); err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		since := s.bucket.entries(t, s.arn)[0].Record.Time
		o := s.undo(public)
		last := o.Findings[len(o.Findings)-1]
		if o.Action != guardrail.BudgetExhausted || last.Code != guardrail.CodeTugOfWar || !strings.Contains(last.Message, "user/Mallory") || !strings.Contains(last.Message, "postponed until") {
			t.Fatalf("attempt %d: at once %+v: %+v", i, summary(o), last)
		}
		s.clock.at = since.Add(15*time.Minute - time.Second)
		if s.flush(); len(s.puts) != i+1 {
			t.Errorf("attempt %d: a second too early", i)
		}
		s.clock.at = since.Add(15 * time.Minute)
		if s.flush(); len(s.puts) != i+2 || s.live() == public {
			t.Fatalf("attempt %d: %d writes", i, len(s.puts))
		}
		o = s.bucket.outcome(t, s.arn)
		last = o.Findings[len(o.Findings)-1]
		if last.Code != guardrail.CodeTugOfWar || last.Severity != rules.Critical || !strings.Contains(last.Message, "user/Mallory") || !strings.Contains(last.Message, fmt.Sprint(2001+i)) {
			t.Errorf("attempt %d: %+v", i, last)
		}
		if left := s.bucket.names(t, "pending/"); len(left) > 0 {
			t.Errorf("attempt %d: %q is left", i, left)
		}
	}
	if reports := len(s.reporter.outcomes); reports != 4 { // one by one three times, and a quarter of an hour later
		t.Errorf("people were told %d times", reports)
	}
}

// outcome is the outcome in the last record of a key.
func (b *bucket) outcome(t *testing.T, arn string) (o guardrail.Outcome) {
	t.Helper()
	if err := json.Unmarshal(b.entries(t, arn)[0].Record.Outcome, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// An event that is younger than the write, with the policy that was replaced, is believed at once.
// A duplicate of an event closes and opens nothing.
func TestAPolicyThatIsPutBackIsRepairedAtOnce(t *testing.T) {
	s := newScene(t, t.Name(), change(func(*rules.Configuration) {}), good)
	s.clock.advance(settling)
	var events [][]byte
	for i := range 4 {
		events = append(events, s.put(public))
		s.clock.advance(2 * time.Second) // the event is delivered
		if o, err := s.handle(events[i]); err != nil || o.Action != guardrail.Repaired || len(s.puts) != i+1 {
			t.Fatalf("put-back %d: %+v, %d writes: %v", i, summary(o), len(s.puts), err)
		}
		s.clock.advance(5 * time.Second)
	}
	last := s.put(public)
	for i, event := range events { // again: none of them is new
		if o, err := s.handle(event); err == nil || len(s.puts) != 4 {
			t.Errorf("event %d again: %+v, %d writes", i, summary(o), len(s.puts))
		}
	}
	if o, err := s.handle(last); err != nil || o.Action != guardrail.Repaired || len(s.puts) != 5 {
		t.Errorf("its own event: %+v, %d writes: %v", summary(o), len(s.puts), err)
	}
	for i, event := range append(events, last) {
		if o, err := s.handle(event); err != nil || o.Verdict != guardrail.Compliant || len(s.puts) != 5 {
			t.Errorf("event %d once more: %+v, %d writes: %v", i, summary(o), len(s.puts), err)
		}
	}
}

// The event of a put-back is lost, and an older event comes twice. Once KMS has settled, what is read
// is believed, whichever event it was that made the guardrail read.
func TestADuplicateEventAfterAPutBackRepairs(t *testing.T) {
	for _, again := range []bool{false, true} {
		s := newScene(t, t.Name(), change(func(*rules.Configuration) {}), good)
		m := first(s.put(public))
		if o, err := enforcer.New(s.config).Handle(t.Context(), m); err != nil || o.Action != guardrail.Repaired {
			t.Fatalf("%+v, %v", summary(o), err)
		}
		s.clock.advance(time.Minute)
		s.put(public)
		m.Again = again
		for i := range 2 {
			m.Delivery += "+"
			if o, err := enforcer.New(s.config).Handle(t.Context(), m); !errors.Is(err, ledger.ErrUnsettled) || len(s.puts) != 1 {
				t.Errorf("delivery %d: %+v, %v, %d writes", i, summary(o), err, len(s.puts))
			}
			s.clock.advance(visibility)
		}
		m.Delivery += "+"
		if o, err := enforcer.New(s.config).Handle(t.Context(), m); err != nil || o.Action != guardrail.Repaired || len(s.puts) != 2 || s.live() == public {
			t.Errorf("after the settling time: %+v, %v, %d writes", summary(o), err, len(s.puts))
		}
	}
}

// Somebody who is faster than five seconds is answered in the same delivery, when these are over.
func TestTwoWritesAreFiveSecondsApart(t *testing.T) {
	s := newScene(t, t.Name(), change(func(*rules.Configuration) {}), good)
	var times []time.Time
	for i := range 4 {
		s.previous, s.changed = s.live(), s.clock.now()
		s.keys.keys[s.arn].policy = []string{public, publicToo}[i%2]
		s.clock.advance(time.Second)
		if o, err := s.handle(putEvent(s.arn, s.live(), s.clock.now())); err != nil || o.Action != guardrail.Repaired {
			t.Fatalf("%d: %+v, %v", i, summary(o), err)
		}
		times = append(times, s.bucket.entries(t, s.arn)[0].Closed)
		if i > 0 && times[i].Sub(times[i-1]) < 5*time.Second {
			t.Errorf("%s after the write before", times[i].Sub(times[i-1]))
		}
	}
}

// A pause needs time, as the write does.
func TestAMessageWithoutTimeForThePauseIsGivenBack(t *testing.T) {
	s := newScene(t, t.Name(), change(func(*rules.Configuration) {}), good)
	if _, err := s.handle(s.put(public)); err != nil {
		t.Fatal(err)
	}
	s.keys.keys[s.arn].policy = publicToo
	s.clock.advance(time.Second)
	ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
	defer cancel()
	if o, err := enforcer.New(s.config).Handle(ctx, first(putEvent(s.arn, publicToo, s.clock.now()))); err == nil || len(s.puts) != 1 {
		t.Errorf("%+v, %d writes", summary(o), len(s.puts))
	}
}

// lostRecords is an archive without its records.
type lostRecords struct {
	enforcer.Archive
	because error
}

func (l lostRecords) Record(context.Context, ledger.Name) (ledger.Record, error) {
	return ledger.Record{}, l.because
}

// What an event itself added to the last recorded policy has no users yet.
func TestAHoldKeepsOnlyWhatTheLastRecordedPolicyHad(t *testing.T) {
	for _, row := range []struct {
		recorded string // what was repaired before; "" for nothing
		because  error  // why its record cannot be read
		want     guardrail.Action
		reason   string
	}{
		{"", nil, guardrail.Held, "nothing is recorded of the key"},
		{public, nil, guardrail.Repaired, "the recorded policy did not have it"},
		{document(toAccount, allow(`"*"`, "kms:Decrypt"), allow(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Decrypt")), nil, guardrail.Held, "the recorded policy had it"},
		{public, ledger.ErrNoRecord, guardrail.Held, "the record is lost"},
		{public, errNoAnswer, "", "the record may be read later: the message is given back"},
	} {
		s := newScene(t, t.Name(), hold(rules.HoldServiceAccess), good)
		if row.recorded != "" {
			s.undo(row.recorded)
		}
		s.clock.advance(settling)
		if row.because != nil {
			s.config.Archive = lostRecords{s.config.Archive, row.because}
		}
		o, err := s.handle(s.put(toService))
		if (err != nil) != (row.want == "") || err == nil && o.Action != row.want {
			t.Errorf("%+v, %v, want %s: %s", summary(o), err, row.want, row.reason)
		}
		isTold := strings.Contains(fmt.Sprint(o.Findings), "the last recorded policy cannot be read")
		if isTold != errors.Is(row.because, ledger.ErrNoRecord) {
			t.Errorf("%+v: %s", o.Findings, row.reason)
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
		if open := state().Findings; len(open) == 0 || open[0].FirstSeen.Sub(began) > time.Second || open[0].LastAlarm.Sub(began) > time.Second {
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
