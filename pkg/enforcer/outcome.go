package enforcer

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/trail"
)

// newOutcome returns an outcome with what is known before the event is read.
func (e *Enforcer) newOutcome(now time.Time) guardrail.Outcome {
	return guardrail.Outcome{
		Schema: "1", Time: now.UTC(), GuardrailVersion: e.config.Version,
		ConfigurationHash: e.config.Yardstick.Hash(), Mode: e.config.Yardstick.Mode, Trigger: "event",
		Aliases: []string{}, Rule: "default", Baseline: string(e.config.Yardstick.Style),
		Severity: guardrail.NoSeverity, Findings: []guardrail.Finding{},
	}
}

// name writes into an outcome which key the event is about, and who acted.
func name(o *guardrail.Outcome, event trail.Event) {
	o.KeyARN, o.Account, o.Region = event.KeyARN, event.Account, event.Region
	a := event.Actor
	o.Actor = &guardrail.Actor{
		ARN: a.ARN, Type: a.Type, SourceIP: a.SourceIP, UserAgent: a.UserAgent,
		EventID: a.EventID, EventTime: a.EventTime, InvokedBy: a.InvokedBy,
	}
}

// skip says that there is nothing to judge.
func skip(o *guardrail.Outcome, reason string) {
	o.Verdict, o.Action, o.ActionReason = guardrail.NothingToJudge, guardrail.Skipped, reason
}

// refuseEvent says that the event itself is bad. It will not get better by
// handling it again.
func refuseEvent(o *guardrail.Outcome, err error) {
	decide(o, guardrail.Unjudged(guardrail.Key{}, guardrail.CodeBadEvent, err.Error()))
	var problem *trail.Error
	if errors.As(err, &problem) {
		o.ActionReason = string(problem.Code)
	}
}

// decide writes a judgement into an outcome. The action is what it is without a repair.
func decide(o *guardrail.Outcome, j guardrail.Judgement) {
	o.Verdict, o.Severity, o.Findings = j.Verdict, j.Severity, j.Findings
	o.Action, o.ActionReason = guardrail.Reported, ""
	if j.Verdict == guardrail.Compliant {
		o.Action = guardrail.NoAction
	}
	if len(j.Findings) > 0 {
		o.ActionReason = string(j.Findings[0].Code)
	}
}

// log writes the one line that an event leaves. The outcome in it names
// principals and actions but quotes no policy: it is without witnesses, whose
// context may repeat values of the policy's conditions.
func (e *Enforcer) log(ctx context.Context, o guardrail.Outcome, start time.Time) {
	level := slog.LevelInfo
	if o.Verdict == guardrail.NonCompliant || o.Verdict == guardrail.CannotJudge {
		level = slog.LevelWarn
	}
	o.Findings = slices.Clone(o.Findings)
	for i := range o.Findings {
		o.Findings[i].Witness = nil
	}
	e.config.Log.LogAttrs(ctx, level, "outcome",
		slog.String("key", o.KeyARN), slog.String("verdict", string(o.Verdict)), slog.String("severity", string(o.Severity)),
		slog.String("action", string(o.Action)), slog.String("reason", o.ActionReason), e.duration(start),
		slog.Any("outcome", o))
}

func (e *Enforcer) duration(start time.Time) slog.Attr {
	return slog.Float64("durationMs", float64(e.config.Now().Sub(start).Microseconds())/1000)
}
