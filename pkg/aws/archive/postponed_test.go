package archive_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// postponed is an event of a key that is due at a time.
func postponed(key, event string, due time.Time) enforcer.Postponed {
	return enforcer.Postponed{
		KeyARN: "arn:aws:kms:us-east-1:111122223333:key/" + key, EventID: event, Due: due,
		Event: []byte("{\"detail\":\"<&>\u00ff\n\"}"),
	}
}

func (w *world) postpone(p enforcer.Postponed) {
	w.t.Helper()
	if err := w.Postpone(w.t.Context(), p); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wantDue(now time.Time, limit int, want ...enforcer.Postponed) {
	w.t.Helper()
	got, err := w.Due(w.t.Context(), now, limit)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		w.t.Errorf("due at %s (-want +got): %v\n%s", now.Format(time.TimeOnly), err, diff)
	}
}

func TestAPostponedEventIsKeptVerbatimUntilItIsDue(t *testing.T) {
	w := newWorld(t)
	a, b, c := postponed("a", "1", noon), postponed("b", "2", noon.Add(time.Hour)), postponed("c", "3", noon)
	for _, p := range []enforcer.Postponed{c, b, a} {
		w.postpone(p)
	}
	w.wantDue(noon.Add(-time.Second), 9)
	w.wantDue(noon, 9, a, c)
	w.wantDue(noon.Add(time.Hour), 9, a, b, c)
	w.wantDue(noon.Add(time.Hour), 2, a, b)
}

func TestAKeyHasOnePostponedEventTheLatest(t *testing.T) {
	w := newWorld(t)
	w.postpone(postponed("a", "1", noon))
	later := postponed("a", "2", noon.Add(time.Minute))
	w.postpone(later)
	w.postpone(later) // a redelivery says it again
	w.wantDue(noon.Add(time.Hour), 9, later)
}

func TestWhatIsSettledIsForgottenUnlessAnotherHasReplacedIt(t *testing.T) {
	for _, c := range []struct {
		reason string
		after  *enforcer.Postponed // postponed between Due and Settle
		left   bool
	}{
		{"nothing happened", nil, false},
		{"another event of the key", &enforcer.Postponed{EventID: "2", Due: noon.Add(time.Hour)}, true},
		{"the same event, once more", &enforcer.Postponed{EventID: "1", Due: noon.Add(time.Hour)}, true},
	} {
		t.Run(c.reason, func(t *testing.T) {
			w := newWorld(t)
			p := postponed("a", "1", noon)
			w.postpone(p)
			if c.after != nil {
				w.postpone(postponed("a", c.after.EventID, c.after.Due))
			}
			for range 2 { // it may be repeated
				w.wantError("Settle", w.Settle(t.Context(), p), nil)
			}
			if left := len(w.names("postponed/")) == 1; left != c.left {
				t.Errorf("is there still one: %t", left)
			}
		})
	}
}

// The flush may settle one event while the next of the same key is postponed.
func TestWhatIsPostponedWhileAnotherIsSettledIsKept(t *testing.T) {
	w := newWorld(t)
	p, later := postponed("a", "1", noon), postponed("a", "2", noon)
	w.postpone(p)
	w.fault = func(_ int, r *http.Request) *objectstore.Fault {
		if r.Method == http.MethodDelete {
			w.fault = nil
			w.mu.Unlock() // this request waits meanwhile
			w.postpone(later)
			w.mu.Lock()
		}
		return nil
	}
	w.wantError("Settle", w.Settle(t.Context(), p), nil)
	w.wantDue(noon, 9, later)
}

func TestAPostponedObjectThatIsCorruptIsNamedAndHidesNoOther(t *testing.T) {
	good := postponed("b", "2", noon)
	const name = "postponed/111122223333/us-east-1/a"
	for _, c := range []struct{ reason, body string }{
		{"it is no JSON", "<html>"},
		{"it is of another kind", `{"schema":"1","kind":"state","body":{}}`},
		{"it has a field that is not known", `{"schema":"1","kind":"postponed","body":{"more":1}}`},
		{"it is of another key", `{"schema":"1","kind":"postponed","body":{"keyArn":"` + good.KeyARN + `","eventId":"1","due":"2026-11-23T12:00:00Z","event":"e30="}}`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			w := newWorld(t)
			w.postpone(good)
			w.plant(name, c.body)
			got, err := w.Due(t.Context(), noon, 9)
			w.wantError("Due", err, enforcer.ErrCorrupt)
			if diff := cmp.Diff([]enforcer.Postponed{good}, got); diff != "" || err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("due (-want +got): %v\n%s", err, diff)
			}
		})
	}
}

func TestWhatCannotBePostponedIsRefused(t *testing.T) {
	w := newWorld(t)
	w.wantError("no key", w.Postpone(t.Context(), enforcer.Postponed{KeyARN: "arn:aws:kms:us-east-1:111122223333:alias/x"}), enforcer.ErrArchive)
	w.wantError("no key", w.Settle(t.Context(), enforcer.Postponed{KeyARN: "x"}), enforcer.ErrArchive)
	long := postponed("a", "1", noon)
	long.Event = make([]byte, 1<<20)
	w.wantError("too long", w.Postpone(t.Context(), long), enforcer.ErrArchive)
	w.wantNames("")
}

func TestAFaultOfAPostponementMayGoAway(t *testing.T) {
	p := postponed("a", "1", noon)
	for kind, fault := range faults {
		w := newWorld(t)
		w.failing(func(int, *http.Request) *objectstore.Fault { return &fault })
		for call, err := range map[string]error{"Postpone": w.Postpone(t.Context(), p), "Settle": w.Settle(t.Context(), p)} {
			if err == nil || strings.Contains(err.Error(), enforcer.ErrArchive.Error()) {
				t.Errorf("%s, %s: %v", call, kind, err)
			}
		}
		w.failing(nil)
		w.wantError("again", w.Postpone(t.Context(), p), nil)
		w.wantDue(noon, 9, p)
	}
}

// failing sets the faults, which a connection that was dropped may still ask for.
func (w *world) failing(fault func(int, *http.Request) *objectstore.Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = fault
}
