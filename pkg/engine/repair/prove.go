package repair

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// prover makes the document and proves the plan.
type prover struct{ *planner }

// prove makes a plan of what became of the statements, if it is one.
func (p prover) prove() (Plan, error) {
	adder(p).nameStatements()
	d, err := p.document()
	if err != nil {
		return Plan{}, err
	}
	plan := Plan{Document: d, Before: p.live.Hash(p.key.Partition), After: d.Hash(p.key.Partition)}
	for _, f := range p.fates {
		plan.Edits = append(plan.Edits, f.edits...)
	}
	for i := range p.added {
		plan.Edits = append(plan.Edits, added(&p.added[i]))
	}
	if err := p.acceptable(d); err != nil {
		return Plan{}, err
	}
	if p.isLinear() {
		plan.Proof, err = p.proveParts()
		return plan, err
	}
	for _, claim := range []struct {
		verdict *access.Verdict
		compare func() (access.Result, error)
		what    string
	}{
		{&plan.Proof.Ceiling, p.beyond, "is not proved to be within the ceiling"},
		{&plan.Proof.Kept, p.lost, "is not proved to keep what is within the ceiling"},
		{&plan.Proof.Floor, p.short, "is not proved to have what was to be added"},
		{&plan.Proof.Opened, p.openedBeyond, "is not proved to open no more than may be"},
	} {
		result, err := claim.compare()
		if err != nil {
			return Plan{}, err
		}
		if *claim.verdict = result.Verdict; result.Verdict != access.Inside {
			return Plan{}, refuse(NotProved, "the planned policy %s: %s", claim.what, explain(result))
		}
	}
	return plan, nil
}

// beyond compares the Allows that changed with the ceiling and with what was left on purpose.
// An Allow that did not change was left.
func (p prover) beyond() (access.Result, error) {
	part, bound := policy.Set{Version: p.live.Version}, p.allows
	bound.Statements = slices.Clone(bound.Statements)
	for i := range p.fates {
		f := &p.fates[i]
		switch {
		case p.live.Statements[i].Effect == policy.Deny && !f.murky:
			part.Statements = append(part.Statements, f.now...)
		case f.changed && f.murky:
			if !isPart(f) {
				return access.Result{Verdict: access.Different}, nil
			}
		case f.changed:
			part.Statements = append(part.Statements, f.now...)
			bound.Statements = append(bound.Statements, f.left...)
		}
	}
	part.Statements = append(part.Statements, p.added...)
	return p.excess(part, bound)
}

// isPart tells whether each statement that became of an Allow is a part of what is left of
// it: some of its principals and actions under the same conditions.
func isPart(f *fate) bool {
	for _, st := range f.now {
		for _, q := range st.Principals.Entries {
			fits := hasNoAccess(q) || slices.ContainsFunc(f.left, func(l policy.Statement) bool {
				return st.Principals.Negated == l.Principals.Negated && slices.Contains(l.Principals.Entries, q) &&
					covered(st.Actions)&^covered(l.Actions) == 0 && haveSameConditions(st.Conditions, l.Conditions) && slices.Equal(st.Resources.Values, l.Resources.Values)
			})
			if !fits {
				return false
			}
		}
	}
	return true
}

// proveParts is the proof of a plan that only removes: each Allow that changed is a part of
// what was left of it, and the rest is as it was, or the floor.
func (p prover) proveParts() (Proof, error) {
	for i := range p.fates {
		if f := &p.fates[i]; f.changed && p.live.Statements[i].Effect == policy.Allow && !isPart(f) {
			return Proof{}, refuse(NotProved, "what would become of statement %d is not a part of it", i+1)
		}
	}
	return Proof{Ceiling: access.Inside, Floor: access.Inside, Opened: access.Inside}, nil
}

// lost compares what the Allows that changed have in common with the ceiling, and what was
// left of them on purpose, with the plan.
func (p prover) lost() (access.Result, error) {
	part := p.under()
	for i := range p.fates {
		f, st := &p.fates[i], &p.live.Statements[i]
		if !f.changed || f.murky || st.Effect != policy.Allow {
			continue
		}
		part.Statements = append(part.Statements, f.left...)
		for e := range st.Principals.Entries {
			one := oneOf(st, e)
			for s := range p.shares {
				if !isFor(&one, &p.shares[s]) {
					continue
				}
				for _, m := range meet(p.k.Account, &one, one.Principals.Entries[0], &p.shares[s]) {
					common := m.statement(m.conditions)
					common.Resources = st.Resources
					part.Statements = append(part.Statements, common)
				}
			}
		}
	}
	return p.missing(part, p.soFar())
}

// short compares the floor, as far as findings say that it lacks, with the plan: the Allows
// that findings are about, and for what Denies took, the actions of those findings in the
// Allows of which nothing else lacks.
func (p prover) short() (access.Result, error) {
	part := p.under()
	var denied access.Actions
	for _, f := range adder(p).lacking() {
		if d := f.Difference; d.Policy == access.Floor {
			part.Statements = append(part.Statements, p.judgement.Limits.Floor.Statements[d.Statement])
		} else {
			denied |= actionsOf(*d)
		}
	}
	result, err := p.missing(part, p.soFar())
	for _, floor := range p.judgement.Floors {
		if err != nil || denied == 0 || result.Verdict != access.Inside {
			return result, err
		}
		rest := policy.Set{Version: p.live.Version}
		for i, st := range floor.Statements {
			if st.Effect == policy.Allow {
				st.Actions = policy.Values((covered(st.Actions) & denied).Names()...)
			}
			if st.Effect == policy.Deny || !p.lacksOf(i) {
				rest.Statements = append(rest.Statements, st)
			}
		}
		result, err = p.missing(rest, p.soFar())
	}
	return result, err
}

