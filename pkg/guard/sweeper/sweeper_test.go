package sweeper_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/sweeper"
)

// summary is that of a sweep of the night under a configuration.
func summary(name string, change func(*sweeper.Summary)) sweeper.Summary {
	s := sweeper.Summary{
		SweepID: "20261123T030000Z-1", Time: night.Truncate(time.Second), ConfigurationHash: hash(name),
		Verdicts: map[guardrail.Verdict]int{},
	}
	change(&s)
	return s
}

func TestASweepQueuesEveryKeyOnce(t *testing.T) {
	w := newWorld(7)
	w.last = hash("a")
	got, err := w.sweep(t.Context(), hash("a"))
	want := summary("a", func(s *sweeper.Summary) { s.Complete, s.Keys, s.Queued = true, 7, 7 })
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got)\n%s", err, diff)
	}
	var keys []string
	for _, e := range w.events(t) {
		keys = append(keys, e.KeyARN)
		if e.SweepID != got.SweepID || e.SweptConfiguration != hash("a") || !e.Time.Equal(got.Time) {
			t.Errorf("the message of %s is %+v", e.KeyARN, e)
		}
	}
	if !slices.Equal(keys, w.keys) || len(w.judged) > 0 || w.saves != 1 {
		t.Errorf("queued %q, judged %d, saved %d times", keys, len(w.judged), w.saves)
	}
}

func TestTheFirstSweepOfAConfigurationJudgesAndQueuesNothing(t *testing.T) {
	w := newWorld(8)
	w.last = hash("a")
	outcomes := []guardrail.Outcome{
		{Verdict: guardrail.Compliant},
		{Verdict: guardrail.NothingToJudge, ActionReason: "aws-managed-key"},
		{Verdict: guardrail.NonCompliant, ActionReason: guardrail.ReasonFirstSweep},
		{Verdict: guardrail.NonCompliant, ActionReason: guardrail.ReasonFirstSweep},
		{Verdict: guardrail.NonCompliant, ActionReason: guardrail.ReasonSweep},
		{Verdict: guardrail.NonCompliant, ActionReason: guardrail.ReasonBelow},
		{Verdict: guardrail.Exempt, ActionReason: guardrail.ReasonExempt},
		{Verdict: guardrail.CannotJudge, ActionReason: string(guardrail.CodeLockedOut)},
	}
	w.judge = func(e trail.Event, _ int) (guardrail.Outcome, error) {
		return outcomes[slices.Index(w.keys, e.KeyARN)], nil
	}
	got, err := w.sweep(t.Context(), hash("b"))
	want := summary("b", func(s *sweeper.Summary) {
		s.First, s.Complete, s.Keys, s.WouldRepair, s.WouldRepairOnEvent = true, true, 8, 2, 1
		s.Verdicts = map[guardrail.Verdict]int{
			guardrail.Compliant: 1, guardrail.NothingToJudge: 1, guardrail.NonCompliant: 4, guardrail.Exempt: 1, guardrail.CannotJudge: 1,
		}
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got)\n%s", err, diff)
	}
	if len(w.sent) > 0 || w.last != hash("b") || !strings.Contains(w.log.String(), `"wouldRepair":2`) {
		t.Errorf("%d messages are queued, %q is remembered; log:\n%s", len(w.sent), w.last, &w.log)
	}
	for _, e := range w.judged {
		if e.SweptConfiguration != "" {
			t.Errorf("the judged message of %s may be repaired for: %+v", e.KeyARN, e)
		}
	}
}

func TestWhichSweepIsAFirstOne(t *testing.T) {
	for _, row := range []struct {
		last, now string
		first     bool
		reason    string
	}{
		{"", hash("a"), true, "nothing was swept under any configuration"},
		{hash("a"), hash("a"), false, "the configuration is that of the last sweep"},
		{hash("b"), hash("a"), true, "it was changed"},
	} {
		w := newWorld(1)
		w.last = row.last
		if got, err := w.sweep(t.Context(), row.now); got.First != row.first || err != nil {
			t.Errorf("first is %t, %v; want %t: %s", got.First, err, row.first, row.reason)
		}
	}
	w := newWorld(1)
	c := w.config(hash("a"))
	c.Memory = nil
	if got, err := sweeper.New(c).Sweep(t.Context(), "1"); got.First || got.Queued != 1 || !got.Complete || err != nil {
		t.Errorf("without a memory, which is without an archive, nothing is repaired: %+v, %v", got, err)
	}
}

