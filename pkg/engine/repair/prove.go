package repair

import (
	"maps"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// prove makes a plan of a document, if it is one.
func (p *planner) prove(d *policy.Document, edits []Edit) (Plan, error) {
	plan := Plan{
		Document: d, Edits: edits,
		Before: p.Live.Hash(p.Key.Partition), After: d.Hash(p.Key.Partition),
	}
	above, err := p.excess(d.Set, p.Bounds.Ceiling)
	if err != nil {
		return Plan{}, err
	}
	if plan.Proof.Ceiling = above.Verdict; above.Verdict != access.Inside {
		return Plan{}, refuse(NotProved, "the planned policy is not proved to be within the ceiling: %s", explain(above))
	}
	for i, floor := range p.Bounds.Floors {
		below, err := p.missing(floor, d.Set)
		if err != nil {
			return Plan{}, err
		}
		if below.Verdict != access.Inside {
			return Plan{}, refuse(NotProved, "the planned policy is not proved to have all of floor %d: %s", i, explain(below))
		}
		plan.Proof.Floors = append(plan.Proof.Floors, below.Verdict)
	}
	if err := p.acceptable(d); err != nil {
		return Plan{}, err
	}
	return plan, p.account(&plan)
}

// account works out what the plan takes away.
func (p *planner) account(plan *Plan) error {
	removed, err := p.excess(p.Live.Set, plan.Document.Set)
	if err != nil {
		return err
	}
	plan.Removed, plan.Open = removed.Excess, removed.Inconclusive
	for i, f := range p.fates {
		for _, part := range f.unsaid {
			if err := p.accountFor(plan, i, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// accountFor notes what the plan does not allow of a part of a statement that is inside
// the ceiling. atMost are statements each of which allows the part, or more.
func (p *planner) accountFor(plan *Plan, i int, atMost []policy.Statement) error {
	var lost access.Result
	for n := len(atMost) - 1; n >= 0; n-- { // the first says best what it is
		part := p.alone(i, true, slices.Concat(atMost[n:n+1], p.denies)...)
		var err error
		if lost, err = p.missing(part, plan.Document.Set); err != nil || lost.Verdict == access.Inside {
			return err
		}
	}
	for _, l := range lost.Missing {
		l.Policy, l.Statement, l.SID = access.Actual, i, p.Live.Statements[i].SID
		plan.Lost = append(plan.Lost, l)
	}
	for _, open := range lost.Inconclusive {
		open.Policy, open.Statement = access.Actual, i
		plan.Open = append(plan.Open, open)
	}
	return nil
}

// acceptable refuses a document that KMS would refuse. Its size and its grammar were
// checked when it was parsed.
func (p *planner) acceptable(d *policy.Document) error {
	for i := range d.Statements {
		st := &d.Statements[i]
		switch {
		case slices.ContainsFunc(st.Principals.Entries, isDeleted):
			return refuse(DeadPrincipal, "statement %d names a deleted principal", i)
		case st.Incomplete():
			return refuse(DeadStatement, "statement %d has no Action, no Resource or no principal", i)
		case hasRefusedCondition(st):
			return refuse(RefusedCondition, "statement %d has a condition key or a set operator that KMS refuses in a key policy", i)
		}
	}
	return p.checkLockout(d)
}

// hasRefusedCondition tells whether a statement has a condition that KMS refuses in a key
// policy: a key that is for IAM policies only, or ForAllValues where it would always hold.
func hasRefusedCondition(st *policy.Statement) bool {
	return slices.ContainsFunc(st.Conditions, func(c policy.Condition) bool {
		key, known := catalog.LookupConditionKey(c.Key)
		return known && (!key.UsableInKeyPolicy || c.Operator.Set == policy.ForAllValues && key.RefusesForAllValues())
	})
}

const putKeyPolicy = "kms:PutKeyPolicy"

// checkLockout asks what KMS's lockout safety check asks: whether the writer could change
// the policy again. It counts on IAM policies that let it, as writing the policy does.
// Condition keys beside those of Request.Context count as absent. Without a
// writer, any principal of the account must be able to.
func (p *planner) checkLockout(d *policy.Document) error {
	owner, err := policy.ParseAWSPrincipal(p.Key.Account)
	if err != nil {
		return refuse(Incomplete, "%v", err)
	}
	needed := policy.Set{Version: policy.Version2012, Statements: []policy.Statement{{
		Effect: policy.Allow, Principals: policy.Principals{Entries: []policy.Principal{owner}},
		Actions: policy.Values(putKeyPolicy), Resources: policy.Values("*"),
	}}}
	if result, err := p.missing(needed, d.Set); err != nil || result.Verdict == access.Inside {
		return err
	}
	if p.Writer == "" {
		return refuse(Lockout, "the account could not change the planned policy, and no other writer is known")
	}
	decision, _ := evaluation.Evaluate(p.Key, d.Set, p.writing())
	if !decision.Allows() {
		return refuse(Lockout, "neither %s nor the account could change the planned policy", quote(p.Writer))
	}
	return nil
}

// writing is the writer's request to change the policy.
func (p *planner) writing() evaluation.Request {
	account := ""
	if parts := strings.Split(p.Writer, ":"); len(parts) > 4 {
		account = parts[4]
	}
	context := map[string]any{"aws:SecureTransport": "true", "aws:ViaAWSService": "false"}
	maps.Copy(context, p.Context)
	maps.Copy(context, map[string]any{
		"aws:PrincipalArn": p.Writer, "aws:PrincipalType": "AssumedRole", "aws:PrincipalAccount": account,
		"kms:CallerAccount": account, "aws:PrincipalIsAWSService": "false", "aws:ResourceAccount": p.Key.Account,
	})
	return evaluation.Request{
		Principal: p.Writer, PrincipalType: evaluation.RolePrincipal, PrincipalAccount: account,
		IdentityPolicyAllows: true, Action: putKeyPolicy, Resource: p.Key.ARN, Context: context,
	}
}
