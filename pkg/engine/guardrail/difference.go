package guardrail

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// judgeExcess says how bad it is that somebody has access beyond the ceiling.
func judgeExcess(k Key, d access.Difference, live *policy.Document) (Code, Severity) {
	conditions := live.Statements[d.Statement].Conditions
	switch d.Scope {
	case access.AnyAccount:
		if restricts(conditions) || guarded(live, actionsOf(d)) {
			return CodePublicAccess, High
		}
		return CodePublicAccess, Critical
	case access.NamedAccount:
		return CodeForeignAccess, High
	case access.AWSService:
		switch {
		case actionsOf(d)&^access.ActionsMatching("kms:DescribeKey") == 0:
			return CodeServiceAccess, Low // metadata: consoles give it without a condition
		case forOwnAccount(k, conditions):
			return CodeServiceAccess, Medium
		}
		return CodeServiceAccess, High
	default:
		return CodeAccountAccess, Medium
	}
}

func actionsOf(d access.Difference) (actions access.Actions) {
	for _, name := range d.Actions {
		actions |= access.ActionsMatching(name)
	}
	return actions
}

// judgeMissing says how bad it is that access of the floor is missing, and finds the
// floor that a repair has to reach.
func (j *Judgement) judgeMissing(k Key, missing []access.Difference) {
	controlled := k.hasControl(j.Live, j.At)
	permitted := j.permittedDenies(k, missing)
	hardening := j.Selection.Baseline.HardeningDenies == PermitDenies
	narrowing, refused := slices.Clone(permitted), []int{} // Deny statements of the policy
	for _, d := range missing {
		byDeny := d.Policy == access.Actual
		if byDeny && slices.Contains(permitted, d.Statement) {
			continue
		}
		code, severity := j.missingAccess(k, d, controlled)
		if code == CodeHardeningDeny && hardening {
			severity = Info
		}
		if byDeny && hardening && (code == CodeHardeningDeny || d.Delegated) {
			narrowing = append(narrowing, d.Statement) // if not for control, for what it takes beside
		}
		if byDeny && code != CodeHardeningDeny {
			refused = append(refused, d.Statement)
		}
		j.add(newDifference(k, code, severity, missingMessage(d), d))
	}
	if !controlled {
		j.judgeLockout(k)
	}
	j.narrowFloors(narrowing, refused)
}

// missingAccess says how bad one difference from the floor is. controlled tells whether
// the account controls the policy all the same.
func (j *Judgement) missingAccess(k Key, d access.Difference, controlled bool) (Code, Severity) {
	byDeny := d.Policy == access.Actual
	switch {
	case aboutControl(d) && !controlled && byDeny:
		return j.judgeControl(k)
	case aboutControl(d) && !controlled:
		return CodeAccountStatementMissing, High
	case byDeny && (d.Delegated || d.Conditions != ""):
		return CodeHardeningDeny, Low
	case !byDeny && d.Statement == 0:
		return CodeAccessMissing, Low
	case !byDeny && j.Limits.Floor.Statements[d.Statement].SID == guardrailAccessSID:
		return CodeRequiredAccessMissing, High
	default:
		return CodeRequiredAccessMissing, Medium
	}
}

// permittedDenies returns the Deny statements of the policy that take nothing from the
// floor but what the baseline's permitted Deny statements would take.
func (j *Judgement) permittedDenies(k Key, missing []access.Difference) []int {
	var list []int
	if len(j.Limits.permittedDenies) == 0 {
		return list
	}
	narrowed, err := extend(j.Limits.Floor, j.Limits.permittedDenies)
	if err != nil {
		return list
	}
	for _, d := range missing {
		if d.Policy != access.Actual || slices.Contains(list, d.Statement) {
			continue
		}
		with, err := extend(narrowed, []policy.Statement{j.Live.Statements[d.Statement]})
		if err == nil && access.Equivalent(k.PolicyKey(), narrowed.Set, with.Set) == access.Equal {
			list = append(list, d.Statement)
		}
	}
	return list
}

