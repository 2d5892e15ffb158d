// Package messagequeue is the Amazon SQS of embedded AWS: an [http.Handler] that speaks
// SQS's wire protocol, with the messages of one queue in memory. It is for tests; nothing
// that is deployed may import it.
//
//	queue := messagequeue.New(messagequeue.Options{})
//	server := httptest.NewServer(queue)
//	client := sqs.NewFromConfig(config, func(o *sqs.Options) { o.BaseEndpoint = &server.URL })
//
// It knows SendMessageBatch, with its limits of ten messages and 1 MiB a call, and what moves dead
// letters back: GetQueueAttributes, ListMessageMoveTasks and StartMessageMoveTask.
// Options.Fault looks at each call and may let it fail, or some of its messages, which is
// an answer HTTP 200 as of SQS.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
//
// Limits: signatures and permissions are not verified, and any queue URL is the queue's.
package messagequeue

import (
	"crypto/md5" //nolint:gosec // SQS answers with it, and its clients compare
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	mostMessages = 10
	mostBytes    = 1 << 20
)

// Options of a queue. The zero value is fine.
type Options struct {
	// Fault looks at each call, which are counted from 0, and says how it fails; nil if
	// it does not.
	Fault func(call int) *Fault
}

// Fault is how a call fails.
type Fault struct {
	// Status and Code are of an error answer; nothing is done. 0 is none.
	Status int
	Code   string
	// Refuse are the messages of the call, by index, that are not taken.
	Refuse []int
	// Silent leaves the refused messages out of the answer.
	Silent bool
}

// Queue is the queue. It may be used by several goroutines.
type Queue struct {
	options Options

	mu       sync.Mutex
	calls    int
	messages []string
	dead     []string
	isMoving bool
}

// New returns an empty queue.
func New(options Options) *Queue { return &Queue{options: options} }

// Take returns the messages, oldest first, and empties the queue.
func (q *Queue) Take() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	messages := q.messages
	q.messages = nil
	return messages
}

// Calls returns how many calls were made.
func (q *Queue) Calls() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.calls
}

type (
	input struct {
		QueueUrl  string //nolint:staticcheck // AWS spells it so on the wire
		SourceArn string
		Entries   []struct{ Id, MessageBody string }
	}
	success struct{ Id, MessageId, MD5OfMessageBody string }
	failure struct {
		Id, Code, Message string
		SenderFault       bool
	}
	output struct {
		Successful []success
		Failed     []failure `json:",omitempty"`
	}
)

// ServeHTTP implements [http.Handler].
func (q *Queue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var fault Fault
	if q.options.Fault != nil {
		if f := q.options.Fault(q.calls); f != nil {
			fault = *f
		}
	}
	q.calls++
	var in input
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 2*mostBytes)).Decode(&in)
	switch target, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS."); {
	case !ok || err != nil || in.QueueUrl == "" && in.SourceArn == "":
		refuse(w, http.StatusBadRequest, "InvalidAddress")
	case fault.Status != 0:
		refuse(w, fault.Status, fault.Code)
	case target == "SendMessageBatch":
		q.sendBatch(w, in, fault)
	default:
		q.redrive(w, target)
	}
}

func (q *Queue) sendBatch(w http.ResponseWriter, in input, fault Fault) {
	size := 0
	for _, e := range in.Entries {
		size += len(e.MessageBody)
	}
	switch {
	case len(in.Entries) == 0:
		refuse(w, http.StatusBadRequest, "EmptyBatchRequest")
	case len(in.Entries) > mostMessages:
		refuse(w, http.StatusBadRequest, "TooManyEntriesInBatchRequest")
	case size > mostBytes:
		refuse(w, http.StatusBadRequest, "BatchRequestTooLong")
	default:
		answer(w, http.StatusOK, q.send(in, fault))
	}
}

// send takes the messages that the fault does not refuse.
func (q *Queue) send(in input, fault Fault) output {
	out := output{Successful: []success{}}
	for i, e := range in.Entries {
		switch {
		case !slices.Contains(fault.Refuse, i):
			q.messages = append(q.messages, e.MessageBody)
			sum := md5.Sum([]byte(e.MessageBody)) //nolint:gosec // as above
			out.Successful = append(out.Successful, success{e.Id, "message-" + strconv.Itoa(len(q.messages)), hex.EncodeToString(sum[:])})
		case !fault.Silent:
			out.Failed = append(out.Failed, failure{Id: e.Id, Code: "InternalError", Message: "injected fault"})
		}
	}
	return out
}

func refuse(w http.ResponseWriter, status int, code string) {
	answer(w, status, map[string]string{"__type": "com.amazonaws.sqs#" + code, "message": http.StatusText(status)})
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // texts and numbers always marshal
		panic("messagequeue: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the caller may have gone
}
