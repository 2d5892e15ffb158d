// Package prevention makes organization policies of a configuration: what refuses beforehand
// some of what the guardrail would have to repair afterwards.
//
// [For] returns a service control policy, which binds the people and roles of member accounts,
// and a resource control policy, which binds everybody who calls a key of a member account.
// Neither gives access. Neither binds the management account.
//
// Both are proved by package evaluation before they are returned: whoever a baseline requires,
// and the guardrail, may still change and use the keys. What the configuration permits and the
// resource control policy refuses is listed.
//
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_authorization_policies.html
package prevention
