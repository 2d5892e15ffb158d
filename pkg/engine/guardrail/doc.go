// Package guardrail judges a key: does its policy allow what it must, and no more than
// it may?
//
// [Judge] is a pure function from a [Snapshot] of the key and a [rules.Configuration] to a
// [Judgement]. It reports every finding, never only the first, because a person
// who fixes one wants to know of the others. Each [Finding] has a stable [Code].
//
// What cannot be judged (a policy that cannot be read, a key type that is not
// known, a comparison that stays undecided) is its own verdict, [CannotJudge],
// and never compliant. Only a proved difference makes a key [NonCompliant], and
// only such a key may be repaired. What must and may be allowed, a [rules.Baseline] says
// ([rules.Baseline.Limits]); which one it is, [rules.Configuration.Select].
//
// [Outcome] is what became of one key or event; its JSON form is public.
package guardrail
