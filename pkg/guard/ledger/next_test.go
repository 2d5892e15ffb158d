package ledger

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	me, someone   = "me", "someone"
	own, another  = "own-event", "another-event"
	before, after = "before", "after"
	third         = "third"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// wide are limits that bound nothing.
var wide = Limits{Budget: 3, Window: 24 * time.Hour, AccountPerHour: 9, TotalPerHour: 9}

// repairOf is a repair for an event in the hands of a holder, with changes.
func repairOf(event, holder string, with ...func(*Repair)) Repair {
	r := Repair{
		Record: NewName("111122223333/us-east-1/key", now, holder+event, 1), Kind: ForFinding, EventID: event, Holder: holder,
		Before: before, After: after, Phase: Claimed, Claimed: now.Add(-30 * time.Second), Deadline: now.Add(30 * time.Second),
	}
	for _, change := range with {
		change(&r)
	}
	return r
}

func critical(r *Repair)    { r.Severity = rules.Critical }
func dead(r *Repair)        { r.Deadline = now }
func overTaken(r *Repair)   { r.TakeOvers = 1 }
func restore(r *Repair)     { r.Kind = ForPerson }
func reported(r *Repair)    { r.Reported = true }
func written(r *Repair)     { r.Phase, r.Closed = Written, now.Add(-20*time.Second) }
func longAgo(r *Repair)     { r.Claimed, r.Closed = now.Add(-2*time.Hour), now.Add(-2*time.Hour) }
func ended(r *Repair)       { r.Phase, r.Closed, r.Reason = Ended, now.Add(-20*time.Second), "kms-refused" }
func unconfirmed(r *Repair) { ended(r); r.Reason = Unconfirmed }

// situation is a young event of a policy that was read and is to be repaired, with changes.
func situation(with ...func(*Situation)) Situation {
	s := Situation{
		Recalled: true, Now: now, Limits: wide,
		Message:   Message{EventID: own, EventTime: now.Add(-time.Minute), Holder: me},
		Reading:   Reading{Made: true, Readable: true, Live: before, Event: before, EventHasText: true},
		Judgement: Judgement{Repair: true, Planned: true, MayWrite: true, Critical: true},
	}
	for _, change := range with {
		change(&s)
	}
	return s
}

func having(repairs ...Repair) func(*Situation) {
	return func(s *Situation) { s.Ledger.Repairs = repairs }
}

func live(policy string) func(*Situation) { return func(s *Situation) { s.Reading.Live = policy } }

func isGood(s *Situation) {
	s.Judgement = Judgement{Compliant: true, MayWrite: true}
}

func isBad(s *Situation) { // and not to be repaired
	s.Judgement.Repair, s.Judgement.Planned, s.Judgement.MayWrite = false, false, false
}

func later(s *Situation) { s.Message.EventTime = now.Add(-10 * time.Second) } // than the write

func old(s *Situation) { s.Message.EventTime = now.Add(-SettlingTime) }

