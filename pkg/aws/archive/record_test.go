package archive_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

func TestARecordComesBackAsItWasArchived(t *testing.T) {
	w := newWorld(t)
	r := record("event-1", "a", noon)
	w.wantError("Keep", w.Keep(t.Context(), r), nil)
	w.wantError("Keep again", w.Keep(t.Context(), r), nil)
	got, err := w.Record(t.Context(), r.Name)
	if diff := cmp.Diff(r, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	other := r
	other.After.Text = `{"another":1}`
	if err := w.Keep(t.Context(), other); err == nil {
		t.Error("a record was replaced")
	}
}

func TestARecordThatCannotBeArchivedIsRefused(t *testing.T) {
	w := newWorld(t)
	for reason, change := range map[string]func(*ledger.Record){
		"another key's name":   func(r *ledger.Record) { r.Name = ledger.NewName("111122223333/eu-west-1/x", noon, "a", 1) },
		"no name":              func(r *ledger.Record) { r.Name = "" },
		"no key":               func(r *ledger.Record) { r.KeyARN = "arn:aws:kms:us-east-1:111122223333:key/../x" },
		"no time":              func(r *ledger.Record) { r.Time = time.Time{} },
		"no event":             func(r *ledger.Record) { r.EventID = "" },
		"an event without end": func(r *ledger.Record) { r.EventID = strings.Repeat("x", 1025) },
		"no old policy":        func(r *ledger.Record) { r.Before.Text = "" },
		"no new policy":        func(r *ledger.Record) { r.After.Text = "" },
		"not UTF-8":            func(r *ledger.Record) { r.Before.Text = "\xff" },
		"larger than 1 MiB":    func(r *ledger.Record) { r.Before.Text = strings.Repeat("x", 1<<20) },
	} {
		r := record("event-1", "a", noon)
		change(&r)
		w.wantError(reason, w.Keep(t.Context(), r), ledger.ErrArchive)
	}
	w.wantNames("")
}

func TestEntriesHaveWhatTheLedgerSaysNewestFirst(t *testing.T) {
	w := newWorld(t)
	for i, event := range []string{"event-1", "event-2", "event-3"} {
		w.wantError("handle", w.handle(t.Context(), event, event, noon.Add(time.Duration(i)*time.Second)), nil)
	}
	second := record("event-2", "event-2", noon.Add(time.Second))
	w.wantError("KeepSuperseded", w.KeepSuperseded(t.Context(), second.Name, other("theirs")), nil)
	w.wantError("KeepSuperseded again", w.KeepSuperseded(t.Context(), second.Name, other("theirs")), nil)
	unnamed := record("event-4", "lost", noon.Add(time.Hour))
	w.wantError("Keep", w.Keep(t.Context(), unnamed), nil)

	entries, err := w.Entries(t.Context(), keyARN, 3)
	if err != nil || len(entries) != 3 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	if e := entries[0]; e.Repair != nil || e.Record.EventID != "event-4" {
		t.Errorf("a record that no ledger names: %+v", e)
	}
	if e := entries[1]; e.Record.EventID != "event-3" || e.Repair == nil || e.Repair.Phase != ledger.Written || !e.Repair.Reported || len(e.Superseded) != 0 {
		t.Errorf("the third: %+v", e)
	}
	want := ledger.Entry{Record: second, Repair: entries[2].Repair, Superseded: []ledger.Superseded{other("theirs")}}
	if diff := cmp.Diff(want, entries[2]); diff != "" {
		t.Error(diff)
	}
	one, err := w.Entry(t.Context(), second.Name)
	if diff := cmp.Diff(entries[2], one); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	_, err = w.Entry(t.Context(), ledger.NewName(key, noon, "nobody", 1))
	w.wantError("no such record", err, ledger.ErrNoRecord)
	_, err = w.Entry(t.Context(), "records/../keys/x")
	w.wantError("no name", err, ledger.ErrNoRecord)
}

// A corrupt or foreign object fails closed, with its name.
func TestAnObjectThatIsNotAsItsNamePromisesIsAnErrorThatNamesIt(t *testing.T) {
	name := record("event-1", "a", noon).Name
	theirs := string(name) + "/superseded/" + strings.Repeat("0", 64)
	for _, row := range []struct {
		object, body string
		read         func(w *world) error
		reason       string
	}{
		{"keys/" + keyPath, "hello", ledgerOf, "no JSON"},
		{"keys/" + keyPath, `{"schema":"2","kind":"ledger","body":{"keyArn":"` + keyARN + `"}}`, ledgerOf, "another version"},
		{"keys/" + keyPath, `{"schema":"1","kind":"hour","body":{}}`, ledgerOf, "another kind"},
		{"keys/" + keyPath, `{"schema":"1","kind":"ledger","body":{"keyArn":"` + keyARN + `","more":1}}`, ledgerOf, "a field that nobody knows"},
		{"keys/" + keyPath, `{"schema":"1","kind":"ledger","body":{"keyArn":"` + keyARN + `"}}{}`, ledgerOf, "more after its end"},
		{"keys/" + keyPath, `{"schema":"1","kind":"ledger","body":{"keyArn":"` + strings.Replace(keyARN, "us-east-1", "eu-west-1", 1) + `"}}`, ledgerOf, "another key's"},
		{"hours/20261123T12Z", "hello", countIn, "no JSON"},
		{string(name), "hello", recordOf, "no JSON"},
		{string(name), `{"schema":"1","kind":"record","body":{"keyArn":"` + keyARN + `"}}`, recordOf, "another record"},
		{theirs, `{"schema":"1","kind":"superseded","body":{"eventId":"x"}}`, entriesOf, "another event's"},
		{"records/" + keyPath + "/hello", "{}", entriesOf, "a name that the guardrail does not give"},
		{"pending/hello", "{}", pendingOf, "a name that the guardrail does not give"},
	} {
		w := newWorld(t)
		w.wantError("Keep", w.Keep(t.Context(), record("event-1", "a", noon)), nil)
		w.plant(row.object, row.body)
		err := row.read(w)
		w.wantError(row.reason, err, ledger.ErrCorrupt)
		if err != nil && !strings.Contains(err.Error(), row.object) {
			t.Errorf("%s: the error does not name %s: %v", row.reason, row.object, err)
		}
	}
}

func ledgerOf(w *world) error { _, _, err := w.Ledger(w.t.Context(), key); return err }

func recordOf(w *world) error {
	_, err := w.Record(w.t.Context(), record("event-1", "a", noon).Name)
	return err
}

func entriesOf(w *world) error { _, err := w.Entries(w.t.Context(), keyARN, 9); return err }

func pendingOf(w *world) error { _, err := w.Pending(w.t.Context(), 9); return err }

func countIn(w *world) error {
	return w.Count(w.t.Context(), noon, "a", func(h ledger.Hour) (ledger.Hour, error) { return h, nil })
}

// One object that is not the guardrail's hides none of the others.
func TestPendingReturnsWhatCanBeRead(t *testing.T) {
	w := newWorld(t)
	names := []ledger.Name{record("event-1", "a", noon).Name, record("event-2", "b", noon.Add(time.Second)).Name}
	for _, name := range names {
		w.wantError("Point", w.Point(t.Context(), name), nil)
		w.wantError("Point again", w.Point(t.Context(), name), nil)
	}
	w.plant("pending/hello", "{}")
	got, err := w.Pending(t.Context(), 9)
	w.wantError("Pending", err, ledger.ErrCorrupt)
	if diff := cmp.Diff(names, got); diff != "" {
		t.Error(diff)
	}
	if got, err := w.Pending(t.Context(), 1); len(got) != 1 || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	w.wantError("Unpoint", w.Unpoint(t.Context(), names[0]), nil)
	w.wantError("Unpoint again", w.Unpoint(t.Context(), names[0]), nil)
	w.wantError("Unpoint of no name", w.Unpoint(t.Context(), "records/x"), ledger.ErrArchive)
	if got, _ := w.Pending(t.Context(), 9); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

// The key's parts become names of objects.
func TestALedgerIsThatOfItsKey(t *testing.T) {
	w := newWorld(t)
	for _, arn := range []string{"", "arn:aws:kms:us-east-1:111122223333:alias/x", keyARN[:len(keyARN)-1]} {
		_, err := w.Swap(t.Context(), key, ledger.Ledger{KeyARN: arn}, "")
		w.wantError(arn, err, ledger.ErrArchive)
	}
	w.wantNames("")
}

// An event's id may be any text: it is in the bodies, and in a name only as a hash.
func TestNoTextOfAnEventIsInAName(t *testing.T) {
	w := newWorld(t)
	const hostile = "../../../etc/passwd ?x=<y>\n"
	w.wantError("handle", w.handle(t.Context(), hostile, hostile, noon), nil)
	name := w.ledger().Repairs[0].Record
	w.wantError("KeepSuperseded", w.KeepSuperseded(t.Context(), name, other(hostile)), nil)
	for _, object := range w.names("") {
		if !regexp.MustCompile(`^[a-z]+/[A-Za-z0-9/.-]+$`).MatchString(object) || strings.Contains(object, "..") {
			t.Errorf("%q", object)
		}
	}
	if n := len(w.names("records/")); n != 2 {
		t.Errorf("%d objects", n)
	}
}
