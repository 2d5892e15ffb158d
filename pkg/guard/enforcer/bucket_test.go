package enforcer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// bucket is the bucket of an archive: S3 over its protocol, without a network.
type bucket struct {
	store http.Handler
	// strike is asked about each call, and may answer in place of S3; nil is never.
	strike func(r *http.Request, call serve) (*http.Response, error)

	mu    sync.Mutex
	calls []string
}

// serve lets S3 answer.
type serve func() *http.Response

func newBucket(c *clock) *bucket {
	return &bucket{store: objectstore.New(objectstore.Options{Buckets: []string{"archive"}, Versioned: true, ObjectLock: true, Clock: c.now})}
}

// archive is a client of the bucket that tries each call once: what the archive's own
// tries are good for, its tests show.
func (b *bucket) archive() *archive.Archive {
	config := aws.Config{Region: virginia, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""), HTTPClient: b}
	a, err := archive.New(config, archive.Options{Bucket: "archive"}, func(o *s3.Options) {
		o.UsePathStyle, o.BaseEndpoint, o.Retryer = true, aws.String("http://s3.test"), aws.NopRetryer{}
	})
	if err != nil {
		panic(err)
	}
	return a
}

// Do implements the SDK's HTTPClient.
func (b *bucket) Do(r *http.Request) (*http.Response, error) {
	b.mu.Lock()
	b.calls = append(b.calls, r.Method+" "+strings.TrimPrefix(r.URL.Path, "/archive"))
	b.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	call := func() *http.Response {
		in := r.Clone(r.Context()) // as a server would get it
		in.Header.Set("Content-Length", fmt.Sprint(r.ContentLength))
		if in.Body == nil {
			in.Body = http.NoBody
		}
		answer := httptest.NewRecorder()
		b.store.ServeHTTP(answer, in)
		return answer.Result()
	}
	if b.strike != nil {
		return b.strike(r, call)
	}
	return call(), nil
}

// counted returns the calls since the last time.
func (b *bucket) counted() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := b.calls
	b.calls = nil
	return calls
}

// entry is a repair that the ledger of a key names, with its texts.
type entry struct {
	ledger.Repair
	Record     ledger.Record
	Superseded []ledger.Superseded
}

func (e entry) isWritten() bool { return e.Phase == ledger.Written }
func (e entry) isEnded() bool   { return e.Phase == ledger.Ended }

// entries are the repairs of a key that its ledger names, newest first.
func (b *bucket) entries(t testing.TB, arn string) []entry {
	t.Helper()
	list, err := b.archive().Entries(context.Background(), arn, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var named []entry
	for _, e := range list {
		if e.Repair != nil {
			named = append(named, entry{*e.Repair, e.Record, e.Superseded})
		}
	}
	return named
}

// ledger is that of a key.
func (b *bucket) ledger(t testing.TB, arn string) ledger.Ledger {
	t.Helper()
	key, err := ledger.KeyOf(arn)
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := b.archive().Ledger(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// open are the repairs of all keys that are not closed and reported, and due the keys with an
// event that is due.
func (b *bucket) open(t testing.TB) (open []ledger.Repair, due []string) {
	t.Helper()
	for _, name := range b.names(t, "keys/") {
		l, _, err := b.archive().Ledger(context.Background(), ledger.Key(strings.TrimPrefix(name, "keys/")))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range l.Repairs {
			if r.IsOpen() {
				open = append(open, r)
			}
		}
		if l.Due != nil {
			due = append(due, l.KeyARN)
		}
	}
	return open, due
}

// names are those of all objects with a prefix.
func (b *bucket) names(t testing.TB, prefix string) []string {
	t.Helper()
	api := s3.New(s3.Options{
		Region: virginia, Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""), HTTPClient: b,
		UsePathStyle: true, BaseEndpoint: aws.String("http://s3.test"), Retryer: aws.NopRetryer{},
	})
	names := []string{}
	pages := s3.NewListObjectsV2Paginator(api, &s3.ListObjectsV2Input{Bucket: aws.String("archive"), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			names = append(names, *o.Key)
		}
	}
	return names
}

// reporter takes outcomes, and fails when it is told to.
type reporter struct {
	mu       sync.Mutex
	outcomes []guardrail.Outcome
	fail     func() error
}

// errAway is a reporter's error that goes away.
var errAway = errors.New("nobody answers")

func (r *reporter) Report(_ context.Context, o guardrail.Outcome) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		if err := r.fail(); err != nil {
			return err
		}
	}
	r.outcomes = append(r.outcomes, o)
	return nil
}

// of returns the reports of a key with an action.
func (r *reporter) of(arn string, action guardrail.Action) []guardrail.Outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []guardrail.Outcome
	for _, o := range r.outcomes {
		if o.KeyARN == arn && o.Action == action {
			found = append(found, o)
		}
	}
	return found
}

// answered is an error answer of S3.
func answered(status int, code string) *http.Response {
	answer := httptest.NewRecorder()
	answer.WriteHeader(status)
	_, _ = fmt.Fprintf(answer, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>injected</Message></Error>`, code)
	return answer.Result()
}