func TestNextByRow(t *testing.T) {
	claim := func(with ...func(*Repair)) Repair { return repairOf(own, me, with...) }
	theirs := func(with ...func(*Repair)) Repair { return repairOf(another, someone, with...) }
	left := func(with ...func(*Repair)) Repair { return repairOf(own, someone, with...) }
	for _, row := range []struct {
		situation Situation
		want      Do
		why       string // Step.Reason
		reason    string
	}{
		{situation(func(s *Situation) { s.Reading = Reading{} }), Read, "", "nothing is known of the key"},
		{situation(func(s *Situation) { s.Recalled = false }), Recall, "", "nothing is known of its past"},
		{situation(isGood, func(s *Situation) { s.Recalled, s.Message.NewKey, s.Reading.Event = false, true, "" }), Conclude, "", "a new key that is good has no past"},
		{situation(func(s *Situation) { s.Judgement.Planned = false }), Plan, "", "a repair is wanted"},
		{situation(), Claim, "", "within the budget"},
		{situation(isGood, func(s *Situation) { s.Reading.Event = before }), Conclude, "", "there is nothing to do"},
		{situation(isGood, func(s *Situation) { s.Judgement.Unsettled = true }), Wait, "", "the rule of a new key may still change"},
		{situation(func(s *Situation) { s.Judgement.Unsettled = true }), Claim, "", "what is wanted in any case does not wait"},
		{situation(isBad), Conclude, "", "it is reported only"},
		{situation(func(s *Situation) { s.Message.EventTime = now.Add(-maxEventAge - time.Second) }), Conclude, EventTooOld, "it may have been repaired, and forgotten"},

		{situation(having(claim())), Write, "", "the claim is mine, and the policy the one that it replaces"},
		{situation(having(claim()), live(third), old), Claim, "", "another policy, to be repaired, too: a record of its own"},
		{situation(having(claim()), isGood, live(third), old), End, NotNeeded, "another policy, and a good one"},
		{situation(having(claim()), func(s *Situation) { s.Message.Wrote = true }), Mark, "", "it was written, and seen"},
		{situation(having(claim(overTaken))), Write, "", "the policy is what the claim replaces"},
		{situation(having(claim(overTaken)), isGood, live(after)), Write, "", "that read can be older than the drift"},
		{situation(having(claim(overTaken)), live(third)), End, Unconfirmed, "a third policy has an event of its own"},
		{situation(having(claim(overTaken)), isBad), End, Unconfirmed, "the kill switch is on"},
		{situation(having(claim(overTaken)), isBad, live(after)), End, Unconfirmed, "the kill switch is on"},

		{situation(having(theirs())), Wait, "", "its holder may be at work"},
		{situation(having(theirs()), isGood, old), Conclude, "", "the message needs no claim"},
		{situation(having(left()), isGood, old), Wait, "", "it is the message's own"},
		{situation(having(theirs(dead))), TakeOver, "", "its holder must have ended"},
		{situation(having(left(dead)), isGood, live(after)), TakeOver, "", "the same policy is written again"},
		{situation(having(left(dead)), live(third)), End, Unconfirmed, "a third policy is never written over"},
		{situation(having(left(dead)), isBad), End, Unconfirmed, "nothing may be written any more"},
		{situation(having(theirs(dead)), isGood, live(third), old), Conclude, "", "the flush closes it: an event closes nothing"},
		{situation(having(theirs(dead, restore))), End, Unconfirmed, "a person's restore is left to the person"},
		{situation(having(left(dead)), isBad, func(s *Situation) { s.Reading.Readable, s.Reading.Live = false, "" }), End, Unconfirmed, "the key cannot be read any more"},

		{situation(having(left(written, dead))), Report, "", "its holder did not live to report it"},
		{situation(having(left(written))), Wait, "", "its holder may be about to report it"},
		{situation(having(left(unconfirmed, dead))), Report, "", "the same"},
		{situation(having(repairOf(another, me, unconfirmed))), Report, "", "this delivery gave it up"},
		{situation(having(claim(ended)), isBad), Conclude, "", "what this delivery gave up is part of its outcome"},
		{situation(having(left(written, longAgo, reported))), Claim, "", "somebody put it back, and this duplicate tells of it"},
		{situation(having(left(written, reported))), Wait, "", "or the read is an old one"},
		{situation(having(left(ended, reported))), Conclude, GivenUp, "what was given up is not tried again"},

		{situation(having(theirs(written, reported))), Wait, "", "the policy before a young write is an old one"},
		{situation(having(theirs(written, reported)), later), Claim, "", "somebody put it back after the write"},
		{situation(having(theirs(written, reported)), later, func(s *Situation) { s.Message.EventTime = now.Add(-20 * time.Second) }), Claim, "", "in the second of the write"},
		{situation(having(theirs(written, reported)), later, func(s *Situation) { s.Message.EventTime = now.Add(-21 * time.Second) }), Wait, "", "the write came after it"},
		{situation(having(theirs(written, reported)), later, func(s *Situation) { s.Reading.Event = "" }), Wait, "", "the event does not say what was put"},
		{situation(having(theirs(written, reported)), later, live(third)), Wait, "", "the third policy may be the newer one"},
		{situation(having(left(written, reported)), later), Wait, "", "the event that was repaired is no put-back"},
		{situation(having(theirs(written, reported, restore)), later), Wait, "", "what a person restored is not put back by the guardrail"},
		{situation(having(theirs(written, reported)), later, isBad), Conclude, "", "it is reported at once, too"},
		{situation(having(theirs(written, reported, longAgo))), Claim, "", "somebody put it back"},
		{situation(having(theirs(written, reported)), isGood, live(after), func(s *Situation) { s.Reading.Event = before }), Conclude, "", "the write replaced the event's policy"},
		{situation(having(theirs(written, reported)), isGood, live(after), func(s *Situation) {
			s.Reading.Event, s.Message.Superseded, s.Message.EventTime = third, true, now.Add(-10*time.Second)
		}), Wait, "", "the event is younger than the claim: the write cannot have replaced its policy"},
		{situation(isGood, func(s *Situation) { s.Reading.Event = third }), Wait, "", "a young event of another policy"},
		{situation(isGood, old, func(s *Situation) { s.Reading.Event = third }), Conclude, "", "it would be seen by now"},
		{situation(func(s *Situation) { s.Reading.Event, s.Judgement.EventAlike = third, true }), Claim, "", "the work is the same, whichever is older"},
		{situation(isGood, func(s *Situation) { s.Reading.Event, s.Reading.EventIsHidden = "", true }), Wait, "", "a young event that does not say what was put"},
		{situation(having(theirs(written, reported, func(r *Repair) { r.Before = "other" })), live(after), isGood, func(s *Situation) { s.Reading.Event = third }), Supersede, "", "the write may have replaced the event's policy"},
		{situation(having(claim()), func(s *Situation) { s.Reading.Event = third }), Supersede, "", "the write may be about to replace it"},
	} {
		if got := Next(row.situation); got.Do != row.want || got.Reason != row.why || (got.Do == Wait) != (got.Err != nil) {
			t.Errorf("%s %q %v, want %s %q: %s\n%+v", got.Do, got.Reason, got.Err, row.want, row.why, row.reason, row.situation)
		}
	}
}

