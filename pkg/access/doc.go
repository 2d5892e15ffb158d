// Package access decides whether two key policies allow the same requests, and
// shows the requests on which they differ.
//
// # What is compared
//
// A request is a principal, whether the principal's own account allows the
// request through an IAM policy, an action, and a context of condition keys; the
// resource is always the key. The second of these keeps two kinds of access
// apart: an account principal delegates to IAM, so it allows a request only
// together with an IAM policy (delegated access), while a principal of the key's
// own account that the policy names is allowed with or without one (direct
// access). Principals of other accounts always need their own account too.
//
// A policy allows a request that at least one Allow statement covers and no Deny.
// Sid, Id, order, spelling, and statements that can never hold make no difference.
//
// # How it is decided
//
// There are finitely many principals that two policies can tell apart: those
// they name, and one that stands for all others of each kind (see universe).
// For each of them, and for each set of actions that the same statements cover,
// the conditions of the statements are boxes; what one policy allows beyond the
// other is a subtraction of boxes (see space).
//
// A whole condition block is one opaque predicate: it may hold or fail, and only
// the same canonical block is known to be the same. So [Equal] holds whatever
// conditions mean, and a [Difference] is reported only where it shows whether
// they hold or not; the rest is [Undecided], with the block as the reason.
//
// # Assumptions, where AWS does not say
//
//   - A Deny for an account covers its root user and all its sessions.
//   - "*" in an Allow covers service principals too.
//   - An ARN of another partition names nobody.
//   - Resource may be a pattern that matches the key's ARN as a whole.
//   - An empty Action, Resource or Principal list gives a statement no effect.
//
// # Outside the model
//
// Grants, permissions boundaries, session policies, service and resource control
// policies, and endpoint policies can allow or refuse more than the key policy.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
package access
