// Package repair plans the policy that puts a key right.
//
// # Plans
//
// [Trim] changes as little of the live policy as possible: it keeps every access that the
// ceiling has, drops or narrows the rest, and adds what a floor lacks. [Replace] writes
// a given document, such as the generated default, in place of the live one. Planning
// writes nothing. A [Plan] carries the new document, the edits in words, the hashes of
// before and after, and the proof: each floor \ plan and plan \ ceiling are empty, decided by
// package access. No proof, no plan: everything else is a [*Refusal] with a [Reason].
// What KMS would not take (see [Reason]) is not a plan either.
//
// # How a policy is trimmed
//
//  1. What KMS refuses when it is written again goes: deleted principals, and statements
//     without an Action, a Resource or a principal.
//  2. A Deny that takes access of a floor, or may take it, loses those actions, for those
//     principals; if none is left, the statement.
//  3. What a floor lacks is added: its statements, for the principals and actions that
//     lack, at the end.
//  4. Each Allow is held against the ceiling, alone but for the Denies. Inside, it keeps its
//     bytes. Else each of its principals is: those that are inside for the same actions
//     stay together, the most of them in the statement, others in one behind it.
//  5. What is outside is narrowed to what it has in common with each Allow of the ceiling:
//     principals, actions and conditions of both. What the plan
//     allows already is not said again.
//  6. If that is still outside because of a Deny of the ceiling, that Deny is added.
//
// What an undecided Allow has in common with the ceiling is found in the same way, so that a
// statement that nobody can decide is narrowed to what is surely inside. But a policy of
// which no difference from its bounds is proved is not touched.
//
// # Limits
//
//   - A Deny for "*" that takes some access of a floor loses the action for everyone; what
//     that gives beyond the floor is inside the ceiling.
//   - What a session of a role may do only through its account is in no statement; it stays
//     where the account statement allows it, and else is in [Plan.Lost].
//   - Two conditions on one key that one statement cannot hold together (two different
//     ForAnyValue on one key, say) are not narrowed; what that may lose is in [Plan.Lost].
//   - Allow with NotPrincipal, which AWS does not support, goes as a whole.
//   - A statement of a floor or ceiling with a policy variable is of no use to a policy of
//     another Version, in which ${…} means something else; the plan is refused.
//   - That a principal exists, KMS tells only when the policy is written.
package repair
