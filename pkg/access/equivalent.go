package access

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// Equivalent is the verdict of [Compare], mostly found sooner: where a statement
// that only one policy has allows something that the other policy does not, one
// request proves it.
func Equivalent(key policy.Key, baseline, actual *policy.Document) Verdict {
	if baseline.Text() == actual.Text() {
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
// principal determines. It tells whether that proves a difference; finding none says
// nothing.
func probe(key policy.Key, statements, others []plainStatement, granting, other *policy.Document) bool {
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
		question, err := evaluation.Ask(key, evaluation.Request{
			Principal: s.arn, PrincipalType: s.kind, PrincipalAccount: s.account,
			IdentityPolicyAllows: !direct, Action: st.matching().first(), Resource: key.ARN, Context: s.context(key),
		})
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
