package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// events is an EventHandler that does what the event says, and remembers the events.
type events struct {
	mu       sync.Mutex
	handled  []string
	messages []enforcer.Message
	flushes  []string // the deliveries
	flush    error
	onWait   func(context.Context)
	onEvent  func(string)
}

func (e *events) Flush(_ context.Context, delivery string) (enforcer.Flushed, error) {
	e.flushes = append(e.flushes, delivery)
	return enforcer.Flushed{Finished: 1, Retried: 2, Failed: 3}, e.flush
}

func (e *events) Handle(ctx context.Context, m enforcer.Message) (guardrail.Outcome, error) {
	event := m.Event
	e.mu.Lock()
	e.handled = append(e.handled, string(event))
	e.messages = append(e.messages, m)
	e.mu.Unlock()
	if e.onEvent != nil {
		e.onEvent(string(event))
	}
	switch string(event) {
	case "fail":
		return guardrail.Outcome{}, errors.New("AWS did not answer")
	case "bad":
		return guardrail.Outcome{Verdict: guardrail.CannotJudge}, nil
	case "panic":
		panic("a defect")
	case "wait":
		e.onWait(ctx)
		return guardrail.Outcome{}, ctx.Err()
	default:
		return guardrail.Outcome{KeyARN: string(event), Verdict: guardrail.Compliant}, nil
	}
}

// batch is an SQS batch with a message for each body, named m0, m1, …
func batch(bodies ...string) []byte {
	var records []map[string]any
	for i, body := range bodies {
		records = append(records, map[string]any{
			"messageId": fmt.Sprintf("m%d", i), "receiptHandle": "r", "body": body, "attributes": map[string]string{"ApproximateReceiveCount": "1"},
			"messageAttributes": map[string]any{}, "md5OfBody": "x", "eventSource": "aws:sqs",
			"eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:events", "awsRegion": "us-east-1",
		})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		panic(err)
	}
	return text
}

func newHandler(e *events) (*app.Handler, *bytes.Buffer) {
	log := &bytes.Buffer{}
	handler, n := app.NewHandler(e, slog.New(slog.NewJSONHandler(log, nil))), 0
	handler.SetNonce(func() string { n++; return fmt.Sprint("n", n) })
	return handler, log
}

func TestABatchIsAnsweredWithTheMessagesToBeGivenBack(t *testing.T) {
	for _, row := range []struct {
		name   string
		bodies []string
		want   string
		reason string
	}{
		{"all is well", []string{"a", "b"}, `{"batchItemFailures":[]}`, "an empty list, not null, acknowledges all"},
		{"one fails", []string{"a", "fail", "b"}, `{"batchItemFailures":[{"itemIdentifier":"m1"}]}`, "the others are done"},
		{"all fail", []string{"fail", "fail"}, `{"batchItemFailures":[{"itemIdentifier":"m0"},{"itemIdentifier":"m1"}]}`, "each by its own id"},
		{"one panics", []string{"panic", "a", "fail"}, `{"batchItemFailures":[{"itemIdentifier":"m0"},{"itemIdentifier":"m2"}]}`, "a panic is a failure of its message"},
		{"an empty body", []string{"", "a"}, `{"batchItemFailures":[]}`, "it is an event like any other, and a bad one"},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := &events{}
			handler, _ := newHandler(e)
			got, err := handler.Invoke(t.Context(), batch(row.bodies...))
			if err != nil || string(got) != row.want {
				t.Errorf("%s, %v, want %s: %s", got, err, row.want, row.reason)
			}
			if slices.Sort(e.handled); !slices.Equal(e.handled, slices.Sorted(slices.Values(row.bodies))) {
				t.Errorf("handled %q, want %q in any order", e.handled, row.bodies)
			}
		})
	}
}

func TestAPanicIsLoggedWithItsMessage(t *testing.T) {
	handler, log := newHandler(&events{})
	if _, err := handler.Invoke(t.Context(), batch("a", "panic")); err != nil {
		t.Fatal(err)
	}
	var line map[string]any
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, log)
	}
	delete(line, "time")
	if diff := cmp.Diff(map[string]any{"level": "ERROR", "msg": "panic", "messageId": "m1", "fault": "a defect"}, line); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// Lambda ends the function at its deadline. An answer that is not there by then gives back
