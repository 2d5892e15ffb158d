package archive_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

func TestOptionsThatCannotBeSafeAreRefused(t *testing.T) {
	for _, c := range []struct {
		reason  string
		options archive.Options
		word    string // of the error; "" is none
	}{
		{"the defaults are safe for every function", archive.Options{Bucket: bucket}, ""},
		{"there is no bucket", archive.Options{}, "bucket"},
		{"an invocation could outlive its lock", archive.Options{Bucket: bucket, Invocation: time.Hour, Lock: time.Minute}, "lock time"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			_, err := archive.New(aws.Config{}, c.options)
			if (err == nil) != (c.word == "") || (err != nil && !strings.Contains(err.Error(), c.word)) {
				t.Errorf("New: %v, want %q", err, c.word)
			}
		})
	}
}

func TestTheContextEndsACall(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.fault = func(int, *http.Request) *objectstore.Fault {
		cancel()
		return &objectstore.Fault{Status: 503, Code: "SlowDown"}
	}
	_, err := w.Claim(ctx, record("event-1", "a", noon), limits)
	if err == nil {
		t.Fatal("no error")
	}
	if n := w.counted(); n != 1 {
		t.Errorf("%d calls after the context had ended", n)
	}
}

// TestCallsOfEachStory pins what a repair costs; the package doc says it in words.
func TestCallsOfEachStory(t *testing.T) {
	w := newWorld(t)
	w.SetPageSize(1000)
	count := func(story string, want int) {
		t.Helper()
		if n := w.counted(); n != want {
			t.Errorf("%s: %d calls, want %d", story, n, want)
		}
	}
	c := w.must(enforcer.Fresh, record("event-1", "a", noon))
	count("a claim", 6)
	w.written(c)
	count("a write", 1)
	w.must(enforcer.AlreadyWritten, record("event-1", "b", noon.Add(time.Minute)))
	count("a redelivery after the write", 2)
	if _, err := w.UnreportedOf(t.Context(), keyARN); err != nil {
		t.Error(err)
	}
	count("what is unreported of a key, one", 4)
	w.wantError("MarkReported", w.MarkReported(t.Context(), c.Slot, enforcer.Reported{Time: noon}), nil)
	count("a report", 2)
	if _, err := w.UnreportedOf(t.Context(), keyARN); err != nil {
		t.Error(err)
	}
	count("what is unreported of a key, none", 1)
	if _, _, err := w.State(t.Context(), keyARN); err != nil {
		t.Error(err)
	}
	count("a state", 1)
	w.must(enforcer.Fresh, record("event-2", "a", noon))
	count("a second claim", 7)
	w.must(enforcer.Adopted, record("event-2", "b", noon.Add(invocation)))
	count("a redelivery that adopts its claim", 10)
}

func TestWhatObjectLockKeepsIsNeverReplacedOrDeleted(t *testing.T) {
	w := newWorld(t)
	w.fault = func(_ int, r *http.Request) *objectstore.Fault {
		name := strings.TrimPrefix(r.URL.Path, "/"+bucket+"/")
		kept := strings.HasPrefix(name, "repairs/") || strings.HasPrefix(name, "breaker/")
		if kept && (r.Method == http.MethodDelete || (r.Method == http.MethodPut && r.Header.Get("If-None-Match") != "*")) {
			t.Errorf("%s %s without a condition", r.Method, name)
		}
		return nil
	}
	first := w.must(enforcer.Fresh, record("event-1", "a", noon))
	w.must(enforcer.Adopted, record("event-1", "b", noon.Add(invocation)))
	w.written(w.must(enforcer.Fresh, record("event-2", "c", noon.Add(time.Hour))))
	w.wantError("MarkSuperseded", w.MarkSuperseded(t.Context(), first.Slot, superseded("event-3", noon)), nil)
	w.wantError("MarkReported", w.MarkReported(t.Context(), first.Slot, enforcer.Reported{Time: noon}), nil)
	if w.counted() < 15 {
		t.Error("the requests were not seen")
	}
}

func TestEveryCallNamesTheBucketsOwner(t *testing.T) {
	w := newWorld(t)
	w.fault = func(_ int, r *http.Request) *objectstore.Fault {
		if r.Header.Get("X-Amz-Expected-Bucket-Owner") != "111122223333" {
			t.Errorf("%s %s does not", r.Method, r.URL.Path)
		}
		return nil
	}
	var err error
	w.Archive, err = archive.New(w.config, archive.Options{Bucket: bucket, BucketOwner: "111122223333", Invocation: invocation})
	if err != nil {
		t.Fatal(err)
	}
	w.wantError("handle", w.handle(t.Context(), record("event-1", "a", noon)), nil)
	_, version, err := w.State(t.Context(), keyARN)
	w.wantError("State", err, nil)
	_, err = w.SaveState(t.Context(), keyARN, enforcer.KeyState{}, version)
	w.wantError("SaveState", err, nil)
	if w.counted() == 0 {
		t.Error("the requests were not seen")
	}
}
