package objectstore_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

const bucket = "archive"

// start serves a store and returns a client of it that tries everything once.
func start(t *testing.T, options objectstore.Options) *s3.Client {
	t.Helper()
	options.Buckets = []string{bucket}
	server := httptest.NewServer(objectstore.New(options))
	t.Cleanup(server.Close)
	return client(server.URL)
}

func client(endpoint string) *s3.Client {
	return s3.New(s3.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(endpoint), Retryer: aws.NopRetryer{},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		Credentials:                credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	})
}

func put(t *testing.T, api *s3.Client, key, body string, change func(*s3.PutObjectInput)) (string, error) {
	t.Helper()
	in := &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body)}
	if change != nil {
		change(in)
	}
	out, err := api.PutObject(t.Context(), in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.ETag), nil
}

func get(t *testing.T, api *s3.Client, key string) string {
	t.Helper()
	out, err := api.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		return code(err)
	}
	body, err := io.ReadAll(out.Body)
	if err := errors.Join(err, out.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func code(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}

func ifNoneMatch(value string) func(*s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) { in.IfNoneMatch = &value }
}

func ifMatch(value string) func(*s3.PutObjectInput) {
	return func(in *s3.PutObjectInput) { in.IfMatch = &value }
}

// TestConditionalWritesAreThoseOfAWS has each row of
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.
func TestConditionalWritesAreThoseOfAWS(t *testing.T) {
	for _, versioned := range []bool{false, true} {
		for _, c := range []struct {
			reason  string
			exists  bool // with the body "old"
			deleted bool // afterwards
			with    func(etag string) func(*s3.PutObjectInput)
			code    string // "" is success
		}{
			{"nobody has the name", false, false, func(string) func(*s3.PutObjectInput) { return ifNoneMatch("*") }, ""},
			{"somebody has the name", true, false, func(string) func(*s3.PutObjectInput) { return ifNoneMatch("*") }, "PreconditionFailed"},
			{"a delete marker is not an object", true, true, func(string) func(*s3.PutObjectInput) { return ifNoneMatch("*") }, ""},
			{"only * is defined for writes", false, false, func(string) func(*s3.PutObjectInput) { return ifNoneMatch(`"abc"`) }, "NotImplemented"},
			{"the version that was read is current", true, false, ifMatch, ""},
			{"another version is current", true, false, func(string) func(*s3.PutObjectInput) { return ifMatch(`"abc"`) }, "PreconditionFailed"},
			{"there is none to match", false, false, func(string) func(*s3.PutObjectInput) { return ifMatch(`"abc"`) }, "NoSuchKey"},
			{"it was deleted meanwhile", true, true, ifMatch, "NoSuchKey"},
		} {
			t.Run(c.reason, func(t *testing.T) {
				api := start(t, objectstore.Options{Versioned: versioned})
				etag := ""
				if c.exists {
					etag, _ = put(t, api, "a/b", "old", nil)
				}
				if c.deleted {
					remove(t, api, "a/b")
				}
				before := get(t, api, "a/b")
				_, err := put(t, api, "a/b", "new", c.with(etag))
				if code(err) != c.code || (err == nil) != (c.code == "") {
					t.Fatalf("PutObject: %v, want %q", err, c.code)
				}
				want := before
				if c.code == "" {
					want = "new"
				}
				if got := get(t, api, "a/b"); got != want {
					t.Errorf("the object is now %q, want %q", got, want)
				}
			})
		}
	}
}

