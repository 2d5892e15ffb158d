package enforcer

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// view is what one round gathered of a key, and how that is judged.
type view struct {
	snapshot  guardrail.Snapshot
	judgement guardrail.Judgement
	reading   ledger.Reading
	outcome   guardrail.Outcome
}

// look gathers and judges a key. The error is transient: the event is to be given back.
func (e *Enforcer) look(ctx context.Context, event trail.Event) (view, error) {
	v := view{outcome: e.newOutcome(event), reading: ledger.Reading{Made: true}}
	denied, err := e.gather(ctx, event, &v)
	o := &v.outcome
	switch isYoung := e.config.Now().Sub(event.Time) < ledger.SettlingTime; {
	case errors.Is(err, ErrNotFound) && isYoung && trigger(event) != guardrail.BySweep:
		return v, fmt.Errorf("too new to be found: %w", err)
	case errors.Is(err, ErrNotFound):
		skip(o, string(guardrail.CodeKeyGone))
		return v, nil
	case errors.Is(err, ErrRefused):
		o.Judged(guardrail.Unjudged(v.snapshot.Key, guardrail.CodeUnexpectedError, err.Error()))
		return v, nil
	case err != nil:
		return v, err
	}
	if v.snapshot.Key.Type != (defaultpolicy.KeyType{}) {
		o.KeyType = v.snapshot.Key.Type.String()
	}
	switch {
	case v.snapshot.Key.AWSManaged:
		skip(o, string(trail.AWSManagedKey))
	case denied != nil:
		e.judgeUnread(event, &v, denied)
	default:
		v.reading.Readable = true
		o.Evidence, o.Before = guardrail.LivePolicy, v.reading.Live
		v.judgement = guardrail.Judge(v.snapshot, e.config.Configuration, e.config.Now())
		o.Judged(v.judgement)
	}
	return v, nil
}

// gather reads the key: two calls for a key that answers, and one each for aliases and tags
// where the configuration asks for them. Where KMS denies one of the two, the snapshot has
// what the event says instead, and denied is that error.
func (e *Enforcer) gather(ctx context.Context, event trail.Event, v *view) (denied, err error) {
	s := &v.snapshot
	*s = guardrail.Snapshot{
		Key:    rules.Key{ARN: event.KeyARN, Account: event.Account, Region: event.Region, Partition: event.Partition},
		Policy: event.PolicyText, Evidence: guardrail.EventPolicy, Trigger: trigger(event), Writer: e.config.Role,
		// Messages that a change of the configuration finds in the queue repair nothing either.
		FirstSweep: event.SweepID != "" && event.SweptConfiguration != e.hash,
	}
	key, describeErr := e.config.Keys.Describe(ctx, event.KeyARN)
	if describeErr != nil && !errors.Is(describeErr, ErrAccessDenied) {
		return nil, fmt.Errorf("describing the key: %w", describeErr)
	}
	if describeErr == nil {
		s.Key = key
	}
	s.Key.OrganizationID, s.Key.OrganizationalUnits = e.config.OrganizationID, e.config.OrganizationalUnits
	if key.AWSManaged {
		return nil, nil
	}
	if err := e.gatherLabels(ctx, v); err != nil {
		return nil, err
	}
	text, err := e.config.Keys.Policy(ctx, event.KeyARN)
	switch {
	case errors.Is(err, ErrAccessDenied):
		return err, nil
	case err != nil:
		return nil, fmt.Errorf("reading the key policy: %w", err)
	}
	s.Policy, s.Evidence = text, guardrail.LivePolicy
	r := &v.reading
	r.Live, r.Event, r.EventHasText = hash(s.Key, text), hash(s.Key, event.PolicyText), event.PolicyText != ""
	r.EventIsHidden = event.Name == "PutKeyPolicy" && r.Event == "" && event.PolicyText != text
	// Whether the check was skipped says something of the policy that the event tells of.
	s.BypassedLockoutCheck = event.BypassLockoutCheck && r.Live == r.Event
	return describeErr, nil
}

// gatherLabels reads what the configuration needs to choose rule and exemption. What KMS
// denies stays unknown.
func (e *Enforcer) gatherLabels(ctx context.Context, v *view) error {
	if e.config.Configuration.NeedsAliases() {
		aliases, err := e.config.Keys.Aliases(ctx, v.snapshot.Key.ARN)
		switch {
		case errors.Is(err, ErrAccessDenied):
		case err != nil:
			return fmt.Errorf("listing the key's aliases: %w", err)
		default:
			v.snapshot.Labels.Aliases = append([]string{}, aliases...)
			v.outcome.Aliases = v.snapshot.Labels.Aliases
		}
	}
	if e.config.Configuration.NeedsTags() {
		return e.gatherTags(ctx, v)
	}
	return nil
}

func (e *Enforcer) gatherTags(ctx context.Context, v *view) error {
	tags, err := e.config.Keys.Tags(ctx, v.snapshot.Key.ARN)
	switch {
	case errors.Is(err, ErrAccessDenied):
	case err != nil:
		return fmt.Errorf("listing the key's tags: %w", err)
	case tags == nil:
		v.snapshot.Labels.Tags = map[string]string{}
	default:
		v.snapshot.Labels.Tags = tags
	}
	return nil
}

// decision is what of a view decides a step.
func (e *Enforcer) decision(event trail.Event, v *view) ledger.Judgement {
	j := ledger.Judgement{
		Compliant: v.judgement.Verdict == guardrail.Compliant,
		Critical:  v.judgement.Severity == rules.Critical,
		Repair:    v.judgement.Decision.Repair,
		MayWrite: v.judgement.Selection.Mode == rules.Repair && v.judgement.Selection.Exemption == nil &&
			!v.snapshot.FirstSweep && (trigger(event) != guardrail.BySweep || e.config.Configuration.Repair.Sweep),
	}
	isYoung := e.config.Now().Sub(event.Time) < ledger.SettlingTime
	if r := v.reading; isYoung && r.Readable && event.PolicyText != "" && r.Event != "" && r.Event != r.Live {
		s := v.snapshot
		s.Policy, s.BypassedLockoutCheck = event.PolicyText, false
		verdict := guardrail.Judge(s, e.config.Configuration, e.config.Now()).Verdict
		// Of two compliant policies another delivery may just now be replacing the event's.
		j.EventAlike = verdict == v.judgement.Verdict && (!j.Compliant || e.config.Archive == nil)
	}
	return j
}

// trigger says what made the guardrail look at an event's key.
func trigger(event trail.Event) guardrail.Trigger {
	if event.SweepID != "" {
		return guardrail.BySweep
	}
	return guardrail.ByEvent
}

// hash identifies the canonical form of a policy; "" for a text that is no policy.
func hash(k rules.Key, text string) string {
	d, err := policy.Parse(text)
	if err != nil {
		return ""
	}
	return d.Hash(k.Partition)
}
