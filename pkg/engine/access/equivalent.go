package access

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Equivalent is the verdict of [Compare], mostly found sooner: where a statement
// that only one policy has allows something that the other policy does not, one
// request proves it.
func Equivalent(key policy.Key, baseline, actual policy.Set) Verdict {
	if baseline.Equal(actual) {
		return Equal
	}
	if alike(baseline, actual) {
		inBaseline, inActual := plainStatements(baseline), plainStatements(actual)
		switch {
		case sameLists(key, inBaseline, inActual):
			return Equal
		case probe(key, inActual, inBaseline, actual, baseline), probe(key, inBaseline, inActual, baseline, actual):
			return Different
		}
	}
	return Compare(key, baseline, actual).Verdict
}

// probe asks the evaluator one request for each plain Allow that only granting has:
// its first principal, its first action, without condition keys but those that the
// principal determines, if a policy asks for such a key. It tells whether that proves a
// difference; finding none says nothing.
func probe(key policy.Key, statements, others []plainStatement, granting, other policy.Set) bool {
	if asksOfEach(granting) || asksOfEach(other) {
		return false
	}
	asked := asksOfPrincipal(granting) || asksOfPrincipal(other)
	same := func(x, y *plainStatement) bool { return sameStatement(key, x, y) }
	for i := range statements {
		st := &statements[i]
		simple := st.Effect == policy.Allow && len(st.Conditions) == 0 && len(st.Principals.Entries) > 0 &&
			!st.Principals.Negated && !st.Actions.Negated
		if !simple || isIn(st, others, same) || st.matching() == 0 {
			continue
		}
		s, direct, ok := example(key, &st.Principals.Entries[0])
		if !ok {
			continue
		}
		request := evaluation.Request{
			Principal: s.arn, PrincipalType: s.kind, PrincipalAccount: s.account,
			IdentityPolicyAllows: !direct, Action: st.matching().first(), Resource: key.ARN,
		}
		if asked {
			request.Context = s.context(key)
		}
		question, err := evaluation.Ask(key, request)
		if err != nil {
			continue
		}
		granted, _ := question.Decide(granting)
		refused, _ := question.Decide(other)
		if granted.Allows() && !refused.Allows() && refused != evaluation.Inconclusive {
			return true
		}
	}
	return false
}

// asksOfEach tells whether a condition of a policy is on a key that each request of a
// kind of caller carries, and that the principal does not determine.
func asksOfEach(d policy.Set) bool {
	for i := range d.Statements {
		for _, c := range d.Statements[i].Conditions {
			row := catalog.AvailabilityOf(c.Key)
			if !isDetermined(keyID(c.Key)) && (row.ByService == catalog.Always || row.OfIdentity() == catalog.Always) {
				return true
			}
		}
	}
	return false
}

// asksOfPrincipal tells whether a condition of a policy may be on a key that the
// principal or the key determines, by its name or by a variable.
func asksOfPrincipal(d policy.Set) bool {
	for i := range d.Statements {
		for _, c := range d.Statements[i].Conditions {
			if isDetermined(keyID(c.Key)) {
				return true
			}
		}
	}
	return mentionsVariables(d)
}

// example returns a subject that a principal of a policy covers, and whether it
// covers it without the help of IAM.
func example(key policy.Key, p *policy.Principal) (s subject, direct, ok bool) {
	prefix := "arn:" + key.Partition + ":iam::"
	direct = p.AccountID == key.Account
	switch p.Kind {
	case policy.User:
		return subjectOf(evaluation.UserPrincipal, p.Text, named), direct, true
	case policy.Role:
		return subjectOf(evaluation.RolePrincipal, p.Text, named), direct, true
	case policy.Account:
		return subjectOf(evaluation.UserPrincipal, prefix+p.AccountID+":user/unnamed", otherOfAccount), false, true
	case policy.Anyone:
		return subjectOf(evaluation.UserPrincipal, prefix+unmentionedAccount(nil)+":user/unnamed", otherAccount), false, true
	case policy.Service:
		return subject{kind: evaluation.ServicePrincipal, arn: p.Text}, false, true
	default:
		return subject{}, false, false
	}
}
