// Package integration has the named integrations of guardrail.yaml: for an AWS service that
// works with customer managed keys, the statements that a key policy may carry for it.
//
// The statements are part of a ceiling, so they say what a key may carry, not what it must.
// [Integration.Statements] makes them for one key. They are as wide as AWS documents a safe
// use, and no wider:
//
//   - Each is bounded to the key's own account: by aws:SourceAccount, aws:SourceArn, the
//     encryption context, or the caller's account (kms:CallerAccount), or because its
//     principal is a role of the account. A service acts for everybody; without such a
//     condition another account can have the service use the key on its behalf, as a
//     confused deputy. https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
//   - Where AWS documents a statement without a condition, only the bounded form is here, and
//     the entry says so. A key that must carry the open form needs it under permit, where a
//     person answers for it.
//   - Where AWS documents several conditions, each safe one has a statement of its own. To
//     package access a condition key that a statement does not mention may have any value or
//     none, so a policy that asks for the account alone is not covered by a statement that
//     asks for an ARN. A policy that asks for both is covered by either.
//   - An ARN that names no account, such as that of a bucket or a hosted zone, bounds nothing
//     by itself. Only together with aws:SourceAccount is it covered.
//
// Left out are all documented forms for other accounts or for an organization: they are
// decisions about foreign accounts, not about a service.
//
// # Adding one
//
// An integration is one entry, a variable in the file that fits its service, and one line in
// the table of integration.go. The tests then ask for documented policies that lie within it
// (documented_test.go), a golden file (go test -update) and a row in docs/integrations.md.
//
// The statements are as of 2026-11, as far as public copies of the pages show.
package integration
