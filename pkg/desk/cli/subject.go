package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// subject is a key to judge or to explain: what decides about its rule and baseline.
type subject struct {
	key    rules.Key
	labels rules.Labels
}

// place is what no call to AWS KMS tells of a key: the organization of its account, and the
// units above the account.
type place struct {
	organization string
	units        []string
}

// put writes a place into a key.
func (p place) put(k *rules.Key) {
	k.OrganizationID, k.OrganizationalUnits = p.organization, p.units
}

// live reads a key. Aliases and tags that may not be read stay unknown.
func (p place) live(ctx context.Context, keys keyReader, id string) (subject, error) {
	arn, err := keys.Resolve(ctx, id)
	if err != nil {
		return subject{}, fmt.Errorf("describing the key: %w", err)
	}
	var s subject
	if s.key, err = keys.Describe(ctx, arn); err != nil {
		return s, fmt.Errorf("describing the key: %w", err)
	}
	p.put(&s.key)
	if s.labels.Aliases, err = keys.Aliases(ctx, arn); err == nil {
		s.labels.Aliases = append([]string{}, s.labels.Aliases...) // read, so not nil
	} else if !errors.Is(err, inspect.ErrAccessDenied) {
		return s, fmt.Errorf("listing the key's aliases: %w", err)
	}
	if s.key.AWSManaged {
		return s, nil // no rule is about it
	}
	if s.labels.Tags, err = keys.Tags(ctx, arn); err != nil && !errors.Is(err, inspect.ErrAccessDenied) {
		return s, fmt.Errorf("listing the key's tags: %w", err)
	}
	return s, nil
}