// variants are all that one part of a situation can be.
type variants []func(*Situation)

// The counters of critical findings: three were reported, the last repair was a moment ago, and the
// day has had its share.
var (
	undone  = Critical{Repairs: 9, Last: now.Add(-time.Minute), Today: 9, Day: startOfDay(now), Reports: mostReports, LastReport: now.Add(-14 * time.Minute)}
	justNow = Critical{Repairs: 2, Last: now.Add(-restTime + time.Second), Today: 2, Day: startOfDay(now), Reports: 2, LastReport: now.Add(-time.Minute)}
	spent   = Critical{Repairs: 3000, Last: now.Add(-slowTime + time.Second), Today: mostPerDay, Day: startOfDay(now), Reports: 9, LastReport: now.Add(-5 * time.Hour)}
)

// everySituation calls a function with each combination of variants of the parts.
func everySituation(do func(Situation)) {
	var repairs variants
	phases := map[string][]func(*Repair){
		"claimed": {}, "dead": {dead}, "over": {overTaken}, "over and dead": {overTaken, dead}, "restore": {restore}, "dead restore": {restore, dead},
		"written": {written}, "written, dead": {written, dead}, "critical, written, dead": {written, dead, critical}, "told": {written, reported}, "long ago": {written, reported, longAgo},
		"ended": {ended}, "ended, dead": {ended, dead}, "ended, told": {ended, reported}, "unsure": {unconfirmed}, "unsure, dead": {unconfirmed, dead}, "unsure, told": {unconfirmed, reported},
	}
	repairs = append(repairs, having())
	for _, event := range []string{own, another} {
		for _, holder := range []string{me, someone} {
			for _, with := range phases {
				one := repairOf(event, holder, with...)
				used := func(n int, at time.Time) (list []Repair) {
					for range n {
						list = append(list, repairOf("past", "past", written, reported, func(r *Repair) { r.Claimed, r.Closed, r.Before, r.After = at, at, "x", "y" }))
					}
					return list
				}
				full := having(append(used(3, now.Add(-11*time.Minute)), one)...)
				repairs = append(repairs, having(one), full)
				for _, c := range []Critical{undone, justNow, spent} {
					repairs = append(repairs, func(s *Situation) { full(s); s.Ledger.Critical = c })
				}
			}
		}
	}
	parts := []variants{
		repairs,
		{func(*Situation) {}, func(s *Situation) { s.Recalled, s.Ledger = false, Ledger{} }},
		{
			live(before), live(after), live(third),
			func(s *Situation) { s.Reading = Reading{Made: true}; s.Judgement = Judgement{} },
			func(s *Situation) { s.Reading = Reading{} },
		},
		{
			func(*Situation) {}, isGood, isBad,
			func(s *Situation) { isGood(s); s.Judgement.Unsettled = true },
			func(s *Situation) { s.Judgement.Planned = false },
			func(s *Situation) { s.Judgement.Critical = false },
		},
		{
			func(s *Situation) { s.Reading.Event, s.Reading.EventHasText = s.Reading.Live, true },
			func(s *Situation) { s.Reading.Event, s.Reading.EventHasText = "", false },
			func(s *Situation) { s.Reading.Event, s.Reading.EventHasText = "event", true },
			func(s *Situation) {
				s.Reading.Event, s.Reading.EventHasText, s.Judgement.EventAlike = "event", true, true
			},
			func(s *Situation) { s.Reading.Event, s.Reading.EventHasText, s.Reading.EventIsHidden = "", true, true },
			func(s *Situation) { s.Reading.Event, s.Reading.EventHasText = before, true },
		},
		{func(*Situation) {}, later, old, func(s *Situation) { s.Message.EventTime = now.Add(-maxEventAge - time.Hour) }},
		{func(*Situation) {}, func(s *Situation) { s.Message.Wrote = true }, func(s *Situation) { s.Message.Superseded = true }, func(s *Situation) { s.Message.NewKey = true }},
	}
	var combine func(s Situation, left []variants)
	combine = func(s Situation, left []variants) {
		if len(left) == 0 {
			do(s)
			return
		}
		for _, change := range left[0] {
			next := s
			change(&next)
			combine(next, left[1:])
		}
	}
	combine(situation(), parts)
}