// lacksOf tells whether a finding says that no Allow of the policy gives something of an Allow
// of the floor.
func (p prover) lacksOf(i int) bool {
	return slices.ContainsFunc(p.judgement.Findings, func(f guardrail.Finding) bool {
		return f.Difference != nil && f.Difference.Policy == access.Floor && f.Difference.Statement == i
	})
}

// openedBeyond compares what Denies refused and the plan allows with the ceiling.
func (p prover) openedBeyond() (access.Result, error) {
	return p.excess(p.opened(), p.allows)
}

// document returns the live policy as far as it is planned. One without a statement is the
// refusal NothingLeft.
func (p prover) document() (*policy.Document, error) {
	revisions := map[int]policy.Revision{}
	for i, f := range p.fates {
		if f.changed && len(f.now) > 0 {
			revisions[i] = policy.Revision{Statement: &f.now[0], After: f.now[1:]}
		} else if f.changed {
			revisions[i] = policy.Revision{}
		}
	}
	if last := len(p.fates) - 1; len(p.added) > 0 {
		r, changed := revisions[last]
		if !changed {
			r.Statement = &p.live.Statements[last]
		}
		r.After = slices.Concat(r.After, p.added)
		revisions[last] = r
	}
	d, err := p.live.Revise(revisions)
	var problem *policy.Error
	switch {
	case err == nil:
		return d, nil
	case errors.As(err, &problem) && problem.Code == policy.TooLarge:
		return nil, refuse(TooLarge, "%s", problem.Detail)
	case errors.As(err, &problem) && problem.Code == policy.MissingElement:
		return nil, refuse(NothingLeft, "no statement of the policy may stay, and nothing has to be there")
	default:
		return nil, refuse(NotProved, "%v", err)
	}
}

// acceptable refuses a document that KMS would refuse for what the plan makes new in it: KMS
// took the other statements before. The document's size and grammar were checked when it was
// parsed.
func (p prover) acceptable(d *policy.Document) error {
	fresh := slices.Clone(p.added)
	for i, f := range p.fates {
		for _, st := range f.now {
			if f.changed && !haveSameConditions(st.Conditions, p.live.Statements[i].Conditions) {
				fresh = append(fresh, st)
			}
		}
	}
	return p.checkDocument(d, fresh)
}

// checkDocument refuses a document with a deleted principal or an incomplete statement, one
// of which fresh statements have a condition that KMS refuses, and one that locks out.
func (p prover) checkDocument(d *policy.Document, fresh []policy.Statement) error {
	for i := range d.Statements {
		st := &d.Statements[i]
		switch {
		case slices.ContainsFunc(st.Principals.Entries, isDeleted):
			return refuse(DeadPrincipal, "statement %d names a deleted principal", i+1)
		case st.Incomplete():
			return refuse(DeadStatement, "statement %d has no Action, no Resource or no principal", i+1)
		}
	}
	for i := range fresh {
		if hasRefusedCondition(&fresh[i]) {
			return refuse(RefusedCondition, "a new statement has a condition key or a set operator that KMS refuses in a key policy")
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
// Condition keys beside those of an ordinary call count as absent. A Deny that refuses the
// writer this ordinary call already, and that the plan keeps, says nothing: whoever
// writes all the same meets its conditions. Instead of the writer, any principal of the
// account may be able to change the policy.
func (p prover) checkLockout(d *policy.Document) error {
	if p.writer != "" {
		after := d.Set
		if before, _ := evaluation.Evaluate(p.key, p.live.Set, p.writing()); before == evaluation.ExplicitlyDenied {
			after.Statements = slices.DeleteFunc(slices.Clone(after.Statements), func(st policy.Statement) bool {
				return st.Effect == policy.Deny && len(st.Conditions) > 0 && slices.ContainsFunc(p.denies, func(o policy.Statement) bool { return haveSameConditions(o.Conditions, st.Conditions) })
			})
		}
		if decision, _ := evaluation.Evaluate(p.key, after, p.writing()); decision.Allows() {
			return nil
		}
	}
	owner, err := policy.ParseAWSPrincipal(p.key.Account)
	if err != nil {
		return refuse(Incomplete, "%v", err)
	}
	needed := policy.Statement{
		Effect: policy.Allow, Principals: policy.Principals{Entries: []policy.Principal{owner}},
		Actions: policy.Values(putKeyPolicy), Resources: policy.Values("*"),
	}
	result, err := p.missing(policy.Set{Version: d.Version, Statements: []policy.Statement{needed}}, d.Set)
	if err != nil || result.Verdict == access.Inside {
		return err
	}
	if p.writer == "" {
		return refuse(Lockout, "the account could not change the planned policy, and no other writer is known")
	}
	return refuse(Lockout, "neither %s nor the account could change the planned policy", quote(p.writer))
}

// writing is the writer's request to change the policy.
func (p prover) writing() evaluation.Request {
	account := ""
	if parts := strings.Split(p.writer, ":"); len(parts) > 4 {
		account = parts[4]
	}
	context := guardrail.OrdinaryContext(p.k, p.judgement.At)
	maps.Copy(context, map[string]any{
		"aws:PrincipalArn": p.writer, "aws:PrincipalType": "AssumedRole", "aws:PrincipalAccount": account,
		"kms:CallerAccount": account, "aws:PrincipalIsAWSService": "false", "aws:ResourceAccount": p.key.Account,
	})
	return evaluation.Request{
		Principal: p.writer, PrincipalType: evaluation.RolePrincipal, PrincipalAccount: account,
		IdentityPolicyAllows: true, Action: putKeyPolicy, Resource: cmp.Or(p.key.ARN, "*"), Context: context,
	}
}
