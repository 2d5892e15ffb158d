package archive_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
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
// later, or another's.
func (w *world) settle(crash bool) int {
	w.t.Helper()
	for attempt := range 20 {
		holder, at := "a", noon.Add(time.Duration(attempt)*time.Second)
		if crash {
			holder = fmt.Sprint(attempt)
		}
		if err := w.handle(w.t.Context(), "event-1", holder, at); err == nil {
			return attempt
		} else if errors.Is(err, ledger.ErrArchive) {
			w.t.Fatalf("a fault that may go away is taken for a permanent one: %v", err)
		}
	}
	w.t.Fatal("the message is not done after 20 attempts")
	return 0
}

// wantSettled checks the end of every story: one repair of the event, written, reported,
// archived, and counted once for each attempt at most.
func (w *world) wantSettled(story string, attempts int) {
	w.t.Helper()
	l := w.ledger()
	if len(l.Repairs) != 1 || l.Repairs[0].Phase != ledger.Written || !l.Repairs[0].Reported {
		w.t.Errorf("%s: the ledger has %+v", story, l.Repairs)
		return
	}
	if _, err := w.Record(w.t.Context(), l.Repairs[0].Record); err != nil {
		w.t.Errorf("%s: the record: %v", story, err)
	}
	if names, err := w.Pending(w.t.Context(), 10); slices.Contains(names, l.Repairs[0].Record) || err != nil {
		w.t.Errorf("%s: pending are %q, %v", story, names, err)
	}
	counted := 0
	err := w.Count(w.t.Context(), noon, "test", func(h ledger.Hour) (ledger.Hour, error) { counted = h.Total; return h, nil })
	if err != nil || counted < 1 || counted > 1+attempts*3 {
		w.t.Errorf("%s: counted %d times in %d attempts, %v", story, counted, attempts, err)
	}
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
			attempts := w.settle(crash)
			again += attempts
			w.inject()
			w.wantSettled(fmt.Sprintf("%+v, crash %t", failures, crash), attempts+1)
		}
	}
	t.Logf("proof: %d cases of faults %s in %d calls, %d further attempts", len(crashes)*len(cases), how, calls, again)
	if again < len(cases) {
		t.Error("the faults did not strike")
	}
}

// An error about one object is for good. Whatever refuses the guardrail can be mended by somebody.
func TestPermanentErrorsAreThoseOfOneObjectAndNoneIsTriedAgainAtOnce(t *testing.T) {
	for _, c := range []struct {
		code        string
		status      int
		isPermanent bool
		reason      string
	}{
		{"EntityTooLarge", 400, true, "the object stays as large"},
		{"KeyTooLongError", 400, true, "the name stays as long"},
		{"InvalidObjectState", 403, true, "the object is in cold storage"},
		{"AccessDenied", 403, false, "somebody may give the permission"},
		{"AllAccessDisabled", 403, false, "AWS has closed the bucket for a while"},
		{"NoSuchBucket", 404, false, "the bucket may be made again"},
		{"InvalidRequest", 400, false, "the bucket may be configured wrongly"},
		{"KMS.DisabledException", 400, false, "somebody may enable the key of the bucket"},
	} {
		t.Run(c.code, func(t *testing.T) {
			w := newWorld(t)
			w.fault = func(int, *http.Request) *objectstore.Fault { return &objectstore.Fault{Status: c.status, Code: c.code} }
			err := w.Keep(t.Context(), record("event-1", "a", noon))
			if err == nil || errors.Is(err, ledger.ErrArchive) != c.isPermanent || !strings.Contains(err.Error(), c.code) {
				t.Errorf("%v: %s", err, c.reason)
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
	_, _, err := w.Ledger(t.Context(), key)
	if err == nil || errors.Is(err, ledger.ErrArchive) || w.counted() != 3 {
		t.Errorf("Ledger: %v", err)
	}
}
