package ledger

import (
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// TestPeopleAreToldOfWhatIsNew goes through the outcomes of one key, a day apart each but where the row says
// otherwise.
func TestPeopleAreToldOfWhatIsNew(t *testing.T) {
	finding := func(id string, severity rules.Severity, text string) OpenFinding {
		return OpenFinding{ID: id, Code: id, Severity: severity, Text: text}
	}
	at := now
	var l Ledger
	for _, row := range []struct {
		after  time.Duration
		open   []OpenFinding
		states map[string]State
		worth  bool // telling, from medium on
		isTold bool // whether the telling succeeds
		reason string
	}{
		{0, []OpenFinding{finding("a", rules.High, "x")}, map[string]State{"a": NewFinding}, true, false, "it is new, and the topic does not answer"},
		{time.Minute, []OpenFinding{finding("a", rules.High, "x")}, map[string]State{"a": SameFinding}, true, true, "nobody was told yet"},
		{24 * time.Hour, []OpenFinding{finding("a", rules.High, "x")}, map[string]State{"a": SameFinding}, false, true, "people know it"},
		{24 * time.Hour, []OpenFinding{finding("a", rules.High, "x"), finding("b", rules.Low, "y")}, map[string]State{"a": SameFinding, "b": NewFinding}, false, true, "what is new is below the severity"},
		{24 * time.Hour, []OpenFinding{finding("a", rules.Critical, "x"), finding("b", rules.Low, "y")}, map[string]State{"a": ChangedFinding, "b": SameFinding}, true, true, "it is worse"},
		{24 * time.Hour, []OpenFinding{finding("a", rules.Critical, "z"), finding("b", rules.Low, "y")}, map[string]State{"a": ChangedFinding, "b": SameFinding}, true, true, "somebody else has the access"},
		{7*24*time.Hour - time.Second, []OpenFinding{finding("a", rules.Critical, "z")}, map[string]State{"a": SameFinding}, false, true, "a week is not over, and what is resolved is low"},
		{time.Second, []OpenFinding{finding("a", rules.Critical, "z")}, map[string]State{"a": SameFinding}, true, true, "a week is over"},
		{24 * time.Hour, nil, map[string]State{}, true, true, "it is resolved"},
		{24 * time.Hour, nil, map[string]State{}, false, true, "there is nothing"},
		{24 * time.Hour, []OpenFinding{finding("a", rules.Critical, "z")}, map[string]State{"a": NewFinding}, true, true, "it is back"},
	} {
		at = at.Add(row.after)
		for i := range row.open {
			row.open[i].FirstSeen = at
		}
		next, news, _ := l.Conclude(own, row.open, nil, at)
		if l = next; news.IsWorthTelling(rules.Medium) != row.worth || len(news.States) != len(row.states) {
			t.Errorf("worth telling: %v, states %v: %s", !row.worth, news.States, row.reason)
		}
		for id, state := range row.states {
			if news.States[id] != state {
				t.Errorf("%s is %s, want %s: %s", id, news.States[id], state, row.reason)
			}
		}
		if row.worth && row.isTold {
			l = l.Told(at)
		}
	}
}

func TestARepairThatPeopleWereToldOfResolvesInSilence(t *testing.T) {
	l := Ledger{Findings: []OpenFinding{{ID: "a", Severity: rules.High, FirstSeen: now, LastAlarm: now}}}
	l.Repairs = []Repair{{Record: "r", Phase: Written, Closed: now.Add(time.Minute), Reported: true}}
	if _, news, _ := l.Conclude(own, nil, nil, now.Add(2*time.Minute)); len(news.Resolved) > 0 {
		t.Errorf("told once more of what was repaired: %+v", news.Resolved)
	}
	l.Repairs[0].Closed = now.Add(-time.Minute)
	if _, news, _ := l.Conclude(own, nil, nil, now.Add(2*time.Minute)); len(news.Resolved) != 1 {
		t.Errorf("somebody else mended it: %+v", news.Resolved)
	}
}
