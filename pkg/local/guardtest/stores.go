package guardtest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/messagequeue"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// Bucket is the archive's bucket, QueueURL the queue of keys.
const (
	Bucket   = "archive"
	QueueURL = "https://sqs.us-east-1.amazonaws.com/" + Account + "/keys"
)

// NewBucket is an S3 with the bucket that the stack makes for the archive: versioned, with
// Object Lock. Both clock and fault may be nil.
func NewBucket(clock *Clock, fault func(*http.Request) *objectstore.Fault) *objectstore.Store {
	options := objectstore.Options{Buckets: []string{Bucket}, Versioned: true, ObjectLock: true, Fault: fault}
	if clock != nil {
		options.Clock = clock.Now
	}
	return objectstore.New(options)
}

// StartBucket serves [NewBucket] on loopback until the test ends, and returns its endpoint.
func StartBucket(t testing.TB, clock *Clock) string {
	t.Helper()
	server := httptest.NewServer(NewBucket(clock, nil))
	t.Cleanup(server.Close)
	return server.URL
}

// StartQueue serves an SQS with one queue on loopback until the test ends, and returns the queue
// with its endpoint. The fault, which may be nil, is asked about each call.
func StartQueue(t testing.TB, fault func(call int) *messagequeue.Fault) (queue *messagequeue.Queue, endpoint string) {
	t.Helper()
	queue = messagequeue.New(messagequeue.Options{Fault: fault})
	server := httptest.NewServer(queue)
	t.Cleanup(server.Close)
	return queue, server.URL
}
