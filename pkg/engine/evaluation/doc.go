// Package evaluation decides one concrete request against one key policy.
//
// It is the second opinion on package access, which compares policies: a witness of
// a difference is shown only after [Evaluate] confirmed it. So the package shares
// nothing with the comparison but the parsed document (package policy) and the
// tables of AWS facts (package catalog), and it is written to be checked by eye:
// one function a rule, no index, no shortcut.
//
// # What is decided
//
// A [Request] is complete. Its Context is all that the request carries; a condition
// key that is not in it is absent, even one that the principal determines, such as
// aws:PrincipalArn. [MissingKeys] names those, for a note to whoever wrote the
// request by hand. [ParseRequest] reads a request strictly, and [Request.Check]
// refuses one that cannot exist: an ARN that is not of the type said, a condition
// key that contradicts the principal.
//
// # Rules
//
// A statement matches a request if its principals, action, resource and all of its
// conditions do. A matching Deny wins. What a matching Allow covers depends on whom
// it names:
//
//   - a principal of the key's account, or anyone there ("*"): the request, whatever
//     IAM policies say ([Allowed]);
//   - an account, or a principal of another account: the request if the principal's
//     own account allows it too ([Delegated]).
//
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
//
// A comment such as "(semantics 2.2)" names the rule that a function follows, in the
// project's description of what "the same policy" means.
//
// # Where AWS leaves it open
//
// Some constructs have two readings. They count as neither true nor false, and the
// answer is [Inconclusive] where it depends on them; a [Reason] then names the
// statement. The same open construct in two statements counts as two independent
// ones, so that an answer may be Inconclusive where a person could still tell, but
// is never wrong. [ReasonCode] lists the constructs.
//
// Where AWS says nothing and any choice is as good, the choice is marked
// "Assumption" in the comment of the function that makes it.
//
// # Outside the model
//
// Permissions boundaries, session policies, service and resource control policies,
// endpoint policies and grants are not looked at. Whether IAM policies allow a
// request is an input, [Request.IdentityPolicyAllows].
package evaluation