// the whole batch, also what is done. So no message is begun that could use up more time
// than is left, but for the first.
func TestThereIsTimeLeftToAnswerWhenCallsHang(t *testing.T) {
	for _, row := range []struct {
		left          time.Duration
		begun, waited int
		reason        string
	}{
		{60 * time.Second, 12, 9, "all are begun within the time-out of the function: four keys at once, 15 seconds each"},
		{31 * time.Second, 8, 8, "15 seconds each twice, and one to answer"},
		{31*time.Second - time.Millisecond, 4, 4, "less is too little"},
		{5 * time.Second, 1, 1, "the first one is begun in any case"},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), row.left)
			defer cancel()
			e := &events{onWait: func(ctx context.Context) { <-ctx.Done() }}
			handler, log := newHandler(e)
			bodies := append(slices.Repeat([]string{"wait"}, 9), "a", "b", "c")
			got, err := handler.Invoke(ctx, batch(bodies...))
			if err != nil || len(e.handled) != row.begun {
				t.Errorf("%s left: %v, begun %q: %s", row.left, err, e.handled, row.reason)
			}
			if back := strings.Count(string(got), "itemIdentifier"); back != row.waited+len(bodies)-row.begun {
				t.Errorf("%s left: %s, want %d hanging ones and those that were not begun", row.left, got, row.waited)
			}
			if lines := strings.Count(log.String(), `"msg":"given back"`); lines != len(bodies)-row.begun {
				t.Errorf("%s left: %d lines about messages that were not begun:\n%s", row.left, lines, log)
			}
			if ctx.Err() != nil {
				t.Errorf("%s left: the answer came after the deadline", row.left)
			}
		})
	}
}

// Three keys of a batch hang, for as long as a message may take. The others are done at once.
func TestAKeyThatHangsCostsTheOthersNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		e := &events{onWait: func(ctx context.Context) { <-ctx.Done() }}
		handler, _ := newHandler(e)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = handler.Invoke(ctx, batch("wait", "wait", "a", "wait", "b", "c", "d", "e", "f", "g"))
		}()
		synctest.Wait()
		if len(e.handled) != 10 || time.Since(begun) != 0 {
			t.Errorf("after %v handled are %q, want all", time.Since(begun), e.handled)
		}
		<-done
	})
}

func TestTheMessagesOfOneKeyAreHandledOneAfterTheOther(t *testing.T) {
	one, other := "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "arn:aws:kms:us-east-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
	message := func(arn string) string {
		text, err := trail.SweptKey{KeyARN: arn, SweepID: "sweep", Time: time.Unix(0, 0)}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	synctest.Test(t, func(t *testing.T) {
		busy := map[string]int{}
		e := &events{}
		e.onEvent = func(event string) {
			e.mu.Lock()
			if busy[event]++; busy[event] > 1 {
				t.Errorf("two messages at once about one key: %s", event)
			}
			e.mu.Unlock()
			time.Sleep(time.Second)
			e.mu.Lock()
			busy[event]--
			e.mu.Unlock()
		}
		handler, _ := newHandler(e)
		begun := time.Now()
		if _, err := handler.Invoke(t.Context(), batch(message(one), message(other), message(one), message(one), message(other))); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 3*time.Second {
			t.Errorf("took %v, want 3s: three messages of one key, and beside them two of the other", took)
		}
	})
}

func TestABareEventIsAnsweredWithItsOutcome(t *testing.T) {
	e := &events{}
	handler, _ := newHandler(e)
	got, err := handler.Invoke(t.Context(), []byte("arn:x"))
	if err != nil {
		t.Fatal(err)
	}
	var o guardrail.Outcome
	if err := json.Unmarshal(got, &o); err != nil || o.KeyARN != "arn:x" || o.Verdict != guardrail.Compliant {
		t.Errorf("%s, %v", got, err)
	}
}

func TestABareEventThatCannotBeFinishedIsAnError(t *testing.T) {
	handler, _ := newHandler(&events{})
	if got, err := handler.Invoke(t.Context(), []byte("fail")); err == nil || got != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// Whatever is no SQS batch is one event: it is the decoder that says what is wrong with it.
func TestEverythingElseIsTakenForOneEvent(t *testing.T) {
	for name, payload := range map[string]string{
		"nothing": "", "no JSON": "hello", "null": "null", "an array": "[]", "an object": "{}",
	} {
		e := &events{}
		handler, _ := newHandler(e)
		if _, err := handler.Invoke(t.Context(), []byte(payload)); err != nil || !slices.Equal(e.handled, []string{payload}) {
			t.Errorf("%s: handled %q, %v", name, e.handled, err)
		}
	}
}

// An answer to a batch deletes the messages that it does not name.
func TestABatchThatIsNotCleanIsGivenBackWhole(t *testing.T) {
	good := `{"eventSource":"aws:sqs","messageId":"1","body":"arn:a"}`
	for name, payload := range map[string]string{
		"another source":             `{"Records":[{"eventSource":"aws:s3","messageId":"1","body":"a"}]}`,
		"another source behind":      `{"Records":[` + good + `,{"eventSource":"aws:s3","messageId":"2","body":"a"}]}`,
		"the wrong type":             `{"Records":"aws:sqs"}`,
		"no source":                  `{"Records":[{"messageId":"1","body":"a"}]}`,
		"no message id":              `{"Records":[{"eventSource":"aws:sqs","body":"a"}]}`,
		"a body that is an object":   `{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":{}}]}`,
		"attributes of another type": `{"Records":[{"eventSource":"aws:sqs","messageId":"1","body":"a","messageAttributes":[]}]}`,
	} {
		e := &events{}
		handler, _ := newHandler(e)
		if answer, err := handler.Invoke(t.Context(), []byte(payload)); err == nil || answer != nil || len(e.handled) > 0 {
			t.Errorf("%s: answered %s, %v, handled %q", name, answer, err, e.handled)
		}
	}
}

// invocation is a context as Lambda makes it.
func invocation(t *testing.T, request string) context.Context {
	t.Helper()
	return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: request})
}

