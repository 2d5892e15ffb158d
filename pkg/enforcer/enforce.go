package enforcer

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/trail"
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
		if err != nil || !again {
			return err
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
	if err := w.recall(ctx); err != nil {
		return false, err
	}
	w.outcome.Evidence, w.outcome.Before = guardrail.LivePolicy, w.live
	w.judgement = guardrail.Judge(w.snapshot, w.config.Configuration, w.config.Now())
	if err := w.settled(); err != nil {
		return false, err
	}
	w.decide(w.judgement)
	if err := w.keepSuperseded(ctx); err != nil {
		return false, err
	}
	if w.judgement.Decision.Repair && w.config.Archive != nil {
		return w.repair(ctx)
	}
	if done, err := w.finishEarlier(ctx); done || err != nil {
		return false, err
	}
	return false, w.remember(ctx)
}

// unreadable ends the work where the key could not be read, and says so.
func (w *work) unreadable(denied, err error) (done bool, _ error) {
	o, key := w.outcome, w.snapshot.Key
	switch {
	case errors.Is(err, ErrNotFound) && trigger(w.event) != guardrail.BySweep && w.config.Now().Sub(w.event.Time) < settlingTime:
		return true, fmt.Errorf("too new to be found: %w", err)
	case errors.Is(err, ErrNotFound):
		skip(o, string(guardrail.CodeKeyGone))
		return true, nil
	case errors.Is(err, ErrRefused):
		w.decide(guardrail.Unjudged(key, guardrail.CodeUnexpectedError, err.Error()))
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

// hash is that of a policy's canonical form, "" for a text that is no policy.
func hash(k guardrail.Key, text string) string {
	d, err := policy.Parse(text)
	if err != nil {
		return ""
	}
	return d.Hash(k.Partition)
}
