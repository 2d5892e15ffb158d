package sweeper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

const (
	// atOnce is how many keys are judged at the same time. KMS answers hundreds of such
	// reads in a second, and others need some of them.
	// https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
	atOnce = 10
	// tries is how often a key is judged that fails, and firstPause the time before the
	// second try; it doubles with each.
	tries      = 3
	firstPause = time.Second
	// keyTime is the most that one try may take, so that calls that hang do not use up
	// the time of the sweep.
	keyTime = 15 * time.Second
)

// run is one sweep on its way.
type run struct {
	Config
	summary Summary
	// mu guards the summary and problem while keys are judged.
	mu sync.Mutex
	// problem is why the first of the failed keys failed.
	problem error
}

// message is what asks for a key to be judged. In a first sweep it names no configuration:
// nobody may repair for it.
func (r *run) message(keyARN string) ([]byte, error) {
	k := trail.SweptKey{KeyARN: keyARN, SweepID: r.summary.SweepID, Time: r.summary.Time}
	if !r.summary.First {
		k.ConfigurationHash = r.ConfigurationHash
	}
	return k.Encode()
}

// queueAll puts every key on the queue.
func (r *run) queueAll(ctx context.Context) error {
	for page, err := range r.Keys.Keys(ctx) {
		if err != nil {
			return fmt.Errorf("listing the keys: %w", err)
		}
		r.summary.Keys += len(page)
		r.queue(ctx, page)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return r.failure()
}

// queue puts a page of keys on the queue.
func (r *run) queue(ctx context.Context, page []string) {
	messages := make([]string, 0, len(page))
	for _, arn := range page {
		text, err := r.message(arn)
		if err != nil {
			r.fail(ctx, 1, fmt.Errorf("key %s: %w", arn, err))
			continue
		}
		messages = append(messages, string(text))
	}
	sent, err := r.Queue.Send(ctx, messages)
	r.summary.Queued += sent
	if err != nil && ctx.Err() == nil {
		r.fail(ctx, len(messages)-sent, err)
	}
}

// judgeAll judges every key.
func (r *run) judgeAll(ctx context.Context) error {
	var judging sync.WaitGroup
	places := make(chan struct{}, atOnce)
	err := r.each(ctx, func(arn string) {
		places <- struct{}{}
		judging.Go(func() {
			defer func() { <-places }()
			r.judge(ctx, arn)
		})
	})
	judging.Wait()
	return errors.Join(err, r.failure())
}

// each does something for every key that is listed before the context ends.
func (r *run) each(ctx context.Context, do func(arn string)) error {
	for page, err := range r.Keys.Keys(ctx) {
		if err != nil {
			return fmt.Errorf("listing the keys: %w", err)
		}
		r.mu.Lock()
		r.summary.Keys += len(page)
		r.mu.Unlock()
		for _, arn := range page {
			if err := ctx.Err(); err != nil {
				return err
			}
			do(arn)
		}
	}
	return ctx.Err()
}

// judge judges a key and counts it. A key that the end of the time interrupts counts not.
func (r *run) judge(ctx context.Context, arn string) {
	message, err := r.message(arn)
	var o guardrail.Outcome
	if err == nil {
		o, err = r.tryJudge(ctx, message)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil:
		r.count(o)
	case ctx.Err() == nil:
		r.fail(ctx, 1, fmt.Errorf("key %s: %w", arn, err))
	}
}

func (r *run) count(o guardrail.Outcome) {
	r.summary.Verdicts[o.Verdict]++
	if o.Verdict != guardrail.NonCompliant {
		return
	}
	switch o.ActionReason {
	case guardrail.ReasonFirstSweep:
		r.summary.WouldRepair++
	case guardrail.ReasonSweep:
		r.summary.WouldRepairOnEvent++
	}
}

func (r *run) tryJudge(ctx context.Context, message []byte) (o guardrail.Outcome, err error) {
	for try := range tries {
		if try > 0 {
			if pauseErr := r.Pause(ctx, firstPause<<(try-1)); pauseErr != nil {
				return o, pauseErr
			}
		}
		if o, err = r.judgeOnce(ctx, message); err == nil {
			return o, nil
		}
	}
	return o, err
}

// judgeOnce turns a panic into an error: one key must not take the others with it.
func (r *run) judgeOnce(ctx context.Context, message []byte) (o guardrail.Outcome, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, keyTime)
	defer cancel()
	return r.Judge(ctx, message)
}

// fail counts keys that failed, and says why in the log.
func (r *run) fail(ctx context.Context, keys int, err error) {
	r.summary.Failed += keys
	if r.problem == nil {
		r.problem = err
	}
	r.Log.LogAttrs(ctx, slog.LevelWarn, "not swept", slog.Int("keys", keys), slog.String("error", err.Error()))
}

// failure is an error where keys failed.
func (r *run) failure() error {
	if r.problem == nil {
		return nil
	}
	return fmt.Errorf("%d keys failed; the first: %w", r.summary.Failed, r.problem)
}
