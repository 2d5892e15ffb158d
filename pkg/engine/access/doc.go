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
//  1. Subjects. Two policies can tell only finitely many principals apart: those that a
//     statement or a condition names, and one for each group of the others that
//     conditions on the principal tell apart (universe). Condition keys that the
//     principal determines, such as aws:PrincipalArn, are decided for each subject.
//  2. Classes. For every other condition key, all that the two policies ask of it splits
//     its values into finitely many classes, and absence is one more (internal/predicate): strings,
//     globs and ARN patterns are run through one automaton (internal/pattern), numbers, dates and address
//     ranges are cut at their bounds. A multi-valued key has, for each class, the question
//     whether the request has a value of it.
//  3. Boxes. Where the conditions of a statement hold is then a list of boxes: for each
//     of some keys, the classes that it may be in (internal/box). Operators, IfExists, set
//     operators, Null and empty lists each have their rule (condition).
//  4. Subtraction. For each set of subjects and of actions that the same statements
//     cover, what one policy allows and the other does not is a subtraction of boxes
//     (beyond), Deny included. What is left is a difference; where nothing is left for
//     any of them, the policies are [Equal].
//
// What AWS does not define is an opaque predicate, which may hold or fail: NotPrincipal
// with Allow, a policy variable that the request decides, and so on (doubt). So [Equal]
// holds whatever such a construct means, and a [Difference] is reported only where it
// shows in both cases; the rest is [Undecided], with the construct as its reason.
//
// Each difference has a [Difference.Witness], a request that package evaluation, which
// shares nothing with this package but the parsed document and the tables of AWS facts,
// decides in the two ways claimed. Where it does not confirm one, there is no
// difference, but an open question.
//
// Inclusion is coNP-complete in the number of independent conditions, so the work is
// bounded by a budget. What it does not suffice for is Undecided, too.
//
// # Functions
//
// [Compare] finds all differences, [Within] and [WithinWork] those to a floor and a ceiling.
// [Equivalent] gives the verdict only, mostly sooner. [WhoMay] and [Delegates] ask about
// one policy. [InferKey] infers which account owns the
// key from the accounts that the policies name.
//
// # Assumptions, where AWS does not say
//
//   - A Deny for an account covers its root user and all its sessions.
//   - "*" in an Allow covers service principals too.
//   - An ARN of another partition names nobody.
//   - Resource may be a pattern that matches the key's ARN as a whole.
//   - An empty Action, Resource or Principal list gives a statement no effect.
//   - A value that an operator cannot read matches nothing.
//   - A condition key that package catalog describes is carried by whose requests its table
//     says. Of the keys that say which identity calls, a service's request lacks each, or
//     carries it with a value that no policy names: which of the two stays open.
//   - Every other condition key may have any value, or be absent, for every action.
//   - An ARN operator's value without six parts, "*" among them, matches no ARN.
//
// # Outside the model
//
// Grants, permissions boundaries, session policies, service and resource control
// policies, and endpoint policies can allow or refuse more than the key policy.
//
// Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
package access
