package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// eventTime is the most that one message may take, so that a call that hangs does
// not use up the time of the whole batch. A message is begun only if that much is left:
// judging a hostile policy is work that no context ends, and the invocation must answer.
const eventTime = 15 * time.Second

// atOnce is how many keys of one batch are handled at the same time. A key whose calls hang, or
// whose policy is made to be hard, takes its own time and not that of the other keys: ten
// messages of eventTime each, four at once, are begun within the time-out of the function.
const atOnce = 4

func readBatch(payload []byte) (lambdaevents.SQSEvent, error) {
	var batch lambdaevents.SQSEvent
	if err := json.Unmarshal(payload, &batch); err != nil {
		return batch, err
	}
	for i, message := range batch.Records {
		if message.EventSource != "aws:sqs" || message.MessageId == "" {
			return batch, fmt.Errorf("record %d is no SQS message", i)
		}
	}
	return batch, nil
}

// batch handles the messages of one key one after the other, so that they cannot disturb each
// other, and those of several keys at the same time. When too little time is left for another
// message, it is given back. The first one is begun in any case, or it never would be.
func (h *Handler) batch(ctx context.Context, batch lambdaevents.SQSEvent) lambdaevents.SQSEventResponse {
	delivery := h.delivery(ctx)
	failed := make([]bool, len(batch.Records))
	queue := make(chan []int, len(batch.Records))
	for _, same := range byKey(batch.Records) {
		queue <- same
	}
	close(queue)
	var working sync.WaitGroup
	for range atOnce {
		working.Go(func() {
			for same := range queue {
				for _, i := range same {
					failed[i] = !h.isDone(ctx, batch.Records[i], i == 0, delivery)
				}
			}
		})
	}
	working.Wait()
	response := lambdaevents.SQSEventResponse{BatchItemFailures: []lambdaevents.SQSBatchItemFailure{}}
	for i, message := range batch.Records {
		if failed[i] {
			response.BatchItemFailures = append(response.BatchItemFailures, lambdaevents.SQSBatchItemFailure{ItemIdentifier: message.MessageId})
		}
	}
	return response
}

// byKey returns the indices of messages, grouped by the key that they are about. A message that
// names no key is a group of its own.
func byKey(messages []lambdaevents.SQSMessage) (groups [][]int) {
	known := map[string]int{}
	for i, message := range messages {
		event, err := trail.Decode([]byte(message.Body))
		n, ok := known[event.KeyARN]
		if err != nil || !ok {
			n, groups = len(groups), append(groups, nil)
		}
		if err == nil && event.KeyARN != "" {
			known[event.KeyARN] = n
		}
		groups[n] = append(groups[n], i)
	}
	return groups
}

// isDone handles a message and tells whether it is done.
func (h *Handler) isDone(ctx context.Context, message lambdaevents.SQSMessage, isFirst bool, delivery string) bool {
	if !isFirst && !hasTime(ctx) {
		h.log.WarnContext(ctx, "given back", slog.String("messageId", message.MessageId), slog.String("error", "too little time is left"))
		return false
	}
	return h.message(ctx, message, delivery+"/"+message.MessageId) == nil
}

// hasTime tells whether a message can use up its time before the context ends.
func hasTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) >= eventTime
}

func (h *Handler) message(ctx context.Context, message lambdaevents.SQSMessage, delivery string) (err error) {
	defer func() {
		// One message must not take the rest of the batch with it. It comes back,
		// and ends in the dead-letter queue where somebody looks at it.
		if fault := recover(); fault != nil {
			h.log.ErrorContext(ctx, "panic", slog.String("messageId", message.MessageId), slog.String("fault", fmt.Sprint(fault)))
			err = errors.New("panic")
		}
	}()
	if err := ctx.Err(); err != nil {
		h.log.WarnContext(ctx, "given back", slog.String("messageId", message.MessageId), slog.String("error", err.Error()))
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, eventTime)
	defer cancel()
	receives, err := strconv.Atoi(message.Attributes["ApproximateReceiveCount"])
	outcome, err := h.events.Handle(ctx, enforcer.Message{
		Event: []byte(message.Body), Delivery: delivery, Again: err != nil || receives > 1,
	})
	if err == nil && outcome.KeyARN == "" && outcome.Verdict == guardrail.CannotJudge {
		h.log.WarnContext(ctx, "bad event", slog.String("messageId", message.MessageId))
	}
	return err
}