const flush = `{"version":"0","source":"kms-guardrail","detail-type":"KMS Guardrail Flush","detail":{}}`

func TestTheEventOfTheScheduleFlushes(t *testing.T) {
	e := &events{}
	handler, log := newHandler(e)
	got, err := handler.Invoke(invocation(t, "r1"), []byte(flush))
	if err != nil || string(got) != `{"finished":1,"retried":2,"failed":3}` {
		t.Errorf("%s, %v", got, err)
	}
	if !slices.Equal(e.flushes, []string{"r1-n1"}) || len(e.handled) > 0 {
		t.Errorf("flushed for %q, handled %q", e.flushes, e.handled)
	}
	if !strings.Contains(log.String(), `"msg":"flushed","flushed":{"finished":1,"retried":2,"failed":3}`) {
		t.Errorf("log %s", log)
	}
	e.flush = errors.New("the archive did not answer")
	if got, err := handler.Invoke(t.Context(), []byte(flush)); err == nil || got != nil {
		t.Errorf("%s, %v: Lambda must try again", got, err)
	}
}

// Lambda tries an asynchronous invocation that failed again, under the same request id. The
// archive must not take it for the attempt that may have written.
func TestARetriedInvocationHasAnotherNameThanTheFirst(t *testing.T) {
	e := &events{flush: errors.New("the archive did not answer")}
	handler := app.NewHandler(e, slog.New(slog.DiscardHandler))
	for range 2 {
		if _, err := handler.Invoke(invocation(t, "r1"), []byte(flush)); err == nil {
			t.Fatal("no error")
		}
	}
	if e.flushes[0] == e.flushes[1] || !strings.HasPrefix(e.flushes[1], "r1-") {
		t.Errorf("named %q", e.flushes)
	}
}

// Nobody but the schedule flushes: what looks like it is an event, and a bad one.
func TestWhatOnlyLooksLikeTheFlushIsAnEvent(t *testing.T) {
	for _, payload := range []string{
		strings.Replace(flush, "kms-guardrail", "aws.kms", 1),
		strings.Replace(flush, "Flush", "flush", 1),
		strings.Replace(flush, `"source"`, `"Source"`, 1),
		"[" + flush + "]",
	} {
		e := &events{}
		handler, _ := newHandler(e)
		if _, err := handler.Invoke(t.Context(), []byte(payload)); err != nil || len(e.flushes) > 0 || len(e.handled) != 1 {
			t.Errorf("%s: flushed %q, handled %q, %v", payload, e.flushes, e.handled, err)
		}
	}
	e := &events{}
	handler, _ := newHandler(e)
	if _, err := handler.Invoke(t.Context(), batch(flush)); err != nil || len(e.flushes) > 0 {
		t.Errorf("a message of the queue is written by whom the queue lets write: flushed %q, %v", e.flushes, err)
	}
}

// The archive tells deliveries apart by their name, and whether an earlier one may have
// written by the count.
func TestEveryDeliveryHasANameOfItsOwnAndKnowsWhetherItIsTheFirst(t *testing.T) {
	for _, row := range []struct {
		count string
		again bool
	}{
		{`"1"`, false}, {`"2"`, true}, {`"17"`, true}, {`"x"`, true}, {`""`, true},
	} {
		e := &events{}
		handler, _ := newHandler(e)
		payload := bytes.ReplaceAll(batch("a", "b"), []byte(`"ApproximateReceiveCount":"1"`), []byte(`"ApproximateReceiveCount":`+row.count))
		if _, err := handler.Invoke(invocation(t, "r1"), payload); err != nil {
			t.Fatal(err)
		}
		want := []enforcer.Message{
			{Event: []byte("a"), Delivery: "r1-n1/m0", Again: row.again}, {Event: []byte("b"), Delivery: "r1-n1/m1", Again: row.again},
		}
		slices.SortFunc(e.messages, func(a, b enforcer.Message) int { return bytes.Compare(a.Event, b.Event) })
		if diff := cmp.Diff(want, e.messages); diff != "" {
			t.Errorf("received %s times (-want +got):\n%s", row.count, diff)
		}
	}
	e := &events{}
	handler := app.NewHandler(e, slog.New(slog.DiscardHandler))
	for range 2 { // at a desk, where no invocation has an id
		if _, err := handler.Invoke(t.Context(), []byte("a")); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := e.messages[0], e.messages[1]; a.Delivery == "" || a.Delivery == b.Delivery || a.Again {
		t.Errorf("%+v, %+v", a, b)
	}
}

func TestABadEventIsLoggedWithItsMessage(t *testing.T) {
	e := &events{}
	handler, log := newHandler(e)
	if _, err := handler.Invoke(t.Context(), batch("a", "bad")); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), `"msg":"bad event","messageId":"m1"`) || strings.Contains(log.String(), `"messageId":"m0"`) {
		t.Errorf("log %s", log)
	}
}
