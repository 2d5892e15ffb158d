package repair_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutants are the planner with one rule broken each: a text of a source file replaced by
// another. `make mutants` runs the tests on each of them and fails where they pass.
var mutants = []mutation.Mutant{
	// What is at fault, and what stays.
	{Rule: "what lies below repair.from stays", File: "weigh.go", Old: "case severity.AtLeast(p.from):", Broken: "default:"},
	{Rule: "what is critical is at fault from any severity on", File: "weigh.go", Old: "found.critical |= p.critical(d, set)", Broken: "_ = d"},
	{Rule: "each principal of a statement is weighed", File: "weigh.go", Old: "if to-from > 1 {", Broken: "if false {"},
	{Rule: "the Denies of the policy count", File: "weigh.go", Old: "Denies: p.denies, Ceiling: guardrail", Broken: "Denies: nil, Ceiling: guardrail"},
	{Rule: "only what is critical goes of what is not decided", File: "weigh.go", Old: "\tif !onlyCritical {\n", Broken: "\tif true {\n"},
	{Rule: "what is not decided is read as met", File: "weigh.go", Old: "f.murky = true\n\treturn p.weighMurky(st, f)\n}", Broken: "f.murky = true\n\treturn nil\n}"},
	{Rule: "an undecided Deny shields nothing", File: "planner.go", Old: "p.clear = append(p.clear, decided...)", Broken: "p.clear = append(p.clear, *st)"},
	// What comes back.
	{Rule: "what the ceiling has under narrower conditions comes back", File: "narrow.go", Old: "if gone[e] != 0 && !f.murky {", Broken: "if false {"},
	{Rule: "what another statement allows is not said again", File: "narrow.go", Old: "if err != nil || lacking.Verdict == access.Inside {", Broken: "if err != nil {"},
	{Rule: "a plan names nobody new", File: "narrow.go", Old: "case p.mayName(q):", Broken: "default:"},
	{Rule: "whom the floor requires may be named", File: "narrow.go", Old: "|| !p.removesOnly && slices.ContainsFunc(p.judgement.Limits.Floor.Statements, names)", Broken: ""},
	{Rule: "a plan that only removes names nobody whom the live policy does not", File: "narrow.go", Old: "!p.removesOnly && slices", Broken: "slices"},
	{Rule: "superfluous conditions are left out", File: "narrow.go", Old: "if fits {\n\t\t\tpiece = less", Broken: "if fits && false {\n\t\t\tpiece = less"},
	{Rule: "both conditions hold", File: "narrow.go", Old: "both, clash := conjoin(m.own, m.other)", Broken: "both, clash := conjoin(m.own, nil)"},
	{Rule: "values that both lists have stay", File: "conjoin.go", Old: "return !slices.Contains(b.Values, v) })", Broken: "return false })"},
	{Rule: "an account is not its principals", File: "meet.go", Old: "m.other = append([]policy.Condition{named}, m.other...)", Broken: "_ = named"},
	{Rule: "in another account, to name a role is to leave it to that account", File: "meet.go", Old: "case account.AccountID != owner:", Broken: "case false:"},
	{Rule: "a role has what its sessions have", File: "meet.go", Old: "return a.AccountID == b.AccountID && a.Name == b.Name\n\tcase a.Kind == policy.Session", Broken: "return false\n\tcase a.Kind == policy.Session"},
	{Rule: "a condition that KMS refuses is not written", File: "narrow.go", Old: "if hasRefusedCondition(&piece) {", Broken: "if false {"},
	// The floor and the Denies.
	{Rule: "the floor is added by findings", File: "floor.go", Old: "f.Severity.AtLeast(p.from) && (d.Policy", Broken: "(d.Policy"},
	{Rule: "only who lacks it gets the floor", File: "floor.go", Old: "has[e] = all &^ lacks", Broken: "has[e] = lacks &^ lacks"},
	{Rule: "a Deny loses only the actions of its findings", File: "deny.go", Old: "if denied &= actions; denied != 0 {", Broken: "if denied != 0 {"},
	{Rule: "a Deny for everyone still refuses the others", File: "deny.go", Old: "{without(st, gone), nil, p.judgement.Limits.Floor},", Broken: "{without(st, gone), nil, p.allows}, {without(st, gone), nil, policy.Set{Statements: []policy.Statement{{Effect: policy.Allow, Principals: policy.Principals{Entries: []policy.Principal{everyone}}, Actions: policy.Values(\"kms:*\"), Resources: policy.Values(\"*\")}}}},"},
	{Rule: "a Deny of the ceiling is added where it lacks", File: "floor.go", Old: "p.lacksDeny = !inside\n", Broken: "_ = inside\n"},
	{Rule: "Sids are not used twice", File: "floor.go", Old: "for n := 1; used[sid]; n++ {", Broken: "for n := 1; false; n++ {"},
	// Holds.
	{Rule: "a hold keeps nothing critical", File: "hold.go", Old: "reason, actions := p.inUse(&one, f.lesser)", Broken: "reason, actions := p.inUse(&one, f.lesser|f.critical)"},
	{Rule: "only what the configuration names holds", File: "hold.go", Old: "if actions == 0 || !wants(reason) {", Broken: "if actions == 0 {"},
	{Rule: "administration is never held", File: "hold.go", Old: "use := actions & usage", Broken: "use := actions"},
	{Rule: "what the event added is not held", File: "hold.go", Old: "if previous == nil {", Broken: "if true {"},
	{Rule: "a service acts for another account", File: "hold.go", Old: "if isForeign {", Broken: "if isForeign && false {"},
	{Rule: "only documented use of a service is held", File: "hold.go", Old: "return rules.HoldServiceAccess, documented", Broken: "_ = documented\n\t\treturn rules.HoldServiceAccess, use"},
	{Rule: "a condition that keeps services out holds nothing", File: "hold.go", Old: "if !c.Operator.Negated && (via || grants) {", Broken: "if via || grants {"},
	{Rule: "grants are held only for AWS resources", File: "hold.go", Old: "family == policy.BoolFamily && hasBool(c, true)", Broken: "family == policy.BoolFamily"},
	{Rule: "tags that could not be read hold", File: "hold.go", Old: "case tags == nil:", Broken: "case false:"},
	{Rule: "a stack does not hold what is critical", File: "decide.go", Old: "part = p.again(urgent, true)", Broken: "part = p.again(all, true); for i := range part.fates { part.fates[i].faults = nil }"},
	{Rule: "what is held is not written", File: "decide.go", Old: "return Decision{Plan: plan, Held: true, Holds: holds}, nil\n\t}", Broken: "return Decision{Plan: plan, Holds: holds}, nil\n\t}"},
	{Rule: "a reset that is not critical is held", File: "decide.go", Old: "Held: len(holds) > 0, Holds: holds", Broken: "Holds: holds"},
	{Rule: "a critical reset is not held", File: "decide.go", Old: "if p.judgement.Severity == rules.Critical || p.isCritical() {", Broken: "if false {"},
	// Proofs, fallback and work.
	{Rule: "a plan that is not proved is none", File: "prove.go", Old: "result.Verdict != access.Inside {\n\t\t\treturn Plan{}", Broken: "false {\n\t\t\treturn Plan{}"},
	{Rule: "what is within the ceiling is kept, with a proof", File: "prove.go", Old: "{&plan.Proof.Kept, p.lost,", Broken: "{&plan.Proof.Kept, p.openedBeyond,"},
	{Rule: "where no whole plan can be made, what is critical goes", File: "decide.go", Old: "\tif lerr != nil {\n\t\treturn Decision{}, err", Broken: "\tif lerr != nil || true {\n\t\treturn Decision{}, err"},
	{Rule: "it is said why the rest is left", File: "decide.go", Old: `HoldUnplanned, "only what`, Broken: `"", "only what`},
	{Rule: "what is undecided is not removed for want of a plan", File: "decide.go", Old: "(refusal.Reason == NothingToDo || refusal.Reason == Undecided)", Broken: "refusal.Reason == NothingToDo"},
	{Rule: "a linear plan takes only what is critical", File: "narrow.go", Old: "case p.scope == all:\n\t\treturn f.critical", Broken: "case true:\n\t\treturn f.critical"},
	{Rule: "a linear plan that is too large drops whole principals", File: "decide.go", Old: "p.dropsWhole = true", Broken: "_ = p"},
	{Rule: "only a plan that drops whole principals takes what is not critical", File: "narrow.go", Old: "case p.dropsWhole && f.critical != 0:", Broken: "case f.critical != 0:"},
	{Rule: "where nobody could change the policy, the floor is added", File: "planner.go", Old: "\t\tadder{p}.addWholeFloor()\n", Broken: ""},
	{Rule: "the work is counted", File: "budget.go", Old: "if c.left < 0 && !c.isFree {", Broken: "if false {"},
	{Rule: "one comparison takes a part of the work only", File: "budget.go", Old: "min(c.left, mostOfOne)", Broken: "c.left"},
	{Rule: "what a comparison takes is counted", File: "budget.go", Old: "c.left -= share - rest", Broken: "_ = rest"},
	{Rule: "an event's policy is not repaired", File: "planner.go", Old: "case s.Evidence != guardrail.LivePolicy && s.Evidence != guardrail.FilePolicy:", Broken: "case false:"},
	{Rule: "deleted principals go", File: "planner.go", Old: "f.now[n] = withoutDeleted(st)", Broken: "_ = st"},
	{Rule: "a policy that locks the writer out is none", File: "prove.go", Old: "err != nil || result.Verdict == access.Inside {\n\t\treturn err", Broken: "err != nil || result.Verdict != \"\" {\n\t\treturn err"},
	// Words.
	{Rule: "statements are counted from 1", File: "edit.go", Old: `fmt.Sprintf("statement %d", i+1)`, Broken: `fmt.Sprintf("statement %d", i)`},
}

// TestEveryMutantFollowsTheCode: a text that is no longer in its file breaks no rule.
func TestEveryMutantFollowsTheCode(t *testing.T) { mutation.Follow(t, mutants) }
