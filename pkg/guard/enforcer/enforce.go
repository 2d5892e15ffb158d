package enforcer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// mostRounds is how often one delivery judges a key that others change meanwhile.
const mostRounds = 3

// errChanging says that the key policy does not keep still.
var errChanging = errors.New("the key policy changes faster than it can be judged")

// errForeignKey says that an event is about a key of an account that is not this
// function's to guard.
var errForeignKey = errors.New("the key belongs to another account than the guardrail's")

// enforce gathers, decides and acts, again where the policy changed in between.
func (w *work) enforce(ctx context.Context) error {
	for range mostRounds {
		again, err := w.round(ctx)
		switch {
		case err != nil:
			return err
		case !again:
			return w.conclude(ctx)
		}
	}
	return errChanging
}

// round gathers, decides and acts once. It answers again where the policy changed
// before it could be written, so that nothing was.
func (w *work) round(ctx context.Context) (again bool, err error) {
	denied, err := w.gather(ctx)
	if done, err := w.unreadable(denied, err); done || err != nil {
		return false, err
	}
	if done, err := w.finishSeen(ctx); done || err != nil {
		return false, err
	}
	w.outcome.Evidence, w.outcome.Before = guardrail.LivePolicy, w.live
	w.judgement = guardrail.Judge(w.snapshot, w.config.Configuration, w.config.Now())
	w.outcome.Judged(w.judgement)
	if err := w.recall(ctx); err != nil {
		return false, err
	}
	if err := w.keepSuperseded(ctx); err != nil {
		return false, err
	}
	if err := w.settled(); err != nil {
		return false, err
	}
	if !w.judgement.Decision.Repair {
		return false, nil
	}
	return w.repair(ctx)
}

// unreadable ends the work where the key could not be read, and says so.
func (w *work) unreadable(denied, err error) (done bool, _ error) {
	o, key := w.outcome, w.snapshot.Key
	switch {
	case errors.Is(err, ErrNotFound) && w.young() && trigger(w.event) != guardrail.BySweep:
		return true, fmt.Errorf("too new to be found: %w", err)
	case errors.Is(err, ErrNotFound):
		skip(o, string(guardrail.CodeKeyGone))
		return true, nil
	case errors.Is(err, ErrRefused):
		w.outcome.Judged(guardrail.Unjudged(key, guardrail.CodeUnexpectedError, err.Error()))
		return true, nil
	case err != nil:
		return true, err
	}
	if key.Type != (defaultpolicy.KeyType{}) {
		o.KeyType = key.Type.String()
	}
	if key.AWSManaged {
		skip(o, string(trail.AWSManagedKey))
		return true, nil
	}
	if denied != nil {
		w.judgeUnread(denied)
		return true, nil
	}
	return false, nil
}

// conclude does what the outcome needs to be durable, but for the report: it closes the
// claim that was not written by, or that an earlier delivery left, and keeps the findings
// that are open.
func (w *work) conclude(ctx context.Context) error {
	if w.held != nil {
		if err := w.letGo(ctx); err != nil {
			return err
		}
	}
	if w.unreported == "" {
		if err := w.closeOwn(ctx); err != nil {
			return err
		}
	}
	return w.remember(ctx)
}

// young tells whether KMS may not have settled since the event.
func (w *work) young() bool { return w.config.Now().Sub(w.event.Time) < settlingTime }

// permanent tells whether an error of Keys stays when the call is made again. A key that
// was just made may not be known everywhere yet.
func (w *work) permanent(err error) bool {
	return errors.Is(err, ErrAccessDenied) || errors.Is(err, ErrRefused) || errors.Is(err, ErrNotFound) && !w.young()
}

// errNoTime says that the invocation ends too soon to write, and to see what was written.
var errNoTime = errors.New("too little time is left to write")

// leastTime is what archiving, writing and confirming take where AWS is slow.
const leastTime = 8 * time.Second

// enoughTime is an error where the context ends before a write could be confirmed. A
// context's deadline is by the real clock, whatever Config.Now says.
func enoughTime(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < leastTime {
		return errNoTime
	}
	return nil
}

// hash is that of a policy's canonical form, "" for a text that is no policy.
func hash(k rules.Key, text string) string {
	d, err := policy.Parse(text)
	if err != nil {
		return ""
	}
	return d.Hash(k.Partition)
}
