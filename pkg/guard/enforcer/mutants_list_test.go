package enforcer_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutant is the loop round a message with one rule broken; those of package ledger are there.
type mutant struct{ Rule, File, Old, Broken string }

// mutants break one rule each.
var mutants = []mutant{
	// What is gathered.
	{"a key of another account is not handled", "enforcer.go", `e.config.Account != "" && event.Account != e.config.Account`, "false"},
	{"an AWS managed key is not handled", "gather.go", "v.Denied == nil && !v.Snapshot.Key.AWSManaged", "v.Denied == nil"},
	{"a key that was just made may not be known yet", "gather.go", "case errors.Is(err, inspect.ErrNotFound) && isYoung && trigger(event) != guardrail.BySweep:", "case false:"},
	{"a key that a sweep found and that is gone is gone", "gather.go", "isYoung && trigger(event) != guardrail.BySweep:", "isYoung:"},
	{"a sweep is a trigger of its own", "gather.go", "return guardrail.BySweep", "return guardrail.ByEvent"},
	{"a sweep repairs under its configuration only", "gather.go", "event.SweptConfiguration != e.hash", `event.SweptConfiguration == ""`},
	{"an answer that stays is an outcome", "gather.go", "case errors.Is(err, inspect.ErrRefused):", "case false:"},
	{"only what is decided is written", "gather.go", "v.reading.Readable && v.Judgement.Decision.Repair,", "v.Judgement.Verdict != guardrail.Compliant,"},
	{"the kill switch stops what is under way", "gather.go", "MayWrite: v.Judgement.Selection.Mode == rules.Repair && ", "MayWrite: "},
	{"of a bad policy and a good one, either may be old", "gather.go", "j.EventAlike = verdict == v.Judgement.Verdict &&", "j.EventAlike ="},
	{"of two good ones, too", "gather.go", "(!j.Compliant || e.config.Archive == nil)", "true"},
	{"two bad ones are alike", "gather.go", "j.EventAlike = verdict == v.Judgement.Verdict && (!j.Compliant || e.config.Archive == nil)", "_ = verdict"},
	{"an event may not tell what was put", "gather.go", `r.EventIsHidden = event.Name == "PutKeyPolicy" &&`, "r.EventIsHidden = false &&"},
	// The plan.
	{"without an archive nothing is written", "claim.go", "if d.config.Archive == nil {\n\t\trefuse(", "if d.isPartial {\n\t\trefuse("},
	{"a plan that is held is not written", "claim.go", "if !plan.MayWrite() {", "if plan.Refusal != nil {"},
	{"what the plan says is told", "claim.go", "\t*d.outcome = d.outcomeOf(d.event, d.view.View, plan)\n", ""},
	// The claim.
	{"there must be time to confirm", "door.go", "ok && time.Until(deadline) < leastTime", "ok && time.Until(deadline) < 0"},
	{"the record has the policy that was judged", "claim.go", "Text: d.view.Snapshot.Policy, Hash: d.view.reading.Live", "Text: d.event.PolicyText + \" \", Hash: d.view.reading.Live"},
	{"the record comes before the claim", "door.go", "\tif err := d.config.Archive.Keep(ctx, record); err != nil {\n\t\treturn err\n\t}\n", ""},
	{"the pointer comes before the claim", "door.go", "\tif err := d.config.Archive.Point(ctx, record.Name); err != nil {\n\t\treturn err\n\t}\n", ""},
	{"the claim comes before the write", "door.go", "\treturn d.book.swap(ctx, d.book.ledger.Claim(record.Line(d.holder, d.deadline(ctx))))", "\td.book.ledger = d.book.ledger.Claim(record.Line(d.holder, d.deadline(ctx)))\n\treturn nil"},
	{"a claim says how long its holder lives", "door.go", "left := d.config.Lifetime", "left := time.Duration(0)"},
	{"by its context", "door.go", "left = time.Until(at)", "_ = at"},
	{"a conflict is decided anew", "delivery.go", "case errors.Is(err, ledger.ErrConflict): // somebody", "case false: // somebody"},
	{"a ledger that was changed is read anew", "archive.go", "\t\tb.isKnown = false\n", ""},
	{"a lost ledger keeps from writing", "archive.go", "\tif b.lost != nil {\n\t\treturn b.lost\n\t}\n", ""},
	{"an archive that fails for good ends the message", "claim.go", "case errors.Is(err, ledger.ErrArchive):\n\t\trefuse", "case false:\n\t\trefuse"},
	{"an archive that fails for now does not", "claim.go", "\t\treturn fmt.Errorf(\"archiving the repair: %w\", err)\n", "\t\trefuse(o, \"archive-unusable\", guardrail.CodeArchiveUnusable, err.Error())\n"},
	// Budget and breaker.
	{"what is critical is bounded while the guardrail is young", "door.go", "case !ledger.IsYoung(firstUse, now):", "case !firstUse.IsZero():"},
	{"and not later", "door.go", "case !ledger.IsYoung(firstUse, now):", "case firstUse.IsZero():"},
	{"a new version is young", "door.go", "d.config.Version+\" \"+d.hash", "d.hash"},
	{"critical findings count apart", "door.go", "\t\tadd = ledger.Hour.AddCritical\n", ""},
	{"a key counts once in an hour", "door.go", "if d.book.ledger.Critical.IsCounted(now) {", "if false {"},
	{"what is not known is young", "door.go", "case errors.Is(err, ledger.ErrArchive): // it is not known", "case false: // it is not known"},
	{"after a pause the key is read again", "delivery.go", "\tcase ledger.Pause:\n\t\td.view.reading.Made = false\n", "\tcase ledger.Pause:\n"},
	{"a pause needs time", "door.go", "func (d *door) pause(ctx context.Context, until time.Time) error {\n\tif err := enoughTime(ctx); err != nil {\n\t\treturn err\n\t}\n", "func (d *door) pause(ctx context.Context, until time.Time) error {\n"},
	{"people are told at intervals", "write.go", "\tcase step.IsQuiet:\n", "\tcase false:\n"},
	{"what they were told of is counted", "write.go", "\t\tat = d.config.Now().UTC()\n", ""},
	{"also what waits", "write.go", "next.Critical = next.Critical.Report(d.config.Now().UTC())", "_ = step"},
	{"an archive that refuses gives the message back", "archive.go", "\t\tb.isDown = true\n\t\treturn fmt", "\t\treturn fmt"},
	{"a pointer that stays stops nothing", "archive.go", "if err := archive.Unpoint(ctx, name); err != nil {", "if err := archive.Unpoint(ctx, name); err != nil {\n\t\tpanic(err)"},
	{"the budget is the configuration's", "claim.go", "Budget: settings.Budget.Repairs,", "Budget: 100,"},
	{"the breaker is the configuration's", "claim.go", "AccountPerHour: settings.MaxPerHour.Account, TotalPerHour: settings.MaxPerHour.Total,", "AccountPerHour: 1000, TotalPerHour: 1000,"},
	{"the event comes back after the wait", "write.go", "\t\t\td.postpone(step.Until)\n", "\t\t\t_ = step\n"},
	{"a critical repair that the breaker holds comes back", "claim.go", "\t\td.postpone(breaker.Until.Add(ledger.ClockSkew))\n", "\t\t_ = breaker\n"},
	{"only a critical one", "claim.go", "if d.decision.Critical {\n\t\td.postpone", "if true {\n\t\td.postpone"},
	{"not before the breaker is closed", "claim.go", "breaker.Until.Add(ledger.ClockSkew)", "d.config.Now().Add(ledger.ClockSkew)"},
	{"what is due is pointed to", "write.go", "d.config.Archive.Point(ctx, d.due.Name)", "error(nil)"},
	{"the alarm is part of the archived outcome", "claim.go", "\tif attempt > 0 {", "\tif attempt > 0 && d.rounds > 1 {"},
	{"a hold keeps what was recorded", "claim.go", "\trecorded, lost = policy.Parse(record.After.Text)\n", "\t_, lost = policy.Parse(record.After.Text)\n"},
	{"a record that is lost is told", "claim.go", "\tif lost != nil {\n", "\tif false {\n"},
	{"an archive that does not answer silences nothing critical", "delivery.go", "\t\td.alarm(ctx, err)\n", ""},
	{"nor one that hangs", "delivery.go", "context.WithoutCancel(ctx), alarmTime", "ctx, alarmTime"},
	{"it is told once", "delivery.go", "if d.again || !d.book.isDown ||", "if !d.book.isDown ||"},
	{"of what is critical", "delivery.go", "!d.decision.Critical || !d.wrote", "!d.wrote"},
	{"the other actor is named", "claim.go", "who := otherActor(d.event.Actor.ARN,", `who := otherActor("",`},
	{"the guardrail's role is recognised exactly", "claim.go", "return ok && session != \"\" && !strings.Contains(session, \"/\")", "return session != arn && strings.Contains(arn, \":assumed-role/\"+name)"},
	{"repairs are those that were written", "claim.go", "if r.Phase == ledger.Written {", "if r.Phase != \"\" {"},
	{"the repair of a sweep stays one", "claim.go", "\t\tSweepID: event.SweepID, SweptConfiguration: event.SweptConfiguration,\n\t\tGuardrailVersion", "\t\tGuardrailVersion"},
	// The write.
	{"the policy is read again", "delivery.go", "case err == nil && inspect.Hash(d.view.Snapshot.Key, text) == d.view.reading.Live:", "case err == nil && text != \"\":"},
	{"after a claim", "claim.go", "\t\td.view.reading.Made, d.message.Superseded = false, false\n", "\t\td.message.Superseded = false\n"},
	{"what is replaced is archived after the claim, too", "claim.go", "\t\td.view.reading.Made, d.message.Superseded = false, false\n", "\t\td.view.reading.Made = false\n"},
	{"after a take-over", "write.go", "\td.view.reading.Made, d.message.Superseded = false, false\n\treturn d.book.swap(ctx, d.book.ledger.TakeOver", "\treturn d.book.swap(ctx, d.book.ledger.TakeOver"},
	{"a read that fails for now gives back", "delivery.go", "case err != nil && !d.isPermanent(err, d.event.Time):", "case false:"},
	{"a write that fails for good does not", "delivery.go", "return errors.Is(err, inspect.ErrAccessDenied) || errors.Is(err, inspect.ErrRefused) ||", "return errors.Is(err, inspect.ErrAccessDenied) && false ||"},
	{"a refused repair closes its claim", "write.go", "\treturn d.giveUp(ctx, r.Record, reason)\n", "\treturn nil\n"},
	{"what was written is looked for", "door.go", "if err == nil && inspect.Hash(key, text) == record.After.Hash {", "if err == nil && text != \"\" {"},
	{"what is not seen is not acknowledged", "door.go", "\treturn nil, ledger.ErrUnsettled\n", "\treturn nil, nil\n"},
	{"a principal that KMS does not know does not keep a key open", "write.go", "if d.decision.Critical && !d.isPartial &&", "if false &&"},
	{"only a critical finding is repaired in part", "write.go", "if d.decision.Critical && !d.isPartial &&", "if !d.isPartial &&"},
	{"the refused principals are named", "write.go", "\t\tcause = withNames(cause, d.view.Judgement.Live, record)\n", ""},
	// After the write.
	{"the write is marked when it was answered", "write.go", "d.book.ledger.Mark(r.Record, d.wrote)", "d.book.ledger.Mark(r.Record, d.wrote.Add(-1e14))"},
	{"the report comes before the acknowledgement", "outcome.go", "\t\treturn fmt.Errorf(\"reporting the outcome: %w\", err)\n", "\t\t_ = fmt.Sprint()\n\t\treturn nil\n"},
	{"a repair is reported", "write.go", "\t\tif err := d.tell.send(ctx, o); err != nil {\n\t\t\treturn false, err\n\t\t}\n", ""},
	{"the report is marked", "archive.go", "err = b.swap(ctx, b.ledger.Report(record, at))", "err = nil"},
	{"the pointer goes with the report", "archive.go", "\t\tunpoint(ctx, b.archive, b.log, record)\n", ""},
	{"a reporter that fails for good blocks nothing", "outcome.go", "case errors.Is(err, ErrReporter):", "case false:"},
	{"a repair is reported whatever its severity", "outcome.go", "o.Action == guardrail.Repaired ||", ""},
	{"below the configured severity nothing is told", "outcome.go", "o.Severity.AtLeast(t.config.Configuration.Notify.From)", "true"},
	{"what may have been written is told as such", "outcome.go", "\t\to.ActionReason = ledger.Unconfirmed\n", "\t\t_ = o\n"},
	{"what was surely not written is not told as written", "outcome.go", "\tcase r.Phase == ledger.Ended:\n", "\tcase false:\n"},
	{"what a delivery gave up is closed with its report", "write.go", "if r.Phase == ledger.Ended && !r.Reported && r.Holder == d.holder {", "if false {"},
	{"findings are kept", "write.go", "d.book.ledger.Conclude(d.event.ID, open, d.due,", "d.book.ledger.Conclude(d.event.ID, open[:0], d.due,"},
	{"people are told once", "write.go", "isOld := !n.IsWorthTelling(from) &&", "isOld := false && n == nil &&"},
	{"what people were told is remembered", "write.go", "d.book.ledger.Told(d.config.Now().UTC())", "d.book.ledger"},
	// What others left.
	{"a redelivery recalls what was begun", "delivery.go", "\tif d.again {\n", "\tif false {\n"},
	{"a flush leaves alone what is in work", "flush.go", "|| now.Before(r.Deadline) {", "{"},
	{"a flush finishes what was begun", "flush.go", "if r == nil || !r.IsOpen() ||", "if r == nil || r.IsOpen() ||"},
	{"a flush handles what is due", "flush.go", "return event, !now.Before(due.At), nil", "return event, false, nil"},
	{"not before it is due", "flush.go", "return event, !now.Before(due.At), nil", "return event, true, nil"},
	{"a pointer to nothing goes", "flush.go", "\tunpoint(ctx, p.config.Archive, p.config.Log, p.name)\n", ""},
	{"not at once", "flush.go", "p.config.Now().Sub(p.name.Time()) < leftoverTime", "false"},
	{"a pointer stays where the ledger is lost", "flush.go", "if d.book.lost != nil {", "if false {"},
	{"one that panics does not keep the flush from the rest", "flush.go", "if fault := recover(); fault != nil {", "if fault := any(nil); fault != nil {"},
	{"nor do those that use up its time", "flush.go", "at := int(turn % int64(len(list)))", "at := int(turn * 0)"},
	{"nor does one that hangs", "flush.go", "context.WithTimeout(ctx, entryTime)", "context.WithCancel(ctx)"},
	// A person's restore.
	{"a restore waits for a repair", "restore.go", "\tif open != nil {\n\t\treturn \"\", fmt", "\tif false {\n\t\treturn \"\", fmt"},
	{"a restore that was interrupted blocks no other", "restore.go", "open != nil && open.Kind == ledger.ForPerson && !e.config.Now().Before(open.Deadline)", "false"},
	{"a restore writes over what was shown", "restore.go", "case inspect.Hash(r.Key, text) != r.Shown:", "case false:"},
	{"and reads it again", "restore.go", "\tif _, err := d.readShown(ctx, r); err != nil {\n\t\treturn errors.Join(err, d.endRestore(ctx, ledger.NotNeeded))\n\t}\n", ""},
	{"a restore is no repair", "restore.go", "e.newRecord(ledger.ForPerson,", "e.newRecord(ledger.ForFinding,"},
	{"a restore is marked", "restore.go", "d.book.swap(ctx, d.book.ledger.Mark(d.record.Name, d.wrote))", "error(nil)"},
	{"a restore that KMS refuses is closed", "restore.go", "return errors.Join(refused, d.endRestore(ctx, kmsRefused))", "return refused"},
}

func converted() []mutation.Mutant {
	list := make([]mutation.Mutant, len(mutants))
	for i, m := range mutants {
		list[i] = mutation.Mutant(m)
	}
	return list
}

// TestEveryMutantFollowsTheCode: a text that is no longer in its file breaks no rule.
func TestEveryMutantFollowsTheCode(t *testing.T) { mutation.Follow(t, converted()) }