// TestNextInEverySituation enumerates situations, and checks of each step what must hold of it.
func TestNextInEverySituation(t *testing.T) {
	steps, all := map[Do]int{}, 0
	everySituation(func(s Situation) {
		step := Next(s)
		steps[step.Do]++
		all++
		if broken := brokenRule(s, step); broken != "" && !t.Failed() {
			t.Errorf("%s: %s %q in %+v", broken, step.Do, step.Reason, s)
		}
	})
	for _, do := range []Do{Read, Recall, Supersede, Plan, Pause, Claim, TakeOver, Write, Mark, End, Report, Wait, Conclude} {
		if steps[do] == 0 {
			t.Errorf("no situation leads to %s", do)
		}
	}
	if len(steps) != 13 {
		t.Errorf("steps %v", steps)
	}
	t.Logf("proof: %d situations of the ledger: %v", all, steps)
}

// brokenRule says which rule a step breaks; "" for none.
func brokenRule(s Situation, step Step) string {
	open := s.Ledger.Open()
	isMine := open != nil && open.Holder == me
	isAlive := open != nil && now.Before(open.Deadline)
	isThird := open != nil && s.Reading.Live != open.Before && s.Reading.Live != open.After
	wanted := s.Judgement.Repair
	if isBlind := step.Do == Read || step.Do == Report || step.Do == Mark || step.Do == Wait; !isBlind && !s.Reading.Made {
		return "what is not read decides nothing"
	}
	switch step.Do {
	case Write:
		switch {
		case !isMine || !reflect.DeepEqual(step.Repair, *open):
			return "only a claim is written by, and only its own"
		case !s.Reading.Made || !s.Reading.Readable || isThird:
			return "a third policy is never written over"
		case open.TakeOvers == 0 && (s.Reading.Live != open.Before || !wanted):
			return "what is replaced is what was archived"
		case open.TakeOvers > 0 && !wanted && !s.Judgement.MayWrite, open.Kind == ForPerson && open.TakeOvers > 0:
			return "a claim that was taken over is written by only where the guardrail may write"
		}
	case TakeOver:
		switch {
		case open == nil || isMine || isAlive:
			return "only a claim of a dead delivery is taken over"
		case isThird || !s.Reading.Readable || open.Kind == ForPerson:
			return "a third policy is never written over, and no restore taken over"
		case open.EventID != own && !wanted:
			return "an event that needs no claim takes none over"
		}
	case Claim:
		switch {
		case !wanted || !s.Judgement.Planned || open != nil && !isMine:
			return "a claim needs a plan, and that there is no other"
		case isMine && s.Reading.Live == open.Before:
			return "a claim that can be written by is not replaced"
		case isDone(s.Ledger.of(own), s.Reading.Live):
			return "one message, one repair, unless somebody undid it"
		case !s.Judgement.Critical && len(s.Ledger.Used(wide, now)) > wide.Budget:
			return "the budget ends what is not critical"
		case s.Judgement.Critical && !isMine && now.Sub(s.Ledger.Critical.Last) < restTime:
			return "two writes are five seconds apart"
		case s.Judgement.Critical && !isMine && s.Ledger.Critical.Today >= mostPerDay && now.Sub(s.Ledger.Critical.Last) < slowTime:
			return "beyond the share of a day, a quarter of an hour lies between two writes"
		case now.Sub(s.Message.EventTime) > maxEventAge:
			return "nothing is written for an event that may be forgotten"
		}
	case Pause:
		if !wanted || !s.Judgement.Critical || !step.Until.After(now) || step.Until.Sub(now) > restTime {
			return "only an answer to a critical finding waits, and only for seconds"
		}
	case End:
		switch {
		case open == nil || !isMine && isAlive:
			return "a claim of somebody who may be at work is not ended"
		case isMine && open.TakeOvers == 0 && step.Reason != NotNeeded, (!isMine || open.TakeOvers > 0) && step.Reason != Unconfirmed:
			return "whether it was written is known of an own claim only"
		}
	case Mark:
		if !isMine || !s.Message.Wrote {
			return "only a write that was seen is marked"
		}
	case Report:
		if step.Repair.Reported || step.Repair.Phase == Claimed || step.Repair.EventID != own && step.Repair.Holder != me {
			return "only a closed repair of this message or delivery is reported, once"
		}
		if step.IsQuiet && (step.Repair.Severity != rules.Critical || step.Repair.Phase != Written || s.Ledger.Critical.Reports < mostReports) {
			return "only a written repair is not told, and only after three others"
		}
	case Conclude:
		for _, r := range s.Ledger.Repairs {
			if isConcluded := r.Holder == me && r.Phase == Ended && r.Reason != Unconfirmed; (r.EventID == own || r.Holder == me) && r.IsOpen() && !isConcluded {
				return "nothing of the message is left open, and everything is reported"
			}
		}
	case Read, Recall, Supersede, Plan: // they change nothing that a rule protects
	case Wait:
		isNew := errors.Is(step.Err, ErrNewKey) && s.Judgement.Unsettled && !wanted
		if !errors.Is(step.Err, ErrBusy) && !errors.Is(step.Err, ErrUnsettled) && !isNew {
			return "a message is given back for a reason"
		}
	}
	return brokenByTheEvent(s, step)
}

