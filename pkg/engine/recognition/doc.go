// Package recognition tells whether a key policy is a generated default for the
// key's type: the default policy that AWS writes, for some administrators and
// users. It goes by what the policy allows, not by its text. Statements may be
// split, merged, reordered, spelled otherwise or stand beside dead ones.
//
// # How it is solved
//
// [Identify] does not try administrators and users, it asks for them. In every
// generated default that names a principal as administrator, that principal may
// put the key policy and the like without the help of IAM; no user may. It is the
// other way round with the use of the key. So a policy that is a default tells
// its administrators and users by concrete requests, which package evaluation
// decides; and so it tells the form: the edition, whether administrators may
// delete the key, and what AWS does not document.
//
//  1. Each principal that the policy names is asked for the actions of an
//     administrator and of a user; a Deny is left out for principals of the key's
//     account, because in a default there is none that means them. Half of what only an administrator may makes
//     one; for a default it is all or nothing, and for a policy that lost an action
//     it finds the default that a person would name.
//  2. The form that contradicts the fewest answers is generated, once.
//  3. Package access compares it with the policy, once. Only its proof that the two
//     are [access.Equal] makes a [Default]; everything before is guidance.
//
// Two defaults for the same principals that answer those requests alike allow the
// same: that is why one comparison is enough. The other forms are each proved
// equal to the first; they are small and differ in little.
//
// # What is no default
//
// [NotDefault] has the nearest default beside it with the differences, so that a
// person sees why. It needs a proved difference that does not hang on an open
// question about an administrator or user. What is not proved either way is
// [Undecided], with a [Reason], and nobody may treat it as a default.
//
// # Limits
//
//   - Principals are those that a Principal element or a condition value spells out
//     in full. A default in which patterns or variables alone single out an administrator is
//     not recognised; it is NotDefault.
//   - A policy that names more than [MaxPrincipals] users, roles and foreign
//     accounts is Undecided.
//   - What package defaultpolicy takes by analogy, such as the use of ML-KEM keys,
//     counts unless [Options] refuse it.
//
// A deleted user or role (AIDA…, AROA…) is nobody: a policy of which all
// administrators are deleted is the default without administrators. They are
// listed in [Result.DeadPrincipals], so that the caller can tell.
package recognition