// judgeLockout adds a finding where nobody is left who can change the policy.
func (j *Judgement) judgeLockout(k Key) {
	who, unsure := access.WhoMay(k.PolicyKey(), j.Live.Set, "kms:PutKeyPolicy")
	if len(who) > 0 || unsure {
		return
	}
	dead := slices.ContainsFunc(j.Live.Statements, func(st policy.Statement) bool {
		return slices.ContainsFunc(st.Principals.Entries, func(p policy.Principal) bool { return p.Kind == policy.UniqueID })
	})
	if dead {
		j.add(NewFinding(k, CodeOnlyDeadPrincipals, High, "nobody can change the key policy: whom it names has been deleted"))
		return
	}
	j.add(NewFinding(k, CodeNoAdministrator, High, "nobody can change the key policy"))
}

// narrowFloors splits the floor in two, and takes from each what Deny statements that
// may stay take: the account statement, from which they may take everything but control
// of the key policy; and that control with what is required, from which they may only
// take something under conditions. So a Deny that takes both too much and what it may is
// narrowed by a repair, and need not go.
func (j *Judgement) narrowFloors(narrowing, refused []int) {
	floor := j.Limits.Floor
	control := floor.Statements[0]
	control.Actions = policy.Values("kms:PutKeyPolicy")
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
		d, err := policy.New(floor.Version, floor.ID, statements...)
		if err != nil {
			j.Floors = []*policy.Document{floor} // too large to carry them: the repair has to do without
			return
		}
		j.Floors = append(j.Floors, d)
	}
}

// lint adds what the policy's author surely did not mean.
func (j *Judgement) lint(k Key) {
	for _, l := range lint.Check(k.PolicyKey(), j.Live) {
		f := NewFinding(k, Code(lintPrefix+string(l.Code)), Info, fmt.Sprintf("%s (line %d, column %d)", l.Code.Explain(), l.Line, l.Column))
		f.Statement = &l.Statement
		j.add(f)
	}
}

// excessMessage says who may do what beyond the ceiling.
func excessMessage(d access.Difference) string {
	message := cut(d.Principals, 8) + " may " + cut(access.ActionPatterns(d.Actions), 12)
	if d.Delegated {
		message += " with a permission of their own account"
	}
	return message
}

// missingMessage says who may not do what of the floor.
func missingMessage(d access.Difference) string {
	who, what := cut(d.Principals, 8), cut(access.ActionPatterns(d.Actions), 12)
	if d.Delegated { // what they may do is not for the key policy alone to say
		return who + " cannot be given " + what + " by IAM policies of their account"
	}
	return who + " may not " + what
}

func newDifference(k Key, code Code, severity Severity, message string, d access.Difference) Finding {
	if d.Conditions != "" {
		message += ", under conditions"
	}
	f := NewFinding(k, code, severity, message)
	if d.Policy == access.Actual {
		f.Statement = &d.Statement
	}
	f.Witness = &d.Witness
	return f
}

// cut names the first few of a list and counts the rest.
func cut(list []string, most int) string {
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// malformed words a parse error without the text that it quotes.
func malformed(err error) string {
	var problem *policy.Error
	if !errors.As(err, &problem) {
		return "the key policy cannot be read"
	}
	return fmt.Sprintf("the key policy cannot be read: %s at line %d, column %d", problem.Code, problem.Line, problem.Column)
}

// undecided words an open question without the statement's text.
func undecided(open access.Inconclusive) string {
	which := "the key policy"
	if open.Policy != access.Actual {
		which = "the " + string(open.Policy)
	}
	switch open.Reason {
	case "over-budget":
		return "the policies are too complex to compare"
	case "conditions":
		return fmt.Sprintf("what statement %d of %s allows depends on its conditions", open.Statement, which)
	default:
		return fmt.Sprintf("what statement %d of %s allows is not decided (%s)", open.Statement, which, open.Reason)
	}
}
