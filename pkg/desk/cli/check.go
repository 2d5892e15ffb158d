package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// checker judges policies against a configuration at a moment, and writes the results.
type checker struct {
	judge
	*judging
}

// checkFiles judges policy files, each as if it were the policy of the key that s tells of.
func checkFiles(ctx context.Context, c checker, s subject, files []string) error {
	noteMissingFlags(c.streams, s, c.configuration, c.now)
	return c.each(ctx, files, func(_ context.Context, file string) (judged, error) {
		text, err := readFile(file, c.streams.in)
		if err != nil {
			return judged{}, err
		}
		if _, err := policy.Parse(string(text)); err != nil {
			return judged{}, err
		}
		o := c.policy(s, string(text))
		o.Evidence = guardrail.FilePolicy
		return judged{File: file, Outcome: o, policy: string(text)}, nil
	})
}

// checkKeys judges the policies of live keys; place has what no call to AWS KMS tells of them.
func checkKeys(ctx context.Context, c checker, keys keyReader, place place, ids []string) error {
	return c.each(ctx, ids, func(ctx context.Context, id string) (judged, error) {
		s, o, err := c.live(ctx, keys, place, id)
		if err == nil {
			noteMissingFlags(c.streams, s, c.configuration, c.now)
		}
		return judged{Outcome: o}, err
	})
}

// live reads a key and judges its policy. A policy that may not be read cannot be judged,
// and the policy of a key that AWS manages need not be: both are outcomes.
func (c judge) live(ctx context.Context, keys keyReader, place place, id string) (subject, guardrail.Outcome, error) {
	s, err := place.live(ctx, keys, id)
	switch {
	case err != nil:
		return s, guardrail.Outcome{}, err
	case s.key.AWSManaged:
		return s, c.skipped(s), nil
	}
	text, err := keys.Policy(ctx, s.key.ARN)
	switch {
	case errors.Is(err, enforcer.ErrAccessDenied):
		return s, c.outcome(s, guardrail.Unjudged(s.key, guardrail.CodeAccessDenied, "you may not read the key policy: "+err.Error())), nil
	case err != nil:
		return s, guardrail.Outcome{}, fmt.Errorf("reading the key policy: %w", err)
	}
	return s, c.policy(s, text), nil
}

// newChecker returns a checker for the configuration of the options, at the present.
func (o *options) newChecker(failOn guardrail.Severity) (checker, error) {
	configuration, file, err := o.configuration()
	if err != nil {
		return checker{}, err
	}
	return checker{judge{configuration, time.Now()}, newJudging(o, o.use(configuration, file), failOn)}, nil
}
