package awssqs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awssqs"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/messagequeue"
)

func start(t *testing.T, fault func(call int) *messagequeue.Fault) (*messagequeue.Queue, aws.Config) {
	t.Helper()
	queue, endpoint := guardtest.StartQueue(t, fault)
	return queue, aws.Config{
		Region: guardtest.Virginia, BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""),
	}
}

func noPause(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func bodies(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("message %d", i)
	}
	return list
}

func TestMessagesAreSentTenAtATime(t *testing.T) {
	for messages, calls := range map[int]int{0: 0, 1: 1, 10: 1, 11: 2, 25: 3} {
		queue, config := start(t, nil)
		sent, err := awssqs.New(config, guardtest.QueueURL, noPause).Send(t.Context(), bodies(messages))
		if got := queue.Take(); sent != messages || err != nil || queue.Calls() != calls || !slices.Equal(got, bodies(messages)) {
			t.Errorf("%d messages: sent %d with %d calls, %v; the queue has %q", messages, sent, queue.Calls(), err, got)
		}
	}
}

func TestWhatSQSDoesNotTakeIsSentAgainOrReported(t *testing.T) {
	partly := func(from, to int, f messagequeue.Fault) func(int) *messagequeue.Fault {
		return func(call int) *messagequeue.Fault {
			if call < from || call > to {
				return nil
			}
			return &f
		}
	}
	for _, row := range []struct {
		fault     func(int) *messagequeue.Fault
		sent      int
		calls     int
		wantError string
		reason    string
	}{
		{partly(0, 0, messagequeue.Fault{Refuse: []int{1, 3}}), 12, 3, "", "two of the first ten are sent again, alone"},
		{partly(0, 0, messagequeue.Fault{Refuse: []int{1}, Silent: true}), 12, 3, "", "no answer is no success"},
		{partly(0, 2, messagequeue.Fault{Refuse: []int{0}}), 11, 4, "InternalError: injected fault", "three times refused; the rest is sent all the same"},
		{partly(0, 0, messagequeue.Fault{Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"}), 12, 3, "", "a call that fails is made again"},
		{partly(0, 9, messagequeue.Fault{Status: http.StatusBadRequest, Code: "AccessDenied"}), 0, 1, "AccessDenied", "permissions do not come by trying"},
		{partly(1, 9, messagequeue.Fault{Status: http.StatusBadRequest, Code: "QueueDoesNotExist"}), 10, 2, "QueueDoesNotExist", "what was sent before counts"},
	} {
		queue, config := start(t, row.fault)
		sent, err := awssqs.New(config, guardtest.QueueURL, noPause).Send(t.Context(), bodies(12))
		text := ""
		if err != nil {
			text = err.Error()
		}
		if sent != row.sent || queue.Calls() != row.calls || (err != nil) != (row.wantError != "") || !strings.Contains(text, row.wantError) {
			t.Errorf("sent %d with %d calls, %v; want %d with %d, %q: %s", sent, queue.Calls(), err, row.sent, row.calls, row.wantError, row.reason)
		}
		if got := queue.Take(); len(got) != row.sent {
			t.Errorf("%d messages are on the queue, want %d: %s", len(got), row.sent, row.reason)
		}
	}
}

// Whatever SQS refuses, the number is that of the messages on the queue, each once, and it
// is all of them exactly if there is no error.
func TestTheNumberIsThatOfTheMessagesOnTheQueue(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		refused := rapid.SliceOfN(rapid.SliceOf(rapid.IntRange(0, 9)), 0, 12).Draw(r, "refused")
		queue, config := start(t, func(call int) *messagequeue.Fault {
			if call >= len(refused) {
				return nil
			}
			return &messagequeue.Fault{Refuse: refused[call], Silent: call%2 == 0}
		})
		want := bodies(rapid.IntRange(0, 35).Draw(r, "messages"))
		sent, err := awssqs.New(config, guardtest.QueueURL, noPause).Send(t.Context(), want)
		got := queue.Take()
		if len(got) != sent || (sent == len(want)) != (err == nil) {
			r.Fatalf("%d of %d sent, %v; %d on the queue", sent, len(want), err, len(got))
		}
		slices.Sort(got)
		if len(slices.Compact(got)) != sent {
			r.Fatalf("a message is there twice: %q", got)
		}
	})
}

func TestSendingEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	queue, config := start(t, func(int) *messagequeue.Fault { return &messagequeue.Fault{Refuse: []int{0}} })
	sent, err := awssqs.New(config, guardtest.QueueURL, func(ctx context.Context, _ time.Duration) error {
		cancel()
		return ctx.Err()
	}).Send(ctx, bodies(12))
	if sent != 9 || !errors.Is(err, context.Canceled) || queue.Calls() != 1 {
		t.Errorf("sent %d with %d calls, %v", sent, queue.Calls(), err)
	}
}
