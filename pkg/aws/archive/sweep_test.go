package archive_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

func (w *world) sweeps(account, region string) *archive.Sweeps {
	w.t.Helper()
	s, err := w.Sweeps(account, region)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestTheLastSweepIsThatOfItsAccountAndRegion(t *testing.T) {
	w := newWorld(t)
	here, there := w.sweeps("111122223333", "us-east-1"), w.sweeps("111122223333", "eu-west-1")
	wantLast := func(s *archive.Sweeps, want, when string) {
		t.Helper()
		if got, err := s.LastSweep(t.Context()); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", when, got, err, want)
		}
	}
	wantLast(here, "", "before the first")
	for i, hash := range []string{"a1", "b2", "b2"} {
		if err := here.SaveSweep(t.Context(), "sweep", noon.Add(time.Duration(i)*time.Hour), hash); err != nil {
			t.Fatal(err)
		}
		wantLast(here, hash, "after a sweep")
	}
	wantLast(there, "", "in another Region")
	w.wantNames("", "sweep/111122223333/us-east-1")
	want := `{"schema":"1","kind":"sweep","body":{"sweepId":"sweep","time":"2026-11-23T14:00:00Z","configurationHash":"b2"}}`
	if got := strings.TrimSpace(w.text("sweep/111122223333/us-east-1")); got != want {
		t.Errorf("the object is %s", got)
	}
}

// A sweep that does not know the last one must not go on.
func TestALastSweepThatCannotBeReadIsAnError(t *testing.T) {
	w := newWorld(t)
	const name = "sweep/111122223333/us-east-1"
	s := w.sweeps("111122223333", "us-east-1")
	w.plant(name, `{"schema":"1","kind":"ledger","body":{}}`)
	_, err := s.LastSweep(t.Context())
	w.wantError("another kind of object", err, ledger.ErrCorrupt)
	if err := s.SaveSweep(t.Context(), "sweep", noon, "a1"); err != nil {
		t.Fatal(err)
	}
	w.inject(failure{0, 3, "failed"})
	if _, err := s.LastSweep(t.Context()); err == nil {
		t.Error("S3 does not answer, and that is taken for an answer")
	}
	w.inject(failure{0, 3, "failed"})
	if err := s.SaveSweep(t.Context(), "sweep", noon, "b2"); err == nil {
		t.Error("a sweep that was not saved is taken for saved")
	}
	w.inject()
	if last, err := s.LastSweep(t.Context()); last != "a1" || err != nil {
		t.Errorf("after the faults: %q, %v", last, err)
	}
}

func TestSweepsAreOfAnAccountAndARegion(t *testing.T) {
	w := newWorld(t)
	for _, place := range [][2]string{{"", "us-east-1"}, {"111122223333", ""}, {"111122223333", "../repairs"}, {"11112222333x", "us-east-1"}} {
		_, err := w.Sweeps(place[0], place[1])
		w.wantError(place[0]+"/"+place[1], err, ledger.ErrArchive)
	}
}
