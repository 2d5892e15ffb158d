package enforcer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// view is what one round read of a key, how it is judged, and what will be reported of it.
type view struct {
	inspect.View
	reading ledger.Reading
	outcome guardrail.Outcome
}

// look reads and judges a key. The error is transient: the event is to be given back.
func (e *Enforcer) look(ctx context.Context, event trail.Event) (view, error) {
	inspected, err := e.inspector.Gather(ctx, e.subjectOf(event))
	v := view{View: inspected, reading: ledger.Reading{Made: true}}
	switch isYoung := e.config.Now().Sub(event.Time) < ledger.SettlingTime; {
	case errors.Is(err, inspect.ErrNotFound) && isYoung && trigger(event) != guardrail.BySweep:
		return v, fmt.Errorf("too new to be found: %w", err)
	case errors.Is(err, inspect.ErrNotFound):
		v.outcome = e.newOutcome(event)
		skip(&v.outcome, string(guardrail.CodeKeyGone))
		return v, nil
	case errors.Is(err, inspect.ErrRefused):
		v.outcome = e.newOutcome(event)
		v.outcome.Judged(guardrail.Unjudged(v.Snapshot.Key, guardrail.CodeUnexpectedError, err.Error()))
		return v, nil
	case err != nil:
		return v, err
	}
	e.inspector.Judge(&v.View)
	v.reading.Readable = v.Denied == nil && !v.Snapshot.Key.AWSManaged
	if v.reading.Readable {
		r := &v.reading
		r.Live, r.Event, r.EventHasText = v.LiveHash, v.EventHash, event.PolicyText != ""
		r.EventIsHidden = event.Name == "PutKeyPolicy" && r.Event == "" && event.PolicyText != v.Snapshot.Policy
	}
	v.outcome = e.outcomeOf(event, v.View, inspect.Plan{})
	return v, nil
}

// subjectOf says which key an event is about, and what the event says of it.
func (e *Enforcer) subjectOf(event trail.Event) inspect.Subject {
	return inspect.Subject{
		Key:     rules.Key{ARN: event.KeyARN, Account: event.Account, Region: event.Region, Partition: event.Partition},
		Trigger: trigger(event),
		// Messages that a change of the configuration finds in the queue repair nothing either.
		FirstSweep: event.SweepID != "" && event.SweptConfiguration != e.hash,
		Event: &inspect.Event{
			Actor: guardrail.Actor(event.Actor), Policy: event.PolicyText, BypassedLockoutCheck: event.BypassLockoutCheck,
			SetsDefault: event.Name == "CreateKey" && event.PolicyText == "" && !event.ParametersOmitted,
			Grant:       grantOf(event),
		},
	}
}

// grantOf returns the grant that an event tells of; nil for none.
func grantOf(event trail.Event) *guardrail.Grant {
	if event.Name != "CreateGrant" {
		return nil
	}
	return &guardrail.Grant{ID: event.Grant.ID, Grantee: event.Grant.Grantee, Operations: strings.Split(event.Grant.Operations, ",")}
}

// outcomeOf is the outcome of a view, with a plan that is not written yet.
func (e *Enforcer) outcomeOf(event trail.Event, v inspect.View, plan inspect.Plan) guardrail.Outcome {
	o := e.inspector.Outcome(v, plan, guardrail.Reported)
	if event.SweepID != "" {
		o.Actor = nil // a sweep is nobody's call
	}
	return o
}

// decision is what of a view decides a step.
func (e *Enforcer) decision(event trail.Event, v *view) ledger.Judgement {
	j := ledger.Judgement{
		Compliant: v.Judgement.Verdict == guardrail.Compliant,
		Critical:  v.Judgement.Severity == rules.Critical,
		Repair:    v.reading.Readable && v.Judgement.Decision.Repair,
		Unsettled: !v.Judgement.Selection.Settles.IsZero() && v.Judgement.Severity != rules.Critical,
		MayWrite: v.Judgement.Selection.Mode == rules.Repair && v.Judgement.Verdict != guardrail.Exempt &&
			!v.Snapshot.FirstSweep && (trigger(event) != guardrail.BySweep || e.config.Configuration.Repair.Sweep),
	}
	isYoung := e.config.Now().Sub(event.Time) < ledger.SettlingTime
	if r := v.reading; isYoung && r.Readable && event.PolicyText != "" && r.Event != "" && r.Event != r.Live {
		s := v.Snapshot
		s.Policy, s.BypassedLockoutCheck = event.PolicyText, false
		verdict := guardrail.Judge(s, e.config.Configuration, e.config.Now()).Verdict
		// Of two compliant policies another delivery may just now be replacing the event's.
		j.EventAlike = verdict == v.Judgement.Verdict && (!j.Compliant || e.config.Archive == nil)
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
