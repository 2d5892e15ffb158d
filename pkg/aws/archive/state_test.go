package archive_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

func TestStateIsKeptByVersion(t *testing.T) {
	w := newWorld(t)
	none, version, err := w.State(t.Context(), keyARN)
	if diff := cmp.Diff(enforcer.KeyState{}, none); diff != "" || version != "" || err != nil {
		t.Fatalf("of an unknown key: %s %q, %v", diff, version, err)
	}
	state := enforcer.KeyState{
		Findings:          []enforcer.OpenFinding{{ID: "f1", FirstSeen: noon, LastAlarm: noon.Add(time.Hour)}},
		Writes:            []enforcer.PastWrite{{Slot: "s", Before: "b4", After: "af", Claimed: noon, Time: noon.Add(time.Second)}},
		ConfigurationHash: "c0ffee",
	}
	first, err := w.SaveState(t.Context(), keyARN, state, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.SaveState(t.Context(), keyARN, enforcer.KeyState{ConfigurationHash: "9"}, "")
	w.wantError("as if there were none", err, enforcer.ErrConflict)
	got, version, err := w.State(t.Context(), keyARN)
	if diff := cmp.Diff(state, got); diff != "" || version != first || err != nil {
		t.Errorf("read again (-want +got): version %q of %q, %v\n%s", version, first, err, diff)
	}
	state.ConfigurationHash = "caffee"
	if _, err = w.SaveState(t.Context(), keyARN, state, version); err != nil {
		t.Error(err)
	}
	_, err = w.SaveState(t.Context(), keyARN, enforcer.KeyState{}, version)
	w.wantError("over another's", err, enforcer.ErrConflict)
	_, err = w.SaveState(t.Context(), keyARN+"0", enforcer.KeyState{}, version)
	w.wantError("over one that was deleted", err, enforcer.ErrConflict)
	w.wantNames("", "state/"+keyPath)
}

func TestForeignObjectsAreNamed(t *testing.T) {
	claimed := func(w *world) string { return string(w.must(enforcer.Fresh, record("event-1", "a", noon)).Slot) }
	swap := func(old, with string) func(string) string {
		return func(text string) string { return strings.Replace(text, old, with, 1) }
	}
	for _, c := range []struct {
		reason string
		beside string // of the claim; "" is the claim itself
		change func(text string) string
	}{
		{"it is empty", "", func(string) string { return "" }},
		{"it is no JSON", "", func(string) string { return "<html>" }},
		{"it is cut off", "", func(text string) string { return text[:len(text)/2] }},
		{"it has more than one value", "", func(text string) string { return text + "{}" }},
		{"it has a field that is not known", "", swap(`"record":{`, `"record":{"more":1,`)},
		{"it is of a later version", "", swap(`"schema":"1"`, `"schema":"2"`)},
		{"it is of another kind", "", swap(`"kind":"claim"`, `"kind":"written"`)},
		{"it is about another key", "", swap("key/1234", "key/9234")},
		{"it is of another day", "", swap(`"time":"2026-11-23`, `"time":"2026-11-22`)},
		{"it does not say where the breaker counts it", "", swap(`"total":1`, `"total":0`)},
		{"it is larger than anything that the guardrail writes", "", func(text string) string { return text + strings.Repeat(" ", 1<<20) }},
		{"no such object is ever beside a claim", "/hello", func(string) string { return "" }},
		{"a turn is missing", "/handover/0002", func(string) string { return "" }},
		{"a turn is nothing", "/handover/0001", func(string) string { return `{"schema":"1","kind":"handover","body":{}}` }},
	} {
		t.Run(c.reason, func(t *testing.T) {
			w := newWorld(t)
			slot := claimed(w)
			w.plant(slot+c.beside, c.change(w.text(slot)))
			_, err := w.Claim(t.Context(), record("event-1", "b", noon.Add(invocation)), limits)
			w.wantError("Claim", err, enforcer.ErrCorrupt)
			w.wantError("Claim", err, enforcer.ErrArchive)
			if err == nil || !strings.Contains(err.Error(), slot+c.beside) {
				t.Errorf("the error does not name the object: %v", err)
			}
		})
	}
}

func TestNothingComesAfterAClaimWasGivenUp(t *testing.T) {
	w := newWorld(t)
	c := w.must(enforcer.Fresh, record("event-1", "a", noon))
	w.wantError("Abandon", w.Abandon(t.Context(), c.Hold, enforcer.Abandonment{Time: noon, Holder: "a"}), nil)
	turn := string(c.Slot) + "/handover/000"
	w.plant(turn+"2", w.text(turn+"1"))
	_, err := w.Entry(t.Context(), c.Slot)
	if !errors.Is(err, enforcer.ErrCorrupt) || !strings.Contains(err.Error(), turn+"1") {
		t.Errorf("Entry: %v", err)
	}
}

func TestAForeignStateOrBreakerIsNotTakenForNone(t *testing.T) {
	w := newWorld(t)
	w.plant("state/"+keyPath, `{"schema":"1","kind":"claim","body":{}}`)
	_, version, err := w.State(t.Context(), keyARN)
	w.wantError("State", err, enforcer.ErrCorrupt)
	if version != "" {
		t.Errorf("the version is %q", version)
	}
	w.plant("breaker/20261123T12Z/111122223333/many", "")
	_, err = w.Claim(t.Context(), record("event-1", "a", noon), limits)
	w.wantError("Claim", err, enforcer.ErrCorrupt)
	w.wantNames("repairs/")
}
