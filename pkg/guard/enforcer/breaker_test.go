package enforcer_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// perHour repairs so many keys of an account in an hour.
func perHour(repairs int) *rules.Configuration {
	return configured(func(c *rules.Configuration) {
		c.Repair.MaxPerHour.Account = repairs
	})
}

// flush is the call of the schedule.
func (w *world) flush(t *testing.T) {
	t.Helper()
	if _, err := w.enforcer.Flush(t.Context(), fmt.Sprint("flush-", deliveries.Add(1))); err != nil {
		t.Fatal(err)
	}
}

// open uses the hour up with other keys.
func (w *world) open(t *testing.T, repairs int) {
	t.Helper()
	for range repairs {
		repairedAnother(t, w, "")
	}
}

// Nobody keeps a key open to everybody by making cheap ones drift.
func TestACriticalRepairThatTheBreakerHoldsComesBackUntilItIsDone(t *testing.T) {
	w := newWorld(t, perHour(2))
	w.open(t, 2)
	arn, event := w.drift(t, public)
	o := w.handle(t, event)
	until := newClock().now().Add(time.Hour + 2*time.Second)
	if text := o.Findings[len(o.Findings)-1].Message; o.Action != guardrail.Held || o.ActionReason != "breaker-account" || !strings.Contains(text, "postponed until "+until.Format(time.RFC3339)) {
		t.Errorf("%+v: %s", summary(o), text)
	}
	w.clock.at = until.Add(-time.Second)
	w.flush(t)
	w.clock.at = until.Add(-2 * time.Second)
	w.open(t, 2) // the next hour as well
	w.clock.at = until
	w.flush(t)
	if held := w.reporter.of(arn, guardrail.Held); len(held) != 2 || len(w.bucket.names(t, "pending/")) != 1 {
		t.Fatalf("%d reports, postponed %q", len(held), w.bucket.names(t, "pending/"))
	}
	w.clock.at = until.Add(time.Hour)
	w.flush(t)
	if told := w.reporter.of(arn, guardrail.Repaired); len(told) != 1 || len(w.bucket.names(t, "pending/")) != 0 || w.policy(t, arn) == public {
		t.Errorf("%d reports, postponed %q", len(told), w.bucket.names(t, "pending/"))
	}
}

func TestARepairThatIsNotCriticalDoesNotComeBackFromTheBreaker(t *testing.T) {
	w := newWorld(t, perHour(1))
	_, event := w.drift(t, toService)
	if o := w.handle(t, event); o.Action != guardrail.Repaired {
		t.Fatalf("%+v", summary(o))
	}
	_, event = w.drift(t, toService)
	if o := w.handle(t, event); o.Action != guardrail.Held || len(w.bucket.names(t, "pending/")) > 0 {
		t.Errorf("%+v, postponed %q", summary(o), w.bucket.names(t, "pending/"))
	}
}

// A day after its first use, a guardrail is trusted with what is critical: nobody keeps a key open
// by making others drift. What is not critical stays bounded, and the two do not count each other.
func TestTheBreakerBoundsWhatIsCriticalOnlyWhileTheGuardrailIsYoung(t *testing.T) {
	w := newWorld(t, perHour(2))
	critical := func() guardrail.Action { _, event := w.drift(t, public); return w.handle(t, event).Action }
	other := func() guardrail.Action { _, event := w.drift(t, toService); return w.handle(t, event).Action }
	for i, row := range []struct {
		do     func() guardrail.Action
		want   guardrail.Action
		reason string
	}{
		{critical, guardrail.Repaired, "the first of two"}, {critical, guardrail.Repaired, "the second"}, {critical, guardrail.Held, "there is no third"},
		{other, guardrail.Repaired, "the first of two others"}, {other, guardrail.Repaired, "the second"}, {other, guardrail.Held, "there is no third"},
	} {
		if got := row.do(); got != row.want {
			t.Errorf("%d: %s, want %s: %s", i, got, row.want, row.reason)
		}
	}
	w.clock.advance(24 * time.Hour)
	for range 4 {
		if got := critical(); got != guardrail.Repaired {
			t.Errorf("the next day: %s", got)
		}
	}
	w.config.Version = "v9"
	w.enforcer = enforcer.New(w.config)
	for i, want := range []guardrail.Action{guardrail.Repaired, guardrail.Repaired, guardrail.Held} {
		if got := critical(); got != want {
			t.Errorf("%d under another version: %s, want %s", i, got, want)
		}
	}
}

