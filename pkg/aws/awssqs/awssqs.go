// Package awssqs puts the messages of a sweep on one queue of Amazon SQS.
//
//	queue := awssqs.New(config, "https://sqs.us-east-1.amazonaws.com/111122223333/keys", pause)
//	sent, err := queue.Send(ctx, messages)
//
// SQS answers SendMessageBatch with HTTP 200 even if it refused some of the messages, or all.
// [Queue.Send] sends the refused ones again, and returns how many SQS has accepted.
package awssqs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	// batchSize is the most that one call takes.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
	batchSize = 10
	// tries is how often a message is sent that SQS does not take, and how often one call
	// is made that fails.
	tries = 3
	// firstPause is before the second try; it doubles with each.
	firstPause = time.Second
)

// Queue is one SQS queue. It may be used by several goroutines.
type Queue struct {
	api   *sqs.Client
	url   string
	pause func(context.Context, time.Duration) error
}

// New returns the queue with a URL, called as the configuration says. pause waits, or
// returns the context's error when that ends first.
func New(config aws.Config, url string, pause func(context.Context, time.Duration) error) *Queue {
	return &Queue{
		api: sqs.NewFromConfig(config, func(o *sqs.Options) {
			o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = tries })
		}),
		url: url, pause: pause,
	}
}

// Send puts messages on the queue, with a SendMessageBatch call for each ten, and returns
// how many were surely taken. The error says why the others were not: a call that fails
// ends it; a message that SQS does not take, though sent three times, does not keep the
// others back. A message whose call failed may be on the queue all the same.
func (q *Queue) Send(ctx context.Context, bodies []string) (sent int, err error) {
	var refusal error
	for batch := range slices.Chunk(bodies, batchSize) {
		left, err := q.sendBatch(ctx, batch)
		sent += len(batch) - len(left)
		var r *refusedError
		switch {
		case errors.As(err, &r):
			refusal = err
		case err != nil:
			return sent, err
		}
	}
	return sent, refusal
}

// refusedError says why SQS did not take a message.
type refusedError struct{ code, message string }

func (e *refusedError) Error() string {
	return fmt.Sprintf("the queue does not take a message: %s: %s", e.code, e.message)
}

// sendBatch sends up to ten messages, those that are not taken again, and returns the ones
// that are left; then the error is not nil.
func (q *Queue) sendBatch(ctx context.Context, left []string) ([]string, error) {
	for try := 1; ; try++ {
		failed, err := q.call(ctx, left)
		if err != nil {
			return left, err
		}
		var why error
		left, why = rest(left, failed)
		if len(left) == 0 || try == tries {
			return left, why
		}
		if err := q.pause(ctx, firstPause<<(try-1)); err != nil {
			return left, fmt.Errorf("%w, while waiting after: %s", err, why.Error())
		}
	}
}

// call makes one call. It returns, by index, why a message was not taken.
func (q *Queue) call(ctx context.Context, bodies []string) (map[int]error, error) {
	entries := make([]types.SendMessageBatchRequestEntry, len(bodies))
	failed := make(map[int]error, len(bodies))
	for i := range bodies {
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &bodies[i]}
		failed[i] = &refusedError{"NoAnswer", "SQS did not say what became of it"}
	}
	out, err := q.api.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return nil, fmt.Errorf("sending to the queue: %w", err)
	}
	for i := range bodies {
		id := *entries[i].Id
		if slices.ContainsFunc(out.Successful, func(e types.SendMessageBatchResultEntry) bool { return aws.ToString(e.Id) == id }) {
			delete(failed, i)
		}
		for _, e := range out.Failed {
			if aws.ToString(e.Id) == id {
				failed[i] = &refusedError{aws.ToString(e.Code), aws.ToString(e.Message)}
			}
		}
	}
	return failed, nil
}

// rest returns the messages that failed, in their order, and why the first of them did.
func rest(bodies []string, failed map[int]error) (left []string, why error) {
	for i, body := range bodies {
		err, ok := failed[i]
		if !ok {
			continue
		}
		if why == nil {
			why = err
		}
		left = append(left, body)
	}
	return left, why
}
