package enforcer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// makePlan plans the repair. A plan that is held or refused ends the wish for one.
func (d *delivery) makePlan(ctx context.Context) error {
	var lost error
	plan, err := d.inspector.Plan(ctx, &d.view.View, func(ctx context.Context) (recorded *policy.Document, err error) {
		recorded, lost, err = d.recorded(ctx)
		return recorded, err
	})
	if err != nil {
		return err
	}
	d.plan, d.decision.Planned = plan.Plan, true
	*d.outcome = d.outcomeOf(d.event, d.view.View, plan)
	if lost != nil {
		addFinding(d.outcome, guardrail.CodeRepairHeld, rules.Info,
			"the last recorded policy cannot be read, so what is held may be what this change added: "+lost.Error())
	}
	if !plan.MayWrite() {
		d.decision.Dismiss()
	}
	return nil
}

// recorded returns the policy that the key's last recorded write put; nil for none. lost says
// why that policy cannot be read, for good.
func (d *delivery) recorded(ctx context.Context) (recorded *policy.Document, lost, err error) {
	last := d.book.ledger.LastWrite()
	if last == nil {
		return recorded, d.book.lost, nil
	}
	record, err := d.config.Archive.Record(ctx, last.Record)
	switch {
	case errors.Is(err, ledger.ErrArchive), errors.Is(err, ledger.ErrNoRecord):
		return recorded, err, nil
	case err != nil:
		d.book.isDown = true
		return recorded, nil, fmt.Errorf("reading the last recorded policy: %w", err)
	}
	recorded, lost = policy.Parse(record.After.Text)
	return recorded, lost, nil
}

func (e *Enforcer) limits() ledger.Limits {
	settings := e.config.Configuration.Repair
	return ledger.Limits{
		Budget: settings.Budget.Repairs, Window: settings.Budget.Window,
		AccountPerHour: settings.MaxPerHour.Account, TotalPerHour: settings.MaxPerHour.Total,
	}
}

// claimRepair counts the repair in its hour, archives its record, and claims: in this order,
// so that a crash in between leaves nothing that could be written by. attempt is the number of
// the repair in a series that somebody undoes; 0 where there is none.
func (d *delivery) claimRepair(ctx context.Context, attempt int) error {
	o := d.outcome
	if d.config.Archive == nil {
		refuse(o, "no-archive", guardrail.CodeArchiveUnusable, "nothing was written, because there is no archive")
		d.decision.Dismiss()
		return nil
	}
	if attempt > 0 {
		who := otherActor(d.event.Actor.ARN, d.config.Role, d.book.ledger.Repairs)
		addFinding(o, guardrail.CodeTugOfWar, rules.Critical, fmt.Sprintf(
			"the repair is undone again and again, last by %s; this is repair %d, and each came within a day of the one before", who, attempt))
	}
	err := d.begin(ctx)
	if err == nil {
		err = d.count(ctx, d.event.Account, d.decision.Critical)
	}
	if err == nil {
		err = d.claimPlan(ctx)
	}
	var breaker *ledger.BreakerError
	switch {
	case errors.As(err, &breaker):
		d.hold(breaker)
	case errors.Is(err, ledger.ErrArchive):
		refuse(o, "archive-unusable", guardrail.CodeArchiveUnusable, "nothing was written, because the policy could not be archived: "+err.Error())
	case err != nil:
		d.book.isDown = !errors.Is(err, ledger.ErrConflict) && !errors.Is(err, errNoTime)
		return fmt.Errorf("archiving the repair: %w", err)
	default:
		d.view.reading.Made, d.message.Superseded = false, false
		return nil
	}
	d.decision.Dismiss()
	return nil
}

// claimPlan archives and claims the plan.
func (d *delivery) claimPlan(ctx context.Context) error {
	record, err := d.recordOf(d.plan)
	if err != nil {
		return err
	}
	return d.claim(ctx, record)
}

// hold says that the breaker holds the repair. A critical one is tried again when the breaker
// is closed: nobody may keep a key open by making cheap ones drift.
func (d *delivery) hold(breaker *ledger.BreakerError) {
	if d.decision.Critical {
		d.postpone(breaker.Until.Add(ledger.ClockSkew))
	}
	d.outcome.Action, d.outcome.ActionReason = guardrail.Held, "breaker-"+string(breaker.Scope)
	addFinding(d.outcome, guardrail.CodeBreakerOpen, rules.High, "the repair is held: "+breaker.Error()+untilDue(d.due))
}

