package repair_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
)

const (
	foreignSign = `{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:Sign","Resource":"*"}`
	writes      = `{"Effect":"Allow","Principal":{"AWS":"` + writer + `"},"Action":["kms:PutKeyPolicy","kms:GetKeyPolicy"],"Resource":"*"}`
)

func statements(list ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(list, ",") + `]}`
}

// tangled is a policy of many statements, each of which has to be compared with the ceiling.
func tangled() string {
	var list []string
	for i := range 150 {
		list = append(list, fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringLike":{"aws:PrincipalTag/t%d":"*a*b%d*"},"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*x%d*"}}}`, i%7, i, i))
	}
	return statements(list...)
}

func TestNoPlanWithoutAReason(t *testing.T) {
	full := statements(usersStatement)
	full = strings.Replace(full, "Allow use", strings.Repeat("x", policy.MaxBytes-len(full))+"Allow use", 1)
	tests := []struct {
		because string
		live    string
		change  func(*repair.Request)
		reason  repair.Reason
	}{
		{"the floor itself is as wanted", floorText, nil, repair.NothingToDo},
		{"the ceiling itself is as wanted", ceilingText, nil, repair.NothingToDo},
		{"a deleted principal has no access", statements(root, `{"Effect":"Allow","Principal":{"AWS":"AIDAQ3EGRUZL2Z5FEXAMPLE"},"Action":"kms:*","Resource":"*"}`), nil, repair.NothingToDo},
		{"it may be as wanted", statements(root, `{"Effect":"Allow","Principal":"*","Action":"kms:Sign","Resource":"${aws:username}"}`), nil, repair.Undecided},
		{"a floor that the ceiling forbids", statements(root, public), func(r *repair.Request) {
			r.Bounds.Floors = append(r.Bounds.Floors, r.Live.Set)
		}, repair.BoundsContradict},
		{"no ceiling", statements(root, public), func(r *repair.Request) { r.Bounds.Ceiling = policy.Set{} }, repair.Incomplete},
		{"no live policy", statements(root, public), func(r *repair.Request) { r.Live = nil }, repair.Incomplete},
		{"no account", statements(root, public), func(r *repair.Request) { r.Key.Account = "" }, repair.Incomplete},
		{"a floor that is not there", statements(root, public), func(r *repair.Request) { r.Bounds.Floors[0] = policy.Set{} }, repair.Incomplete},
		{"there is no room for the account statement", full, nil, repair.TooLarge},
		{"nothing has to be there, and nothing may", statements(foreignSign), func(r *repair.Request) { r.Bounds.Floors = nil }, repair.NothingLeft},
		{"a statement that may stay has a key that KMS refuses", statements(root, foreignSign, strings.Replace(usersStatement, `"Resource":"*"`, `"Resource":"*","Condition":{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/a"}}`, 1)), nil, repair.RefusedCondition},
		{"a statement that may stay has a set operator that KMS refuses", statements(root, foreignSign, strings.Replace(usersStatement, `"Resource":"*"`, `"Resource":"*","Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContext:a":"b"}}`, 1)), nil, repair.RefusedCondition},
		{"only a user would be left", statements(usersStatement, foreignSign), func(r *repair.Request) { r.Bounds.Floors = nil }, repair.Lockout},
		{"the writer is denied, and so is the account", statements(writes, foreignSign, `{"Effect":"Deny","Principal":{"AWS":"`+writer+`"},"Action":"kms:Put*","Resource":"*"}`), func(r *repair.Request) { r.Bounds.Floors = nil }, repair.Lockout},
		{"the writer is not known", statements(writes, foreignSign), func(r *repair.Request) { r.Bounds.Floors, r.Writer = nil, "" }, repair.Lockout},
		{"the writer is of another account", statements(writes, foreignSign), func(r *repair.Request) {
			r.Bounds.Floors, r.Writer = nil, strings.Replace(writer, account, "777788889999", 1)
		}, repair.Lockout},
		{"a floor with a variable means something else in a policy of 2008", `{"Statement":[` + root + `,` + foreignSign + `]}`, func(r *repair.Request) {
			statement := strings.Replace(usersStatement, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"${aws:PrincipalTag/region}"}}`, 1)
			r.Bounds.Floors = []policy.Set{document(t, statements(statement)).Set}
			r.Bounds.Ceiling = document(t, statements(root, statement)).Set
		}, repair.NotProved},
		{"a policy made to cost much", tangled(), func(r *repair.Request) { r.Budget = 500 }, repair.OverBudget},
		{"an ordinary policy that is worth no work", statements(root, public), func(r *repair.Request) { r.Budget = 10 }, repair.OverBudget},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			r := request(t, test.live)
			if test.change != nil {
				test.change(&r)
			}
			plan, err := repair.Trim(r)
			refused(t, plan, err, test.reason)
		})
	}
}

func refused(t *testing.T, plan repair.Plan, err error, reason repair.Reason) {
	t.Helper()
	var refusal *repair.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != reason || refusal.Detail == "" || strings.ContainsAny(refusal.Error(), "\n") {
		t.Errorf("got %v, want %s; edits %v", err, reason, plan.Edits)
	}
	if plan.Document != nil {
		t.Errorf("refused, and planned all the same: %s", plan.Document.Text())
	}
}

// A statement that KMS refuses is no reason to refuse where it goes anyway.
func TestARefusedConditionOutsideTheCeilingGoes(t *testing.T) {
	r := request(t, statements(root, strings.Replace(foreignSign, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/a":"b"}}`, 1)))
	plan, err := repair.Trim(r)
	if err != nil || len(plan.Document.Statements) != 1 {
		t.Errorf("%v, %+v", err, plan)
	}
}

