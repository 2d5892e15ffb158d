package enforcer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// newOutcome returns an outcome with what is known before the key is read: which key the
// event is about, and who acted.
func (e *Enforcer) newOutcome(event trail.Event) guardrail.Outcome {
	subject := e.subjectOf(event)
	return e.outcomeOf(event, inspect.View{
		Subject: subject, Snapshot: guardrail.Snapshot{Key: subject.Key},
		Judgement: guardrail.Judgement{Verdict: guardrail.NothingToJudge, Severity: rules.NoSeverity},
	}, inspect.Plan{})
}

// skip says that there is nothing to judge.
func skip(o *guardrail.Outcome, reason string) {
	o.Verdict, o.Action, o.ActionReason = guardrail.NothingToJudge, guardrail.Skipped, reason
}

// ReasonNotice is the action reason of a notice.
const ReasonNotice = "notice"

// notice says that somebody made a call which changes no policy, if the configuration wants to hear of it.
func (e *Enforcer) notice(o *guardrail.Outcome, call string) {
	skip(o, ReasonNotice)
	if slices.Contains(e.config.Configuration.Notices, call) {
		o.Action = guardrail.Reported
		addFinding(o, guardrail.CodeNotice, rules.Medium, "Somebody called "+call+" on the key. The guardrail does nothing about it.")
	}
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

// refuse says that a repair was wanted, and why it is not made.
func refuse(o *guardrail.Outcome, reason string, code guardrail.Code, message string) {
	o.Action, o.ActionReason = guardrail.PlanRefused, reason
	addFinding(o, code, rules.High, message)
}

// addFinding adds a finding once.
func addFinding(o *guardrail.Outcome, code guardrail.Code, severity rules.Severity, message string) {
	added := guardrail.NewFinding(rules.Key{ARN: o.KeyARN}, code, severity, message)
	if slices.ContainsFunc(o.Findings, func(f guardrail.Finding) bool { return f.Code == code && f.Message == message }) {
		return
	}
	o.Findings = append(o.Findings, added)
	o.Severity = guardrail.SeverityOf(o.Verdict, o.Findings)
}

// openFindings are the findings of an outcome that somebody has to resolve, those of one code as one.
func openFindings(o *guardrail.Outcome, now time.Time) []ledger.OpenFinding {
	var open []ledger.OpenFinding
	texts := map[string]string{}
	for _, f := range o.Findings {
		if !f.Severity.AtLeast(rules.Low) || f.IsExcused() {
			continue
		}
		texts[f.ID] += f.Message + "\n"
		at := slices.IndexFunc(open, func(o ledger.OpenFinding) bool { return o.ID == f.ID })
		if at < 0 {
			open, at = append(open, ledger.OpenFinding{ID: f.ID, Code: string(f.Code), Severity: f.Severity, FirstSeen: now}), len(open)
		}
		if f.Severity.Compare(open[at].Severity) > 0 {
			open[at].Severity = f.Severity
		}
	}
	for i := range open {
		sum := sha256.Sum256([]byte(texts[open[i].ID]))
		open[i].Text = hex.EncodeToString(sum[:8])
	}
	return open
}

// placeInTime gives the findings of an outcome their states.
func placeInTime(o *guardrail.Outcome, n ledger.News) {
	for i := range o.Findings {
		f := &o.Findings[i]
		if state, ok := n.States[f.ID]; ok && f.Severity.AtLeast(rules.Low) && !f.IsExcused() {
			since := n.FirstSeen[f.ID]
			f.State, f.FirstSeen = string(state), &since
		}
	}
	for _, f := range n.Resolved {
		o.Resolved = append(o.Resolved, guardrail.Resolved{ID: f.ID, Code: guardrail.Code(f.Code), Severity: f.Severity, FirstSeen: f.FirstSeen})
	}
}

// closedOutcome returns the outcome of a repair that is closed, from its record.
func (e *Enforcer) closedOutcome(r ledger.Repair, record ledger.Record) guardrail.Outcome {
	var o guardrail.Outcome
	if err := json.Unmarshal(record.Outcome, &o); err != nil { // lost, planted, or of another version
		o = guardrail.Outcome{
			Schema: "1", Time: r.Claimed, GuardrailVersion: record.GuardrailVersion, ConfigurationHash: record.ConfigurationHash,
			Mode: rules.Repair, Trigger: guardrail.ByEvent, KeyARN: record.KeyARN, Aliases: []string{},
			Verdict: guardrail.NonCompliant, Severity: r.Severity, Evidence: guardrail.LivePolicy, Findings: record.Findings,
			Action: guardrail.Repaired, ActionReason: "outcome-not-archived", Actor: record.Actor, Before: r.Before, After: r.After,
		}
	}
	switch {
	case r.Phase == ledger.Ended && r.Reason == ledger.Unconfirmed:
		o.ActionReason = ledger.Unconfirmed
	case r.Phase == ledger.Ended:
		o.After = ""
		givenUp(&o, r.Reason)
		return o
	}
	o.Archive = string(r.Record)
	o.Restore = strings.Join(strings.Fields("kmsguard restore "+e.config.RestoreFlags+" "+o.Archive), " ")
	return o
}

// givenUp says that nothing is written for an event any more, because its repair was given up.
func givenUp(o *guardrail.Outcome, reason string) {
	refuse(o, reason, guardrail.CodePlanRefused, "an earlier attempt to repair the key for this event was given up: "+reason)
}

// teller tells people and the log of outcomes.
type teller struct {
	*Enforcer
	start time.Time
}

// send logs an outcome and gives it to the reporter. Only an error that may go away is
// returned: a reporter that fails for good must not keep messages from their end, and
// the log has the outcome.
func (t teller) send(ctx context.Context, o guardrail.Outcome) error {
	t.log(ctx, o)
	if t.config.Reporter == nil || !t.isWorthReporting(o) {
		return nil
	}
	err := t.config.Reporter.Report(ctx, o)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrReporter):
		t.config.Log.LogAttrs(ctx, slog.LevelError, "reporter failed", slog.String("key", o.KeyARN), slog.String("error", err.Error()))
		return nil
	default:
		return fmt.Errorf("reporting the outcome: %w", err)
	}
}

