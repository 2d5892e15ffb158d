package guardrail

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Grant is a grant that somebody made, as an event tells of it.
// https://docs.aws.amazon.com/kms/latest/developerguide/grants.html
type Grant struct {
	// ID is hexadecimal, "" where it is not known.
	ID string
	// Grantee is the ARN of the grantee principal, or a service.
	Grantee string
	// Operations are the names of actions, without kms:.
	Operations []string
}

// findForeignGrant finds a grant for another account, or for somebody whom the guardrail cannot name,
// of operations that the ceiling does not allow the grantee. Grants within the account, and those for AWS
// services, are for those who may create grants to answer for.
func (e *examination) findForeignGrant() {
	g, k := e.snapshot.Grant, e.snapshot.Key
	if g == nil || strings.HasSuffix(g.Grantee, ".amazonaws.com") {
		return
	}
	grantee, err := policy.ParseAWSPrincipal(g.Grantee)
	isUnknown := err != nil || grantee.Kind == policy.UniqueID || grantee.Kind == policy.Anyone
	account := rules.AccountOf(g.Grantee)
	if !isUnknown && account == k.Account {
		return
	}
	var beyond []string
	for _, operation := range g.Operations {
		if action := "kms:" + operation; isUnknown || !e.permits(g.Grantee, action) {
			beyond = append(beyond, action)
		}
	}
	if len(beyond) == 0 {
		return
	}
	who := rules.ForeignAccount
	if !isUnknown {
		who = e.foreigner([]string{account})
	}
	var groups []rules.Group
	for _, action := range beyond {
		groups = append(groups, rules.GroupOf(action, false))
	}
	name := "somebody who is named " + g.Grantee
	if !isUnknown {
		name = people(k, []string{g.Grantee})
	}
	revoke := "aws kms list-grants --key-id " + k.ARN
	if g.ID != "" {
		revoke = "aws kms revoke-grant --key-id " + k.ARN + " --grant-id " + g.ID
	}
	e.found(CodeForeignGrant, rules.SeverityOf(who, groups), "A grant lets %s %s. No repair of the key policy takes a grant back. To revoke it: %s", name, e.doing(beyond), revoke)
}

// permits tells whether the ceiling lets a principal of another account do something in some call. The call
// has no condition keys but those of the principal.
func (e *examination) permits(arn, action string) bool {
	k, kind, account := e.snapshot.Key, evaluation.RolePrincipal, rules.AccountOf(arn)
	switch {
	case strings.HasSuffix(arn, ":root"):
		kind = evaluation.RootPrincipal
	case strings.Contains(arn, ":user/"):
		kind = evaluation.UserPrincipal
	}
	decision, _ := evaluation.Evaluate(k.PolicyKey(), e.Limits.Ceiling, evaluation.Request{
		Principal: arn, PrincipalType: kind, PrincipalAccount: account, IdentityPolicyAllows: true, Action: action, Resource: k.ARN,
		Context: map[string]any{"aws:PrincipalArn": arn, "aws:PrincipalAccount": account, "kms:CallerAccount": account, "aws:PrincipalIsAWSService": "false", "aws:ResourceAccount": k.Account},
	})
	return decision.Allows()
}
