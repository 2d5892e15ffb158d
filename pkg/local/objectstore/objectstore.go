package objectstore

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Options configures a Store. The zero value is a store without buckets.
type Options struct {
	// Buckets exist from the start.
	Buckets []string
	// Versioned keeps old versions of objects, and delete markers.
	Versioned bool
	// ObjectLock behaves as buckets with a default retention do. It needs Versioned.
	ObjectLock bool
	// Clock is the time of the store (LastModified); nil is time.Now. The time in
	// a request is not compared with it.
	Clock func() time.Time
	// Fault is asked about every request; nil, or a nil answer, is none. It runs in the
	// goroutine of the request and must not read the body.
	Fault func(r *http.Request) *Fault
}

// Fault is how one request goes wrong.
type Fault struct {
	// After lets the request take effect first.
	After bool
	// Drop closes the connection without an answer. Otherwise the answer is Status
	// with the S3 error Code.
	Drop   bool
	Status int
	Code   string
}

// Store is an S3 server. It may be used by several goroutines.
type Store struct {
	options Options
	backend *s3mem.Backend
	server  http.Handler
	writing sync.Mutex // held from the check of a condition to the end of its write
}

// New returns a store. It panics on options that contradict each other: they are a
// mistake of the test.
func New(options Options) *Store {
	if options.ObjectLock && !options.Versioned {
		panic("objectstore: Object Lock needs versioning")
	}
	if options.Clock == nil {
		options.Clock = time.Now
	}
	source := clock{options.Clock}
	backend := s3mem.New(s3mem.WithTimeSource(source), s3mem.WithVersionSeed(1))
	for _, name := range options.Buckets {
		if err := backend.CreateBucket(name); err != nil {
			panic("objectstore: " + err.Error())
		}
		if !options.Versioned {
			continue
		}
		if err := backend.SetVersioningConfiguration(name, gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled}); err != nil {
			panic("objectstore: " + err.Error())
		}
	}
	fake := gofakes3.New(backend, gofakes3.WithTimeSource(source), gofakes3.WithTimeSkewLimit(0))
	return &Store{options: options, backend: backend, server: fake.Server()}
}

// clock is a time source of gofakes3.
type clock struct{ now func() time.Time }

// Now returns the time.
func (c clock) Now() time.Time { return c.now() }

// Since returns the time that passed.
func (c clock) Since(t time.Time) time.Duration { return c.now().Sub(t) }

// ServeHTTP implements [http.Handler].
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.byPath(r)
	var fault *Fault
	if s.options.Fault != nil {
		fault = s.options.Fault(r)
	}
	switch {
	case fault == nil:
		s.serve(w, r)
		return
	case fault.After:
		s.serve(&unheard{header: http.Header{}}, r)
	}
	if fault.Drop {
		hangUp(w)
		return
	}
	writeError(w, r, fault.Status, fault.Code)
}

// byPath turns a bucket in the host, such as archive.localhost, into one in the path.
func (s *Store) byPath(r *http.Request) {
	host, _, _ := strings.Cut(r.Host, ":")
	if bucket, ok := strings.CutSuffix(host, ".localhost"); ok {
		r.URL.Path = "/" + bucket + r.URL.Path
		r.URL.RawPath = ""
	}
}

// serve handles a request that meets no fault.
func (s *Store) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut || r.Method == http.MethodDelete || r.Method == http.MethodPost {
		s.writing.Lock()
		defer s.writing.Unlock()
	}
	if status, code := s.refusal(r); status != 0 {
		writeError(w, r, status, code)
		return
	}
	s.server.ServeHTTP(w, r)
}

// refusal returns the answer to a request that S3 would not let pass and gofakes3
// would; 0 is none.
func (s *Store) refusal(r *http.Request) (status int, code string) {
	bucket, object, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case r.Method == http.MethodDelete && s.options.ObjectLock && r.URL.Query().Has("versionId"):
		return http.StatusForbidden, "AccessDenied"
	case r.Method == http.MethodDelete && r.Header.Get("If-Match") != "":
		return s.unlessCurrent(bucket, object, r.Header.Get("If-Match"))
	case r.Method != http.MethodPut || object == "":
		return 0, ""
	case s.options.ObjectLock && !hasChecksum(r.Header):
		return http.StatusBadRequest, "InvalidRequest"
	case !slices.Contains([]string{"", "*"}, r.Header.Get("If-None-Match")):
		return http.StatusNotImplemented, "NotImplemented"
	case r.Header.Get("If-Match") != "" && !s.exists(bucket, object):
		return http.StatusNotFound, "NoSuchKey"
	default:
		return 0, ""
	}
}

// unlessCurrent refuses a deletion unless the current version has an ETag; "*" is any.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
func (s *Store) unlessCurrent(bucket, object, etag string) (status int, code string) {
	current, err := s.backend.HeadObject(bucket, object)
	switch {
	case gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchBucket):
		return 0, "" // gofakes3's to say
	case err != nil:
		return http.StatusNotFound, "NoSuchKey"
	case etag != "*" && strings.Trim(etag, `"`) != hex.EncodeToString(current.Hash):
		return http.StatusPreconditionFailed, "PreconditionFailed"
	default:
		return 0, ""
	}
}

// hasChecksum tells whether a PUT says how to verify its body.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
func hasChecksum(h http.Header) bool {
	for name := range h {
		name = strings.ToLower(name)
		if name == "content-md5" || name == "x-amz-trailer" || strings.HasPrefix(name, "x-amz-checksum-") {
			return true
		}
	}
	return false
}

// exists tells whether an object has a current version. That the bucket is missing is
// gofakes3's to say.
func (s *Store) exists(bucket, object string) bool {
	_, err := s.backend.HeadObject(bucket, object)
	return err == nil || gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchBucket)
}
