package archive_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// The archive implements what the enforcer needs.
var _ enforcer.Archive = (*archive.Archive)(nil)

const (
	bucket  = "archive"
	keyARN  = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	keyPath = "111122223333/us-east-1/1234abcd-12ab-34cd-56ef-1234567890ab"
	key     = ledger.Key(keyPath)
)

var (
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	limits = ledger.Limits{Budget: 3, Window: 24 * time.Hour, AccountPerHour: 20, TotalPerHour: 100}
)

// world is an archive in a bucket with versions and Object Lock, on a server that counts
// requests and fails when it is told to.
type world struct {
	*archive.Archive
	t      *testing.T
	config aws.Config
	api    *s3.Client

	mu    sync.Mutex
	calls []string // method and path
	fault func(n int, r *http.Request) *objectstore.Fault
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	server := httptest.NewServer(objectstore.New(objectstore.Options{
		Buckets: []string{bucket}, Versioned: true, ObjectLock: true, Fault: w.strike,
	}))
	t.Cleanup(server.Close)
	w.config = aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	}
	w.api = s3.NewFromConfig(w.config)
	var err error
	w.Archive, err = archive.New(w.config, archive.Options{Bucket: bucket}, impatient)
	if err != nil {
		t.Fatal(err)
	}
	w.SetPageSize(2)
	return w
}

// impatient tries as often as the archive does, without waiting.
func impatient(o *s3.Options) {
	o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
		r.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		r.RateLimiter = ratelimit.None
		r.MaxAttempts = 3
	})
}

// strike counts a request, and lets it fail.
func (w *world) strike(r *http.Request) *objectstore.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/"+bucket))
	if w.fault == nil {
		return nil
	}
	return w.fault(len(w.calls)-1, r)
}

// counted returns how many requests there were since the last time.
func (w *world) counted() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.calls)
	w.calls = nil
	return n
}

// names returns the names of all current objects with a prefix.
func (w *world) names(prefix string) []string {
	w.t.Helper()
	names := []string{}
	pages := s3.NewListObjectsV2Paginator(w.api, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		for _, o := range page.Contents {
			names = append(names, *o.Key)
		}
	}
	return names
}

// plant writes an object past the archive, and text returns one.
func (w *world) plant(name, body string) {
	w.t.Helper()
	_, err := w.api.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &name, Body: strings.NewReader(body)},
		func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported })
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) text(name string) string {
	w.t.Helper()
	out, err := w.api.GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := io.ReadAll(out.Body)
	if err := errors.Join(err, out.Body.Close()); err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

// record is a holder's record for an event.
func record(event, holder string, at time.Time) ledger.Record {
	return ledger.Record{
		Name: ledger.NewName(key, at, holder, 1), Kind: ledger.ForFinding,
		Time: at, EventID: event, EventTime: noon.Add(-time.Minute), KeyARN: keyARN,
		GuardrailVersion: "v1", ConfigurationHash: "c0ffee",
		Actor:    &guardrail.Actor{ARN: "arn:aws:iam::111122223333:user/Mallory", EventID: event, EventTime: noon.Add(-time.Minute)},
		Severity: rules.Critical,
		Findings: []guardrail.Finding{{ID: "f1", Code: guardrail.CodePublicAccess, Severity: rules.Critical, Message: "<anybody> & all"}},
		Before:   ledger.PolicyText{Text: "{ \"Sid\": \"<&>\u00ff\n\" }", Hash: "b4"},
		After:    ledger.PolicyText{Text: `{}`, Hash: "af"},
		Edits:    json.RawMessage(`[{"remove":0}]`), Outcome: json.RawMessage(`{"schema":"1"}`),
	}
}

// other is another writer's policy.
func other(event string) ledger.Superseded {
	return ledger.Superseded{Time: noon, EventID: event, EventTime: noon, Policy: ledger.PolicyText{Text: "{ \"theirs\": 1 }", Hash: "0t"}}
}

// ledger returns the ledger of the key.
func (w *world) ledger() ledger.Ledger {
	w.t.Helper()
	l, _, err := w.Ledger(w.t.Context(), key)
	if err != nil {
		w.t.Fatal(err)
	}
	return l
}

func (w *world) wantError(what string, err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func (w *world) wantNames(prefix string, want ...string) {
	w.t.Helper()
	if got := w.names(prefix); !slices.Equal(got, want) {
		w.t.Errorf("objects under %q:\n%s\nwant:\n%s", prefix, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// handle is what the enforcer does for one event: it goes on where an earlier attempt ended.
func (w *world) handle(ctx context.Context, event, holder string, at time.Time) error {
	l, version, err := w.Ledger(ctx, key)
	if err != nil {
		return err
	}
	l.KeyARN = keyARN
	swap := func(next ledger.Ledger) error {
		l = next
		version, err = w.Swap(ctx, key, next, version)
		return err
	}
	var r *ledger.Repair
	for i := range l.Repairs {
		if l.Repairs[i].EventID == event {
			r = &l.Repairs[i]
		}
	}
	if r == nil {
		rec := record(event, holder, at)
		if err := w.Count(ctx, at, holder, func(h ledger.Hour) (ledger.Hour, error) { return h.Add("111122223333", limits, at) }); err != nil {
			return err
		}
		if err := w.Keep(ctx, rec); err != nil {
			return err
		}
		if err := w.Point(ctx, rec.Name); err != nil {
			return err
		}
		line := rec.Line(holder, at.Add(time.Minute))
		if err := swap(l.Claim(line)); err != nil {
			return err
		}
		r = &line
	}
	if r.Phase == ledger.Claimed {
		if err := swap(l.Mark(r.Record, at)); err != nil {
			return err
		}
	}
	if err := swap(l.Report(r.Record, at)); err != nil {
		return err
	}
	return w.Unpoint(ctx, r.Record)
}
