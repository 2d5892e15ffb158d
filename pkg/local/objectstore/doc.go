// Package objectstore is the Amazon S3 of embedded AWS: an [http.Handler] that
// speaks S3's wire protocol, with its objects in memory. It is for tests and the
// demo; nothing that is deployed may import it.
//
//	store := objectstore.New(objectstore.Options{Buckets: []string{"archive"}, Versioned: true})
//	server := httptest.NewServer(store)
//	client := s3.NewFromConfig(config, func(o *s3.Options) { o.BaseEndpoint = &server.URL })
//
// The protocol is gofakes3's (github.com/johannesboyne/gofakes3), an in-memory S3
// for tests. This package puts in front of it what it lacks:
//
//   - Conditional writes as AWS documents them: If-Match on an object that is not
//     there (or whose last version is a delete marker) is 404 NoSuchKey, and only
//     "*" is taken for If-None-Match. Writes are handled one after the other, so a
//     condition and its write are one step.
//     https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
//   - Conditional deletes: If-Match on another version than the current one is 412
//     PreconditionFailed, and 404 NoSuchKey where there is none.
//     https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
//   - The rule of Object Lock that concerns a client: with Options.ObjectLock a PUT
//     needs Content-MD5 or a checksum, and no version of an object is deleted.
//     https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
//   - Faults: Options.Fault looks at each request and may let it fail, before or
//     after it took effect, with an error answer or with a dropped connection.
//
// Buckets are addressed by path (http://host/bucket/key) and by host
// (http://bucket.localhost/key), as the SDK does for an IP address and for a name.
//
// Limits: signatures, permissions and checksums are not verified, a retention period
// is endless, and everything that gofakes3 does not know (tags, ACLs, encryption) is
// accepted and forgotten.
package objectstore
