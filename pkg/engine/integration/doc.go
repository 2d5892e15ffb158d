// Package integration knows what AWS documents about services that use a customer managed
// key. Its knowledge is data: the files in the folder table have one [Row] for each service
// with one destination or feature, with the page of the documentation and the day on which it
// was read. The package answers two questions about a key.
//
// What may a key policy carry for a service? [Row.Statements] makes the statements of a row
// for one key. A baseline of guardrail.yaml names rows, and their statements become a part of
// its ceiling:
//
//   - Each statement is bounded to the key's own account: by aws:SourceAccount, aws:SourceArn,
//     an encryption context, or kms:CallerAccount, or because its principal is a role of the
//     account. Only auxiliary actions, which give metadata, have no bound.
//   - Each bound that AWS documents has a statement of its own. A policy that asks for two of
//     them lies within either statement. A policy that asks for one needs that one.
//   - Where AWS prints a statement without a bound, the row says so, and no statement is made.
//     A person answers for such a policy, under permit.
//   - Other accounts and organizations are left out. They are decisions about other accounts.
//
// For whom does a service use the key? [Classify] reads the conditions of one statement and
// returns their [Bound], the row that documents it, and the condition to add where there is
// none. It decides by form, so it never calls a statement bound that AWS KMS would let another
// account use; a test holds it against package evaluation.
//
// A service acts for everybody. Without a bound, another account can have the service use the
// key on its behalf, as a confused deputy:
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
//
// docs/integrations.md is generated from the table, and says how to add a row.
package integration