// Each row is a sweep under configuration b; those with last a are first ones.
func TestASweepThatGoesWrongIsNotTheLastOne(t *testing.T) {
	failing := func(tries int) func(trail.Event, int) (guardrail.Outcome, error) {
		return func(e trail.Event, try int) (guardrail.Outcome, error) {
			if strings.HasSuffix(e.KeyARN, "/1") && try <= tries {
				return guardrail.Outcome{}, errDown
			}
			return guardrail.Outcome{Verdict: guardrail.Compliant}, nil
		}
	}
	for _, row := range []struct {
		last    string
		change  func(*world)
		want    func(*sweeper.Summary)
		wantErr bool
		reason  string
	}{
		{"a", func(w *world) { w.judge = failing(2) }, func(s *sweeper.Summary) { s.Complete, s.Keys = true, 4; s.Verdicts["compliant"] = 4 }, false, "a key is tried three times"},
		{"a", func(w *world) { w.judge = failing(3) }, func(s *sweeper.Summary) { s.Keys, s.Failed = 4, 1; s.Verdicts["compliant"] = 3 }, true, "a key that is not judged may be the one that matters"},
		{"a", func(w *world) {
			w.judge = func(e trail.Event, _ int) (guardrail.Outcome, error) {
				if strings.HasSuffix(e.KeyARN, "/1") {
					panic("a policy that nobody thought of")
				}
				return guardrail.Outcome{Verdict: guardrail.Compliant}, nil
			}
		}, func(s *sweeper.Summary) { s.Keys, s.Failed = 4, 1; s.Verdicts["compliant"] = 3 }, true, "one key must not take the others with it"},
		{"a", func(w *world) { w.listErr = errDown }, func(s *sweeper.Summary) { s.Keys = 4; s.Verdicts["compliant"] = 4 }, true, "there may be more keys"},
		{"a", func(w *world) { w.saveErr = errDown }, func(s *sweeper.Summary) { s.Keys = 4; s.Verdicts["compliant"] = 4 }, true, "the next sweep will not know of it"},
		{"a", func(w *world) { w.keys[1] = "alias/x" }, func(s *sweeper.Summary) { s.Keys, s.Failed = 4, 1; s.Verdicts["compliant"] = 3 }, true, "what is listed is no key"},
		{"a", func(w *world) { w.lastErr = errDown }, func(s *sweeper.Summary) { s.First = false }, true, "whether it is a first one is not known, so it does nothing"},
		{"b", func(w *world) { w.listErr = errDown }, func(s *sweeper.Summary) { s.Keys, s.Queued = 4, 4 }, true, "there may be more keys"},
		{"b", func(w *world) { w.most, w.sendErr = 2, errDown }, func(s *sweeper.Summary) { s.Keys, s.Queued, s.Failed = 4, 3, 1 }, true, "one message of the first page is not taken; the next page is sent all the same"},
		{"b", func(w *world) { w.keys[1] = "alias/x" }, func(s *sweeper.Summary) { s.Keys, s.Queued, s.Failed = 4, 3, 1 }, true, "what is listed is no key"},
	} {
		w := newWorld(4)
		w.last = hash(row.last)
		row.change(w)
		got, err := w.sweep(t.Context(), hash("b"))
		want := summary("b", func(s *sweeper.Summary) { s.First = row.last == "a"; row.want(s) })
		if diff := cmp.Diff(want, got); diff != "" || (err != nil) != row.wantErr {
			t.Errorf("%s: %v, (-want +got)\n%s", row.reason, err, diff)
		}
		if saved := w.saves > 0; saved == row.wantErr {
			t.Errorf("%s: saved: %t", row.reason, saved)
		}
		if row.wantErr != strings.Contains(w.log.String(), "sweep failed") {
			t.Errorf("%s: log:\n%s", row.reason, &w.log)
		}
	}
}

