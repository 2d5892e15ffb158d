package ledger

import (
	"testing"
	"time"
)

// Each critical finding is answered: at most once in five seconds, 2,000 times a day, and then
// every quarter of an hour.
func TestCriticalFindingsAreAnsweredInNumbers(t *testing.T) {
	counted := func(repairs, today int, ago time.Duration) func(*Situation) {
		return func(s *Situation) {
			s.Ledger.Critical = Critical{Repairs: repairs, Today: today, Day: startOfDay(now), Last: now.Add(-ago)}
		}
	}
	yesterday := func(s *Situation) { s.Ledger.Critical.Day = startOfDay(now).Add(-24 * time.Hour) }
	closedAgo := func(ago time.Duration) func(*Situation) {
		return having(repairOf("past", "past", written, reported, func(r *Repair) { r.Before, r.After, r.Closed = "x", "y", now.Add(-ago) }))
	}
	for _, row := range []struct {
		situation Situation
		want      Do
		attempt   int
		wait      time.Duration
		reason    string
	}{
		{situation(), Claim, 0, 0, "the first"},
		{situation(counted(1, 1, time.Minute)), Claim, 0, 0, "the second"},
		{situation(counted(2, 2, time.Minute)), Claim, 3, 0, "the third says who undoes it"},
		{situation(counted(99, 2, 24*time.Hour-time.Second)), Claim, 100, 0, "the same series"},
		{situation(counted(99, 2, 24*time.Hour)), Claim, 0, 0, "a day of rest ends a series"},
		{situation(counted(2, 2, 5*time.Second)), Claim, 3, 0, "the key has rested"},
		{situation(counted(2, 2, 2*time.Second)), Pause, 0, 3 * time.Second, "it has not"},
		{situation(counted(2, 2, 9*time.Second), closedAgo(4*time.Second)), Pause, 0, time.Second, "the rest counts from the write"},
		{situation(counted(1999, 1999, 14*time.Minute)), Claim, 2000, 0, "the last of the day"},
		{situation(counted(2000, 2000, 14*time.Minute)), Conclude, 0, time.Minute, "the day has had its share"},
		{situation(counted(2000, 2000, 15*time.Minute)), Claim, 2001, 0, "then one after each quarter of an hour"},
		{situation(counted(2000, 2000, 14*time.Minute), yesterday), Claim, 2001, 0, "yesterday's do not count"},
		{situation(counted(2000, 2000, time.Second), having(repairOf(own, me, critical)), live(third), old), Claim, 2000, 0, "a claim that is replaced was counted"},
	} {
		got := Next(row.situation)
		until := time.Time{}
		if row.wait > 0 {
			until = now.Add(row.wait)
		}
		if got.Do != row.want || got.Attempt != row.attempt || !got.Until.Equal(until) {
			t.Errorf("%s, attempt %d, until %s; want %s, %d, %s: %s", got.Do, got.Attempt, got.Until, row.want, row.attempt, until, row.reason)
		}
	}
}

// People are told of three repairs one by one, and then at growing intervals.
func TestPeopleAreToldOfASeriesAtGrowingIntervals(t *testing.T) {
	for _, row := range []struct {
		reports int
		ago     time.Duration
		isQuiet bool
	}{
		{0, 0, false},
		{2, 0, false},
		{3, 15*time.Minute - time.Second, true},
		{3, 15 * time.Minute, false},
		{4, time.Hour - time.Second, true},
		{4, time.Hour, false},
		{5, 4*time.Hour - time.Second, true},
		{5, 4 * time.Hour, false},
		{99, 4*time.Hour - time.Second, true},
		{99, 4 * time.Hour, false},
	} {
		counted := func(s *Situation) {
			s.Ledger.Critical = Critical{Repairs: 100, Last: now, Reports: row.reports, LastReport: now.Add(-row.ago)}
		}
		for _, kind := range []struct {
			repair  Repair
			isQuiet bool
		}{
			{repairOf(own, me, written, critical), row.isQuiet},
			{repairOf(own, me, written), false},
			{repairOf(own, me, unconfirmed, critical), false},
			{repairOf(own, me, written, critical, restore), false},
		} {
			if got := Next(situation(having(kind.repair), counted)); got.Do != Report || got.IsQuiet != kind.isQuiet {
				t.Errorf("%d reports, the last %s ago: %s, quiet %t, want %t: %+v", row.reports, row.ago, got.Do, got.IsQuiet, kind.isQuiet, kind.repair)
			}
		}
	}
	spent := func(s *Situation) {
		s.Ledger.Critical = Critical{Repairs: 3000, Today: mostPerDay, Day: startOfDay(now), Last: now, Reports: 5, LastReport: now.Add(-time.Hour)}
	}
	if got := Next(situation(spent)); got.Reason != BudgetExhausted || !got.IsQuiet {
		t.Errorf("what waits is as quiet: %+v", got)
	}
}

func TestALedgerCountsTheRepairsOfCriticalFindings(t *testing.T) {
	claim := func(l Ledger, holder string, at time.Time, with ...func(*Repair)) Ledger {
		r := repairOf(holder, holder, append(with, func(r *Repair) { r.Claimed = at })...)
		l = l.Claim(r)
		return l.Mark(r.Record, at)
	}
	l := claim(claim(claim(Ledger{}, "a", now, critical), "b", now.Add(time.Minute)), "c", now.Add(2*time.Minute), critical, restore)
	if c := l.Critical; c.Repairs != 1 || c.Today != 1 || !c.Last.Equal(now) {
		t.Errorf("neither the rest nor restores count: %+v", c)
	}
	l = l.Claim(repairOf(own, me, critical)).Claim(repairOf(own, me, critical, func(r *Repair) { r.Record = "records/new" }))
	if l.Critical.Repairs != 2 {
		t.Errorf("a claim that is replaced counts once: %+v", l.Critical)
	}
	l = Ledger{}
	for i := range 300 {
		l = claim(l, NewName("k", now, "x", byte(i)).Time().String()+string(rune('a'+i)), now.Add(time.Duration(i)*10*time.Second), critical)
		last := l.Repairs[len(l.Repairs)-1]
		l = l.Report(last.Record, last.Claimed)
	}
	if c := l.Critical; c.Repairs != 300 || c.Reports != 300 || len(l.Repairs) != 60 {
		t.Errorf("%d repairs are kept, counted %+v", len(l.Repairs), c)
	}
	if quiet := l.Report(l.Repairs[0].Record, time.Time{}); quiet.Critical != l.Critical {
		t.Errorf("what people were not told of: %+v", quiet.Critical)
	}
	tomorrow := claim(l, "d", now.Add(25*time.Hour), critical).Critical
	if tomorrow.Repairs != 1 || tomorrow.Today != 1 || tomorrow.Reports != 0 {
		t.Errorf("after a day of rest: %+v", tomorrow)
	}
}

func TestAGuardrailIsYoungForADay(t *testing.T) {
	if !IsYoung(now, now.Add(24*time.Hour-time.Second)) || IsYoung(now, now.Add(24*time.Hour)) {
		t.Error("a day after its first use a guardrail is not young any more")
	}
	c := Critical{Last: now}
	if !c.IsCounted(now.Add(59*time.Minute)) || c.IsCounted(now.Add(time.Hour)) {
		t.Error("a key counts once in a clock hour")
	}
}
