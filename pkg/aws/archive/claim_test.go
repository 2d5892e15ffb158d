package archive_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

func TestARepairLeavesItsClaimWriteAndReport(t *testing.T) {
	w := newWorld(t)
	r := record("event-1", "a", noon)
	c := w.must(enforcer.Fresh, r)
	claimCalls := w.counted()
	w.wantNames("", "breaker/20261123T12Z/111122223333/0001", "breaker/20261123T12Z/total/0001",
		"outbox/"+keyPath+"/"+day+"/0001", "repairs/"+keyPath+"/"+day+"/0001")
	w.counted()
	w.written(c)
	if err := w.MarkReported(t.Context(), c.Slot, enforcer.Reported{Time: noon}); err != nil {
		t.Fatal(err)
	}
	t.Logf("calls: claim %d, written and reported %d", claimCalls, w.counted())
	w.wantNames("outbox/")
	w.wantNames("repairs/", string(c.Slot), string(c.Slot)+"/reported", string(c.Slot)+"/written")
	e, err := w.Entry(t.Context(), c.Slot)
	want := enforcer.Entry{Hold: c.Hold, Record: r, Written: &enforcer.Written{Time: noon, Hash: "af"}, Reported: true}
	if diff := cmp.Diff(want, e); diff != "" || err != nil {
		t.Errorf("the entry (-want +got): %v\n%s", err, diff)
	}
}

func TestAMessageThatCameAgain(t *testing.T) {
	soon, later := noon.Add(invocation/2), noon.Add(invocation)
	for _, c := range []struct {
		reason string
		first  func(w *world, c enforcer.Claim)
		again  enforcer.Record
		want   enforcer.ClaimStatus // "" is ErrBusy
		turn   int
	}{
		{"the earlier attempt must be over by now", nil, record("event-1", "b", later), enforcer.Adopted, 1},
		{"the earlier attempt may still be writing", nil, record("event-1", "b", soon), "", 0},
		{"the same attempt asks again", nil, record("event-1", "a", soon), enforcer.Fresh, 0},
		{"the same attempt judged another policy", nil, rejudged("event-1", "a", soon), enforcer.Adopted, 1},
		{"another policy is on the key: whether the earlier attempt wrote is not known", nil, rejudged("event-1", "b", later), enforcer.Interrupted, 0},
		{"it was written", func(w *world, c enforcer.Claim) { w.written(c) }, record("event-1", "b", soon), enforcer.AlreadyWritten, 0},
		{"it was given up", func(w *world, c enforcer.Claim) {
			w.wantError("Abandon", w.Abandon(w.t.Context(), c.Hold, enforcer.Abandonment{Time: noon, Holder: "a", Reason: "kms-refused"}), nil)
		}, record("event-1", "b", later), enforcer.AlreadyAbandoned, 1},
		{"it was given up by another event", func(w *world, _ enforcer.Claim) {
			w.must(enforcer.Fresh, record("event-2", "c", noon.Add(lock)))
		}, record("event-1", "b", noon.Add(lock)), enforcer.AlreadyAbandoned, 1},
		{"a window later, it is still the same message", func(w *world, c enforcer.Claim) { w.written(c) },
			record("event-1", "b", noon.Add(13*24*time.Hour)), enforcer.AlreadyWritten, 0},
	} {
		t.Run(c.reason, func(t *testing.T) {
			w := newWorld(t)
			first := w.must(enforcer.Fresh, record("event-1", "a", noon))
			if c.first != nil {
				c.first(w, first)
			}
			breakers := len(w.names("breaker/"))
			got, err := w.Claim(t.Context(), c.again, limits)
			if c.want == "" {
				w.wantError("Claim", err, enforcer.ErrBusy)
				return
			}
			if err != nil || got.Status != c.want || got.Slot != first.Slot || got.Turn != c.turn {
				t.Fatalf("Claim: %+v, %v; want %q of %s in turn %d", got, err, c.want, first.Slot, c.turn)
			}
			if got.Status == enforcer.Adopted && cmp.Diff(got.Record, c.again) != "" {
				t.Errorf("the adopted claim has the record %+v", got.Record)
			}
			if got.Status == enforcer.Interrupted && (got.Held() || cmp.Diff(got.Record, first.Record) != "") {
				t.Errorf("the interrupted claim may be written by %t, and has the record %+v", got.Held(), got.Record)
			}
			if n := len(w.names("breaker/")); n != breakers {
				t.Errorf("the breaker counts %d, after %d", n, breakers)
			}
		})
	}
}

