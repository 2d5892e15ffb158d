package enforcer_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// postponed puts an event that is due into the ledger of each of some keys.
func (b *bucket) postponed(t *testing.T, at time.Time, ids ...string) {
	t.Helper()
	for _, id := range ids {
		key := ledger.Key(account + "/us-east-1/" + id)
		due := &ledger.Due{Name: ledger.NewName(key, at, id, 1), At: at, EventID: id, EventTime: at, Actor: &guardrail.Actor{}}
		l, _, _ := ledger.Ledger{KeyARN: arnOf(id)}.Conclude(id, nil, due, at)
		if err := b.archive().Point(t.Context(), due.Name); err != nil {
			t.Fatal(err)
		}
		if _, err := b.archive().Swap(t.Context(), key, l, ""); err != nil {
			t.Fatal(err)
		}
	}
}

func arnOf(id string) string { return "arn:aws:kms:us-east-1:111122223333:key/" + id }

func hang(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestEntriesThatUseUpTheTimeOfAFlushDoNotKeepTheRestFromTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		b := newBucket(c)
		b.postponed(t, c.now(), "hangs", "hangs-too", "well")
		keys := troubled{&memory{}, map[string]func(context.Context) error{arnOf("hangs"): hang, arnOf("hangs-too"): hang}}
		c.advance(time.Hour)
		config := configOf(keys, report, c, io.Discard)
		config.Archive = b.archive()
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // is used up by one that hangs
			if _, err := enforcer.New(config).Flush(ctx, "flush"); err != nil {
				t.Error(err)
			}
			cancel()
			c.advance(enforcer.FlushInterval)
		}
		_, due := b.open(t)
		slices.Sort(due)
		if !slices.Equal(due, []string{arnOf("hangs"), arnOf("hangs-too")}) {
			t.Errorf("still due: %q", due)
		}
	})
}

// troubled is a KMS in which looking at a key may go wrong.
type troubled struct {
	*memory
	trouble map[string]func(context.Context) error // by key
}

func (k troubled) Describe(ctx context.Context, arn string) (rules.Key, error) {
	if do := k.trouble[arn]; do != nil {
		return rules.Key{}, do(ctx)
	}
	return k.memory.Describe(ctx, arn)
}

func TestOneEntryThatGoesWrongDoesNotKeepTheFlushFromTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		b := newBucket(c)
		b.postponed(t, c.now(), "panics", "hangs", "well")
		keys := troubled{&memory{}, map[string]func(context.Context) error{
			arnOf("panics"): func(context.Context) error { panic("a defect") }, arnOf("hangs"): hang,
		}}
		c.advance(time.Hour) // so that a key that is not there is gone
		var log strings.Builder
		config := configOf(keys, report, c, &log)
		config.Archive = b.archive()
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
		defer cancel()
		done, err := enforcer.New(config).Flush(ctx, "flush")
		if want := (enforcer.Flushed{Retried: 1, Failed: 2}); done != want || err != nil {
			t.Errorf("%+v, %v", done, err)
		}
		if _, due := b.open(t); len(due) != 2 || slices.Contains(due, arnOf("well")) {
			t.Errorf("still due: %q", due)
		}
		if !strings.Contains(log.String(), `"fault":"a defect"`) {
			t.Errorf("log:\n%s", log.String())
		}
	})
}

// A claim is pointed to before the ledger names it, so a pointer to nothing may be of one in
// the making.
func TestAPointerToNothingIsDeletedAfterAnHour(t *testing.T) {
	s := newScene(t, t.Name(), repair, good)
	key, err := ledger.KeyOf(s.arn)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.bucket.archive().Point(t.Context(), ledger.NewName(key, s.clock.now(), "dead", 1)); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		age  time.Duration
		left int
	}{{59 * time.Minute, 1}, {2 * time.Minute, 0}} {
		s.clock.advance(row.age)
		if s.flush(); len(s.bucket.names(t, "pending/")) != row.left {
			t.Errorf("after %s more: %q", row.age, s.bucket.names(t, "pending/"))
		}
	}
}
