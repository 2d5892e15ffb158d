package sweeper_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/sweeper"
)

var (
	night   = time.Date(2026, 11, 23, 3, 0, 0, 500, time.UTC)
	errDown = errors.New("AWS is down")
)

// hash is the configuration hash of a name of one letter.
func hash(name string) string { return fmt.Sprintf("%064x", name) }

// world is an account with keys, a queue and a memory that do as they are told.
type world struct {
	keys    []string
	perPage int
	listErr error // after the pages

	sent    []string
	sendErr error
	most    int // messages that one call of Send takes; 0 is all

	last    string
	lastErr error
	saveErr error
	saves   int

	mu     sync.Mutex
	judged []trail.Event
	judge  func(e trail.Event, try int) (guardrail.Outcome, error)

	log bytes.Buffer
}

func newWorld(keys int) *world {
	w := &world{perPage: 3}
	for i := range keys {
		w.keys = append(w.keys, fmt.Sprintf("arn:aws:kms:us-east-1:111122223333:key/%d", i))
	}
	return w
}

func (w *world) Keys(ctx context.Context) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for page := range slices.Chunk(w.keys, w.perPage) {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if !yield(page, nil) {
				return
			}
		}
		if w.listErr != nil {
			yield(nil, w.listErr)
		}
	}
}

func (w *world) Send(ctx context.Context, messages []string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	n := len(messages)
	if w.most > 0 {
		n = min(n, w.most)
	}
	w.sent = append(w.sent, messages[:n]...)
	return n, w.sendErr
}

func (w *world) LastSweep(context.Context) (string, error) { return w.last, w.lastErr }

func (w *world) SaveSweep(_ context.Context, _ string, _ time.Time, configurationHash string) error {
	if w.saveErr == nil {
		w.last = configurationHash
		w.saves++
	}
	return w.saveErr
}

// Judge implements [sweeper.Judge].
func (w *world) Judge(ctx context.Context, message []byte) (guardrail.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return guardrail.Outcome{}, err
	}
	e, err := trail.Decode(message)
	if err != nil {
		return guardrail.Outcome{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	try := 1
	for _, other := range w.judged {
		if other.KeyARN == e.KeyARN {
			try++
		}
	}
	w.judged = append(w.judged, e)
	if w.judge == nil {
		return guardrail.Outcome{Verdict: guardrail.Compliant}, nil
	}
	return w.judge(e, try)
}

func (w *world) config(configurationHash string) sweeper.Config {
	return sweeper.Config{
		Keys: w, Queue: w, Judge: w.Judge, Memory: w, ConfigurationHash: configurationHash,
		Log: slog.New(slog.NewJSONHandler(&w.log, nil)), Now: func() time.Time { return night },
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func (w *world) sweep(ctx context.Context, configurationHash string) (sweeper.Summary, error) {
	return sweeper.New(w.config(configurationHash)).Sweep(ctx, "1")
}

// events are the messages on the queue as they are read there.
func (w *world) events(t *testing.T) []trail.Event {
	t.Helper()
	var list []trail.Event
	for _, message := range w.sent {
		e, err := trail.Decode([]byte(message))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}
