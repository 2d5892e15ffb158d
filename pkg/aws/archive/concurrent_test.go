package archive_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

const writers = 8

// together lets all writers do something at once.
func together(do func(i int)) {
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// A ledger is replaced by compare-and-swap. Eight writers that each add lines of their own,
// all at once, lose none: a blind overwrite would.
func TestEightWritersOnOneLedgerLoseNoUpdate(t *testing.T) {
	const lines = 10
	w := newWorld(t)
	conflicts := make([]int, writers)
	together(func(i int) {
		for n := range lines {
			for isAdded := false; !isAdded; {
				l, version, err := w.Ledger(t.Context(), key)
				if err != nil {
					t.Error(err)
					return
				}
				r := record(fmt.Sprintf("event-%d-%d", i, n), fmt.Sprintf("%d-%d", i, n), noon)
				l.KeyARN = keyARN
				_, err = w.Swap(t.Context(), key, l.Claim(r.Line(r.EventID, noon)), version)
				if isAdded = err == nil; errors.Is(err, ledger.ErrConflict) {
					conflicts[i]++
				} else if err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	seen := map[string]int{}
	l := w.ledger()
	for _, r := range l.Repairs {
		seen[r.EventID]++
	}
	lost, all := writers*lines-len(seen), 0
	for _, n := range conflicts {
		all += n
	}
	if lost != 0 || len(l.Repairs) != writers*lines {
		t.Errorf("%d of %d updates are lost, %d lines", lost, writers*lines, len(l.Repairs))
	}
	t.Logf("proof: %d writers, %d updates of one ledger, %d conflicts, %d lost", writers, writers*lines, all, lost)
	if all == 0 {
		t.Error("the writers never met")
	}
}

func TestOfEightClaimsOneWins(t *testing.T) {
	for range 10 {
		w := newWorld(t)
		won := make([]bool, writers)
		together(func(i int) {
			r := record("event", fmt.Sprint(i), noon)
			_, err := w.Swap(t.Context(), key, ledger.Ledger{KeyARN: keyARN}.Claim(r.Line(fmt.Sprint(i), noon)), "")
			if won[i] = err == nil; err != nil && !errors.Is(err, ledger.ErrConflict) {
				t.Error(err)
			}
		})
		l := w.ledger()
		count := 0
		for i := range won {
			if won[i] {
				count++
			}
		}
		if open := l.Open(); count != 1 || len(l.Repairs) != 1 || !won[open.Holder[0]-'0'] {
			t.Fatalf("%d won, the ledger has %+v", count, l.Repairs)
		}
	}
}

func TestEightThatCountNeverExceedTheBreaker(t *testing.T) {
	few := limits
	few.AccountPerHour, few.TotalPerHour = 3, 5
	for range 10 {
		w := newWorld(t)
		counted := make([]bool, writers)
		together(func(i int) {
			account := fmt.Sprintf("%012d", i%4)
			err := w.Count(t.Context(), noon, fmt.Sprint(i), func(h ledger.Hour) (ledger.Hour, error) { return h.Add(account, few, noon) })
			var reached *ledger.BreakerError
			if counted[i] = err == nil; err != nil && !errors.As(err, &reached) {
				t.Errorf("Count %d: %v", i, err)
			}
		})
		all := 0
		for _, is := range counted {
			if is {
				all++
			}
		}
		if all != few.TotalPerHour {
			t.Errorf("%d were counted, the limit is %d", all, few.TotalPerHour)
		}
		if got := w.text("hours/20261123T12Z"); !strings.Contains(got, `"total":5`) {
			t.Errorf("the hour is %s", got)
		}
	}
}

// Each hour has its own counter.
func TestAnHourBeginsAnew(t *testing.T) {
	w := newWorld(t)
	one := limits
	one.AccountPerHour = 1
	count := func(at time.Time) error {
		return w.Count(t.Context(), at, at.String(), func(h ledger.Hour) (ledger.Hour, error) { return h.Add("111122223333", one, at) })
	}
	var reached *ledger.BreakerError
	w.wantError("the first", count(noon), nil)
	if err := count(noon.Add(59 * time.Minute)); !errors.As(err, &reached) || !reached.Until.Equal(noon.Add(time.Hour)) || reached.Scope != ledger.AccountBreaker {
		t.Errorf("the second: %v", err)
	}
	w.wantError("in the next hour", count(noon.Add(time.Hour)), nil)
}

// Eight that are first at once agree on when a generation was first used.
func TestEightFirstUsesAgree(t *testing.T) {
	w := newWorld(t)
	times := make(chan time.Time, 8)
	for i := range 8 {
		go func() {
			at, err := w.FirstUse(t.Context(), "v1 configuration", noon.Add(time.Duration(i)*time.Second))
			if err != nil {
				t.Error(err)
			}
			times <- at
		}()
	}
	first := <-times
	for range 7 {
		if at := <-times; !at.Equal(first) {
			t.Errorf("%s and %s", first, at)
		}
	}
	later := noon.Add(48 * time.Hour)
	if at, err := w.FirstUse(t.Context(), "v1 configuration", later); err != nil || !at.Equal(first) {
		t.Errorf("two days later: %s, %v", at, err)
	}
	if at, err := w.FirstUse(t.Context(), "v2 configuration", later); err != nil || !at.Equal(later) {
		t.Errorf("another version: %s, %v", at, err)
	}
}
