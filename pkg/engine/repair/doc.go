// Package repair plans the policy that puts a key right.
//
// # Decisions
//
// [Decide] plans an edit for each finding from repair.from on, and leaves everything else as
// it is, byte for byte. A [Plan] carries the new document, the edits in words, the hashes of
// before and after, and the [Proof]. No proof, no plan: everything else is a [*Refusal] with
// a [Reason]. Planning writes nothing.
//
// # How a policy is repaired
//
//  1. Each Allow is weighed by itself, under the Denies of the policy: which of its
//     principals may do what beyond the ceiling, and how bad that is (weigh).
//  2. What a hold keeps is left: documented use by services, say, that the last recorded
//     policy had as well (hold). A hold keeps one principal's use, and nothing beside it.
//  3. The principals lose the rest. Where the ceiling allows a part of it under narrower
//     conditions, they get that part back, in a statement with both conditions (narrow, meet).
//     A statement names only principals that the live policy or the floor names.
//  4. Access of the floor that a finding says is lacking is added (addFloors). The Denies lose
//     these actions for the principals that the floor requires (relaxDenies).
//  5. A Deny of the ceiling is added where Allows are outside without it (addDenies).
//  6. KMS refuses a policy with deleted principals, or with statements without an Action, a
//     Resource or a principal. The plan drops them (clean).
//
// # What is not decided
//
// Package access may not decide what an Allow allows, or not within its budget. Such an Allow
// is read by [guardrail.Reader]: its undecided conditions count as met, its decided ones stay.
// The plan takes away the principals and actions that are critical in that reading. If nothing
// is critical, the statement stays as it is. It takes part in no proof, so it hides only
// itself. A Deny that is not decided keeps nobody out, and stays as it is.
//
// # What cannot be planned
//
// The work is counted, see [Decide]. Where a whole plan takes too much of it, cannot be proved,
// or would be refused by KMS, a linear plan takes away what is critical, statement by
// statement, and the decision says why the rest is left.
//
// # Limits
//
//   - No statement names the access that a session of a role has only through its account.
//     This access stays where the account statement allows it. Otherwise there is no whole
//     plan.
//   - Two conditions on one key that one statement cannot hold together (two different
//     ForAnyValue on one key, say) are not narrowed: there is no whole plan.
//   - Allow with NotPrincipal, which AWS does not support, loses actions for everyone.
//   - A statement of a floor or ceiling with a policy variable is of no use to a policy of
//     another Version, in which ${…} means something else.
//   - Whether a principal exists is not known before the policy is written: only KMS tells.
package repair
