// Package authz is the embedded AWS's own reading of IAM policies: it parses
// a key policy or an identity policy, refuses what KMS and IAM refuse, and
// decides one concrete request.
//
// [ParseKeyPolicy] and [ParseIdentityPolicy] read; [Document.Bind] gives the principals of a
// key policy the ids of existing users and roles; [Document.EvaluateKeyPolicy] and
// [EvaluateIdentityPolicies] decide a [Request].
//
// The package is the third reading of IAM's rules, after pkg/engine/evaluation and
// pkg/engine/access. It shares no code and no types with them, so that a mistake there
// meets a different reading here, and a test holds it against the evaluator on 20,000 random
// pairs of policy and request. It decides single requests only, never compares policies, and
// is written for plainness, not for speed.
//
// # What it decides
//
// A key policy answers with a [Decision]: an explicit Deny, access that the
// key policy gives by itself (Direct), or access that it leaves to the
// caller's own identity policies (Delegated). See
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
// and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
//
// # Choices where AWS does not say
//
//   - "Service", "Federated" and "CanonicalUser" principals match nobody: such
//     callers never reach the embedded AWS.
//   - A multi-valued key under an operator without ForAllValues or ForAnyValue
//     never matches.
//   - ForAnyValue with IfExists holds where the key is absent.
//   - NotPrincipal with Deny spares a caller only if its account, its user or
//     role, and (for a role) its session are all listed, as the IAM User Guide
//     advises; NotPrincipal with Allow is refused.
//   - An empty list of actions or resources is the same as a missing element.
//   - A date of 1 to 12 digits is seconds since 1970, four digits too: no year.
//   - A condition key with an empty list of values is met by an absent key only, under
//     ForAllValues or IfExists; else by nothing.
//
// # Limits
//
// Permissions boundaries, session policies, service and resource control
// policies, endpoint policies and grants are not modelled.
package authz
