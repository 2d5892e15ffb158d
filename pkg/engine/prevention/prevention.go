package prevention

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// MaxSize is the most characters that Organizations takes for a service control policy or a
// resource control policy.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
const MaxSize = 5120

// ErrNoOrganization means that the configuration does not say which organization the accounts
// are of.
var ErrNoOrganization = errors.New("organization.id is missing, and without it outsiders cannot be told from members: add organization: {id: o-…}")

// Policies are the two organization policies of a configuration.
type Policies struct {
	// Service is the service control policy, Resource the resource control policy.
	Service  Policy `json:"scp"`
	Resource Policy `json:"rcp"`
	// Refused says, a sentence each, what the configuration permits and the resource control
	// policy refuses.
	Refused []string `json:"refused"`
}

// Policy is one organization policy.
type Policy struct {
	Document Document `json:"policy"`
	// Reasons says of each statement what it is for, in their order.
	Reasons []string `json:"reasons"`
}

// Document is a policy as Organizations takes it.
type Document struct {
	Version   string
	Statement []Statement
}

// Statement is a Deny of an organization policy.
type Statement struct {
	Sid    string
	Effect string
	// Principal is "*" in a resource control policy. A service control policy has none.
	Principal string `json:",omitempty"`
	Action    []string
	Resource  string
	Condition map[string]map[string][]string `json:",omitempty"`
}

// Text returns the policy as indented JSON, with a line feed at its end. It never fails for a
// document that [For] made.
func (d Document) Text() (string, error) {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing a policy: %w", err)
	}
	return string(text) + "\n", nil
}

// For returns the policies of a configuration that was checked. It returns
//
//   - [ErrNoOrganization] where the configuration does not name the organization,
//   - an error that names the principal where somebody whom a baseline requires would be locked
//     out,
//   - an error with the number of characters where a policy is longer than [MaxSize].
func For(c *rules.Configuration) (Policies, error) {
	if c.Organization.ID == "" {
		return Policies{}, ErrNoOrganization
	}
	outside := outsiders(c)
	p := Policies{Service: keepLockoutCheck(), Resource: keepOutsidersOut(c.Organization.ID, outside.accounts, outside.organizations), Refused: outside.unlisted}
	text, err := json.Marshal(p.Resource.Document) // the other one is of a fixed length
	switch {
	case err != nil:
		return Policies{}, fmt.Errorf("writing the resource control policy: %w", err)
	case len(text) > MaxSize:
		return Policies{}, fmt.Errorf("the resource control policy would have %d characters, and Organizations takes %d: guardrail.yaml names %d accounts outside organization.accounts", len(text), MaxSize, len(outside.accounts))
	}
	return p, prove(c, p, outside.accounts)
}

// keepLockoutCheck refuses to skip the check by which KMS keeps a key manageable.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-bypass-policy-lockout-safety-check
func keepLockoutCheck() Policy {
	return Policy{
		Document: document(Statement{
			Sid: "KeepLockoutCheck", Action: []string{"kms:CreateKey", "kms:PutKeyPolicy"},
			Condition: map[string]map[string][]string{"Bool": {"kms:BypassPolicyLockoutSafetyCheck": {"true"}}},
		}),
		Reasons: []string{"Nobody may skip KMS's check that whoever writes a key policy can still change it: without it a key can become unmanageable for ever."},
	}
}

// keepOutsidersOut refuses every call to a key by a principal of another organization, and by a
// service that acts for another organization, but for the accounts and organizations that the
// configuration names.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
func keepOutsidersOut(organization string, accounts, organizations []string) Policy {
	organizations = append([]string{organization}, organizations...)
	unless := func(organizationKey, accountKey string) map[string][]string {
		conditions := map[string][]string{organizationKey: organizations}
		if len(accounts) > 0 {
			conditions[accountKey] = accounts
		}
		return conditions
	}
	return Policy{
		Document: document(Statement{
			Sid: "KeepOutsidersOut", Principal: "*", Action: []string{"kms:*"},
			Condition: map[string]map[string][]string{
				"StringNotEqualsIfExists": unless("aws:PrincipalOrgID", "aws:PrincipalAccount"),
				"BoolIfExists":            {"aws:PrincipalIsAWSService": {"false"}},
			},
		}, Statement{
			Sid: "ServicesForTheOrganizationOnly", Principal: "*", Action: []string{"kms:*"},
			Condition: map[string]map[string][]string{
				"StringNotEqualsIfExists": unless("aws:SourceOrgID", "aws:SourceAccount"),
				"Null":                    {"aws:SourceAccount": {"false"}},
				"Bool":                    {"aws:PrincipalIsAWSService": {"true"}},
			},
		}),
		Reasons: []string{
			"Nobody outside the organization may call a key, whatever its key policy says, but for the accounts and organizations that guardrail.yaml names. (KMS does not apply it to kms:RetireGrant and to AWS managed keys.)",
			"An AWS service may call a key for a resource of the organization only, where the service says for whose resource it calls.",
		},
	}
}

func document(statements ...Statement) Document {
	for i := range statements {
		statements[i].Effect, statements[i].Resource = "Deny", "*"
	}
	return Document{Version: "2012-10-17", Statement: statements}
}
