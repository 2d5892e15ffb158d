package prevention

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// prove asks the evaluator whether everybody whom a baseline requires, and the guardrail, may
// still change and use a key. A required user that is another account calls from outside the
// organization.
func prove(c *rules.Configuration, p Policies, outside []string) error {
	d, err := underBoth(p)
	if err != nil {
		return err
	}
	for i := range c.Baselines {
		b := &c.Baselines[i]
		k := rules.Key{Account: ownerOf(b), Partition: "aws", Region: "us-east-1", OrganizationID: c.Organization.ID}
		k.ARN = "arn:aws:kms:us-east-1:" + k.Account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"
		for _, arn := range slices.Concat(b.Administrators.Required, b.Users.Required, []string{b.GuardrailRole(k)}) {
			arn = k.Expand(arn)
			organization := c.Organization.ID
			if slices.Contains(outside, rules.AccountOf(arn)) {
				organization = "o-outside0000"
			}
			for _, action := range []string{rules.PutKeyPolicy, "kms:GetKeyPolicy", "kms:Decrypt"} {
				if !may(k, d, arn, organization, action) {
					return fmt.Errorf("the policies would keep %s, whom baseline %s requires, from %s", arn, b.Name, action)
				}
			}
		}
	}
	return nil
}

// underBoth returns a key policy that allows everything to everyone under the Denies of both policies.
func underBoth(p Policies) (policy.Set, error) {
	everything := Statement{Effect: "Allow", Principal: "*", Action: []string{"kms:*"}, Resource: "*"}
	all := Document{Version: policy.Version2012, Statement: slices.Concat([]Statement{everything}, p.Service.Document.Statement, p.Resource.Document.Statement)}
	for i := range all.Statement {
		all.Statement[i].Principal = "*"
	}
	text, err := json.Marshal(all)
	if err != nil {
		return policy.Set{}, fmt.Errorf("writing the policies: %w", err)
	}
	d, err := policy.Parse(string(text))
	if err != nil {
		return policy.Set{}, fmt.Errorf("reading the policies: %w", err)
	}
	return d.Set, nil
}

// ownerOf returns the account whose keys a baseline is for, as far as its required
// administrators say it.
func ownerOf(b *rules.Baseline) string {
	for _, arn := range b.Administrators.Required {
		if id := rules.AccountOf(arn); policy.IsAccountID(id) {
			return id
		}
	}
	return placeholder
}

// may tells whether a call of a principal of an organization gets through.
func may(k rules.Key, d policy.Set, arn, organization, action string) bool {
	kind := evaluation.RolePrincipal
	switch {
	case strings.HasSuffix(arn, ":root"):
		kind = evaluation.RootPrincipal
	case strings.Contains(arn, ":user/"):
		kind = evaluation.UserPrincipal
	}
	account := rules.AccountOf(arn)
	context := map[string]any{
		"aws:PrincipalArn": arn, "aws:PrincipalAccount": account, "aws:PrincipalOrgID": organization, "aws:PrincipalIsAWSService": "false",
		"kms:CallerAccount": account, "aws:ResourceAccount": k.Account,
	}
	decision, _ := evaluation.Evaluate(k.PolicyKey(), d, evaluation.Request{
		Principal: arn, PrincipalType: kind, PrincipalAccount: account, IdentityPolicyAllows: true, Action: action, Resource: k.ARN, Context: context,
	})
	return decision.Allows()
}