func TestConditionalDeletesAreThoseOfAWS(t *testing.T) {
	for _, versioned := range []bool{false, true} {
		for _, row := range []struct {
			reason  string
			ifMatch func(first, second string) string
			deleted bool // before
			code    string
		}{
			{"the version is current", func(_, second string) string { return second }, false, ""},
			{"there is one", func(string, string) string { return "*" }, false, ""},
			{"another version is current", func(first, _ string) string { return first }, false, "PreconditionFailed"},
			{"there is none", func(_, second string) string { return second }, true, "NoSuchKey"},
		} {
			api := start(t, objectstore.Options{Versioned: versioned})
			first, _ := put(t, api, "a/b", "old", nil)
			second, _ := put(t, api, "a/b", "new", nil)
			if row.deleted {
				remove(t, api, "a/b")
			}
			in := &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("a/b"), IfMatch: aws.String(row.ifMatch(first, second))}
			if _, err := api.DeleteObject(t.Context(), in); code(err) != row.code || (err == nil) != (row.code == "") {
				t.Errorf("%s: %v, want %q", row.reason, err, row.code)
			}
			want := "NoSuchKey"
			if row.code == "PreconditionFailed" {
				want = "new"
			}
			if got := get(t, api, "a/b"); got != want {
				t.Errorf("%s: the object is now %q, want %q", row.reason, got, want)
			}
		}
	}
}

func remove(t *testing.T, api *s3.Client, key string) {
	t.Helper()
	if _, err := api.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key}); err != nil {
		t.Fatal(err)
	}
}

func TestOfConcurrentConditionalWritesOneSucceeds(t *testing.T) {
	api := start(t, objectstore.Options{})
	first, _ := put(t, api, "state", "0", nil)
	for name, change := range map[string]func(*s3.PutObjectInput){"created": ifNoneMatch("*"), "state": ifMatch(first)} {
		var wins sync.Map
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				if _, err := put(t, api, name, strings.Repeat("x", i+1), change); err == nil {
					wins.Store(i, true)
				} else if code(err) != "PreconditionFailed" {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		all.Wait()
		count := 0
		wins.Range(func(any, any) bool { count++; return true })
		if count != 1 {
			t.Errorf("%s: %d writes succeeded, want 1", name, count)
		}
	}
}

func TestABucketIsFoundByPathAndByHost(t *testing.T) {
	server := httptest.NewServer(objectstore.New(objectstore.Options{Buckets: []string{bucket}}))
	t.Cleanup(server.Close)
	if _, err := put(t, client(server.URL), "a/b", "text", nil); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/a/b", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = bucket + ".localhost:80"
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil || string(body) != "text" {
		t.Errorf("by host: %s %q, %v", answer.Status, body, err)
	}
}

func TestObjectLockWantsAChecksumAndKeepsEveryVersion(t *testing.T) {
	api := start(t, objectstore.Options{Versioned: true, ObjectLock: true})
	if _, err := put(t, api, "a", "text", nil); err != nil {
		t.Errorf("with the SDK's own checksum: %v", err)
	}
	_, err := api.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String("b"), Body: strings.NewReader("text")},
		func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	if code(err) != "InvalidRequest" {
		t.Errorf("without a checksum: %v", err)
	}
	_, err = api.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: aws.String("a"), VersionId: aws.String("1")})
	if code(err) != "AccessDenied" {
		t.Errorf("deleting a version: %v", err)
	}
}

func TestFaultsStrikeBeforeOrAfterTheEffect(t *testing.T) {
	for _, c := range []struct {
		reason string
		fault  objectstore.Fault
		code   string // "" is a broken connection
		want   string
	}{
		{"an error instead of the write", objectstore.Fault{Status: 503, Code: "SlowDown"}, "SlowDown", "NoSuchKey"},
		{"an error although it was written", objectstore.Fault{After: true, Status: 500, Code: "InternalError"}, "InternalError", "text"},
		{"no answer, nothing written", objectstore.Fault{Drop: true}, "", "NoSuchKey"},
		{"no answer although it was written", objectstore.Fault{After: true, Drop: true}, "", "text"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			api := start(t, objectstore.Options{Fault: func(r *http.Request) *objectstore.Fault {
				if r.Method == http.MethodPut {
					return &c.fault
				}
				return nil
			}})
			_, err := put(t, api, "a", "text", nil)
			if err == nil || code(err) != c.code {
				t.Errorf("PutObject: %v, want %q", err, c.code)
			}
			if got := get(t, api, "a"); got != c.want {
				t.Errorf("the object is %q, want %q", got, c.want)
			}
		})
	}
}
