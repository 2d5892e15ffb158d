package archive_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

func slots(entries []enforcer.Entry) string {
	var names []string
	for _, e := range entries {
		path := strings.Split(string(e.Slot), "/")
		names = append(names, fmt.Sprintf("%s %s written=%t", path[3], path[5], e.Written != nil))
	}
	return strings.Join(names, ", ")
}

func TestTheOutboxHasWhatIsNotReported(t *testing.T) {
	w := newWorld(t)
	claim := func(key, event string, at time.Time) enforcer.Claim {
		r := record(event, event, at)
		r.KeyARN = "arn:aws:kms:us-east-1:111122223333:key/" + key
		return w.must(enforcer.Fresh, r)
	}
	claim("open", "1", noon)
	done := claim("done", "2", noon)
	w.written(done)
	w.wantError("MarkReported", w.MarkReported(t.Context(), done.Slot, enforcer.Reported{Time: noon}), nil)
	for i := range 3 {
		w.written(claim("written", fmt.Sprint(3+i), noon.Add(time.Duration(i)*time.Minute)))
	}
	for _, c := range []struct {
		reason string
		limit  int
		want   string
	}{
		{"all, over more than one page", 100, "open 0001 written=false, written 0001 written=true, written 0002 written=true, written 0003 written=true"},
		{"no more than asked for", 2, "open 0001 written=false, written 0001 written=true"},
	} {
		got, err := w.Unreported(t.Context(), c.limit)
		if err != nil || slots(got) != c.want {
			t.Errorf("%s: %s, %v; want %s", c.reason, slots(got), err, c.want)
		}
	}
	for key, want := range map[string]string{
		"open": "open 0001 written=false", "done": "", "other": "",
		"written": "written 0001 written=true, written 0002 written=true, written 0003 written=true",
	} {
		got, err := w.UnreportedOf(t.Context(), "arn:aws:kms:us-east-1:111122223333:key/"+key)
		if err != nil || slots(got) != want {
			t.Errorf("of %s: %s, %v; want %s", key, slots(got), err, want)
		}
	}
}

func TestAPointerThatWasLeftBehindGoesWithTheFlush(t *testing.T) {
	w := newWorld(t)
	c := w.must(enforcer.Fresh, record("event-1", "a", noon))
	pointer := strings.Replace(string(c.Slot), "repairs/", "outbox/", 1)
	text := w.text(pointer)
	w.wantError("MarkReported", w.MarkReported(t.Context(), c.Slot, enforcer.Reported{Time: noon}), nil)
	w.plant(pointer, text)
	if got, err := w.Unreported(t.Context(), 10); err != nil || len(got) != 0 {
		t.Errorf("unreported: %+v, %v", got, err)
	}
	w.wantNames("outbox/")
}

func TestACorruptObjectDoesNotHideOtherUnreportedRepairs(t *testing.T) {
	w := newWorld(t)
	good := w.must(enforcer.Fresh, record("event-1", "a", noon))
	w.plant("outbox/000000000000/us-east-1/a/"+day+"/0001", "points to nothing")
	w.plant("outbox/hello", "not a pointer")
	got, err := w.Unreported(t.Context(), 10)
	if len(got) != 1 || got[0].Slot != good.Slot {
		t.Errorf("unreported: %+v", got)
	}
	w.wantError("Unreported", err, enforcer.ErrCorrupt)
	for _, name := range []string{"outbox/000000000000", "outbox/hello"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

func TestHistoryIsNewestFirst(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		r := record(fmt.Sprint("event-", i), "a", noon.Add(time.Duration(i)*12*time.Hour))
		w.written(w.must(enforcer.Fresh, r))
	}
	got, err := w.Entries(t.Context(), keyARN, 3)
	if err != nil || len(got) != 3 || got[0].Record.EventID != "event-3" || got[2].Record.EventID != "event-1" {
		t.Errorf("the last three: %s, %v", slots(got), err)
	}
	if none, err := w.Entries(t.Context(), keyARN+"0", 3); err != nil || len(none) != 0 {
		t.Errorf("of another key: %s, %v", slots(none), err)
	}
	w.plant(string(got[0].Slot), "{}")
	rest, err := w.Entries(t.Context(), keyARN, 10)
	if !errors.Is(err, enforcer.ErrCorrupt) || !strings.Contains(err.Error(), string(got[0].Slot)) || len(rest) != 3 {
		t.Errorf("with a corrupt one: %s, %v", slots(rest), err)
	}
}
