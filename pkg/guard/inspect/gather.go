package inspect

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Gather reads a key: DescribeKey and GetKeyPolicy, and ListAliases and ListResourceTags
// where the configuration asks for aliases and tags. If KMS denies DescribeKey or
// GetKeyPolicy, Gather returns a View that says so, with the policy of the event in place
// of the one that could not be read. If KMS denies the labels, they stay unknown. Any other
// error is returned, with what was read before it.
func (i *Inspector) Gather(ctx context.Context, s Subject) (View, error) {
	v := i.view(s, guardrail.EventPolicy)
	if s.Event != nil {
		v.Snapshot.Policy = s.Event.Policy
	}
	key, denied := i.config.Keys.Describe(ctx, s.Key.ARN)
	switch {
	case denied == nil:
		if s.Trigger == guardrail.ByCommand {
			key.Created = time.Time{} // at a desk a key is judged by the labels that it has now
		}
		v.Snapshot.Key = i.placed(key)
	case !errors.Is(denied, ErrAccessDenied):
		return v, fmt.Errorf("describing the key: %w", denied)
	}
	if key.AWSManaged {
		return v, nil
	}
	if err := i.readLabels(ctx, &v); err != nil {
		return v, err
	}
	text, err := i.config.Keys.Policy(ctx, s.Key.ARN)
	switch {
	case errors.Is(err, ErrAccessDenied):
		v.Denied = err
		return v, nil
	case err != nil:
		return v, fmt.Errorf("reading the key policy: %w", err)
	}
	v.Denied = denied
	v.Snapshot.Policy, v.Snapshot.Evidence = text, guardrail.LivePolicy
	// That the check was skipped says something of the policy that the event carries.
	v.Snapshot.BypassedLockoutCheck = s.Event != nil && s.Event.BypassedLockoutCheck && isSame(v.Snapshot.Key, text, s.Event.Policy)
	return v, nil
}

// isSame tells whether two texts are the same policy.
func isSame(k rules.Key, a, b string) bool { return a == b || Hash(k, a) == Hash(k, b) }

// File makes a View of a policy in a file: the policy that a key has or will have.
func (i *Inspector) File(k rules.Key, labels rules.Labels, text string) View {
	v := i.view(Subject{Key: k, Trigger: guardrail.ByCommand}, guardrail.FilePolicy)
	v.Snapshot.Labels, v.Snapshot.Policy = labels, text
	return v
}

func (i *Inspector) view(s Subject, evidence guardrail.Evidence) View {
	v := View{Subject: s, Snapshot: guardrail.Snapshot{
		Key: i.placed(s.Key), Evidence: evidence, Trigger: s.Trigger, Writer: i.config.Role, FirstSweep: s.FirstSweep,
	}}
	if s.Event != nil && i.config.Configuration.Grants != rules.NoGrants {
		v.Snapshot.Grant = s.Event.Grant
	}
	return v
}

// placed adds to a key what AWS KMS does not know of it.
func (i *Inspector) placed(k rules.Key) rules.Key {
	if i.config.OrganizationID != "" {
		k.OrganizationID = i.config.OrganizationID
	}
	if i.config.OrganizationalUnits != nil {
		k.OrganizationalUnits = i.config.OrganizationalUnits
	}
	return k
}

// readLabels reads what the configuration needs to choose rule and exemption.
func (i *Inspector) readLabels(ctx context.Context, v *View) error {
	if i.config.AllLabels || i.config.Configuration.NeedsAliases() {
		if err := i.readAliases(ctx, v); err != nil {
			return err
		}
	}
	if i.config.AllLabels || i.config.Configuration.NeedsTags() {
		return i.readTags(ctx, v)
	}
	return nil
}

func (i *Inspector) readAliases(ctx context.Context, v *View) error {
	aliases, err := i.config.Keys.Aliases(ctx, v.Subject.Key.ARN)
	switch {
	case errors.Is(err, ErrAccessDenied):
		return nil
	case err != nil:
		return fmt.Errorf("listing the key's aliases: %w", err)
	}
	v.Snapshot.Labels.Aliases = append([]string{}, aliases...) // read, so not nil
	return nil
}

func (i *Inspector) readTags(ctx context.Context, v *View) error {
	tags, err := i.config.Keys.Tags(ctx, v.Subject.Key.ARN)
	switch {
	case errors.Is(err, ErrAccessDenied):
		return nil
	case err != nil:
		return fmt.Errorf("listing the key's tags: %w", err)
	case tags == nil:
		tags = map[string]string{}
	}
	v.Snapshot.Labels.Tags = tags
	return nil
}

// readHoldingTags reads tags that may hold a plan, where nothing else asked for them.
func (i *Inspector) readHoldingTags(ctx context.Context, v *View) error {
	holds := slices.Contains(i.config.Configuration.Repair.HoldWhen, rules.HoldCloudFormation)
	if !holds || v.Snapshot.Labels.Tags != nil || v.Snapshot.Evidence != guardrail.LivePolicy {
		return nil
	}
	return i.readTags(ctx, v)
}