func TestTheWriterMayWriteAgain(t *testing.T) {
	for because, live := range map[string]string{
		"the policy names the writer":                     statements(writes, foreignSign),
		"the account delegates to roles like the writer":  statements(strings.Replace(root, `"Resource":"*"`, `"Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/kms-*"}}`, 1), foreignSign),
		"the account delegates":                           statements(root, foreignSign),
		"the Deny is for requests that the writer avoids": statements(root, foreignSign, `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`),
	} {
		r := request(t, live)
		r.Bounds.Floors = nil
		if plan, err := repair.Trim(r); err != nil {
			t.Errorf("%s: %v", because, err)
		} else if len(plan.Removed) != 1 || plan.Removed[0].Scope != access.NamedAccount {
			t.Errorf("%s: removed %+v", because, plan.Removed)
		}
	}
}

func TestReplaceWritesWhatItIsGiven(t *testing.T) {
	r := request(t, statements(root, public))
	wanted := document(t, floorText)
	plan, err := repair.Replace(r, wanted)
	if err != nil {
		t.Fatal(err)
	}
	checkPlanOf(t, r, plan)
	if plan.Document != wanted || len(plan.Edits) != 1 || plan.Edits[0].Kind != repair.ReplaceDocument || len(plan.Removed) == 0 {
		t.Errorf("got %+v", plan)
	}
}

func TestReplaceRefusesWhatIsNotNeededOrNotAcceptable(t *testing.T) {
	broad := statements(root, public)
	for _, test := range []struct {
		because, live, wanted string
		reason                repair.Reason
	}{
		{"the same in other words", statements(strings.Replace(root, "arn:aws:iam::111122223333:root", "111122223333", 1)), floorText, repair.NothingToDo},
		{"perhaps the same", statements(root, `{"Effect":"Allow","Principal":"*","Action":"kms:Sign","Resource":"${aws:username}"}`), floorText, repair.Undecided},
		{"outside the ceiling", floorText, broad, repair.NotProved},
		{"less than the floor", broad, statements(usersStatement), repair.NotProved},
		{"a deleted principal", broad, statements(root, `{"Effect":"Allow","Principal":{"AWS":"AIDAQ3EGRUZL2Z5FEXAMPLE"},"Action":"kms:*","Resource":"*"}`), repair.DeadPrincipal},
		{"a statement without a Resource", broad, statements(root, `{"Effect":"Allow","Principal":"*","Action":"kms:*"}`), repair.DeadStatement},
		{"a key that KMS refuses", broad, statements(root, strings.Replace(usersStatement, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"kms:ResourceTag/a":"b"}}`, 1)), repair.RefusedCondition},
	} {
		t.Run(test.because, func(t *testing.T) {
			plan, err := repair.Replace(request(t, test.live), document(t, test.wanted))
			refused(t, plan, err, test.reason)
		})
	}
	plan, err := repair.Replace(request(t, broad), nil)
	refused(t, plan, err, repair.Incomplete)
}