// isWorthReporting tells whether people are told of an outcome: a repair always, and what
// is not compliant from the configured severity on.
func (t teller) isWorthReporting(o guardrail.Outcome) bool {
	switch o.Verdict {
	case guardrail.NonCompliant, guardrail.CannotJudge:
		return o.Action == guardrail.Repaired || o.Severity.AtLeast(t.config.Configuration.Notify.From)
	case guardrail.NothingToJudge:
		return o.Action == guardrail.Reported && o.ActionReason == ReasonNotice
	default:
		return slices.ContainsFunc(o.Resolved, func(r guardrail.Resolved) bool { return r.Severity.AtLeast(t.config.Configuration.Notify.From) })
	}
}

// log writes the one line that an event leaves. The outcome in it names
// principals and actions but quotes no policy: it is without witnesses, whose
// context may repeat values of the policy's conditions, without what lint quotes, and without
// the plan.
func (t teller) log(ctx context.Context, o guardrail.Outcome) {
	level := slog.LevelInfo
	if o.Verdict == guardrail.NonCompliant || o.Verdict == guardrail.CannotJudge {
		level = slog.LevelWarn
	}
	o.Plan = nil
	o.Findings = slices.Clone(o.Findings)
	for i := range o.Findings {
		o.Findings[i].Witness, o.Findings[i].Lint, o.Findings[i].SID = nil, nil, ""
	}
	t.config.Log.LogAttrs(ctx, level, "outcome",
		slog.String("key", o.KeyARN), slog.String("verdict", string(o.Verdict)), slog.String("severity", string(o.Severity)),
		slog.String("action", string(o.Action)), slog.String("reason", o.ActionReason), t.duration(),
		slog.Any("outcome", o))
}

func (t teller) givenBack(ctx context.Context, keyARN string, err error) {
	t.config.Log.LogAttrs(ctx, slog.LevelWarn, "given back",
		slog.String("key", keyARN), slog.String("verdict", string(guardrail.NothingToJudge)), slog.String("action", "given-back"),
		slog.String("reason", "no-answer-yet"), slog.String("error", err.Error()), t.duration())
}

func (t teller) duration() slog.Attr {
	return slog.Float64("durationMs", float64(t.config.Now().Sub(t.start).Microseconds())/1000)
}
