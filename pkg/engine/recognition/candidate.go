package recognition

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// MaxPrincipals is how many users, roles and foreign accounts a policy may name to
// be recognised. A document of KMS's size has no room for more ARNs.
const MaxPrincipals = 1000

// longestARN is more than a user's or role's ARN can have: a path of 512 characters,
// a name of 64, and some 40 before them. What is longer names nobody.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
const longestARN = 700

// candidate is a principal that a default could name, with what the policy lets it
// do. text is how a default spells it.
type candidate struct {
	policy.Principal
	text string
	// may is what it is allowed without a condition key but those that every
	// request of it has; mayAttach the same on behalf of an AWS service. A principal
	// of the key's account is allowed without the help of IAM.
	may, mayAttach access.Actions
	// open is what the evaluator does not decide.
	open access.Actions
}

// candidatesOf returns the principals that a default could name among those that a
// policy spells out: users and roles of the key's account, and other accounts. At
// most one more than MaxPrincipals are returned.
func candidatesOf(key policy.Key, d policy.Set) []candidate {
	var list []candidate
	seen := map[string]bool{}
	add := func(p policy.Principal) {
		text := p.Text
		switch {
		case p.Partition != "" && p.Partition != key.Partition, len(text) > longestARN, len(list) > MaxPrincipals:
			return
		case p.Kind == policy.Account && p.AccountID != key.Account:
			text = "arn:" + key.Partition + ":iam::" + p.AccountID + ":root"
		case p.Kind != policy.User && p.Kind != policy.Role, p.AccountID != key.Account:
			return
		}
		if !seen[text] {
			seen[text] = true
			list = append(list, candidate{Principal: p, text: text})
		}
	}
	for i := range d.Statements {
		for _, p := range d.Statements[i].Principals.Entries {
			add(p)
		}
	}
	for i := range d.Statements { // "*" with a condition on aws:PrincipalArn may mean one role
		for _, c := range d.Statements[i].Conditions {
			for _, value := range c.Values {
				if p, err := policy.ParseAWSPrincipal(value); err == nil {
					add(p)
				}
			}
		}
	}
	return list
}

// deadPrincipals returns the unique ids that a policy names, each once.
func deadPrincipals(d policy.Set) []string {
	list := []string{}
	for i := range d.Statements {
		for _, p := range d.Statements[i].Principals.Entries {
			if p.Kind == policy.UniqueID && !slices.Contains(list, p.Text) {
				list = append(list, p.Text)
			}
		}
	}
	return list
}

// chosen tells whether the console lets one choose the candidate for a role in the
// default; it refuses names that IAM does not have.
func (c *candidate) chosen(key policy.Key, t defaultpolicy.KeyType, asAdministrator bool) bool {
	g := defaultpolicy.Options{Style: defaultpolicy.Console, Account: key.Account, Partition: key.Partition}
	if asAdministrator {
		g.Administrators = []string{c.text}
	} else {
		g.Users = []string{c.text}
	}
	_, err := defaultpolicy.Generate(t, g)
	return err == nil
}

// concerns tells whether a request is, or may be, one of the candidate: its own, that
// of a session of the role, or of a principal of the account.
func (c *candidate) concerns(r evaluation.Request) bool {
	p, err := policy.ParseAWSPrincipal(r.Principal)
	if err != nil || p.AccountID != c.AccountID {
		return false
	}
	return c.Kind == policy.Account || strings.EqualFold(p.Name, c.Name)
}
