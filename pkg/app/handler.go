package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// EventHandler handles one EventBridge event, and from time to time what earlier
// invocations left undone. An error of Handle means that the event must be given back.
type EventHandler interface {
	Handle(ctx context.Context, m enforcer.Message) (guardrail.Outcome, error)
	Flush(ctx context.Context, delivery string) (enforcer.Flushed, error)
}

// Handler is a Lambda handler for SQS batches and bare events.
type Handler struct {
	events EventHandler
	log    *slog.Logger
	nonce  func() string
}

// answerTime is kept back from the time that Lambda gives. At the deadline Lambda ends
// the function, and an answer that is not given by then gives back the whole batch: one
// call that hangs would undo what is known of all the other messages.
const answerTime = time.Second

// NewHandler returns a handler that gives each event to events.
func NewHandler(events EventHandler, log *slog.Logger) *Handler {
	return &Handler{events, log, rand.Text}
}

// Invoke implements the Handler interface of aws-lambda-go. For an SQS batch the
// answer is {"batchItemFailures":[…]} with the messages to be given back; an error
// would give back all of them. A payload with Records that is no clean SQS batch is
// an error: an answer would delete its messages. The event of the flush's schedule is
// answered with what was done. Anything else is taken for one bare event; the answer is
// its outcome, and the error is the error of handling it. The events' context ends a second
// before the deadline of ctx, so that there is time to answer.
// https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
func (h *Handler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-answerTime))
		defer cancel()
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) == nil && fields["Records"] != nil {
		batch, err := readBatch(payload)
		if err != nil {
			return nil, fmt.Errorf("reading an SQS batch: %w", err)
		}
		return json.Marshal(h.batch(ctx, batch))
	}
	if string(fields["source"]) == flushSource && string(fields["detail-type"]) == flushDetailType {
		done, err := h.events.Flush(ctx, h.delivery(ctx))
		if err != nil {
			return nil, err
		}
		h.log.InfoContext(ctx, "flushed", slog.Any("flushed", done))
		return json.Marshal(done)
	}
	outcome, err := h.Handle(ctx, payload)
	if err != nil {
		return nil, err
	}
	return json.Marshal(outcome)
}

// Handle handles one bare EventBridge event, such as a file of them at a desk, and returns
// its outcome. The error says why it could not be handled: nothing is known of the key
// then.
func (h *Handler) Handle(ctx context.Context, event []byte) (guardrail.Outcome, error) {
	return h.events.Handle(ctx, enforcer.Message{Event: event, Delivery: h.delivery(ctx)})
}

// The event of the flush's schedule, as JSON strings.
const (
	flushSource     = `"kms-guardrail"`
	flushDetailType = `"KMS Guardrail Flush"`
)

// delivery names an invocation: by its request id, for people, and by a random text, because
// two invocations can share an id.
func (h *Handler) delivery(ctx context.Context) string { return requestID(ctx) + "-" + h.nonce() }

// requestID is Lambda's id of an invocation. Its retries of an asynchronous one keep the id.
// At a desk there is none, and the time must do.
// https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
func requestID(ctx context.Context) string {
	if c, ok := lambdacontext.FromContext(ctx); ok && c.AwsRequestID != "" {
		return c.AwsRequestID
	}
	return "desk-" + strconv.FormatInt(time.Now().UnixNano(), 36)
}
