package enforcer_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutant is the writing protocol with one rule broken.
type mutant struct{ Rule, File, Old, Broken string }

// mutants break one rule each.
var mutants = []mutant{
	// Before the write.
	{"a key of another account is not handled", "enforcer.go", `e.config.Account != "" && event.Account != e.config.Account`, "false"},
	{"an AWS managed key is not handled", "enforce.go", "if key.AWSManaged {", "if key.AWSManaged && false {"},
	{"a key that was just made may not be known yet", "enforce.go", "errors.Is(err, ErrNotFound) && w.young() && trigger(w.event) != guardrail.BySweep:", "false:"},
	{"a key that a sweep found and that is gone is gone", "enforce.go", " && trigger(w.event) != guardrail.BySweep:", ":"},
	{"a sweep is a trigger of its own", "sweep.go", "return guardrail.BySweep", "return guardrail.ByEvent"},
	{"a sweep repairs under its configuration only", "sweep.go", "w.event.SweptConfiguration != w.hash", `w.event.SweptConfiguration == ""`},
	{"an answer that stays is an outcome", "enforce.go", "case errors.Is(err, ErrRefused):", "case false:"},
	{"only what is decided is written", "enforce.go", "if !w.judgement.Decision.Repair {", "if w.judgement.Verdict == guardrail.Compliant {"},
	{"without an archive nothing is written", "repair.go", "\tif w.config.Archive == nil {\n\t\tw.refusePlan(\"no-archive\"", "\tif false {\n\t\tw.refusePlan(\"no-archive\""},
	{"without a plan nothing is written", "plan.go", "\t\tw.refusePlan(string(refusal.Reason), guardrail.CodePlanRefused, \"no repair can be planned: \"+string(refusal.Reason))\n\t\treturn plan, false, nil", "\t\treturn plan, false, err"},
	{"a plan that is held is not written", "plan.go", "return plan, !decision.Held, nil", "return plan, true, nil"},
	{"a plan that is held is told as held", "plan.go", "if decision.Held {", "if false {"},
	{"what is held is told", "plan.go", "range decision.Holds {", "range decision.Holds[:0] {"},
	{"tags are read for a hold", "plan.go", "slices.Contains(c.Repair.HoldWhen, rules.HoldCloudFormation) &&", "slices.Contains(c.Repair.HoldWhen, \"\") &&"},
	{"there must be time to confirm", "enforce.go", "ok && time.Until(deadline) < leastTime", "ok && time.Until(deadline) < 0"},
	{"the record has the policy that was judged", "plan.go", "Before: PolicyText{Text: w.snapshot.Policy, Hash: w.live}", "Before: PolicyText{Text: w.event.PolicyText + \" \", Hash: w.live}"},
	{"the archive comes before the write", "repair.go", "\tif ok, err := w.claim(ctx, plan); !ok || err != nil {", "\tif text, err := w.config.Keys.Policy(ctx, w.event.KeyARN); err == nil && hash(w.snapshot.Key, text) == w.live {\n\t\t_ = w.config.Keys.PutPolicy(ctx, w.event.KeyARN, plan.Document.Text())\n\t}\n\tif ok, err := w.claim(ctx, plan); !ok || err != nil {"},
	{"who is busy keeps others out", "claim.go", "\tif err != nil {\n\t\treturn false, w.noClaim(w.postponeHeld(ctx, err))\n\t}", "\tif errors.Is(err, ErrBusy) {\n\t\trecord, _ := w.record(plan)\n\t\tclaim, err = Claim{Status: Fresh, Record: record}, nil\n\t}\n\tif err != nil {\n\t\treturn false, w.noClaim(w.postponeHeld(ctx, err))\n\t}"},
	{"what was written is not written again", "claim.go", "\tcase AlreadyWritten:\n", "\tcase AlreadyWritten:\n\t\tif w.held = &claim; true {\n\t\t\treturn true, nil\n\t\t}\n"},
	{"a repair that was given up is not written", "claim.go", "\tdefault:\n\t\tw.wasAbandoned(claim)\n\t\treturn false, nil", "\tdefault:\n\t\tw.held = &claim\n\t\treturn true, nil"},
	{"an interrupted repair is not written", "claim.go", "\t\tw.outcome.Action, w.outcome.ActionReason = guardrail.Reported, unconfirmed\n\t\treturn false, w.endUnconfirmed(ctx, entry)", "\t\tw.held = &claim\n\t\treturn true, nil"},
	{"a lost state keeps from writing", "claim.go", "if w.memory.lost != nil {", "if false {"},
	{"an archive that fails for good ends the message", "claim.go", "case errors.Is(err, ErrArchive):", "case false:"},
	{"an archive that fails for now does not", "claim.go", "\tdefault:\n\t\treturn fmt.Errorf(\"archiving the repair: %w\", err)\n\t}", "\tdefault:\n\t\tw.refusePlan(\"archive-unusable\", guardrail.CodeArchiveUnusable, fmt.Sprint(err))\n\t}"},
	// Budget and breaker.
	{"the budget is the configuration's", "claim.go", "Budget: settings.Budget.Repairs,", "Budget: 1000,"},
	{"the breaker is the configuration's", "claim.go", "AccountPerHour: settings.MaxPerHour.Account, TotalPerHour: settings.MaxPerHour.Total,", "AccountPerHour: 1000, TotalPerHour: 1000,"},
	{"beyond the budget only critical findings are repaired", "claim.go", "errors.As(err, &budget) && w.judgement.Severity == rules.Critical", "errors.As(err, &budget)"},
	{"critical findings are repaired beyond the budget", "claim.go", "errors.As(err, &budget) && w.judgement.Severity == rules.Critical", "false"},
	{"not before the wait is over", "budget.go", "if w.config.Now().Before(due) {", "if false {"},
	{"the event comes back after the wait", "budget.go", "\t\tif err := w.postpone(ctx, due); err != nil {\n\t\t\treturn Claim{}, err\n\t\t}\n", ""},
	{"a critical repair that the breaker holds comes back", "claim.go", "w.noClaim(w.postponeHeld(ctx, err))", "w.noClaim(err)"},
	{"only a critical one", "postponed.go", " || w.judgement.Severity != rules.Critical {", " || guardrail.Critical == \"\" {"},
	{"not before the breaker is closed", "postponed.go", "return until.Add(clockSkew)", "return w.config.Now().Add(clockSkew)"},
	{"where there is no event, the record comes back", "flush.go", "\tw.origin = &record\n", ""},
	{"the waits grow", "budget.go", "criticalWaits[min(beyond, len(criticalWaits)-1)]", "criticalWaits[0]"},
	{"the alarm is part of the archived outcome", "budget.go", "\t\t\"the repair is undone again and again, last by %s; this is attempt %d beyond the budget\", w.otherActor(budget), beyond+1))\n\trecord, err := w.recordOf(plan)", "\t\t\"the repair is undone again and again, last by %s; this is attempt %d beyond the budget\", w.otherActor(budget), beyond+1))\n\tw.outcome.Findings = w.outcome.Findings[:len(w.outcome.Findings)-1]\n\trecord, err := w.record(plan)"},
	{"the other actor is named", "budget.go", "actor := w.event.Actor.ARN", `actor := ""`},
	{"repairs are those that were written", "budget.go", "if use.Written {", "if use.Slot != \"\" {"},
	{"the repair of a sweep stays one", "claim.go", "\trecord.SweepID, record.SweptConfiguration = w.event.SweepID, w.event.SweptConfiguration\n", ""},
	// The write.
	{"the policy is read again", "repair.go", "case hash(w.snapshot.Key, text) != record.Before.Hash:", "case text == \"\":"},
	{"a read that fails for now gives back", "repair.go", "case err != nil && !w.permanent(err):", "case false:"},
	{"a write that fails for now gives back", "repair.go", "\t\tif !w.permanent(err) {\n\t\t\treturn false, fmt.Errorf(\"writing the key policy: %w\", err)\n\t\t}\n", ""},
	{"a write that fails for good does not", "enforce.go", "return errors.Is(err, ErrAccessDenied) || errors.Is(err, ErrRefused) ||", "return errors.Is(err, ErrAccessDenied) && false ||"},
	{"a refused repair closes its claim", "repair.go", "return w.closeHeld(ctx, w.outcome.ActionReason)", "return nil"},
	{"a claim that is not written by is closed", "enforce.go", "if w.held != nil {", "if false {"},
	{"what was written is looked for", "repair.go", "if err == nil && hash(w.snapshot.Key, text) == entry.Record.After.Hash {", "if err == nil && text != \"\" {"},
	{"what is not seen is not acknowledged", "repair.go", "\treturn errNotSettled\n}", "\treturn nil\n}"},
	{"a principal that KMS does not know does not keep a key open", "refused.go", "if w.cut || w.judgement.Severity != rules.Critical {", "if true {"},
	{"only a critical finding is repaired in part", "refused.go", "if w.cut || w.judgement.Severity != rules.Critical {", "if w.cut {"},
	{"the refused principals are named", "refused.go", "\tcause = w.withNames(cause)\n", ""},
	// Old policies.
	{"the policy before a write is taken for an old one", "stale.go", "recent && w.live == last.Before && last.Before != last.After", "false"},
	{"only for so long", "stale.go", `last.Slot != "" && w.config.Now().Sub(last.Time) < settlingTime`, `last.Slot != ""`},
	{"a young event of another policy is doubted", "stale.go", `return w.told != "" && w.told != w.live && w.young()`, "return false"},
	{"policies that are judged alike are not", "stale.go", "told != w.judgement.Verdict ||", "true ||"},
	{"of a bad one and a good one, either may be old", "stale.go", "told != w.judgement.Verdict || told == guardrail.Compliant && w.config.Archive != nil", `told == ""`},
	{"a policy that the guardrail replaced is no surprise", "stale.go", "recent && w.live == last.After &&", "false &&"},
	{"a policy after the write is", "stale.go", "&& !w.event.Time.Add(clockSkew).After(last.Claimed)", ""},
	{"a drift of a new key is looked up, too", "memory.go", " && w.judgement.Verdict == guardrail.Compliant && !w.doubtful()", ""},
	{"the policy that was replaced unseen is archived", "enforce.go", "\tif err := w.keepSuperseded(ctx); err != nil {\n\t\treturn false, err\n\t}\n", ""},
	{"by a write that nobody knows of, too", "stale.go", "if e.Written == nil {", "if false {"},
	{"so is the one that may be replaced now", "repair.go", "if w.doubtful() || ", "if "},
	{"also one that cannot be read", "repair.go", "w.unheard() && w.event.PolicyText != \"\"", "false"},
	{"and what an old read hid", "stale.go", "write.Claimed.Add(-settlingTime)", "write.Claimed.Add(-clockSkew)"},
	{"but not what was judged", "stale.go", " || w.judgedBefore() {", " {"},
	{"a policy that the event does not tell may be in the way of a good one", "stale.go", "if w.unheard() && w.judgement.Verdict == guardrail.Compliant {", "if false {"},
	{"an archive hands over after KMS has settled", "claim.go", "\t\tSettle: settlingTime,\n", ""},
	// After the write.
	{"the write is remembered", "finish.go", "\tif err := w.noteWrite(ctx, entry); err != nil {\n\t\treturn err\n\t}\n", ""},
	{"the write is marked", "finish.go", "\terr := w.config.Archive.MarkWritten(ctx, entry.Slot, Written{Time: w.config.Now().UTC(), Hash: entry.Record.After.Hash})\n", "\tvar err error\n"},
	{"the report comes before the acknowledgement", "outcome.go", "\t\treturn fmt.Errorf(\"reporting the outcome: %w\", err)\n", "\t\t_ = fmt.Sprint()\n\t\treturn nil\n"},
	{"the report comes before the mark", "outcome.go", "\tif err := w.send(ctx, *w.outcome); err != nil {\n\t\treturn err\n\t}\n\tif w.unreported == \"\" {\n\t\treturn nil\n\t}\n\treturn w.markReported(ctx, w.unreported)", "\tif w.unreported != \"\" {\n\t\tif err := w.markReported(ctx, w.unreported); err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n\treturn w.send(ctx, *w.outcome)"},
	{"the report is marked", "finish.go", "\terr := w.config.Archive.MarkReported(ctx, slot, Reported{Time: w.config.Now().UTC()})\n", "\tvar err error\n"},
	{"a reporter that fails for good blocks nothing", "outcome.go", "case errors.Is(err, ErrReporter):", "case false:"},
	{"a repair is reported whatever its severity", "outcome.go", "o.Action == guardrail.Repaired ||", ""},
	{"below the configured severity nothing is told", "outcome.go", "o.Severity.AtLeast(w.config.Configuration.Notify.From)", "true"},
	// What others left.
	{"a redelivery closes what was begun", "enforce.go", "\tif w.unreported == \"\" {\n\t\tif err := w.closeOwn(ctx); err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n", ""},
	{"a redelivery looks whether it was written", "finish.go", "if !w.message.Again && !w.ownCall() {", "if !w.ownCall() {"},
	{"the guardrail's own event confirms its write", "finish.go", "if !w.message.Again && !w.ownCall() {", "if !w.message.Again {"},
	{"whatever the key has now", "finish.go", "return w.ownCall() && entry.Record.After.Hash == w.told", "return false && entry.Record.After.Hash == w.told"},
	{"only the guardrail's event does", "finish.go", "return w.ownCall() && entry.Record.After.Hash == w.told", "return entry.Record.After.Hash == w.told"},
	{"a policy from before the drift confirms nothing", "finish.go", "return entry.Record.After.Hash == w.live && w.config.Now().Sub(entry.Record.EventTime) >= settlingTime", "return entry.Record.After.Hash == w.live"},
	{"what is given up is not finished", "finish.go", "(entry.Abandoned != nil || !w.seen(entry) && !w.confirmed(entry))", "!w.seen(entry) && !w.confirmed(entry)"},
	{"a flush finishes what was begun", "flush.go", "\tdefault:\n\t\terr = w.enforce(ctx)\n", "\tdefault:\n"},
	{"a flush leaves alone what is in work", "flush.go", "ctx.Err() == nil && e.config.Now().Sub(entry.Record.Time) >= LockTime", "ctx.Err() == nil"},
	{"one that panics does not keep the flush from the rest", "flush.go", "if fault := recover(); fault != nil {", "if fault := any(nil); fault != nil {"},
	{"nor do those that use up its time", "flush.go", "at := int(turn % int64(len(list)))", "at := int(turn * 0)"},
	{"nor does one that hangs", "flush.go", "context.WithTimeout(ctx, entryTime)", "context.WithCancel(ctx)"},
	{"a flush handles what was postponed", "flush.go", "if ctx.Err() == nil {\n", "if false {\n"},
	{"what was postponed and handled is settled", "flush.go", "if err := e.config.Archive.Settle(ctx, p); err != nil {", "if err := error(nil); err != nil {"},
	{"what may have been written is told", "finish.go", "case entry.Record.Before.Hash != w.live:", "case false:"},
	{"findings are open until they are not", "memory.go", "\t\ts.Findings = open\n", ""},
	{"since they were first seen", "memory.go", "\t\t\t\topen[i].FirstSeen = s.Findings[at].FirstSeen\n", "\t\t\t\t_ = at\n"},
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
