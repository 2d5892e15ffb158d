package enforcer_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

const (
	// undoTime is how long after each repair the policy is put back.
	undoTime = time.Minute
	// handlingTime is what the function takes for a message, polling and a slow KMS included.
	handlingTime = 2 * time.Second
)

// siege is a day in which an administrator puts the public policy back after each repair.
type siege struct {
	*world
	t        *testing.T
	arn      string
	delivery time.Duration // of an event after its call
	begin    time.Time
	queue    []*besieged
	putBack  time.Time // zero while the key is public

	events, writes int
	// exposed is how long the key was public after the delivery of the event that says so.
	exposed, live time.Duration
	public        time.Time // since the last put
}

// besieged is a message in the queue.
type besieged struct {
	event []byte
	due   time.Time
	again bool
}

func newSiege(t *testing.T, delivery time.Duration) *siege {
	t.Helper()
	c := configured(func(c *rules.Configuration) { c.Baselines[0].Style = repair.Baselines[0].Style })
	s := &siege{world: newWorld(t, c), t: t, delivery: delivery}
	s.bucket.store = objectstore.New(objectstore.Options{Buckets: []string{"archive"}, Clock: s.clock.now})
	s.config.Log = slog.New(slog.DiscardHandler)
	s.config.Pause = func(_ context.Context, d time.Duration) error { s.clock.advance(d); return nil }
	s.config.Keys = unlimited{s.config.Keys, func() enforcer.Keys { return awskms.New(s.cloud.Config(s.guardrail, virginia), 1) }}
	s.enforcer = enforcer.New(s.config)
	s.arn, _ = s.drift(t, public)
	s.begin, s.public, s.events = s.clock.now(), s.clock.now(), len(s.cloud.Events())-1
	s.send()
	return s
}

// unlimited writes without the limit of writes a second, which is by the real clock.
type unlimited struct {
	enforcer.Keys
	fresh func() enforcer.Keys
}

func (k unlimited) PutPolicy(ctx context.Context, arn, text string) error {
	return k.fresh().PutPolicy(ctx, arn, text)
}

// send queues the events since the last time.
func (s *siege) send() {
	all := s.cloud.Events()
	for _, event := range all[s.events:] {
		s.queue = append(s.queue, &besieged{event: event, due: s.clock.now().Add(s.delivery)})
	}
	s.events = len(all)
	s.cloud.ResetCalls()
}

// handle lets the function handle a message.
func (s *siege) handle(m *besieged) {
	s.clock.advance(handlingTime)
	message := first(m.event)
	message.Again = m.again
	if _, err := s.enforcer.Handle(s.t.Context(), message); err != nil {
		m.due, m.again = s.clock.now().Add(visibility), true
	} else {
		s.queue = slices.DeleteFunc(s.queue, func(o *besieged) bool { return o == m })
	}
	if writes := len(s.cloud.Calls("PutKeyPolicy")); writes > 0 {
		s.writes += writes
		now := s.clock.now()
		s.exposed += now.Sub(s.public.Add(s.delivery))
		s.live += now.Sub(s.public)
		s.putBack = now.Add(undoTime)
	}
	s.send()
}

// play lets time pass, with the queue and the schedule at work.
func (s *siege) play(during time.Duration) {
	for flush := s.begin; s.clock.now().Before(s.begin.Add(during)); {
		next := slices.MinFunc(append(s.queue, &besieged{due: flush}), func(a, b *besieged) int { return a.due.Compare(b.due) })
		isToPut := !s.putBack.IsZero() && !s.putBack.After(next.due)
		at := next.due
		if isToPut {
			at = s.putBack
		}
		s.clock.advance(max(0, at.Sub(s.clock.now())))
		switch {
		case isToPut:
			s.put(s.t, s.arn, public)
			s.putBack, s.public = time.Time{}, s.clock.now()
			s.send()
		case next.event == nil:
			s.flush(s.t)
			flush = flush.Add(enforcer.FlushInterval)
		default:
			s.handle(next)
		}
	}
}

// Somebody owns the key, and puts its public policy back a minute after each repair. Counted from
// the delivery of the events, the policy is live for at most a tenth of the day, and people are told
// at most twelve times, from the third on with the name of who does it. FAULTS=full plays the whole
// day in each row.
func TestADayOfPuttingBack(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ delivery, during time.Duration }{
		{2 * time.Second, 4 * time.Hour}, {15 * time.Second, 4 * time.Hour}, {time.Minute, 24 * time.Hour},
	} {
		t.Run(row.delivery.String(), func(t *testing.T) {
			t.Parallel()
			if os.Getenv("FAULTS") == "full" {
				row.during = 24 * time.Hour
			}
			s := newSiege(t, row.delivery)
			s.play(row.during)
			share := 100 * s.exposed.Seconds() / row.during.Seconds()
			t.Logf("proof: putting back for %s, events after %s: public %.1f %% of the time from the delivery (%.1f %% in all), %d writes, %d messages to people",
				row.during, row.delivery, share, 100*s.live.Seconds()/row.during.Seconds(), s.writes, len(s.reporter.outcomes))
			if mostRounds := int(row.during / (undoTime + row.delivery)); share > 10 || s.writes < mostRounds*9/10 {
				t.Errorf("public %.1f %% of the time, %d writes", share, s.writes)
			}
			if len(s.reporter.outcomes) > 12 || len(s.reporter.outcomes) < 4 {
				t.Errorf("%d messages", len(s.reporter.outcomes))
			}
			for i, o := range s.reporter.outcomes {
				last := o.Findings[len(o.Findings)-1]
				isNamed := last.Code == guardrail.CodeTugOfWar && strings.Contains(last.Message, "Admin")
				if o.Action != guardrail.Repaired || isNamed != (i >= 2) {
					t.Errorf("message %d: %+v: %+v", i+1, summary(o), last)
				}
			}
		})
	}
}
