package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/trail"
)

// Config is what an Enforcer works with. All fields are required.
type Config struct {
	Keys      Keys
	Yardstick guardrail.Yardstick
	Log       *slog.Logger
	// Now is the clock.
	Now func() time.Time
	// Version of the guardrail, for outcomes.
	Version string
}

// Enforcer handles events. It has no state of its own and may be used by several
// goroutines.
type Enforcer struct{ config Config }

// New returns an Enforcer.
func New(config Config) *Enforcer { return &Enforcer{config} }

// settlingTime is how long a key that was just made may be unknown to other KMS
// calls: "in some cases several minutes".
// https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
const settlingTime = 10 * time.Minute

// Handle judges the key that an event is about, and repairs it where the
// yardstick's mode allows and the judgement proves the need.
//
// The outcome says what became of the event; it is also logged. The error is not
// nil only if the event must be given back and handled again: AWS did not answer,
// or the key is too new to be found.
func (e *Enforcer) Handle(ctx context.Context, raw []byte) (guardrail.Outcome, error) {
	start := e.config.Now()
	o := e.newOutcome(start)
	event, err := trail.Decode(raw)
	if err == nil || event.ID != "" {
		name(&o, event)
	}
	switch {
	case err != nil:
		refuseEvent(&o, err)
	case event.Ignored != "":
		skip(&o, string(event.Ignored))
	default:
		if err := e.enforce(ctx, event, &o); err != nil {
			e.config.Log.LogAttrs(ctx, slog.LevelWarn, "given back",
				slog.String("key", o.KeyARN), slog.String("verdict", string(guardrail.NothingToJudge)), slog.String("action", "given-back"),
				slog.String("reason", "no-answer-yet"), slog.String("error", err.Error()), e.duration(start))
			return o, err
		}
	}
	e.log(ctx, o, start)
	return o, nil
}

// enforce gathers, decides and acts.
func (e *Enforcer) enforce(ctx context.Context, event trail.Event, o *guardrail.Outcome) error {
	snapshot, denied, err := e.gather(ctx, event)
	switch {
	case errors.Is(err, ErrNotFound) && e.config.Now().Sub(event.Time) < settlingTime:
		return fmt.Errorf("too new to be found: %w", err)
	case errors.Is(err, ErrNotFound):
		skip(o, string(guardrail.CodeKeyGone))
		return nil
	case errors.Is(err, ErrRefused):
		decide(o, guardrail.Unjudged(snapshot.Key, guardrail.CodeUnexpectedError, err.Error()))
		return nil
	case err != nil:
		return err
	}
	if snapshot.Key.Type != (defaultpolicy.KeyType{}) {
		o.KeyType = snapshot.Key.Type.String()
	}
	if snapshot.Key.AWSManaged {
		skip(o, string(trail.AWSManagedKey))
		return nil
	}
	if denied != nil {
		e.judgeUnread(event, snapshot, denied, o)
		return nil
	}
	o.Evidence = guardrail.LivePolicy
	judgement := guardrail.Judge(snapshot, e.config.Yardstick)
	if judgement.Verdict == guardrail.Compliant && e.mayBeStale(event, snapshot.Key, judgement.Baseline) {
		return errNotSettled
	}
	decide(o, judgement)
	if judgement.Live != nil {
		o.Before = judgement.Live.Hash(snapshot.Key.Partition)
	}
	if judgement.Verdict != guardrail.NonCompliant || e.config.Yardstick.Mode != guardrail.Repair {
		return nil
	}
	return e.repair(ctx, snapshot, judgement, o)
}

// errNotSettled says that KMS may still answer with the policy before the event's.
var errNotSettled = errors.New("the key policy that was read is not the one that the event tells of, which is not compliant; KMS may not have settled yet")

// mayBeStale tells whether a compliant policy that was read may be older than the
// event: KMS is eventually consistent, and no further event would tell of the drift.
// It may be when the event is young and tells of another policy, which is not
// compliant. Where that policy has really been replaced since, the event comes back
// until it is old enough, and does no harm.
func (e *Enforcer) mayBeStale(event trail.Event, key guardrail.Key, baseline *policy.Document) bool {
	if event.PolicyText == "" || e.config.Now().Sub(event.Time) >= settlingTime {
		return false
	}
	told, err := policy.Parse(event.PolicyText)
	return err != nil || access.Equivalent(key.PolicyKey(), baseline, told) != access.Equal
}

// gather reads the key: two calls for a key that answers. Where KMS denies one,
// the snapshot has what the event says instead, and denied is that error.
func (e *Enforcer) gather(ctx context.Context, event trail.Event) (snapshot guardrail.Snapshot, denied, err error) {
	snapshot = guardrail.Snapshot{
		Key:      guardrail.Key{ARN: event.KeyARN, Account: event.Account, Region: event.Region, Partition: event.Partition},
		Policy:   event.PolicyText,
		Evidence: guardrail.EventPolicy,
	}
	key, err := e.config.Keys.Describe(ctx, event.KeyARN)
	if err != nil && !errors.Is(err, ErrAccessDenied) {
		return snapshot, nil, fmt.Errorf("describing the key: %w", err)
	}
	if err == nil {
		snapshot.Key = key
		if key.AWSManaged {
			return snapshot, nil, nil
		}
	}
	text, policyErr := e.config.Keys.Policy(ctx, event.KeyARN)
	switch {
	case errors.Is(policyErr, ErrAccessDenied):
		return snapshot, policyErr, nil
	case policyErr != nil:
		return snapshot, nil, fmt.Errorf("reading the key policy: %w", policyErr)
	}
	snapshot.Policy, snapshot.Evidence = text, guardrail.LivePolicy
	return snapshot, err, nil
}

// repair writes the generated default over a policy that is proved to differ.
func (e *Enforcer) repair(ctx context.Context, s guardrail.Snapshot, j guardrail.Judgement, o *guardrail.Outcome) error {
	plan, err := repair.Reset(s.Key, s.Evidence, j)
	var refusal *repair.ResetRefusal
	if errors.As(err, &refusal) {
		o.Action, o.ActionReason = guardrail.PlanRefused, refusal.Reason
		return nil
	}
	if err != nil {
		return fmt.Errorf("planning the repair: %w", err)
	}
	err = e.config.Keys.PutPolicy(ctx, s.Key.ARN, plan.Document.Text())
	switch {
	case err == nil:
		o.Action, o.ActionReason = guardrail.Repaired, "proved-difference"
		o.After = plan.After
		return nil
	case errors.Is(err, ErrAccessDenied):
		o.Action, o.ActionReason = guardrail.PlanRefused, string(guardrail.CodeAccessDenied)
		return nil
	case errors.Is(err, ErrRefused), errors.Is(err, ErrNotFound):
		o.Action, o.ActionReason = guardrail.PlanRefused, "kms-refused"
		o.Findings = append(o.Findings, guardrail.NewFinding(s.Key, guardrail.CodeRepairRefused, guardrail.High, "KMS refused the repair: "+err.Error()))
		o.Severity = guardrail.Worst(o.Findings)
		return nil
	default:
		return fmt.Errorf("writing the key policy: %w", err)
	}
}