func TestASweepWhoseTimeEndsSaysHowFarItCame(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(100)
	w.last = hash("a")
	w.judge = func(trail.Event, int) (guardrail.Outcome, error) {
		if len(w.judged) == 40 {
			cancel()
		}
		return guardrail.Outcome{Verdict: guardrail.Compliant}, nil
	}
	got, err := w.sweep(ctx, hash("b"))
	if err != nil || got.Complete || got.Failed > 0 || got.Verdicts[guardrail.Compliant] != len(w.judged) || got.Keys >= 100 {
		t.Errorf("first sweep: %+v, %v; %d were judged", got, err, len(w.judged))
	}
	if w.saves > 0 {
		t.Error("a part of the keys is taken for all")
	}

	ctx, cancel = context.WithCancel(t.Context())
	w = newWorld(100)
	w.last = hash("b")
	c := w.config(hash("b"))
	c.Queue = queue(func(ctx context.Context, messages []string) (int, error) {
		if len(w.sent) >= 30 {
			cancel()
		}
		return w.Send(ctx, messages)
	})
	got, err = sweeper.New(c).Sweep(ctx, "1")
	if err != nil || got.Complete || got.Failed > 0 || got.Queued != 30 || len(w.sent) != 30 || w.saves > 0 {
		t.Errorf("queueing sweep: %+v, %v; %d are on the queue", got, err, len(w.sent))
	}
}

// All keys are listed by then, and none of them failed.
func TestASweepThatEndsWithTheLastKeyIsNotComplete(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(1)
	w.judge = func(trail.Event, int) (guardrail.Outcome, error) {
		cancel()
		return guardrail.Outcome{}, ctx.Err()
	}
	got, err := w.sweep(ctx, hash("b"))
	if err != nil || got.Complete || got.Keys != 1 || len(got.Verdicts) > 0 || w.saves > 0 {
		t.Errorf("%+v, %v; saved %d times", got, err, w.saves)
	}
}

type queue func(context.Context, []string) (int, error)

func (q queue) Send(ctx context.Context, messages []string) (int, error) { return q(ctx, messages) }

// I10: however sweeps go wrong, and however often the configuration is changed, nothing is
// queued under a configuration before a sweep of all keys was completed under it, and no
// message lets a key be repaired under another configuration than its own.
func TestNothingIsQueuedBeforeAConfigurationWasSwept(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(rapid.IntRange(0, 12).Draw(r, "keys"))
		swept := "" // the configuration of the last sweep that was complete
		for range rapid.IntRange(1, 8).Draw(r, "sweeps") {
			now := rapid.SampledFrom([]string{"a", "b"}).Draw(r, "configuration")
			fail := func(name string) error {
				if rapid.IntRange(0, 3).Draw(r, name) == 0 {
					return errDown
				}
				return nil
			}
			w.listErr, w.lastErr, w.saveErr = fail("list"), fail("last"), fail("save")
			judgeErr := fail("judge")
			w.judge = func(trail.Event, int) (guardrail.Outcome, error) {
				return guardrail.Outcome{Verdict: guardrail.NonCompliant, ActionReason: guardrail.ReasonFirstSweep}, judgeErr
			}
			w.sent, w.judged = nil, nil
			got, err := w.sweep(t.Context(), hash(now))
			if len(w.sent) > 0 && now != swept {
				r.Fatalf("%d keys are queued under %s; the last complete sweep was under %q", len(w.sent), now, swept)
			}
			for _, e := range w.events(t) {
				if e.SweptConfiguration != hash(now) {
					r.Fatalf("a message lets repair under %q: %+v", e.SweptConfiguration, e)
				}
			}
			if got.First && got.WouldRepair != got.Verdicts[guardrail.NonCompliant] || got.Complete != (err == nil) {
				r.Fatalf("%+v, %v", got, err)
			}
			if got.Complete {
				if n := got.Queued + got.WouldRepair; n != len(w.keys) {
					r.Fatalf("complete with %d of %d keys", n, len(w.keys))
				}
				swept = now
			}
		}
	})
}

func TestTheErrorNamesTheCause(t *testing.T) {
	w := newWorld(4)
	w.listErr = errDown
	if _, err := w.sweep(t.Context(), hash("b")); !errors.Is(err, errDown) || !strings.Contains(err.Error(), "listing the keys") {
		t.Errorf("%v", err)
	}
}