// What was put back costs the other keys nothing: a key counts once in an hour.
func TestAKeyThatIsOpenedAgainAndAgainCountsOnceInAnHour(t *testing.T) {
	w := newWorld(t, perHour(2))
	arn, event := w.drift(t, public)
	for i := range 4 {
		if o := w.handle(t, event); o.Action != guardrail.Repaired {
			t.Fatalf("%d: %+v", i, summary(o))
		}
		w.clock.advance(8 * time.Second)
		w.put(t, arn, public)
		event = w.lastEvent()
	}
	w.open(t, 1)
	_, event = w.drift(t, public)
	if o := w.handle(t, event); o.Action != guardrail.Held {
		t.Errorf("a third key: %+v", summary(o))
	}
}

// Where it is not known how old the guardrail is, it counts as young.
func TestAFirstUseThatCannotBeReadIsYoung(t *testing.T) {
	w := newWorld(t, perHour(1))
	w.open(t, 1)
	w.clock.advance(25 * time.Hour)
	w.bucket.strike = func(r *http.Request, call serve) (*http.Response, error) {
		if strings.Contains(r.URL.Path, "/generations/") {
			return answered(http.StatusOK, "NotWhatWasWritten"), nil
		}
		return call(), nil
	}
	w.open(t, 1)
	_, event := w.drift(t, public)
	if o := w.handle(t, event); o.Action != guardrail.Held {
		t.Errorf("%+v", summary(o))
	}
}

// The hour is used up in the moment between the look at it and the claim, and the process
// dies.
func TestARepairThatIsBegunWhileTheBreakerOpensComesBack(t *testing.T) {
	w := newWorld(t, perHour(1))
	arn, event := w.drift(t, public)
	w.unanswered(t, event, http.MethodPut, "/hours/")
	w.open(t, 1)
	w.clock.advance(16 * time.Minute)
	if o, err := w.enforcer.Handle(t.Context(), again(event)); err != nil || o.Action != guardrail.Held {
		t.Fatalf("%+v, %v", summary(o), err)
	}
	w.wantRepairedInTheNextHour(t, arn)
}

// Whoever lowers the limit because the guardrail itself is wrong wants that at once.
func TestALimitThatIsLoweredWithinTheHourHoldsFromThenOn(t *testing.T) {
	w := newWorld(t, perHour(3))
	w.open(t, 2)
	w.config.Configuration = perHour(1)
	w.enforcer = enforcer.New(w.config)
	arn, event := w.drift(t, public)
	if o := w.handle(t, event); o.Action != guardrail.Held || o.ActionReason != "breaker-account" {
		t.Errorf("%+v", summary(o))
	}
	w.clock.advance(time.Minute)
	w.wantRepairedInTheNextHour(t, arn)
}

// A claim that was counted is finished with the same policy, whatever the limit is by now.
func TestARepairThatIsUnderWayIsFinishedUnderALowerLimit(t *testing.T) {
	w := newWorld(t, perHour(2))
	w.open(t, 1)
	arn, event := w.drift(t, public)
	w.unanswered(t, event, http.MethodPut, "/keys/")
	w.config.Configuration = perHour(1)
	w.enforcer = enforcer.New(w.config)
	w.clock.advance(2 * lifetime)
	w.flush(t)
	if told := w.reporter.of(arn, guardrail.Repaired); len(told) != 1 || told[0].Actor == nil || hash(t, w.policy(t, arn)) == hash(t, public) {
		t.Errorf("reports %+v", told)
	}
}

// unanswered handles an event without an answer to one kind of the archive's calls.
func (w *world) unanswered(t *testing.T, event []byte, method, path string) {
	t.Helper()
	w.bucket.strike = func(r *http.Request, call serve) (*http.Response, error) {
		if r.Method != method || !strings.Contains(r.URL.Path, path) {
			return call(), nil
		}
		if path == "/keys/" {
			_ = call().Body.Close() // it is done, and the answer is lost
		}
		return nil, errNoAnswer
	}
	if _, err := w.enforcer.Handle(t.Context(), first(event)); err == nil {
		t.Fatalf("%s of %s was not called", method, path)
	}
	w.bucket.strike = nil
}

func (w *world) wantRepairedInTheNextHour(t *testing.T, arn string) {
	t.Helper()
	for range 12 {
		w.clock.advance(5 * time.Minute)
		w.flush(t)
	}
	if told := w.reporter.of(arn, guardrail.Repaired); len(told) != 1 || hash(t, w.policy(t, arn)) == hash(t, public) {
		t.Errorf("%d repairs are told, postponed %q", len(told), w.bucket.names(t, "pending/"))
	}
}