// isDone tells whether the last repair of a message was given up, or was written a moment ago over
// the policy that was read.
func isDone(r *Repair, live string) bool {
	return r != nil && (r.Phase == Ended || r.Phase == Written && live == r.Before && now.Sub(r.Closed) < SettlingTime)
}

// brokenByTheEvent: what an event says of a policy is only a reason to wait, or to archive its
// text. It closes nothing, marks nothing, and writes nothing. The one exception: where it says that
// somebody put back what the last write replaced, and the key has that policy, the read is believed
// at once, as it would be of any other policy.
func brokenByTheEvent(s Situation, step Step) string {
	if step.Do == Wait || step.Do == Supersede || step.Do == Recall || step.Do == Conclude {
		return ""
	}
	silent := s
	if step.Do != Report && isPutBackByTheBook(s) {
		silent.Ledger.Repairs = slices.Clone(s.Ledger.Repairs)
		silent.Ledger.LastWrite().Before = "a policy that nobody put back"
	}
	silent.Reading.Event, silent.Reading.EventHasText, silent.Reading.EventIsHidden, silent.Judgement.EventAlike = "", false, false, false
	if !isSameStep(Next(silent), step) {
		return "the text of the event decides"
	}
	return ""
}

// isPutBackByTheBook restates when an event tells of a policy that was put back.
func isPutBackByTheBook(s Situation) bool {
	last := s.Ledger.LastWrite()
	return last != nil && last.Kind == ForFinding && s.Ledger.of(own) == nil && s.Reading.Live == last.Before &&
		s.Reading.Event == last.Before && s.Message.EventTime.Unix() >= last.Closed.Unix()
}

