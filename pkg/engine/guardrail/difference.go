package guardrail

import (
	"errors"
	"fmt"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func actionsOf(d access.Difference) (actions access.Actions) {
	for _, name := range d.Actions {
		actions |= access.ActionsMatching(name)
	}
	return actions
}

// findMissing says how bad it is that access of the floor is missing, and finds the
// floor that a repair has to reach.
func (e *examination) findMissing() {
	j, k, missing := &e.Judgement, e.snapshot.Key, e.below.Missing
	controlled, deniedUse := hasControl(k, j.Live, j.At), e.deniedUse()
	permitted := j.permittedDenies(k, missing)
	hardening := j.Selection.Baseline.HardeningDenies == rules.PermitDenies
	narrowing, refused := slices.Clone(permitted), []int{} // Deny statements of the policy
	for _, d := range missing {
		byDeny := d.Policy == access.Actual
		if byDeny && slices.Contains(permitted, d.Statement) {
			continue
		}
		code, severity := j.missingAccess(k, d, controlled)
		if byDeny && severity.Compare(rules.High) < 0 && isAbout(d, deniedUse) {
			code, severity = CodeUseDenied, rules.High
		}
		if code == CodeHardeningDeny && hardening {
			severity = rules.Info
		}
		if byDeny && hardening && (code == CodeHardeningDeny || d.Delegated) {
			narrowing = append(narrowing, d.Statement) // if not for control, for what it takes beside
		}
		if byDeny && code != CodeHardeningDeny {
			refused = append(refused, d.Statement)
		}
		e.add(newDifference(k, code, severity, e.missingMessage(code, d), d))
	}
	if !controlled {
		e.judgeLockout()
	}
	j.narrowFloors(narrowing, refused, deniedUse)
}

// isAbout tells whether a difference is about one of some actions.
func isAbout(d access.Difference, actions []string) bool {
	return slices.ContainsFunc(actions, func(action string) bool { return actionsOf(d)&access.ActionsMatching(action) != 0 })
}

// missingAccess says how bad one difference from the floor is. controlled tells whether
// the account controls the policy all the same.
func (j *Judgement) missingAccess(k rules.Key, d access.Difference, controlled bool) (Code, rules.Severity) {
	byDeny := d.Policy == access.Actual
	switch {
	case rules.IsAboutControl(d) && !controlled && byDeny:
		return j.judgeControl(k)
	case rules.IsAboutControl(d) && !controlled && j.controlledByNamed(k):
		return CodeAccountStatementMissing, rules.Medium
	case rules.IsAboutControl(d) && !controlled:
		return CodeAccountStatementMissing, rules.High
	case byDeny && (d.Delegated || d.Conditions != ""):
		return CodeHardeningDeny, rules.Low
	case !byDeny && d.Statement == 0:
		return CodeAccessMissing, rules.Low
	case !byDeny && j.Limits.Floor.Statements[d.Statement].SID == rules.GuardrailAccessSID:
		return CodeRequiredAccessMissing, rules.High
	default:
		return CodeRequiredAccessMissing, rules.Medium
	}
}

// permittedDenies returns the Deny statements of the policy that take nothing from the
// floor but what the baseline's permitted Deny statements would take.
func (j *Judgement) permittedDenies(k rules.Key, missing []access.Difference) []int {
	var list []int
	if len(j.Limits.PermittedDenies) == 0 {
		return list
	}
	narrowed := with(j.Limits.Floor, j.Limits.PermittedDenies...)
	for _, d := range missing {
		if d.Policy != access.Actual || slices.Contains(list, d.Statement) {
			continue
		}
		if access.Equivalent(k.PolicyKey(), narrowed, with(narrowed, j.Live.Statements[d.Statement])) == access.Equal {
			list = append(list, d.Statement)
		}
	}
	return list
}

// judgeLockout adds a finding where nobody is left who can change the policy.
func (e *examination) judgeLockout() {
	j, k := &e.Judgement, e.snapshot.Key
	who, unsure := access.WhoMay(k.PolicyKey(), j.Live.Set, "kms:PutKeyPolicy")
	if len(who) > 0 || unsure {
		return
	}
	dead := slices.ContainsFunc(j.Live.Statements, func(st policy.Statement) bool {
		return slices.ContainsFunc(st.Principals.Entries, func(p policy.Principal) bool { return p.Kind == policy.UniqueID })
	})
	if dead {
		e.add(NewFinding(k, CodeOnlyDeadPrincipals, rules.High, "nobody can change the key policy: whom it names has been deleted"))
		return
	}
	e.add(NewFinding(k, CodeNoAdministrator, rules.High, "nobody can change the key policy"))
}

// narrowFloors splits the floor in two, and takes from each what Deny statements that
// may stay take: the account statement, from which they may take everything but control
// of the key policy; and that control with what is required, and with the use of the key that
// nobody is left with, from which they may only
// take something under conditions. So a Deny that takes both too much and what it may is
// narrowed by a repair, and need not go.
func (j *Judgement) narrowFloors(narrowing, refused []int, deniedUse []string) {
	floor := j.Limits.Floor
	control := withUse(floor.Statements[0], deniedUse)
	given, required := []policy.Statement{floor.Statements[0]}, []policy.Statement{control}
	for _, st := range floor.Statements[1:] {
		if st.Effect == policy.Deny {
			given = append(given, st)
		}
		required = append(required, st)
	}
	slices.Sort(narrowing)
	for _, i := range slices.Compact(narrowing) {
		given = append(given, j.Live.Statements[i])
		if !slices.Contains(refused, i) {
			required = append(required, j.Live.Statements[i])
		}
	}
	for _, statements := range [][]policy.Statement{given, required} {
		j.Floors = append(j.Floors, policy.Set{Version: floor.Version, Statements: statements})
	}
}

// with returns a set with statements added.
func with(s policy.Set, more ...policy.Statement) policy.Set {
	s.Statements = slices.Concat(s.Statements, more)
	return s
}

func newDifference(k rules.Key, code Code, severity rules.Severity, message string, d access.Difference) Finding {
	f := NewFinding(k, code, severity, message)
	if d.Policy == access.Actual {
		f.Statement = &d.Statement
	}
	f.Witness, f.Difference = &d.Witness, &d
	return f
}

// malformed words a parse error without the text that it quotes.
func malformed(err error) string {
	var problem *policy.Error
	if !errors.As(err, &problem) {
		return "the key policy cannot be read"
	}
	return fmt.Sprintf("the key policy cannot be read: %s at line %d, column %d", problem.Code, problem.Line, problem.Column)
}

// undecided words an open question without the statement's text, and says what would decide it.
func undecided(open access.Inconclusive) string {
	statement := fmt.Sprintf("statement %d of the key policy", open.Statement+1)
	if open.Policy != access.Actual {
		statement = fmt.Sprintf("statement %d of the %s", open.Statement+1, open.Policy)
	}
	switch open.Reason {
	case access.OverBudget:
		return "the policies are too complex to compare"
	case "conditions":
		return "what " + statement + " allows depends on its conditions"
	case "resource":
		return "it is not known whether the Resource of " + statement + " is this key: the key's full ARN decides it"
	case "not-principal":
		return "whom " + statement + " covers is not known, because of its NotPrincipal"
	case "empty-list":
		return statement + " has an empty list, and what that means is not documented"
	case "values":
		return "what " + statement + " allows depends on a value that may not exist"
	default:
		return "what " + statement + " allows could not be confirmed: please report it with the policy"
	}
}
