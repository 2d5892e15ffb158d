package repair_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// tester is what a test and a property have in common.
type tester interface {
	Helper()
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// checkDecision holds a decision against what every decision promises. It shares nothing with
// the planner: it judges, evaluates sampled requests, and compares with package access.
func checkDecision(t tester, live string, c *rules.Configuration, d repair.Decision) {
	t.Helper()
	s := snapshot(live)
	j := guardrail.Judge(s, c, today)
	if len(d.Plan.Edits) == 0 || d.Plan.Before == d.Plan.After || d.Plan.Before != j.Live.Hash("aws") || d.Plan.After != d.Plan.Document.Hash("aws") {
		t.Errorf("%s\nedits %v, before %s, after %s", live, d.Plan.Edits, d.Plan.Before, d.Plan.After)
	}
	isReset := d.Plan.Edits[0].Kind == repair.ReplaceDocument
	isWhole := len(d.Holds) == 0 || d.Held
	if isWhole {
		checkClean(t, live, c, d.Plan)
	}
	if isReset {
		return
	}
	checkNames(t, j, d.Plan)
	checkUneditedBytes(t, j, d.Plan)
	checkEveryEditIsNeeded(t, j, c, d.Plan)
	checkRequests(t, j, d.Plan)
}

// toRepair returns the findings about access that are to be repaired.
func toRepair(j guardrail.Judgement, c *rules.Configuration) (list []guardrail.Finding) {
	for _, f := range j.Findings {
		if f.Severity.AtLeast(c.Repair.From) && f.Difference != nil && !strings.HasPrefix(string(f.Code), "lint-") {
			list = append(list, f)
		}
	}
	return list
}

// checkClean judges what a plan would write: no finding that is to be repaired is left, and
// it is not repaired again.
func checkClean(t tester, live string, c *rules.Configuration, p repair.Plan) {
	t.Helper()
	s := snapshot(p.Document.Text())
	j := guardrail.Judge(s, c, today)
	left := toRepair(j, c)
	if slices.ContainsFunc(p.Edits, func(e repair.Edit) bool { return e.Kind == repair.AddStatement }) { // only now a Deny takes it
		left = slices.DeleteFunc(left, func(f guardrail.Finding) bool {
			return f.Difference.Policy == access.Actual && j.Live.Statements[f.Difference.Statement].Effect == policy.Deny
		})
		if len(left) == 0 && len(toRepair(j, c)) > 0 {
			return
		}
	}
	if isLateFloor(live, c, left) {
		if d, err := repair.Decide(s, j, c, writer, nil); err == nil {
			checkClean(t, p.Document.Text(), c, d.Plan)
		}
		return
	}
	if len(left) > 0 {
		t.Errorf("%s\nplanned: %s\nis %s: %s", live, p.Document.Text(), left[0].Severity, left[0].Message)
		return
	}
	var refusal *repair.Refusal
	d, err := repair.Decide(s, j, c, writer, nil)
	if !errors.As(err, &refusal) || refusal.Reason != repair.NothingToDo && refusal.Reason != repair.Undecided {
		t.Errorf("%s\nplanned: %s\nis planned again: %v, %v", live, p.Document.Text(), err, d.Plan.Edits)
	}
}

// isLateFloor tells whether findings are about access of the floor of which the live policy
// left open whether it is there. The plan took the undecided statement away, so only the next
// look can find that the access is missing, and add it.
func isLateFloor(live string, c *rules.Configuration, left []guardrail.Finding) bool {
	wasOpen := slices.ContainsFunc(guardrail.Judge(snapshot(live), c, today).Findings, func(f guardrail.Finding) bool { return f.Code == guardrail.CodeUndecided })
	isOther := func(f guardrail.Finding) bool { return f.Difference.Policy != access.Baseline }
	return wasOpen && len(left) > 0 && !slices.ContainsFunc(left, isOther)
}

// checkNames checks that a plan names nobody whom neither the live policy nor the floor names.
func checkNames(t tester, j guardrail.Judgement, p repair.Plan) {
	t.Helper()
	for _, st := range p.Document.Statements {
		for _, q := range st.Principals.Entries {
			if q.Kind != policy.Anyone && !isNamed(q, j.Live.Set, j.Limits.Floor) {
				t.Errorf("%s\nplanned: %s\nnames %s", j.Live.Text(), p.Document.Text(), q.Text)
			}
		}
	}
}

func isNamed(q policy.Principal, sets ...policy.Set) bool {
	for _, set := range sets {
		for _, st := range set.Statements {
			for _, o := range st.Principals.Entries {
				if o.Text == q.Text || o.Kind == policy.Account && q.Kind == policy.Account && o.AccountID == q.AccountID {
					return true
				}
			}
		}
	}
	return q.Kind == policy.Account && q.AccountID == account
}

// checkUneditedBytes checks that the statements that no edit mentions stand as they were.
func checkUneditedBytes(t tester, j guardrail.Judgement, p repair.Plan) {
	t.Helper()
	for i, st := range j.Live.Statements {
		edited := slices.ContainsFunc(p.Edits, func(e repair.Edit) bool { return e.Statement == i })
		if text := j.Live.Text()[st.Offset:st.End]; !edited && !strings.Contains(p.Document.Text(), text) {
			t.Errorf("statement %d changed without an edit: %s\nplanned: %s", i, text, p.Document.Text())
		}
	}
}

// checkEveryEditIsNeeded takes each edit back, and looks for a finding that is to be repaired.
func checkEveryEditIsNeeded(t tester, j guardrail.Judgement, c *rules.Configuration, p repair.Plan) {
	t.Helper()
	for _, e := range p.Edits {
		if strings.Contains(e.Detail, "KMS refuses") || e.Kind == repair.AddStatement && p.Proof.Kept == "" {
			continue // KMS would not take the policy without
		}
		back := slices.Clone(p.Document.Statements)
		if e.Statement == repair.NoStatement {
			back = slices.DeleteFunc(back, func(st policy.Statement) bool {
				return st.SID == e.SID && !slices.ContainsFunc(j.Live.Statements, func(o policy.Statement) bool { return o.SID == e.SID })
			})
		} else {
			back = append(back, j.Live.Statements[e.Statement])
		}
		if len(back) == 0 {
			continue
		}
		d, err := policy.New(p.Document.Version, "", back...)
		if err != nil {
			continue
		}
		again := guardrail.Judge(snapshot(d.Text()), c, today)
		undecided := slices.ContainsFunc(again.Findings, func(f guardrail.Finding) bool { return f.Code == guardrail.CodeUndecided })
		if len(toRepair(again, c)) == 0 && !undecided && j.Severity.AtLeast(c.Repair.From) {
			t.Errorf("%s\nplanned: %s\nneeds not: %s", j.Live.Text(), p.Document.Text(), e)
		}
	}
}

// checkRequests checks by samples that what the policy allows, and the ceiling with the names
// that a plan may use, the plan allows; and that what it allows and the policy did not is in
// the floor, or a Deny that the floor does not bear has refused it.
func checkRequests(t tester, j guardrail.Judgement, p repair.Plan) {
	t.Helper()
	known := policy.Set{Version: j.Limits.Ceiling.Version}
	for _, st := range j.Limits.Ceiling.Statements {
		st.Principals.Entries = slices.DeleteFunc(slices.Clone(st.Principals.Entries), func(q policy.Principal) bool {
			return q.Kind != policy.Anyone && st.Effect == policy.Allow && !isNamed(q, j.Live.Set, j.Limits.Floor)
		})
		if len(st.Principals.Entries) > 0 && !isUnasked(st, j.Live.Set) {
			known.Statements = append(known.Statements, st)
		}
	}
	decided := policy.Set{Version: j.Live.Version}
	for i, st := range j.Live.Statements {
		inDoubt := slices.ContainsFunc(p.Edits, func(e repair.Edit) bool { return e.Statement == i && strings.Contains(e.Detail, "cannot be ruled out") })
		if !inDoubt {
			decided.Statements = append(decided.Statements, st)
		}
	}
	for _, request := range sampledRequests(j.Live.Set, j.Limits.Ceiling) {
		question, err := evaluation.Ask(ownKey, request)
		if err != nil {
			t.Fatalf("%v", err)
		}
		before, _ := question.Decide(j.Live.Set)
		ceiling, _ := question.Decide(known)
		after, _ := question.Decide(p.Document.Set)
		floor, _ := question.Decide(j.Limits.Floor)
		surely, _ := question.Decide(decided)
		if surely.Allows() && ceiling.Allows() && !after.Allows() && after != evaluation.Inconclusive && p.Proof.Kept != "" {
			t.Fatalf("lost %+v\nlive %s\nplan %s\n%v", request, j.Live.Text(), p.Document.Text(), p.Edits)
		}
		if after.Allows() && !before.Allows() && before != evaluation.Inconclusive && !floor.Allows() && (before != evaluation.ExplicitlyDenied || !ceiling.Allows()) {
			t.Fatalf("opened %+v\nlive %s\nplan %s\n%v", request, j.Live.Text(), p.Document.Text(), p.Edits)
		}
	}
}

// isUnasked tells whether a statement for everyone asks about what the live policy does not,
// but for who calls.
func isUnasked(st policy.Statement, live policy.Set) bool {
	return st.Effect == policy.Allow && st.Principals.Entries[0].Kind == policy.Anyone && slices.ContainsFunc(st.Conditions, func(c policy.Condition) bool {
		key := strings.ToLower(c.Key)
		isCaller := strings.HasPrefix(key, "aws:principal") || key == "kms:calleraccount" || key == "kms:grantisforawsresource"
		return !isCaller && !slices.ContainsFunc(live.Statements, func(o policy.Statement) bool {
			return slices.ContainsFunc(o.Conditions, func(oc policy.Condition) bool { return strings.EqualFold(oc.Key, c.Key) })
		})
	})
}

// checkProof checks that a whole plan says what it proves.
func checkProof(t *testing.T, p repair.Plan) {
	t.Helper()
	if want := (repair.Proof{Ceiling: access.Inside, Floor: access.Inside, Kept: access.Inside, Opened: access.Inside}); p.Proof != want {
		t.Errorf("proof %+v", p.Proof)
	}
}