func TestTheBudgetInNumbers(t *testing.T) {
	past := func(minutes int, with ...func(*Repair)) Repair {
		return repairOf("past", "past", append([]func(*Repair){written, reported, func(r *Repair) {
			r.Claimed, r.Closed = now.Add(-time.Duration(minutes)*time.Minute), now.Add(-time.Duration(minutes)*time.Minute)
			r.Before = "x"
		}}, with...)...)
	}
	notCritical := func(s *Situation) { s.Judgement.Critical = false }
	for _, row := range []struct {
		situation Situation
		want      Do
		reason    string
	}{
		{situation(having(past(90), past(80)), notCritical), Claim, "two of three are used"},
		{situation(having(past(90), past(80), past(70)), notCritical), Conclude, "three of three are used"},
		{situation(having(past(90), past(80), past(70))), Claim, "what is critical is not counted"},
		{situation(having(past(90), past(80), past(70, critical)), notCritical), Claim, "nor does it count"},
		{situation(having(past(13*60), past(80), past(70)), notCritical), Claim, "yesterday's do not count"},
		{situation(having(past(90), past(80), repairOf("past", "past", written, reported, longAgo, restore)), notCritical), Claim, "a person's restore does not count"},
		{situation(having(past(90), past(80), repairOf(own, me)), live(third), old, notCritical), Claim, "nor does the claim that is replaced"},
		{situation(having(past(90), past(80), past(70), repairOf(own, me, critical)), live(third), old, notCritical), End, "a critical claim that is replaced takes nothing off the count"},
	} {
		if got := Next(row.situation); got.Do != row.want || got.Attempt != 0 || !got.Until.IsZero() {
			t.Errorf("%s, attempt %d, until %s; want %s: %s", got.Do, got.Attempt, got.Until, row.want, row.reason)
		}
	}
	var all []Repair
	for range mostRepairs {
		all = append(all, past(60))
	}
	if got := Next(situation(having(all...), notCritical, func(s *Situation) { s.Limits.Budget = 9999 })); got.Reason != BudgetExhausted {
		t.Errorf("a budget of more than a ledger keeps: %s %q", got.Do, got.Reason)
	}
}

func TestAnHourCountsAnAccountAndAllOfThem(t *testing.T) {
	few := Limits{AccountPerHour: 2, TotalPerHour: 3}
	h := Hour{}
	for i, row := range []struct {
		account string
		scope   BreakerScope // "" is counted
	}{{"a", ""}, {"a", ""}, {"a", AccountBreaker}, {"b", ""}, {"b", TotalBreaker}, {"c", TotalBreaker}} {
		next, err := h.Add(row.account, few, now.Add(time.Minute))
		var reached *BreakerError
		if errors.As(err, &reached); (err == nil) != (row.scope == "") || err != nil && (reached.Scope != row.scope || !reached.Until.Equal(now.Add(time.Hour))) {
			t.Errorf("step %d: %v", i, err)
		}
		h = next
	}
	if h.Total != 3 || h.Accounts["a"] != 2 || h.Accounts["b"] != 1 || h.Critical.Total != 0 {
		t.Errorf("%+v", h)
	}
	if h, err := h.AddCritical("a", few, now); err != nil || h.Total != 3 || h.Critical.Total != 1 || h.Critical.Accounts["a"] != 1 {
		t.Errorf("critical findings count apart: %+v, %v", h, err)
	}
	lower := Limits{AccountPerHour: 1, TotalPerHour: 9}
	if _, err := h.Add("a", lower, now); err == nil {
		t.Error("a limit that was lowered within the hour does not hold")
	}
}

// isSameStep tells whether two steps do the same for the same reasons.
func isSameStep(a, b Step) bool {
	return a.Do == b.Do && a.Reason == b.Reason && a.Attempt == b.Attempt && a.IsQuiet == b.IsQuiet && a.Until.Equal(b.Until) && errors.Is(a.Err, b.Err) &&
		reflect.DeepEqual(a.Repair, b.Repair) && reflect.DeepEqual(a.Repairs, b.Repairs)
}
