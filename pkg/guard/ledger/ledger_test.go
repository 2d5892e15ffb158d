package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

func TestALedgerChangesByValue(t *testing.T) {
	first := Ledger{}.Claim(repairOf(own, me))
	name := first.Repairs[0].Record
	steps := []Ledger{
		first, first.TakeOver(name, someone, now.Add(time.Hour)), first.Mark(name, now), first.End(name, someone, Unconfirmed, now), first.Report(name, now),
	}
	if r := first.Repairs[0]; r.Phase != Claimed || r.Holder != me || r.TakeOvers != 0 || r.Reported {
		t.Errorf("the first one was changed: %+v", r)
	}
	if r := steps[1].Repairs[0]; r.Holder != someone || r.TakeOvers != 1 || !r.Deadline.Equal(now.Add(time.Hour)) || r.Phase != Claimed {
		t.Errorf("taken over: %+v", r)
	}
	if r := steps[2].Repairs[0]; r.Phase != Written || !r.Closed.Equal(now) || !r.IsOpen() {
		t.Errorf("marked: %+v", r)
	}
	if r := steps[3].Repairs[0]; r.Phase != Ended || r.Holder != someone || r.Reason != Unconfirmed {
		t.Errorf("ended: %+v", r)
	}
	done := steps[2].Report(name, now)
	if done.Repairs[0].IsOpen() || done.IsPending(name) || !steps[2].IsPending(name) {
		t.Errorf("reported: %+v", done.Repairs[0])
	}
}

// A key has one claim. A delivery that claims anew replaces its own.
func TestAClaimReplacesThatOfTheSameHolder(t *testing.T) {
	l := Ledger{}.Claim(repairOf(own, me)).Claim(repairOf(own, me, func(r *Repair) { r.Record = "records/new"; r.Before = third }))
	if len(l.Repairs) != 1 || l.Repairs[0].Before != third {
		t.Errorf("%+v", l.Repairs)
	}
}

func TestALedgerForgetsTheOldestThatAreClosed(t *testing.T) {
	l := Ledger{}
	for i := range mostRepairs + 10 {
		r := repairOf(fmt.Sprint(i), fmt.Sprint(i))
		l = l.Claim(r)
		if i != 5 {
			l = l.End(r.Record, me, NotNeeded, now).Report(r.Record, now)
		}
	}
	if first := l.Repairs[0]; first.EventID != "5" || len(l.Repairs) != mostRepairs+5 {
		t.Errorf("%d repairs, the first is %+v", len(l.Repairs), first)
	}
}

func TestConcludingKeepsWhatIsOpenSinceWhenAndWhatIsDue(t *testing.T) {
	due := &Due{Name: "records/due", EventID: own, At: now}
	l, _, changed := Ledger{}.Conclude(own, nil, nil, now)
	if changed {
		t.Error("nothing has changed")
	}
	l, _, changed = l.Conclude(own, []OpenFinding{{ID: "f", FirstSeen: now}}, due, now)
	if !changed || l.Due != due || !l.IsPending("records/due") {
		t.Errorf("%+v", l)
	}
	l, _, changed = l.Conclude(another, []OpenFinding{{ID: "f", FirstSeen: now.Add(time.Hour)}}, nil, now)
	if f := l.Findings[0]; changed || !f.FirstSeen.Equal(now) || l.Due != due {
		t.Errorf("another event: %+v", l)
	}
	if l, _, changed = l.Conclude(own, nil, nil, now); !changed || l.Due != nil || len(l.Findings) > 0 {
		t.Errorf("its own: %+v", l)
	}
	l.Due = due
	if l = l.Claim(repairOf(own, me)); l.Mark(l.Repairs[0].Record, now).Due != nil {
		t.Error("what was repaired is still due")
	}
}

func TestNames(t *testing.T) {
	const arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"
	key, err := KeyOf(arn)
	if err != nil || key != "111122223333/us-east-1/1234abcd" {
		t.Fatalf("%s, %v", key, err)
	}
	names := map[Name]bool{}
	for n := range byte(3) {
		for _, holder := range []string{"a", "b"} {
			name := NewName(key, now, holder, n)
			got, id, ok := name.Parts()
			if names[name] || !ok || got != key || nameIn(key, id) != name || !name.Time().Equal(now) {
				t.Errorf("%s: %s, %s, %s", name, got, id, name.Time())
			}
			names[name] = true
		}
	}
	if NewName(key, now, "z", 2) >= NewName(key, now.Add(time.Microsecond), "a", 1) || NewName(key, now, "a", 1) >= NewName(key, now, "a", 2) {
		t.Error("names do not sort by time")
	}
	for _, bad := range []string{"", arn + "/x", arn + "\n", strings.Replace(arn, "key/", "alias/", 1), strings.Replace(arn, "1234abcd", "..", 1), strings.Replace(arn, "us-east-1", "a/b", 1), " " + arn} {
		if _, err := KeyOf(bad); !errors.Is(err, ErrArchive) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []Name{"", "records/", Name("keys/" + string(key)), NewName(key, now, "a", 1) + "x", "x" + NewName(key, now, "a", 1), NewName(key, now, "a", 1) + "/superseded/x"} {
		if _, _, ok := bad.Parts(); ok {
			t.Errorf("%q is a name", bad)
		}
	}
}

// The caller's own text may be long, and cut anywhere.
func TestTheLineOfARecordBoundsTheCallersText(t *testing.T) {
	r := Record{Actor: &guardrail.Actor{ARN: strings.Repeat("a", 255) + "\u00e9\u00e9"}, Time: now}
	if line := r.Line(me, now); len(line.ActorARN) != 255 || line.Phase != Claimed || line.Holder != me {
		t.Errorf("%+v", line)
	}
	if line := (Record{}).Line(me, now); line.ActorARN != "" {
		t.Errorf("%+v", line)
	}
}