func rejudged(event, holder string, at time.Time) enforcer.Record {
	r := record(event, holder, at)
	r.Before = enforcer.PolicyText{Text: `{"Version":"2012-10-17"}`, Hash: "b5"}
	return r
}

func TestTheSameAttemptFindsItsAdoptedClaim(t *testing.T) {
	w := newWorld(t)
	w.must(enforcer.Fresh, record("event-1", "a", noon))
	w.must(enforcer.Adopted, record("event-1", "b", noon.Add(invocation)))
	again := w.must(enforcer.Adopted, record("event-1", "b", noon.Add(invocation+time.Second)))
	if again.Turn != 1 {
		t.Errorf("asked again: %+v", again)
	}
}

// Until then KMS may answer with the policy before the earlier attempt's write.
func TestAClaimIsNotTakenOverBeforeKMSHasSettled(t *testing.T) {
	w := newWorld(t)
	w.must(enforcer.Fresh, record("event-1", "a", noon))
	settling := limits
	settling.Settle = 10 * time.Minute
	_, err := w.Claim(t.Context(), record("event-1", "b", noon.Add(10*time.Minute-time.Second)), settling)
	w.wantError("before", err, enforcer.ErrBusy)
	w.wantNames("repairs/", "repairs/"+keyPath+"/"+day+"/0001")
	c, err := w.Claim(t.Context(), record("event-1", "b", noon.Add(10*time.Minute)), settling)
	if err != nil || c.Status != enforcer.Adopted {
		t.Errorf("after: %q, %v", c.Status, err)
	}
}

func TestOtherEventsOfTheKeyWaitForTheLock(t *testing.T) {
	w := newWorld(t)
	first := w.must(enforcer.Fresh, record("event-1", "a", noon))
	_, err := w.Claim(t.Context(), record("event-2", "b", noon.Add(lock-time.Second)), limits)
	w.wantError("before the lock time", err, enforcer.ErrBusy)
	second := w.must(enforcer.Fresh, record("event-2", "b", noon.Add(lock)))
	if want := enforcer.Slot("repairs/" + keyPath + "/" + day + "/0002"); second.Slot != want {
		t.Errorf("the second claim is %s, want %s", second.Slot, want)
	}
	e, err := w.Entry(t.Context(), first.Slot)
	if err != nil || e.Abandoned == nil || e.Abandoned.Reason != enforcer.LockExpired || e.Abandoned.EventID != "event-2" || cmp.Diff(e.Record, first.Record) != "" {
		t.Errorf("the first claim: %+v, %v", e, err)
	}
	w.wantError("Abandon of a lost claim", w.Abandon(t.Context(), first.Hold, enforcer.Abandonment{Time: noon, Holder: "a"}), enforcer.ErrBusy)
	w.written(second)
	w.must(enforcer.Fresh, record("event-3", "c", noon.Add(lock+time.Second)))
}

func TestTheLockHoldsIntoTheNextWindow(t *testing.T) {
	w := newWorld(t)
	midnight := noon.Add(12 * time.Hour)
	w.must(enforcer.Fresh, record("event-1", "a", midnight.Add(-time.Minute)))
	_, err := w.Claim(t.Context(), record("event-2", "b", midnight), limits)
	w.wantError("one minute later", err, enforcer.ErrBusy)
	shorter := limits
	shorter.Window = time.Minute
	_, err = w.Claim(t.Context(), record("event-2", "b", midnight.Add(10*time.Minute)), shorter)
	w.wantError("after the windows were made shorter", err, enforcer.ErrBusy)
}

func TestTheBudgetOfAWindow(t *testing.T) {
	w := newWorld(t)
	for i, event := range []string{"event-1", "event-2", "event-3"} {
		w.written(w.must(enforcer.Fresh, record(event, "a", noon.Add(time.Duration(i)*time.Minute))))
	}
	_, err := w.Claim(t.Context(), record("event-4", "a", noon.Add(time.Hour)), limits)
	var spent *enforcer.BudgetError
	if !errors.As(err, &spent) {
		t.Fatalf("a fourth claim: %v", err)
	}
	if midnight := noon.Add(12 * time.Hour); spent.Budget != 3 || !spent.Until.Equal(midnight) || len(spent.Used) != 3 {
		t.Errorf("the budget: %+v", spent)
	}
	want := enforcer.BudgetUse{
		Slot: enforcer.Slot("repairs/" + keyPath + "/" + day + "/0002"), Time: noon.Add(time.Minute), EventID: "event-2",
		ActorARN: "arn:aws:iam::111122223333:user/Mallory", Written: true,
	}
	if diff := cmp.Diff(want, spent.Used[1]); diff != "" {
		t.Errorf("the second use (-want +got):\n%s", diff)
	}
	if len(w.names("repairs/")) != 6 {
		t.Errorf("a refused claim left something: %v", w.names("repairs/"))
	}
	w.must(enforcer.Fresh, record("event-4", "a", noon.Add(12*time.Hour)))
}

