package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// checker judges policies against a configuration at a moment, and writes the results.
type checker struct {
	judge
	*judging
}

// checkKeys judges the policies of live keys; place has what no call to AWS KMS tells of them.
func checkKeys(ctx context.Context, c checker, keys keyReader, place place, ids []string) error {
	i := c.inspector(keys, place, true)
	return c.each(ctx, ids, func(ctx context.Context, id string) (judged, error) {
		arn, err := keys.Resolve(ctx, id)
		if err != nil {
			return judged{}, fmt.Errorf("describing the key: %w", err)
		}
		s, o, err := live(ctx, i, arn)
		if err == nil {
			noteMissingFlags(c.streams.note, s, c.configuration, c.now)
		}
		return judged{Outcome: o}, err
	})
}

// live reads the key with an ARN and judges its policy.
func live(ctx context.Context, i *inspect.Inspector, arn string) (subject, guardrail.Outcome, error) {
	key, err := rules.KeyOf(arn)
	if err != nil {
		return subject{}, guardrail.Outcome{}, fmt.Errorf("describing the key: %w", err)
	}
	v, err := i.Gather(ctx, inspect.Subject{Key: key, Trigger: guardrail.ByCommand})
	if err != nil {
		return subject{}, guardrail.Outcome{}, err
	}
	o, err := outcomeOf(ctx, i, &v)
	return subject{v.Snapshot.Key, v.Snapshot.Labels}, o, err
}

// newChecker returns a checker for the configuration of the options, at the present.
func (o *options) newChecker(targets []target, failOn rules.Severity) (checker, error) {
	configuration, file, err := o.configuration()
	if err != nil {
		return checker{}, err
	}
	return checker{judge{configuration, time.Now()}, newJudging(o, targets, o.use(configuration, file), failOn)}, nil
}
