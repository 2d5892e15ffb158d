package enforcer_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// BenchmarkHandle handles one event that ends in each outcome, of a key of its own: with
// KMS in memory, and S3 over its protocol in the same process, whose work is part of the
// figures. kms-calls and s3-calls are per event.
func BenchmarkHandle(b *testing.B) {
	for _, row := range []struct {
		name    string
		c       *rules.Configuration
		policy  string
		event   func(arn string, at time.Time) []byte // nil: of the policy
		want    guardrail.Action
		archive bool
	}{
		{"ignored", repair, good, func(arn string, at time.Time) []byte {
			return []byte(strings.Replace(string(putEvent(arn, good, at)), `"PutKeyPolicy"`, `"EnableKey"`, 1))
		}, guardrail.Skipped, true},
		{"compliant, made", repair, apiDefault(b), createEvent, guardrail.NoAction, true},
		{"compliant, put", repair, apiDefault(b), nil, guardrail.NoAction, true},
		{"compliant, put, by comparison", console, strings.Join(strings.Fields(resetOf(b, console, memoryKeyOf("x").Type)), " "), nil, guardrail.NoAction, true},
		{"the guardrail's own event", repair, apiDefault(b), func(arn string, at time.Time) []byte { return ownEvent(arn, apiDefault(b), at) }, guardrail.NoAction, true},
		{"reported, without archive", report, public, nil, guardrail.Reported, false},
		{"reported", report, public, nil, guardrail.Reported, true},
		{"held", neverRepairs, toService, nil, guardrail.Held, true},
		{"repaired", repair, public, nil, guardrail.Repaired, true},
		{"repaired by trimming", hold(), public, nil, guardrail.Repaired, true},
	} {
		b.Run(row.name, func(b *testing.B) {
			s := newBench(b, row.c, row.archive)
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				event := s.next(row.policy, row.event)
				b.StartTimer()
				if o, err := s.enforcer.Handle(b.Context(), first(event)); err != nil || o.Action != row.want {
					b.Fatalf("%+v, %v", summary(o), err)
				}
			}
			b.ReportMetric(float64(len(s.keys.calls))/float64(b.N), "kms-calls")
			b.ReportMetric(float64(len(s.bucket.counted()))/float64(b.N), "s3-calls")
		})
	}
}

// bench is an enforcer with as many keys as a benchmark has rounds.
type bench struct {
	keys     *memory
	bucket   *bucket
	clock    *clock
	enforcer *enforcer.Enforcer
	n        int
}

func newBench(b *testing.B, c *rules.Configuration, archived bool) *bench {
	b.Helper()
	s := &bench{keys: &memory{}, clock: newClock()}
	s.bucket = newBucket(s.clock)
	config := configOf(s.keys, c, s.clock, io.Discard)
	if config.Archive = nil; archived {
		config.Archive = s.bucket.archive()
	}
	s.enforcer = enforcer.New(config)
	return s
}

// next makes a key with a policy, and returns its event. There are ten an hour.
func (s *bench) next(text string, event func(arn string, at time.Time) []byte) []byte {
	s.n++
	s.clock.advance(6 * time.Minute)
	k := memoryKeyOf(fmt.Sprint("key-", s.n))
	s.keys.add(k, text)
	at := s.clock.now().Add(-5 * time.Second)
	if event == nil {
		return putEvent(k.ARN, text, at)
	}
	return event(k.ARN, at)
}