// postpone has the event handled again later. Where the event does not say what was put, that
// is not before KMS has settled.
func (d *delivery) postpone(at time.Time) {
	if earliest := d.event.Time.Add(ledger.SettlingTime); d.view.reading.EventIsHidden && at.Before(earliest) {
		at = earliest
	}
	d.due = &ledger.Due{
		Name: d.newName(), At: at.UTC(), EventID: d.event.ID, EventTime: d.event.Time, EventPolicy: d.view.reading.Event,
		Actor: d.outcome.Actor, SweepID: d.event.SweepID, SweptConfiguration: d.event.SweptConfiguration,
	}
}

// untilDue says until when the event was postponed; "" if it was not.
func untilDue(due *ledger.Due) string {
	if due == nil {
		return ""
	}
	return "; postponed until " + due.At.Format(time.RFC3339)
}

// exhausted says that the budget is used up, and who used it. The event of a critical finding
// comes back at a time.
func (d *delivery) exhausted(until time.Time) {
	who := otherActor(d.event.Actor.ARN, d.config.Role, d.book.ledger.Repairs)
	d.outcome.Action, d.outcome.ActionReason = guardrail.BudgetExhausted, ledger.BudgetExhausted
	if !until.IsZero() {
		addFinding(d.outcome, guardrail.CodeTugOfWar, rules.Critical, fmt.Sprintf(
			"the key was repaired %d times today; the last change is by %s%s", d.book.ledger.Critical.Today, who, untilDue(d.due)))
		return
	}
	used := d.book.ledger.Used(d.limits(), d.config.Now())
	written := 0
	for _, r := range used {
		if r.Phase == ledger.Written {
			written++
		}
	}
	addFinding(d.outcome, guardrail.CodeBudgetExhausted, rules.High, fmt.Sprintf(
		"the key was repaired %d times in %d attempts since %s; the last change is by %s",
		written, len(used), used[0].Claimed.Format(time.RFC3339), who))
}

// otherActor names who undoes the repairs, as the caller calls itself, quoted. The guardrail's
// own event tells of the one before it; a sweep tells of nobody.
func otherActor(actor, role string, repairs []ledger.Repair) string {
	if isSessionOf(actor, role) && len(repairs) > 0 {
		actor = repairs[len(repairs)-1].ActorARN
	}
	if actor == "" {
		return "somebody whom the event does not name"
	}
	return strconv.Quote(actor)
}

// isSessionOf tells whether an ARN names a session of exactly this role. Nothing but the
// words of a report depends on it: anybody can pretend to be the role in an event.
func isSessionOf(arn, role string) bool {
	prefix, name, ok := strings.Cut(role, ":role/")
	if !ok {
		return false
	}
	name = name[strings.LastIndexByte(name, '/')+1:] // without its path
	session, ok := strings.CutPrefix(arn, strings.Replace(prefix, ":iam:", ":sts:", 1)+":assumed-role/"+name+"/")
	return ok && session != "" && !strings.Contains(session, "/")
}

// recordOf is what is archived before the plan is written.
func (d *delivery) recordOf(plan repair.Plan) (ledger.Record, error) {
	o := *d.outcome
	o.Action, o.ActionReason, o.After = guardrail.Repaired, d.view.Judgement.Decision.Reason, plan.After
	edits, err := json.Marshal(plan.Edits)
	if err != nil {
		return ledger.Record{}, fmt.Errorf("archiving the edits: %w", err)
	}
	before := ledger.PolicyText{Text: d.view.Snapshot.Policy, Hash: d.view.reading.Live}
	record, err := d.newRecord(ledger.ForFinding, d.event, o, before, ledger.PolicyText{Text: plan.Document.Text(), Hash: plan.After})
	record.Edits = edits
	return record, err
}

// newRecord is what is archived before a policy is written. o is the outcome to report once the
// write was seen.
func (e *Enforcer) newRecord(kind ledger.Kind, event trail.Event, o guardrail.Outcome, before, after ledger.PolicyText) (ledger.Record, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return ledger.Record{}, fmt.Errorf("archiving the outcome: %w", err)
	}
	return ledger.Record{
		Kind: kind, Time: e.config.Now().UTC(), EventID: event.ID, EventTime: event.Time, KeyARN: event.KeyARN,
		SweepID: event.SweepID, SweptConfiguration: event.SweptConfiguration,
		GuardrailVersion: e.config.Version, ConfigurationHash: o.ConfigurationHash,
		Actor: o.Actor, Severity: o.Severity, Findings: o.Findings, Before: before, After: after, Outcome: text,
	}, nil
}
