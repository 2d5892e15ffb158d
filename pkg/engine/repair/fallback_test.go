package repair_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// filled repeats a part of a policy until KMS would take no more.
func filled(part func(i int) string) string {
	var list []string
	for size, i := 0, 0; ; i++ {
		next := part(i)
		if size += len(next) + 1; size > 31_000 {
			return strings.Join(list, ",")
		}
		list = append(list, next)
	}
}

// conditioned is one of many statements, each with a condition of its own.
func conditioned(effect, principal string) func(int) string {
	return func(i int) string {
		return fmt.Sprintf(`{"Effect":%q,"Principal":%s,"Action":"kms:Decrypt","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:k%d":"*a*a*b%d"}}}`, effect, principal, i, i)
	}
}

// Where no whole plan can be made, what is critical goes statement by statement, the rest
// stays byte for byte, and the decision says why.
func TestWhatIsCriticalGoesWhereNoWholePlanCanBeMade(t *testing.T) {
	full := statements(usersStatement, writes, public)
	full = strings.Replace(full, "Allow use", strings.Repeat("x", policy.MaxBytes-len(full))+"Allow use", 1)
	refusedKey := allows(`"*"`, "kms:Decrypt", `"StringEquals":{"aws:ResourceTag/a":"b"}`)
	for _, row := range []struct {
		name, live string
		c          *rules.Configuration
		gone       func(i int, st *policy.Statement) bool
		why        string
	}{
		{"public in a hundred ways", statements(root, filled(conditioned("Allow", `"*"`))), usual(rules.Low), func(i int, _ *policy.Statement) bool { return i > 0 }, "too much work"},
		{"public beside what no document can say", statements(root, refusedKey, foreign), usual(rules.Low), func(i int, _ *policy.Statement) bool { return i == 1 }, "keep what is within the ceiling"},
		{"no room for the account statement", full, usual(rules.Low, writes), func(i int, _ *policy.Statement) bool { return i == 2 }, "stores at most"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, err := decide(row.live, row.c)
			if err != nil || d.Held {
				t.Fatalf("%v, held: %v", err, d.Held)
			}
			if len(d.Holds) != 1 || d.Holds[0].Reason != repair.HoldUnplanned || !strings.Contains(d.Holds[0].Detail, row.why) {
				t.Errorf("holds %s, want %q", describeHolds(d), row.why)
			}
			live := document(t, row.live)
			at := 0
			for i := range live.Statements {
				st := &live.Statements[i]
				if row.gone(i, st) {
					continue
				}
				if at == len(d.Plan.Document.Statements) {
					t.Fatalf("statement %d is gone", i+1)
				}
				now := &d.Plan.Document.Statements[at]
				if was, is := live.Text()[st.Offset:st.End], d.Plan.Document.Text()[now.Offset:now.End]; was != is {
					t.Fatalf("statement %d: %s, want %s", i+1, is, was)
				}
				at++
			}
			if at != len(d.Plan.Document.Statements) {
				t.Errorf("%d statements are left, want %d", len(d.Plan.Document.Statements), at)
			}
		})
	}
}

// A statement that cannot be decided counts as met, and shields nothing but itself.
func TestWhatIsNotDecidedShieldsNothing(t *testing.T) {
	tautology := `"StringEquals":{"aws:userid":"${aws:userid}"}`
	ownRole := allows(`{"AWS":"`+worker+`"}`, "kms:Encrypt", tautology)
	for _, row := range []struct {
		live, left []string
		because    string
	}{
		{[]string{root, public, ownRole}, []string{root, ownRole}, "beside a public statement, it stays byte for byte"},
		{[]string{root, foreign, ownRole}, []string{root, ownRole}, "beside a foreign account as well"},
		{[]string{root, allows(`"*"`, "kms:Decrypt", tautology)}, []string{root}, "public where it is met: critical, and it goes"},
		{[]string{root, allows(`"*"`, "kms:Decrypt", tautology+`,"StringLike":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`), foreign}, []string{root, allows(`"*"`, "kms:Decrypt", tautology+`,"StringLike":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)}, "the condition that is decided restricts it: not critical, and it is reported"},
		{[]string{root, strings.Replace(allows(`"*"`, "kms:Decrypt", ""), `"Resource":"*"`, `"Resource":"${aws:username}"`, 1)}, []string{root}, "whether a variable is this key counts as met"},
		{[]string{root, `{"Effect":"Allow","NotPrincipal":{"AWS":"` + worker + `"},"Action":"kms:Decrypt","Resource":"*"}`}, []string{root}, "everyone but somebody is public"},
		{[]string{root, `{"Effect":"Allow","Principal":"*","NotAction":[],"Resource":"*"}`, public}, []string{root, `{"Effect":"Allow","Principal":"*","NotAction":[],"Resource":"*"}`}, "KMS refuses NotAction of nothing"},
		{[]string{root, public, denies(`"kms:Decrypt"`, `,"Condition":{`+tautology+`}`)}, []string{root, denies(`"kms:Decrypt"`, `,"Condition":{`+tautology+`}`)}, "an undecided Deny hides nothing, and stays"},
		{[]string{root, allows(`{"AWS":["`+worker+`","*"]}`, "kms:Decrypt", tautology)}, []string{root, allows(`{"AWS":["`+worker+`"]}`, "kms:Decrypt", tautology)}, "only the critical principal goes"},
	} {
		c := onlyAccountFrom(rules.High)
		d, err := decide(statements(row.live...), c)
		if err != nil {
			t.Errorf("%v: %v: %s", row.live, err, row.because)
			continue
		}
		if strings.Contains(row.because, "NotAction of nothing") {
			row.left = []string{root}
		}
		if want := document(t, statements(row.left...)); d.Held || d.Plan.After != want.Hash("aws") {
			t.Errorf("%s, want %s: %s", d.Plan.Document.Text(), want.Text(), row.because)
		}
	}
}

// Access that is not critical is not taken away without a proof.
func TestWithoutAWholePlanWhatIsNotCriticalIsLeft(t *testing.T) {
	for name, live := range map[string]string{
		"two thousand accounts": statements(root, `{"Effect":"Allow","Principal":{"AWS":[`+filled(func(i int) string { return fmt.Sprintf(`"%012d"`, 900_000_000_000+i) })+`]},"Action":"kms:Decrypt","Resource":"*"}`),
	} {
		_, err := decide(live, onlyAccountFrom(rules.Low))
		checkRefused(t, err, repair.OverBudget, name)
	}
}

// A policy that is too much to compare at once is still repaired, and what it takes is bounded.
func TestABombHidesOnlyItself(t *testing.T) {
	if testing.Short() {
		t.Skip("a comparison that uses up its own budget takes a second")
	}
	bomb := allows(`{"AWS":"111122223333"}`, "kms:Encrypt", `"StringLike":{"kms:EncryptionContext:k":"*a????????????????"}`)
	s := snapshot(statements(root, foreign, bomb, public))
	c := onlyAccountFrom(rules.High)
	d, err := repair.Decide(s, guardrail.Judge(s, c, today), c, writer, nil)
	if err != nil || d.Held || d.Plan.After != document(t, statements(root, bomb)).Hash("aws") {
		t.Errorf("%v, held: %v, %v", err, d.Held, d.Plan.Edits)
	}
}
