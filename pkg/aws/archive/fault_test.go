package archive_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// faults are those after which trying again may help.
var faults = map[string]objectstore.Fault{
	"throttled":      {Status: http.StatusServiceUnavailable, Code: "SlowDown"},
	"failed":         {Status: http.StatusInternalServerError, Code: "InternalError"},
	"done, failed":   {After: true, Status: http.StatusInternalServerError, Code: "InternalError"},
	"hung up":        {Drop: true},
	"done, hung up":  {After: true, Drop: true},
	"contended":      {Status: http.StatusConflict, Code: "ConditionalRequestConflict"},
	"expired":        {Status: http.StatusBadRequest, Code: "ExpiredToken"},
	"denied by skew": {Status: http.StatusForbidden, Code: "RequestTimeTooSkewed"},
}

// failure lets some requests in a row fail.
type failure struct {
	at, times int
	kind      string
}

func (w *world) inject(failures ...failure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = nil
	w.fault = func(n int, _ *http.Request) *objectstore.Fault {
		for _, f := range failures {
			if n >= f.at && n < f.at+f.times {
				fault := faults[f.kind]
				return &fault
			}
		}
		return nil
	}
}

// settle handles a message until it is done. Each attempt is the same holder's a second
// later, or another's after the first must have ended.
func (w *world) settle(crash bool) int {
	w.t.Helper()
	for attempt := range 20 {
		holder, at := "a", noon.Add(time.Duration(attempt)*time.Second)
		if crash {
			holder, at = fmt.Sprint(attempt), noon.Add(time.Duration(attempt)*invocation)
		}
		if err := w.handle(w.t.Context(), record("event-1", holder, at)); err == nil {
			return attempt
		} else if errors.Is(err, enforcer.ErrArchive) {
			w.t.Fatalf("a fault that may go away is taken for a permanent one: %v", err)
		}
	}
	w.t.Fatal("the message is not done after 20 attempts")
	return 0
}

// wantSettled checks the end of every story: one claim of the event, written, reported,
// once in each breaker, and nothing in the outbox.
func (w *world) wantSettled(story string) {
	w.t.Helper()
	// A pointer that a fault left behind goes with the flush.
	if entries, err := w.Unreported(w.t.Context(), 10); len(entries) != 0 || err != nil {
		w.t.Errorf("%s: unreported is %+v, %v", story, entries, err)
	}
	names := slices.DeleteFunc(w.names(""), func(name string) bool { return strings.Contains(name, "/handover/") })
	slot := "repairs/" + keyPath + "/" + day + "/0001"
	want := []string{"breaker/20261123T12Z/111122223333/0001", "breaker/20261123T12Z/total/0001", slot, slot + "/reported", slot + "/written"}
	if !slices.Equal(names, want) {
		w.t.Errorf("%s: ends with\n%s", story, strings.Join(names, "\n"))
	}
	w.must(enforcer.AlreadyWritten, record("event-1", "late", noon.Add(time.Hour)))
}

func TestEveryFaultOfEveryCallEndsInTheSameState(t *testing.T) {
	w := newWorld(t)
	w.settle(false)
	calls := w.counted()
	var singles [][]failure
	for at := range calls {
		for kind := range faults {
			singles = append(singles, []failure{{at, 1, kind}}, []failure{{at, 3, kind}})
		}
	}
	runFaults(t, "singly", calls, singles, false, true)

	var pairs [][]failure
	for first := range calls {
		for second := first + 3; second < calls+6; second++ { // the second strikes in the next attempt, too
			for _, kinds := range [][2]string{
				{"done, failed", "done, hung up"}, {"done, hung up", "failed"}, {"failed", "done, failed"}, {"hung up", "throttled"},
			} {
				pairs = append(pairs, []failure{{first, 3, kinds[0]}, {second, 3, kinds[1]}})
			}
		}
	}
	runFaults(t, "in pairs", calls, pairs, true)
}

func runFaults(t *testing.T, how string, calls int, cases [][]failure, crashes ...bool) {
	t.Helper()
	again := 0
	for _, failures := range cases {
		for _, crash := range crashes {
			w := newWorld(t)
			w.inject(failures...)
			again += w.settle(crash)
			w.inject()
			w.wantSettled(fmt.Sprintf("%+v, crash %t", failures, crash))
		}
	}
	t.Logf("proof: %d cases of faults %s in %d calls, %d further attempts", len(crashes)*len(cases), how, calls, again)
	if again < len(cases) {
		t.Error("the faults did not strike")
	}
}

func TestPermanentErrorsAreNotTriedAgain(t *testing.T) {
	for _, c := range []struct {
		code   string
		status int
	}{
		{"AccessDenied", 403}, {"NoSuchBucket", 404}, {"InvalidRequest", 400}, {"KMS.DisabledException", 400}, {"AllAccessDisabled", 403},
	} {
		t.Run(c.code, func(t *testing.T) {
			w := newWorld(t)
			w.fault = func(int, *http.Request) *objectstore.Fault { return &objectstore.Fault{Status: c.status, Code: c.code} }
			_, err := w.Claim(t.Context(), record("event-1", "a", noon), limits)
			w.wantError("Claim", err, enforcer.ErrArchive)
			if err != nil && !strings.Contains(err.Error(), c.code) {
				t.Errorf("the error %q does not say %s", err, c.code)
			}
			if n := w.counted(); n != 1 {
				t.Errorf("%d calls", n)
			}
		})
	}
}

func TestAThrottledCallIsTriedThreeTimes(t *testing.T) {
	w := newWorld(t)
	w.fault = func(int, *http.Request) *objectstore.Fault { return &objectstore.Fault{Status: 503, Code: "SlowDown"} }
	_, _, err := w.State(t.Context(), keyARN)
	if err == nil || errors.Is(err, enforcer.ErrArchive) || w.counted() != 3 {
		t.Errorf("State: %v", err)
	}
}
