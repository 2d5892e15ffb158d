package archive_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

const goroutines = 8

// race lets all goroutines claim at once, and returns the claims that they hold. What
// is no claim must be one of the errors that say so.
func (w *world) race(l enforcer.Limits, of func(i int) enforcer.Record) []enforcer.Claim {
	w.t.Helper()
	var mu sync.Mutex
	var held []enforcer.Claim
	var all sync.WaitGroup
	for i := range goroutines {
		all.Go(func() {
			c, err := w.Claim(w.t.Context(), of(i), l)
			var spent *enforcer.BudgetError
			var reached *enforcer.BreakerError
			switch {
			case err == nil && c.Held():
				mu.Lock()
				held = append(held, c)
				mu.Unlock()
			case err != nil && !errors.Is(err, enforcer.ErrBusy) && !errors.As(err, &spent) && !errors.As(err, &reached):
				w.t.Errorf("Claim %d: %v", i, err)
			}
		})
	}
	all.Wait()
	return held
}

func TestOfConcurrentClaimsOneIsHeld(t *testing.T) {
	for _, c := range []struct {
		reason string
		first  bool // there is an open claim of event 0
		of     func(i int) enforcer.Record
	}{
		{"eight events of a key", false, func(i int) enforcer.Record { return record(fmt.Sprint("event-", i), fmt.Sprint(i), noon) }},
		{"eight deliveries of an event", false, func(i int) enforcer.Record { return record("event-0", fmt.Sprint(i), noon) }},
		{"eight deliveries after a crash", true, func(i int) enforcer.Record {
			return record("event-0", fmt.Sprint(i), noon.Add(invocation))
		}},
		{"redeliveries against other events, after the lock time", true, func(i int) enforcer.Record {
			return record(fmt.Sprint("event-", i%4), fmt.Sprint(i), noon.Add(lock))
		}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			for range 10 {
				w := newWorld(t)
				if c.first {
					w.must(enforcer.Fresh, record("event-0", "dead", noon))
				}
				if held := w.race(limits, c.of); len(held) > 1 {
					t.Fatalf("%d claims are held: %+v", len(held), held)
				}
				later := c.of(0).Time.Add(lock)
				entries, err := w.Entries(t.Context(), keyARN, 100)
				open := 0
				for _, e := range entries {
					if e.Abandoned == nil && e.Written == nil {
						open++
					}
				}
				if err != nil || open > 1 {
					t.Fatalf("%d claims are open, %v", open, err)
				}
				w.must(enforcer.Fresh, record("last", "last", later)) // nothing is stuck
			}
		})
	}
}

func TestConcurrentRepairsNeverExceedTheBudget(t *testing.T) {
	w := newWorld(t)
	written := 0
	for round := range 10 {
		held := w.race(limits, func(i int) enforcer.Record {
			return record(fmt.Sprintf("event-%d-%d", round, i), fmt.Sprint(i), noon.Add(time.Duration(round)*time.Minute))
		})
		for _, c := range held {
			w.written(c)
			written++
		}
	}
	if written != limits.Budget {
		t.Errorf("%d repairs, the budget is %d", written, limits.Budget)
	}
}

func TestConcurrentRepairsNeverExceedTheBreaker(t *testing.T) {
	l := limits
	l.AccountPerHour, l.TotalPerHour = 3, 5
	for range 10 {
		w := newWorld(t)
		held := w.race(l, func(i int) enforcer.Record {
			r := record("event", fmt.Sprint(i), noon)
			r.KeyARN = fmt.Sprintf("arn:aws:kms:us-east-1:%012d:key/k%d", i%2, i)
			return r
		})
		of := map[string]int{}
		for _, c := range held {
			of[strings.Split(string(c.Slot), "/")[1]]++
		}
		if len(held) > l.TotalPerHour || of["000000000000"] > l.AccountPerHour || of["000000000001"] > l.AccountPerHour {
			t.Fatalf("%d repairs, by account %v", len(held), of)
		}
		if len(held) != l.TotalPerHour {
			t.Errorf("%d repairs, %d were allowed", len(held), l.TotalPerHour)
		}
		if n := len(w.names("outbox/")); n != len(held) {
			t.Errorf("%d pointers for %d claims", n, len(held))
		}
	}
}

func TestConcurrentStatesAreNotLost(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	for range goroutines {
		all.Go(func() {
			for {
				state, version, err := w.State(t.Context(), keyARN)
				if err != nil {
					t.Error(err)
					return
				}
				state.Findings = append(state.Findings, enforcer.OpenFinding{})
				if _, err = w.SaveState(t.Context(), keyARN, state, version); err == nil {
					return
				} else if !errors.Is(err, enforcer.ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if state, _, err := w.State(t.Context(), keyARN); err != nil || len(state.Findings) != goroutines {
		t.Errorf("%d findings are kept, %v; want %d", len(state.Findings), err, goroutines)
	}
}
