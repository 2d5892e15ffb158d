package enforcer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// newOutcome returns an outcome with what is known before the event is read.
func (e *Enforcer) newOutcome(now time.Time) *guardrail.Outcome {
	return &guardrail.Outcome{
		Schema: "1", Time: now.UTC(), GuardrailVersion: e.config.Version,
		ConfigurationHash: e.hash, Mode: e.config.Configuration.Mode, Trigger: guardrail.ByEvent,
		Aliases: []string{}, Rule: "default", Baseline: e.config.Configuration.Default,
		Severity: rules.NoSeverity, Findings: []guardrail.Finding{},
	}
}

// name writes into an outcome which key the event is about, and who acted.
func name(o *guardrail.Outcome, event trail.Event) {
	o.KeyARN, o.Account, o.Region, o.Trigger = event.KeyARN, event.Account, event.Region, trigger(event)
	if event.SweepID != "" {
		return // a sweep is nobody's call
	}
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
	o.Judged(guardrail.Unjudged(rules.Key{}, guardrail.CodeBadEvent, err.Error()))
	var problem *trail.Error
	if errors.As(err, &problem) {
		o.ActionReason = string(problem.Code)
	}
}

// report logs the outcome and sends it on, and says in the archive that it did.
func (w *work) report(ctx context.Context) error {
	if err := w.send(ctx, *w.outcome); err != nil {
		return err
	}
	if w.unreported == "" {
		return nil
	}
	return w.markReported(ctx, w.unreported)
}

// send logs an outcome and gives it to the reporter. Only an error that may go away is
// returned: a reporter that fails for good must not keep messages from their end, and
// the log has the outcome.
func (w *work) send(ctx context.Context, o guardrail.Outcome) error {
	w.log(ctx, o)
	if w.config.Reporter == nil || !w.worthReporting(o) {
		return nil
	}
	err := w.config.Reporter.Report(ctx, o)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrReporter):
		w.config.Log.LogAttrs(ctx, slog.LevelError, "reporter failed", slog.String("key", o.KeyARN), slog.String("error", err.Error()))
		return nil
	default:
		return fmt.Errorf("reporting the outcome: %w", err)
	}
}

// worthReporting tells whether people are told of an outcome: a repair always, and what
// is not compliant from the configured severity on.
func (w *work) worthReporting(o guardrail.Outcome) bool {
	switch o.Verdict {
	case guardrail.NonCompliant, guardrail.CannotJudge:
		return o.Action == guardrail.Repaired || o.Severity.AtLeast(w.config.Configuration.Notify.From)
	default:
		return false
	}
}

// log writes the one line that an event leaves. The outcome in it names
// principals and actions but quotes no policy: it is without witnesses, whose
// context may repeat values of the policy's conditions, and without the plan.
func (w *work) log(ctx context.Context, o guardrail.Outcome) {
	level := slog.LevelInfo
	if o.Verdict == guardrail.NonCompliant || o.Verdict == guardrail.CannotJudge {
		level = slog.LevelWarn
	}
	o.Plan = nil
	o.Findings = slices.Clone(o.Findings)
	for i := range o.Findings {
		o.Findings[i].Witness = nil
	}
	w.config.Log.LogAttrs(ctx, level, "outcome",
		slog.String("key", o.KeyARN), slog.String("verdict", string(o.Verdict)), slog.String("severity", string(o.Severity)),
		slog.String("action", string(o.Action)), slog.String("reason", o.ActionReason), w.duration(),
		slog.Any("outcome", o))
}

func (w *work) logGivenBack(ctx context.Context, err error) {
	w.config.Log.LogAttrs(ctx, slog.LevelWarn, "given back",
		slog.String("key", w.outcome.KeyARN), slog.String("verdict", string(guardrail.NothingToJudge)), slog.String("action", "given-back"),
		slog.String("reason", "no-answer-yet"), slog.String("error", err.Error()), w.duration())
}

func (w *work) duration() slog.Attr {
	return slog.Float64("durationMs", float64(w.config.Now().Sub(w.start).Microseconds())/1000)
}
