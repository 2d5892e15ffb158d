package enforcer

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// gather reads the key anew: two calls for a key that answers, and one each for aliases and
// tags where the configuration asks for them. Where KMS denies one of the two, the
// snapshot has what the event says instead, and denied is that error.
func (w *work) gather(ctx context.Context) (denied, err error) {
	event := w.event
	w.live, w.outcome.Evidence, w.outcome.Before = "", "", ""
	w.snapshot = guardrail.Snapshot{
		Key:      rules.Key{ARN: event.KeyARN, Account: event.Account, Region: event.Region, Partition: event.Partition},
		Policy:   event.PolicyText,
		Evidence: guardrail.EventPolicy,
		Trigger:  trigger(event),
		Writer:   w.config.Role, FirstSweep: w.firstSweep(),
	}
	key, describeErr := w.config.Keys.Describe(ctx, event.KeyARN)
	if describeErr != nil && !errors.Is(describeErr, ErrAccessDenied) {
		return nil, fmt.Errorf("describing the key: %w", describeErr)
	}
	if describeErr == nil {
		w.snapshot.Key = key
	}
	w.snapshot.Key.OrganizationID, w.snapshot.Key.OrganizationalUnits = w.config.OrganizationID, w.config.OrganizationalUnits
	if key.AWSManaged {
		return nil, nil
	}
	if err := w.gatherLabels(ctx); err != nil {
		return nil, err
	}
	text, err := w.config.Keys.Policy(ctx, event.KeyARN)
	switch {
	case errors.Is(err, ErrAccessDenied):
		return err, nil
	case err != nil:
		return nil, fmt.Errorf("reading the key policy: %w", err)
	}
	w.snapshot.Policy, w.snapshot.Evidence = text, guardrail.LivePolicy
	w.live, w.told = hash(w.snapshot.Key, text), hash(w.snapshot.Key, event.PolicyText)
	// Whether the check was skipped says something of the policy that the event tells of.
	w.snapshot.BypassedLockoutCheck = event.BypassLockoutCheck && w.live == w.told
	return describeErr, nil
}

// gatherLabels reads what the configuration needs to choose rule and exemption.
func (w *work) gatherLabels(ctx context.Context) error {
	if w.config.Configuration.NeedsAliases() {
		if err := w.readAliases(ctx); err != nil {
			return err
		}
	}
	if w.config.Configuration.NeedsTags() {
		return w.readTags(ctx)
	}
	return nil
}

// readAliases reads the key's aliases; where KMS denies that, they stay unknown.
func (w *work) readAliases(ctx context.Context) error {
	aliases, err := w.config.Keys.Aliases(ctx, w.event.KeyARN)
	switch {
	case errors.Is(err, ErrAccessDenied):
	case err != nil:
		return fmt.Errorf("listing the key's aliases: %w", err)
	default:
		w.snapshot.Labels.Aliases = append([]string{}, aliases...)
		w.outcome.Aliases = w.snapshot.Labels.Aliases
	}
	return nil
}

// readTags reads the key's tags; where KMS denies that, they stay unknown.
func (w *work) readTags(ctx context.Context) error {
	tags, err := w.config.Keys.Tags(ctx, w.event.KeyARN)
	switch {
	case errors.Is(err, ErrAccessDenied):
	case err != nil:
		return fmt.Errorf("listing the key's tags: %w", err)
	case tags == nil:
		w.snapshot.Labels.Tags = map[string]string{}
	default:
		w.snapshot.Labels.Tags = tags
	}
	return nil
}