func TestTheBreakerCountsAnAccountAndAllOfThem(t *testing.T) {
	for _, c := range []struct {
		reason         string
		account, total int
		accounts       []string
		want           enforcer.BreakerScope // of the last; "" is none
	}{
		{"both limits are just reached", 2, 3, []string{"111122223333", "444455556666", "111122223333"}, ""},
		{"the account had two", 2, 9, []string{"111122223333", "111122223333", "111122223333"}, enforcer.AccountBreaker},
		{"an account's limit does not stop others", 1, 9, []string{"111122223333", "444455556666"}, ""},
		{"all accounts had two together", 2, 2, []string{"111122223333", "444455556666", "777788889999"}, enforcer.TotalBreaker},
	} {
		t.Run(c.reason, func(t *testing.T) {
			w := newWorld(t)
			l := limits
			l.AccountPerHour, l.TotalPerHour = c.account, c.total
			var err error
			for i, account := range c.accounts {
				if err != nil {
					t.Fatal(err)
				}
				r := record("event", "a", noon)
				r.KeyARN = "arn:aws:kms:eu-west-1:" + account + ":key/k" + string(rune('0'+i))
				_, err = w.Claim(t.Context(), r, l)
			}
			var reached *enforcer.BreakerError
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &reached) || reached.Scope != c.want || !reached.Until.Equal(noon.Add(time.Hour))):
				t.Errorf("the last: %v, want the limit of %s", err, c.want)
			case c.want != "" && len(w.names("repairs/")) != len(c.accounts)-1:
				t.Error("a repair that is held used up a part of its budget")
			}
		})
	}
}

func TestTheBreakerOpensAgainInTheNextHour(t *testing.T) {
	w := newWorld(t)
	l := limits
	l.AccountPerHour = 1
	c, err := w.Claim(t.Context(), record("event-1", "a", noon), l)
	if err != nil {
		t.Fatal(err)
	}
	w.written(c)
	if _, err := w.Claim(t.Context(), record("event-2", "a", noon.Add(59*time.Minute)), l); err == nil {
		t.Error("in the same hour: no error")
	}
	if _, err := w.Claim(t.Context(), record("event-2", "a", noon.Add(time.Hour)), l); err != nil {
		t.Error(err)
	}
}

func TestAClaimThatTheBreakerStopsHoldsNoLock(t *testing.T) {
	w := newWorld(t)
	l := limits
	l.AccountPerHour = 1
	w.fault = func(_ int, r *http.Request) *objectstore.Fault {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/breaker/") {
			return &objectstore.Fault{Drop: true}
		}
		return nil
	}
	if _, err := w.Claim(t.Context(), record("event-1", "a", noon), l); err == nil {
		t.Fatal("the breaker was not asked")
	}
	w.inject() // nothing, from now on
	other := record("event-2", "b", noon)
	other.KeyARN += "0"
	if _, err := w.Claim(t.Context(), other, l); err != nil {
		t.Fatal(err)
	}
	_, err := w.Claim(t.Context(), record("event-1", "c", noon.Add(invocation)), l)
	var reached *enforcer.BreakerError
	if !errors.As(err, &reached) || reached.Scope != enforcer.AccountBreaker {
		t.Errorf("after another key took the last number: %v", err)
	}
	again := w.must(enforcer.Fresh, record("event-1", "d", noon.Add(2*invocation))) // it was surely not written
	entries, err := w.Entries(t.Context(), keyARN, 2)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%+v, %v", entries, err)
	}
	first := entries[1]
	if first.Abandoned == nil || first.Abandoned.Reason != enforcer.BreakerOpened || again.Slot == first.Slot {
		t.Errorf("the claim was given up: %+v", first.Abandoned)
	}
	w.written(again)
	w.must(enforcer.AlreadyWritten, record("event-1", "e", noon.Add(3*invocation)))
	w.must(enforcer.Fresh, record("event-3", "f", noon.Add(3*invocation)))
}

