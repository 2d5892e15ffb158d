package archive_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

func TestMarksStayAsTheyWereFirstMade(t *testing.T) {
	w := newWorld(t)
	c := w.must(enforcer.Fresh, record("event-1", "a", noon))
	for i := range 2 {
		at := noon.Add(time.Duration(i) * time.Hour)
		w.wantError("MarkWritten", w.MarkWritten(t.Context(), c.Slot, enforcer.Written{Time: at, Hash: "af"}), nil)
		w.wantError("MarkReported", w.MarkReported(t.Context(), c.Slot, enforcer.Reported{Time: at}), nil)
		w.wantError("MarkSuperseded", w.MarkSuperseded(t.Context(), c.Slot, superseded("event-2", at)), nil)
	}
	e, err := w.Entry(t.Context(), c.Slot)
	want := enforcer.Entry{
		Hold: c.Hold, Record: c.Record, Written: &enforcer.Written{Time: noon, Hash: "af"}, Reported: true,
		Superseded: []enforcer.Superseded{superseded("event-2", noon)},
	}
	if diff := cmp.Diff(want, e); diff != "" || err != nil {
		t.Errorf("the entry (-want +got): %v\n%s", err, diff)
	}
}

func superseded(event string, at time.Time) enforcer.Superseded {
	return enforcer.Superseded{
		Time: at, EventID: event, EventTime: at.Add(-time.Second), Actor: &guardrail.Actor{ARN: "arn:aws:iam::111122223333:role/Other"},
		Policy: enforcer.PolicyText{Text: "{ }"},
	}
}

func TestEveryPolicyThatAWriteSupersedesIsKept(t *testing.T) {
	w := newWorld(t)
	c := w.must(enforcer.Fresh, record("event-1", "a", noon))
	for _, event := range []string{"event-2", "event-3"} {
		w.wantError("MarkSuperseded", w.MarkSuperseded(t.Context(), c.Slot, superseded(event, noon)), nil)
	}
	if e, err := w.Entry(t.Context(), c.Slot); err != nil || len(e.Superseded) != 2 {
		t.Errorf("superseded: %+v, %v", e.Superseded, err)
	}
	w.wantError("without a message", w.MarkSuperseded(t.Context(), c.Slot, superseded("", noon)), enforcer.ErrArchive)
}

func TestAClaimIsGivenUpOnce(t *testing.T) {
	w := newWorld(t)
	c := w.must(enforcer.Fresh, record("event-1", "a", noon))
	for i := range 2 {
		err := w.Abandon(t.Context(), c.Hold, enforcer.Abandonment{Time: noon.Add(time.Duration(i)), Holder: "a", EventID: "event-1", Reason: "kms-refused"})
		w.wantError("Abandon", err, nil)
	}
	err := w.Abandon(t.Context(), c.Hold, enforcer.Abandonment{Time: noon, Holder: "b", Reason: "mine"})
	w.wantError("by another", err, enforcer.ErrBusy)
	w.must(enforcer.Fresh, record("event-2", "b", noon.Add(time.Second))) // the lock is free
	again := w.must(enforcer.AlreadyAbandoned, record("event-1", "c", noon.Add(time.Minute)))
	if again.Abandoned == nil || again.Abandoned.Reason != "kms-refused" || again.Abandoned.Holder != "a" {
		t.Errorf("the reason is %+v", again.Abandoned)
	}
}

func TestAClaimThatChangedHandsCannotBeGivenUpByTheFirst(t *testing.T) {
	w := newWorld(t)
	first := w.must(enforcer.Fresh, record("event-1", "a", noon))
	second := w.must(enforcer.Adopted, record("event-1", "b", noon.Add(invocation)))
	w.wantError("the first", w.Abandon(t.Context(), first.Hold, enforcer.Abandonment{Time: noon, Holder: "a"}), enforcer.ErrBusy)
	w.wantError("the second", w.Abandon(t.Context(), second.Hold, enforcer.Abandonment{Time: noon, Holder: "b", Reason: "kms-refused"}), nil)
	e, err := w.Entry(t.Context(), first.Slot)
	if err != nil || e.Abandoned == nil || e.Record.Holder != "b" {
		t.Errorf("the entry: %+v, %v", e, err)
	}
}

func TestNamesOfClaimsFromOutsideAreRead(t *testing.T) {
	w := newWorld(t)
	c := w.must(enforcer.Fresh, record("event-1", "a", noon))
	for _, slot := range []enforcer.Slot{
		"", "repairs/", c.Slot + "/written", c.Slot + "/", "/" + c.Slot, "state/" + keyPath,
		"repairs/" + keyPath + "/" + day + "/1", "repairs/" + keyPath + "/" + day + "/0000",
		"repairs/" + keyPath + "/20261132T000000Z-20261133T000000Z/0001",
		"repairs/" + keyPath + "/20261124T000000Z-20261123T000000Z/0001",
		"repairs/../" + keyPath + "/" + day + "/0001", "repairs/" + keyPath + "/" + day + "/0002",
	} {
		if _, err := w.Entry(t.Context(), slot); err == nil {
			t.Errorf("Entry(%q): no error", slot)
		} else {
			w.wantError(string(slot), err, enforcer.ErrNoEntry)
		}
	}
	before := w.names("")
	w.wantError("MarkWritten", w.MarkWritten(t.Context(), "state/x", enforcer.Written{}), enforcer.ErrNoEntry)
	w.wantError("MarkReported", w.MarkReported(t.Context(), "x", enforcer.Reported{}), enforcer.ErrNoEntry)
	w.wantError("MarkSuperseded", w.MarkSuperseded(t.Context(), "x", superseded("event-2", noon)), enforcer.ErrNoEntry)
	w.wantError("Abandon", w.Abandon(t.Context(), enforcer.Hold{Slot: "x"}, enforcer.Abandonment{}), enforcer.ErrNoEntry)
	w.wantError("Abandon", w.Abandon(t.Context(), enforcer.Hold{Slot: c.Slot, Turn: -1}, enforcer.Abandonment{}), enforcer.ErrArchive)
	w.wantNames("", before...)
}
