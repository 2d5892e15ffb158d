package enforcer_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// due is an archive with postponed events.
type due struct {
	enforcer.Archive
	events  []enforcer.Postponed
	settled []string
}

func (d *due) Unreported(context.Context, int) ([]enforcer.Entry, error) { return nil, nil }

func (d *due) Due(context.Context, time.Time, int) ([]enforcer.Postponed, error) {
	return d.events, nil
}

func (d *due) Settle(_ context.Context, p enforcer.Postponed) error {
	d.settled = append(d.settled, p.EventID)
	return nil
}

func TestEntriesThatUseUpTheTimeOfAFlushDoNotKeepTheRestFromTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		archive := &due{Archive: newBucket(c).archive()}
		keys := troubled{&memory{}, map[string]func(context.Context) error{}}
		for _, id := range []string{"hangs", "hangs-too", "well"} {
			arn := "arn:aws:kms:us-east-1:111122223333:key/" + id
			archive.events = append(archive.events, enforcer.Postponed{KeyARN: arn, EventID: id, Due: c.now(), Event: putEvent(arn, good, c.now())})
			if id != "well" {
				keys.trouble[arn] = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
			}
		}
		c.advance(time.Hour)
		config := configOf(keys, report, c, io.Discard)
		config.Archive = archive
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // is used up by one that hangs
			if _, err := enforcer.New(config).Flush(ctx, "flush"); err != nil {
				t.Error(err)
			}
			cancel()
			c.advance(5 * time.Minute)
		}
		if len(archive.settled) != 1 {
			t.Errorf("settled %q", archive.settled)
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
		archive := &due{Archive: newBucket(c).archive()}
		keys := troubled{&memory{}, map[string]func(context.Context) error{}}
		for _, id := range []string{"panics", "hangs", "well"} {
			arn := "arn:aws:kms:us-east-1:111122223333:key/" + id
			archive.events = append(archive.events, enforcer.Postponed{KeyARN: arn, EventID: id, Due: c.now(), Event: putEvent(arn, good, c.now())})
		}
		keys.trouble[archive.events[0].KeyARN] = func(context.Context) error { panic("a defect") }
		keys.trouble[archive.events[1].KeyARN] = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		c.advance(time.Hour) // so that a key that is not there is gone
		var log strings.Builder
		config := configOf(keys, report, c, &log)
		config.Archive = archive
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		done, err := enforcer.New(config).Flush(ctx, "flush")
		if want := (enforcer.Flushed{Retried: 1, Failed: 2}); done != want || err != nil || len(archive.settled) != 1 || archive.settled[0] != "well" {
			t.Errorf("%+v, %v, settled %q", done, err, archive.settled)
		}
		if !strings.Contains(log.String(), `"fault":"a defect"`) {
			t.Errorf("log:\n%s", log.String())
		}
	})
}
