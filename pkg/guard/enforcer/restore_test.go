package enforcer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// restore puts a policy on the scene's key for a person who saw another one.
func (s *scene) restore(shown, text string) (ledger.Name, error) {
	return enforcer.New(s.config).Restore(s.t.Context(), enforcer.Restore{
		Key: s.keys.keys[s.arn].key, Shown: hash(s.t, shown), Policy: ledger.PolicyText{Text: text, Hash: hash(s.t, text)},
		Actor: guardrail.Actor{ARN: admin}, Name: fmt.Sprint("restore-", deliveries.Add(1)),
	})
}

func TestARestoreGoesThroughTheLedger(t *testing.T) {
	s := repaired(t)
	repairedTo := s.live()
	s.puts = nil
	s.bucket.counted()
	name, err := s.restore(repairedTo, public)
	if err != nil || s.live() != public {
		t.Fatalf("%v, the key has %s", err, s.live())
	}
	e := s.bucket.entries(t, s.arn)[0]
	if e.Record.Name != name || e.Kind != ledger.ForPerson || !e.isWritten() || !e.Reported || e.Record.Before.Text != repairedTo || e.Record.Actor.ARN != admin {
		t.Errorf("%+v", e)
	}
	if left := s.bucket.names(t, "pending/"); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
	// Its event makes the guardrail repair the key again, at once, and as the second repair of its series.
	s.clock.advance(4 * time.Second)
	o, err := s.handle(putEvent(s.arn, public, s.clock.now().Add(-4*time.Second)))
	if l := s.bucket.ledger(t, s.arn); err != nil || o.Action != guardrail.Repaired || l.Critical.Repairs != 2 {
		t.Errorf("%+v, %v, the ledger counts %+v", summary(o), err, l.Critical)
	}
}

func TestARestoreIsNotCountedByBudgetAndBreaker(t *testing.T) {
	c := configured(func(c *rules.Configuration) {
		c.Baselines[0].Style, c.Repair.Budget.Repairs, c.Repair.MaxPerHour = report.Baselines[0].Style, 1, rules.PerHour{Account: 1, Total: 1}
	})
	s := newScene(t, t.Name(), c, good)
	for _, text := range []string{publicToo, good, publicToo, good} {
		if _, err := s.restore(s.live(), text); err != nil {
			t.Fatal(err)
		}
	}
	if names := s.bucket.names(t, "hours/"); len(names) > 0 {
		t.Errorf("counted in %q", names)
	}
	if o, err := s.handle(s.put(public)); err != nil || o.Action != guardrail.Repaired {
		t.Errorf("%+v, %v", summary(o), err)
	}
}

func TestARestoreWaitsForARepair(t *testing.T) {
	s := drifted(repair, apiDefault(t), public)(t, t.Name())
	s.interrupt("S3 PUT keys claimed")
	for _, wait := range []time.Duration{0, 2 * lifetime} { // also after its end: it is the flush's to finish
		s.clock.advance(wait)
		if _, err := s.restore(public, good); !errors.Is(err, ledger.ErrBusy) || len(s.puts) > 0 {
			t.Errorf("%v, %d writes", err, len(s.puts))
		}
	}
	s.flush()
	if _, err := s.restore(s.live(), good); err != nil || s.live() != good {
		t.Errorf("after the flush: %v", err)
	}
}

func TestARestoreWritesOverNoPolicyThatThePersonDidNotSee(t *testing.T) {
	s := newScene(t, t.Name(), repair, good)
	if _, err := s.restore(public, publicToo); !errors.Is(err, enforcer.ErrChanged) || len(s.bucket.names(t, "")) > 0 {
		t.Errorf("%v, %q", err, s.bucket.names(t, ""))
	}
	s.config.Keys = &changing{sceneKeys{s}, []string{public}, false} // changed after the first read
	if _, err := s.restore(good, publicToo); !errors.Is(err, enforcer.ErrChanged) || len(s.puts) > 0 {
		t.Errorf("%v, %d writes", err, len(s.puts))
	}
	if e := s.bucket.entries(t, s.arn)[0]; !e.isEnded() || e.Reason != ledger.NotNeeded || !e.Reported {
		t.Errorf("%+v", e)
	}
}

func TestARestoreThatKMSRefusesLeavesNoClaim(t *testing.T) {
	s := newScene(t, t.Name(), repair, good)
	s.refuse = inspect.ErrAccessDenied
	if _, err := s.restore(good, public); !errors.Is(err, inspect.ErrAccessDenied) {
		t.Errorf("%v", err)
	}
	if open, _ := s.bucket.open(t); len(open)+len(s.bucket.names(t, "pending/")) > 0 {
		t.Errorf("open are %+v", open)
	}
}

// The person sees that the restore was interrupted, and repeats it. The guardrail writes no
// policy that it did not plan.
func TestAnInterruptedRestoreIsEndedAndNeverWrittenByTheGuardrail(t *testing.T) {
	for _, repeat := range []bool{false, true} {
		s := newScene(t, t.Name(), repair, apiDefault(t))
		s.config.Keys = unansweredPut{sceneKeys{s}}
		name, err := s.restore(s.live(), public)
		if err == nil || name == "" || errors.Is(err, ledger.ErrBusy) {
			t.Fatalf("%q, %v", name, err)
		}
		s.config.Keys = sceneKeys{s}
		if _, err := s.restore(s.live(), public); !errors.Is(err, ledger.ErrBusy) {
			t.Errorf("at once: %v", err)
		}
		s.clock.advance(2 * lifetime)
		if repeat {
			if _, err := s.restore(s.live(), public); err != nil || s.live() != public {
				t.Errorf("repeated: %v", err)
			}
			continue
		}
		s.flush()
		e := s.bucket.entries(t, s.arn)[0]
		if !e.isEnded() || e.Reason != ledger.Unconfirmed || !e.Reported || len(s.puts) > 0 || len(s.bucket.names(t, "pending/")) > 0 {
			t.Errorf("%+v, %d writes", e, len(s.puts))
		}
		if !slices.ContainsFunc(s.reporter.outcomes, func(o guardrail.Outcome) bool { return o.ActionReason == ledger.Unconfirmed && o.Actor.ARN == admin }) {
			t.Errorf("reports %+v", s.reporter.outcomes)
		}
	}
}

// unansweredPut is a KMS that does not answer writes.
type unansweredPut struct{ sceneKeys }

func (unansweredPut) PutPolicy(context.Context, string, string) error { return errNoAnswer }
