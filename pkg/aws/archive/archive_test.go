package archive_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

func TestAnArchiveNeedsABucket(t *testing.T) {
	if _, err := archive.New(aws.Config{}, archive.Options{}); err == nil || !strings.Contains(err.Error(), "bucket") {
		t.Errorf("New: %v", err)
	}
}

func TestTheContextEndsACall(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	w.fault = func(int, *http.Request) *objectstore.Fault {
		cancel()
		return &objectstore.Fault{Status: 503, Code: "SlowDown"}
	}
	if err := w.Keep(ctx, record("event-1", "a", noon)); err == nil {
		t.Fatal("no error")
	}
	if n := w.counted(); n != 1 {
		t.Errorf("%d calls after the context had ended", n)
	}
}

// TestCallsOfARepair pins what a repair costs; the package doc says it in words.
func TestCallsOfARepair(t *testing.T) {
	w := newWorld(t)
	w.wantError("handle", w.handle(t.Context(), "event-1", "a", noon), nil)
	if n := w.counted(); n != 9 {
		t.Errorf("%d calls, want 9", n)
	}
}

func TestWhatObjectLockKeepsIsNeverReplacedOrDeleted(t *testing.T) {
	w := newWorld(t)
	w.fault = func(_ int, r *http.Request) *objectstore.Fault {
		name := strings.TrimPrefix(r.URL.Path, "/"+bucket+"/")
		isCounter := strings.HasPrefix(name, "keys/") || strings.HasPrefix(name, "hours/")
		isSwap := r.Header.Get("If-None-Match") == "*" || r.Header.Get("If-Match") != ""
		switch {
		case strings.HasPrefix(name, "records/") && (r.Method == http.MethodDelete || r.Method == http.MethodPut && r.Header.Get("If-None-Match") != "*"),
			isCounter && (r.Method == http.MethodDelete || r.Method == http.MethodPut && !isSwap):
			t.Errorf("%s %s without a condition", r.Method, name)
		}
		return nil
	}
	w.wantError("handle", w.handle(t.Context(), "event-1", "a", noon), nil)
	w.wantError("handle", w.handle(t.Context(), "event-2", "b", noon.Add(time.Second)), nil)
	w.wantError("KeepSuperseded", w.KeepSuperseded(t.Context(), record("event-1", "a", noon).Name, other("event-3")), nil)
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
	w.Archive, err = archive.New(w.config, archive.Options{Bucket: bucket, BucketOwner: "111122223333"})
	if err != nil {
		t.Fatal(err)
	}
	w.wantError("handle", w.handle(t.Context(), "event-1", "a", noon), nil)
	_, err = w.Entries(t.Context(), keyARN, 1)
	w.wantError("Entries", err, nil)
	if w.counted() == 0 {
		t.Error("the requests were not seen")
	}
}
