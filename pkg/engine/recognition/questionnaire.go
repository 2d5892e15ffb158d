package recognition

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// mostSteps bounds what the conditions of a hostile policy may cost, in characters
// of a value held against characters of an ARN. Real policies need some thousands.
const mostSteps = 200_000_000

// questionnaire is what each candidate is asked. Of actions that the same statements
// cover, one stands for all.
type questionnaire struct {
	key    policy.Key
	policy policy.Set
	// allows is the policy without its Deny statements. It is what principals of the
	// key's account are asked of: a default lets each of them do everything with the
	// help of IAM, so a Deny that means one of them is a difference by itself, and must
	// not hide whom the policy was written for.
	allows policy.Set
	// actions are asked about as such, attaching on behalf of an AWS service.
	actions, attaching []access.Actions
	attachable         access.Actions // all of attaching
	// carried are the condition keys that the policy asks about and each request has, but for
	// those that the principal determines, with a value.
	carried map[string]string
}

func newQuestionnaire(key policy.Key, d policy.Set, shapes []shape) questionnaire {
	var actions, attaching access.Actions
	for _, s := range shapes {
		actions |= s.administrator | s.user
		attaching |= s.attach
	}
	return questionnaire{key: key, policy: d, allows: withoutDeny(d), actions: groupsOf(d, actions), attaching: groupsOf(d, attaching), attachable: attaching, carried: carriedKeys(key, d)}
}

// carriedKeys returns the condition keys that a policy asks about and that each request of
// an identity has: of this key, as far as it is known, else an example.
func carriedKeys(key policy.Key, d policy.Set) map[string]string {
	facts := map[string]string{
		"aws:RequestedRegion": key.Region, "kms:KeySpec": key.Spec, "kms:CustomerMasterKeySpec": key.Spec,
		"kms:KeyUsage": key.Usage, "kms:CustomerMasterKeyUsage": key.Usage, "kms:KeyOrigin": key.Origin, "kms:MultiRegion": key.MultiRegion,
	}
	carried := map[string]string{}
	for _, row := range catalog.Availabilities() {
		if row.OfIdentity() != catalog.Always || row.Example == "" {
			continue
		}
		for i := range d.Statements {
			if slices.ContainsFunc(d.Statements[i].Conditions, func(c policy.Condition) bool { return strings.EqualFold(c.Key, row.Key) }) {
				carried[row.Key] = cmp.Or(facts[row.Key], row.Example)
			}
		}
	}
	return carried
}

// withoutDeny returns the statements that allow.
func withoutDeny(d policy.Set) policy.Set {
	allows := policy.Set{Version: d.Version}
	for _, st := range d.Statements {
		if st.Effect == policy.Allow {
			allows.Statements = append(allows.Statements, st)
		}
	}
	return allows
}

// groupsOf splits actions into groups that no statement tells apart.
func groupsOf(d policy.Set, actions access.Actions) []access.Actions {
	groups := []access.Actions{actions}
	for i := range d.Statements {
		var matching access.Actions
		for _, value := range d.Statements[i].Actions.Values {
			matching |= access.ActionsMatching(value)
		}
		var split []access.Actions
		for _, g := range groups {
			for _, part := range []access.Actions{g & matching, g &^ matching} {
				if part != 0 {
					split = append(split, part)
				}
			}
		}
		groups = split
	}
	return groups
}

// affordable tells whether asking all candidates stays within mostSteps.
func (q *questionnaire) affordable(candidates []candidate) bool {
	var values, arns int
	for i := range q.policy.Statements {
		for _, c := range q.policy.Statements[i].Conditions {
			for _, v := range c.Values {
				values += len(v)
			}
		}
	}
	for i := range candidates {
		arns += len(candidates[i].text)
	}
	return values*arns <= mostSteps/(1+len(q.actions)+len(q.attaching))
}

// ask finds what the policy lets a candidate do.
func (q *questionnaire) ask(c *candidate) {
	r := requestOf(c, q.key)
	for name, value := range q.carried {
		r.Context[name] = value
	}
	for _, g := range q.actions {
		c.may |= q.allowed(c, r, g)
	}
	r.Context["kms:GrantIsForAWSResource"] = "true"
	for _, g := range q.attaching {
		c.mayAttach |= q.allowed(c, r, g)
	}
}

// allowed returns the actions of a group if the policy allows them, else none.
func (q *questionnaire) allowed(c *candidate, r evaluation.Request, group access.Actions) access.Actions {
	d := q.allows
	if c.Kind == policy.Account {
		d = q.policy
	}
	r.Action = group.Names()[0]
	switch decision, _ := evaluation.Evaluate(q.key, d, r); {
	case decision.Allows():
		return group
	case decision == evaluation.Inconclusive:
		c.open |= group
	}
	return 0
}

// contradictions counts the answers to a candidate that a default of the shape would
// not give, were the candidate an administrator or user.
func (q *questionnaire) contradictions(s shape, c *candidate, administrator, user bool) int {
	var may, mayAttach access.Actions
	if administrator {
		may |= s.administrator
	}
	if user {
		may |= s.user
		mayAttach = s.attach
	}
	mayAttach |= may & q.attachable
	return count((may^c.may)&^c.open) + count((mayAttach^c.mayAttach)&^c.open)
}

// requestOf returns a request of a candidate but for its action. An account asks as
// its root user, who is no more than the account and never needs an IAM policy.
func requestOf(c *candidate, key policy.Key) evaluation.Request {
	r := evaluation.Request{
		Principal: c.text, PrincipalAccount: c.AccountID, Resource: key.ARN,
		Context: map[string]any{
			"aws:PrincipalArn": c.text, "aws:PrincipalAccount": c.AccountID, "kms:CallerAccount": c.AccountID,
			"aws:PrincipalIsAWSService": "false", "aws:ResourceAccount": key.Account,
		},
	}
	principalType := "AssumedRole"
	switch c.Kind {
	case policy.User:
		r.PrincipalType, principalType = evaluation.UserPrincipal, "User"
		r.Context["aws:username"] = c.Name
	case policy.Role:
		r.PrincipalType = evaluation.RolePrincipal
	default:
		r.PrincipalType, principalType = evaluation.RootPrincipal, "Account"
	}
	r.Context["aws:PrincipalType"] = principalType
	return r
}
