package ledger

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutants break one rule of the ledger each.
var mutants = []mutation.Mutant{
	// The rows.
	{Rule: "what is left is reported first", File: "next.go", Old: "\tcase f.unreported != nil:\n\t\treturn Step{Do: Report, Repair: *f.unreported}\n", Broken: ""},
	{Rule: "not while its holder may report it", File: "next.go", Old: "case f.unreported != nil && f.unreported.Holder != s.Message.Holder && f.isAlive(f.unreported):", Broken: "case false:"},
	{Rule: "a write is marked", File: "next.go", Old: "case f.mine && s.Message.Wrote:", Broken: "case false:"},
	{Rule: "only by the holder of the claim", File: "next.go", Old: "case f.mine && s.Message.Wrote:", Broken: "case f.open != nil && s.Message.Wrote:"},
	{Rule: "the key is read", File: "next.go", Old: "case !s.Reading.Made:", Broken: "case !s.Reading.Made && f.open == nil:"},
	{Rule: "the ledger is read", File: "next.go", Old: "case !s.Recalled && !f.isNothingToRecall():", Broken: "case false:"},
	{Rule: "a replaced policy is archived", File: "next.go", Old: "case len(f.replaced) > 0:", Broken: "case false:"},
	{Rule: "what is replaced is what was archived", File: "next.go", Old: "f.mine && f.open.TakeOvers == 0 && s.Reading.Live == f.open.Before && wanted", Broken: "f.mine && f.open.TakeOvers == 0 && wanted"},
	{Rule: "a repair is wanted", File: "next.go", Old: "s.Reading.Live == f.open.Before && wanted,", Broken: "s.Reading.Live == f.open.Before,"},
	{Rule: "a third policy is not written over after the take-over", File: "next.go", Old: "f.mine && f.open.TakeOvers > 0 && f.mayRewrite():", Broken: "f.mine && f.open.TakeOvers > 0:"},
	{Rule: "nor taken over", File: "next.go", Old: "case f.inTheWay && f.mayRewrite():", Broken: "case f.inTheWay:"},
	{Rule: "a claim of somebody alive is honoured", File: "next.go", Old: "case f.inTheWay && f.isAlive(f.open):", Broken: "case false:"},
	{Rule: "an end by a third policy is unconfirmed", File: "next.go", Old: "\tcase f.inTheWay:\n\t\treturn Step{Do: End, Repair: *f.open, Reason: Unconfirmed}", Broken: "\tcase f.inTheWay:\n\t\treturn Step{Do: End, Repair: *f.open, Reason: NotNeeded}"},
	{Rule: "an old read is not believed", File: "next.go", Old: "case f.isStale():", Broken: "case false:"},
	{Rule: "no claim is left behind", File: "next.go", Old: "if step.Do == Conclude && f.mine {", Broken: "if false {"},
	{Rule: "what was written is not written again", File: "next.go", Old: "case f.own != nil && f.own.Phase == Written:", Broken: "case false:"},
	{Rule: "what was given up is not written", File: "next.go", Old: "case f.own != nil && f.own.Phase == Ended:", Broken: "case false:"},
	{Rule: "an event may be too old", File: "next.go", Old: "> maxEventAge:", Broken: "> 2*maxEventAge:"},
	{Rule: "without a plan nothing is claimed", File: "next.go", Old: "case !s.Judgement.Planned:", Broken: "case false:"},
	{Rule: "a budget ends", File: "next.go", Old: "if len(used) < f.Limits.Budget {", Broken: "if len(used) <= f.Limits.Budget {"},
	{Rule: "a budget is no more than a ledger keeps", File: "next.go", Old: "\ts.Limits.Budget = min(s.Limits.Budget, mostBudget)\n", Broken: ""},
	{Rule: "a claim that is replaced is counted once", File: "next.go", Old: "if f.mine && f.open.Kind == ForFinding {", Broken: "if false {"},
	{Rule: "beyond it only what is critical is repaired", File: "next.go", Old: "case !f.Judgement.Critical:", Broken: "case false:"},
	{Rule: "not before the wait is over", File: "next.go", Old: "case f.Now.Before(due):", Broken: "case false:"},
	// The facts.
	{Rule: "a deadline is a deadline", File: "facts.go", Old: "return f.Now.Before(r.Deadline)", Broken: "return f.Now.Before(r.Deadline.Add(time.Minute))"},
	{Rule: "a message waits for its own claim", File: "facts.go", Old: "(ownIsOpen || s.Judgement.Repair)", Broken: "s.Judgement.Repair"},
	{Rule: "an event that needs no claim closes none", File: "facts.go", Old: "(ownIsOpen || s.Judgement.Repair)", Broken: "true"},
	{Rule: "what this delivery gave up is in its outcome", File: "facts.go", Old: "!isConcluded && ", Broken: "(isConcluded || true) && "},
	{Rule: "what this delivery closed for another is reported", File: "facts.go", Old: "(mine || r.EventID == f.Message.EventID)", Broken: "r.EventID == f.Message.EventID"},
	{Rule: "a restore is never written by the guardrail", File: "facts.go", Old: "return f.open.Kind == ForFinding && (", Broken: "return ("},
	{Rule: "the planned policy is written again as well", File: "facts.go", Old: "(isBefore || isAfter)", Broken: "(isBefore || isAfter && isBefore)"},
	{Rule: "not where the kill switch is on", File: "facts.go", Old: "f.Reading.Live == f.open.After && f.Judgement.MayWrite", Broken: "f.Reading.Live == f.open.After"},
	{Rule: "the same where the old policy is seen", File: "facts.go", Old: "f.Reading.Live == f.open.Before && f.Judgement.Repair", Broken: "f.Reading.Live == f.open.Before"},
	{Rule: "the policy before a write is taken for an old one", File: "facts.go", Old: "case f.Reading.Live == last.Before && last.Before != last.After:", Broken: "case false:"},
	{Rule: "but not where somebody put it back", File: "facts.go", Old: "return !f.isPutBack(last)", Broken: "return true"},
	{Rule: "after the write", File: "facts.go", Old: "isNew && isLater && f.Reading", Broken: "isNew && (isLater || true) && f.Reading"},
	{Rule: "by a new event", File: "facts.go", Old: "isNew && isLater && f.Reading", Broken: "(isNew || true) && isLater && f.Reading"},
	{Rule: "in that text", File: "facts.go", Old: "isLater && f.Reading.Event == last.Before", Broken: "isLater"},
	{Rule: "over a repair", File: "facts.go", Old: "return last.Kind == ForFinding && isNew", Broken: "return isNew"},
	{Rule: "only for so long", File: "facts.go", Old: "last != nil && f.Now.Sub(last.Closed) < SettlingTime", Broken: "last != nil"},
	{Rule: "a policy that the guardrail replaced is no surprise", File: "facts.go", Old: "case f.Reading.Live == last.After && (last.EventID == f.Message.EventID ||", Broken: "case false && (last.EventID == f.Message.EventID ||"},
	{Rule: "a policy after the write is", File: "facts.go", Old: "!f.Message.EventTime.Add(ClockSkew).After(last.Claimed)", Broken: "true"},
	{Rule: "a policy that the event does not tell may hide a drift", File: "facts.go", Old: "if f.Reading.EventIsHidden && f.isYoung() && f.Judgement.Compliant {", Broken: "if false {"},
	{Rule: "a young event of another policy is doubted", File: "facts.go", Old: "return f.isDoubtful() && !f.Judgement.EventAlike", Broken: "return false"},
	{Rule: "unless both are judged alike", File: "facts.go", Old: "f.isDoubtful() && !f.Judgement.EventAlike", Broken: "f.isDoubtful()"},
	{Rule: "a new key that is good has no past", File: "facts.go", Old: "return f.Message.NewKey && f.Judgement.Compliant && !f.isDoubtful()", Broken: "return false"},
	{Rule: "a text that is archived is not archived again", File: "facts.go", Old: "\t\tcase r.After == f.Reading.Event, r.Before == f.Reading.Event && isBefore:\n\t\t\treturn nil // its text is archived\n", Broken: ""},
	// Values.
	{Rule: "a person's restore is not counted", File: "limits.go", Old: "r.Kind == ForFinding && ", Broken: ""},
	{Rule: "the waits grow", File: "limits.go", Old: "criticalWaits[min(beyond, len(criticalWaits)-1)]", Broken: "criticalWaits[0]"},
	{Rule: "a breaker counts an account", File: "limits.go", Old: "case h.Accounts[account] >= limits.AccountPerHour:", Broken: "case h.Accounts[account] == limits.AccountPerHour:"},
	{Rule: "a breaker counts all accounts", File: "limits.go", Old: "case h.Total >= limits.TotalPerHour:", Broken: "case false:"},
	{Rule: "a ledger changes by value", File: "ledger.go", Old: "\tl.Repairs = slices.Clone(l.Repairs)\n\tif r", Broken: "\tif r"},
	{Rule: "a key has one claim", File: "ledger.go", Old: "return o.Phase == Claimed && o.Holder == r.Holder", Broken: "return false"},
	{Rule: "what is open is not forgotten", File: "ledger.go", Old: "len(l.Repairs) > mostRepairs && !l.Repairs[0].IsOpen()", Broken: "len(l.Repairs) > mostRepairs"},
	{Rule: "what was repaired is not due", File: "ledger.go", Old: "l.Due.EventID == r.EventID {\n\t\tl.Due = nil", Broken: "l.Due.EventID == r.EventID {\n\t\tl.Due.At = at"},
	{Rule: "findings are open since they were first seen", File: "ledger.go", Old: "\t\t\topen[i].FirstSeen = l.Findings[at].FirstSeen\n", Broken: "\t\t\t_ = at\n"},
	{Rule: "who ends a claim closes it", File: "ledger.go", Old: "r.Phase, r.Holder, r.Reason, r.Closed = Ended, holder, reason, at", Broken: "r.Phase, r.Reason, r.Closed = Ended, reason, at"},
	{Rule: "a name has no text of its holder", File: "record.go", Old: "sum := sha256.Sum256([]byte(holder))", Broken: "sum := sha256.Sum256([]byte(\"\"))"},
}

// TestEveryMutantFollowsTheCode: a text that is no longer in its file breaks no rule.
func TestEveryMutantFollowsTheCode(t *testing.T) { mutation.Follow(t, mutants) }
