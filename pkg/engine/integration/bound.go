package integration

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Bound says for whom a service uses the key, by the statement's own conditions. A later
// bound is stronger than an earlier one.
type Bound uint8

// The bounds.
const (
	// None: for anybody. https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
	None Bound = iota
	// ForeignAccount: for other accounts, or for another organization: it is their access.
	ForeignAccount
	// Organization: for the accounts of the key's own organization.
	Organization
	// SourceAccount: for the key's own account, by aws:SourceAccount.
	SourceAccount
	// Context: for the key's own account, by an encryption context of the service.
	Context
	// SourceARN: for the key's own account, by aws:SourceArn.
	SourceARN
)

// String returns the bound in a word or two.
func (b Bound) String() string {
	return [...]string{"none", "foreign account", "organization", "source account", "context", "source ARN"}[b]
}

// owner returns the owner that a value of a condition fixes: an account id, an organization
// id, or "" where the value fixes nobody.
type owner func(c policy.Condition, value string) string

// boundOf returns what one condition bounds, and the other accounts or organizations that it
// names. A condition bounds only if it holds for requests that carry the key, and each of its
// values fixes an owner.
func (k classifier) boundOf(c policy.Condition) (Bound, []string) {
	kind, ownerOf, own := k.kindOf(c)
	if kind == None || c.Operator.Negated || c.Operator.IfExists || len(c.Values) == 0 {
		return None, nil
	}
	var foreign []string
	for _, value := range c.Values {
		switch who := ownerOf(c, value); {
		case who == "":
			return None, nil
		case who != own:
			foreign = append(foreign, who)
		}
	}
	if len(foreign) > 0 {
		return ForeignAccount, foreign
	}
	return kind, nil
}

// kindOf returns which bound a condition can be by its key, and who must own its values.
func (k classifier) kindOf(c policy.Condition) (Bound, owner, string) {
	key, account, organization := strings.ToLower(c.Key), k.facts.Account, k.facts.OrganizationID
	single := c.Operator.Set == policy.NoSet
	switch {
	case key == "aws:sourcearn" && single:
		return SourceARN, k.ownerByARN, account
	case key == "aws:sourceaccount" && single:
		return SourceAccount, ownerByAccount, account
	case key == "aws:sourceorgid" && single:
		return Organization, ownerByOrganization, organization
	case key == "aws:sourceorgpaths" && c.Operator.Set == policy.ForAnyValue: // the key has several values, so it takes a set operator
		return Organization, ownerByPath, organization
	case single && k.isContextKey(key):
		return Context, k.ownerByContext, account
	}
	return None, nil, ""
}

// isLiteral tells whether an operator compares with the value as it stands.
func isLiteral(c policy.Condition, value string) bool {
	o := c.Operator
	return o.Family == policy.StringFamily && !strings.Contains(value, "${") &&
		(o.Comparison != policy.Like || !strings.ContainsAny(value, "*?"))
}

func ownerByAccount(c policy.Condition, value string) string {
	if isLiteral(c, value) && policy.IsAccountID(value) {
		return value
	}
	return ""
}

func ownerByOrganization(c policy.Condition, value string) string {
	if isLiteral(c, value) && strings.HasPrefix(value, "o-") {
		return value
	}
	return ""
}

// ownerByPath reads a path of aws:SourceOrgPaths, such as o-a1b2c3d4e5/r-ab12/*: the
// organization must be whole and without a wildcard.
func ownerByPath(c policy.Condition, value string) string {
	organization, _, ok := strings.Cut(value, "/")
	if !ok || c.Operator.Family != policy.StringFamily || strings.ContainsAny(organization, "*?") || strings.Contains(value, "${") || !strings.HasPrefix(organization, "o-") {
		return ""
	}
	return organization
}

// ownerByARN returns the account field of an ARN or of a pattern for ARNs. An ARN operator
// compares field by field. Any other operator compares the whole text, so a wildcard before
// the account's end could cover the real account field. A value that a row documents for the
// service counts as documented.
func (k classifier) ownerByARN(c policy.Condition, value string) string {
	parts := strings.SplitN(value, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" || !policy.IsAccountID(parts[4]) || strings.Contains(value, "${") {
		return ""
	}
	switch {
	case c.Operator.Family == policy.ArnFamily:
		return parts[4]
	case c.Operator.Family != policy.StringFamily:
		return ""
	case c.Operator.Comparison != policy.Like || !strings.ContainsAny(strings.Join(parts[:5], ":"), "*?"):
		return parts[4]
	case k.isDocumented(c, value, parts[4]):
		return parts[4]
	}
	return ""
}

// isDocumented tells whether a row prints a value for the service as it stands, but for the account.
func (k classifier) isDocumented(c policy.Condition, value, account string) bool {
	facts := k.facts
	facts.Account = account
	return slices.ContainsFunc(k.rows, func(r *Row) bool {
		return slices.ContainsFunc(r.Bounds, func(b Condition) bool {
			return b.Operator == c.Operator.String() && strings.EqualFold(b.Key, c.Key) && slices.Contains(facts.expandAll(b.Values), value)
		})
	})
}

// ownerByContext is for an encryption-context key whose value is an ARN, or an account id.
func (k classifier) ownerByContext(c policy.Condition, value string) string {
	if account := ownerByAccount(c, value); account != "" {
		return account
	}
	return k.ownerByARN(c, value)
}

// isContextKey tells whether a key is of an encryption context that a row of the service
// lists as a bound, and every action that is not metadata carries it.
func (k classifier) isContextKey(key string) bool {
	listed := slices.ContainsFunc(k.rows, func(r *Row) bool {
		return slices.ContainsFunc(r.Bounds, func(b Condition) bool { return strings.EqualFold(b.Key, key) })
	})
	return listed && strings.HasPrefix(key, "kms:encryptioncontext:") && carriesContext(k.actions)
}