func TestWhatCannotBeArchivedIsRefused(t *testing.T) {
	for _, c := range []struct {
		reason string
		change func(r *enforcer.Record, l *enforcer.Limits)
		want   error
		word   string
	}{
		{"a key ARN must not choose its own path", func(r *enforcer.Record, _ *enforcer.Limits) {
			r.KeyARN = "arn:aws:kms:us-east-1:111122223333:key/../../state/x"
		}, enforcer.ErrArchive, "key ARN"},
		{"an alias is no key", func(r *enforcer.Record, _ *enforcer.Limits) {
			r.KeyARN = "arn:aws:kms:us-east-1:111122223333:alias/x"
		}, enforcer.ErrArchive, "key ARN"},
		{"attempts must be told apart", func(r *enforcer.Record, _ *enforcer.Limits) { r.Holder = "" }, enforcer.ErrArchive, "holder"},
		{"messages must be told apart", func(r *enforcer.Record, _ *enforcer.Limits) { r.EventID = "" }, enforcer.ErrArchive, "event id"},
		{"a name has a bound", func(r *enforcer.Record, _ *enforcer.Limits) { r.EventID = strings.Repeat("x", 1025) }, enforcer.ErrArchive, "1024"},
		{"JSON would replace it", func(r *enforcer.Record, _ *enforcer.Limits) { r.Before.Text = "\xff" }, enforcer.ErrArchive, "UTF-8"},
		{"there is nothing to archive", func(r *enforcer.Record, _ *enforcer.Limits) { r.Before.Text = "" }, enforcer.ErrArchive, "no policy"},
		{"it could not be read again", func(r *enforcer.Record, _ *enforcer.Limits) { r.Before.Text = strings.Repeat("x", 1<<20) }, enforcer.ErrArchive, "bytes"},
		{"edits are JSON", func(r *enforcer.Record, _ *enforcer.Limits) { r.Edits = []byte("{") }, enforcer.ErrArchive, "JSON"},
		{"nobody knows what became of it", func(r *enforcer.Record, _ *enforcer.Limits) {
			r.EventTime = noon.Add(-15 * 24 * time.Hour)
		}, enforcer.ErrTooOld, "old"},
		{"claims are looked for from the event on", func(r *enforcer.Record, _ *enforcer.Limits) { r.EventTime = noon.Add(2 * time.Hour) }, enforcer.ErrArchive, "future"},
		{"no budget is no limit", func(_ *enforcer.Record, l *enforcer.Limits) { l.Budget = 0 }, enforcer.ErrArchive, "budget"},
		{"a window of nothing", func(_ *enforcer.Record, l *enforcer.Limits) { l.Window = 0 }, enforcer.ErrArchive, "window"},
		{"a name has whole seconds", func(_ *enforcer.Record, l *enforcer.Limits) { l.Window = time.Hour + time.Millisecond }, enforcer.ErrArchive, "window"},
		{"no breaker is no limit", func(_ *enforcer.Record, l *enforcer.Limits) { l.TotalPerHour = 0 }, enforcer.ErrArchive, "hourly"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			w := newWorld(t)
			r, l := record("event-1", "a", noon), limits
			c.change(&r, &l)
			_, err := w.Claim(t.Context(), r, l)
			w.wantError("Claim", err, c.want)
			if err != nil && !strings.Contains(err.Error(), c.word) {
				t.Errorf("the error %q does not say %q", err, c.word)
			}
			w.wantNames("")
		})
	}
}

func TestNoTextOfAnEventIsInAName(t *testing.T) {
	w := newWorld(t)
	evil := "../../state/x\n\x1b[2J?versionId=1"
	c := w.must(enforcer.Fresh, record(evil, evil, noon))
	err := w.MarkSuperseded(t.Context(), c.Slot, enforcer.Superseded{Time: noon, EventID: evil, EventTime: noon, Policy: enforcer.PolicyText{Text: evil}})
	w.wantError("MarkSuperseded", err, nil)
	for _, name := range w.names("") {
		if strings.ContainsAny(name, ".?\n\x1b") {
			t.Errorf("there is an object %q", name)
		}
	}
	w.wantNames("state/")
}
