package repair_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// TestARepairLeavesWhatAnExemptionExcuses: a plan takes what is not excused, leaves what is, and
// leaves a key that is exempt.
func TestARepairLeavesWhatAnExemptionExcuses(t *testing.T) {
	const partner, other = `{"Sid":"p","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt","Resource":"*"}`,
		`{"Sid":"o","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::777788889999:root"},"Action":"kms:Decrypt","Resource":"*"}`
	const both = `{"Sid":"b","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::444455556666:root","arn:aws:iam::777788889999:root"]},"Action":"kms:Decrypt","Resource":"*"}`
	const administers = `{"Sid":"a","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:PutKeyPolicy","Resource":"*"}`
	for _, row := range []struct {
		policy     []string
		exemption  rules.Exemption
		strategy   rules.Strategy
		keeps, not []string // parts of the planned policy; no keeps for no plan
		reason     string
	}{
		{[]string{partner, public}, rules.Exemption{}, rules.Trim, []string{"444455556666"}, []string{`"*"},"Action"`, `"Principal":"*"`}, "what is high is excused, what is critical is not"},
		{[]string{partner, public}, rules.Exemption{}, rules.Reset, []string{"444455556666"}, []string{`"Principal":"*"`}, "a default would take what is excused"},
		{[]string{partner, other}, rules.Exemption{Principals: []string{"444455556666"}}, rules.Trim, []string{"444455556666"}, []string{"777788889999"}, "the other account is not named"},
		{[]string{both}, rules.Exemption{Principals: []string{"444455556666"}}, rules.Trim, []string{"444455556666"}, []string{"777788889999"}, "also within one statement"},
		{[]string{administers, public}, rules.Exemption{Principals: []string{"444455556666"}, Critical: true}, rules.Trim, []string{"444455556666"}, []string{`"Principal":"*"`}, "the partner is excused to administer, everybody is not"},
		{[]string{administers}, rules.Exemption{Principals: []string{"444455556666"}}, rules.Trim, []string{"root"}, []string{"444455556666"}, "what is critical is not excused without saying so"},
		{[]string{partner}, rules.Exemption{}, rules.Trim, nil, nil, "all is excused"},
	} {
		c := repairing(func(c *rules.Configuration, _ *rules.Baseline) {
			c.Repair.From, c.Repair.Strategy = rules.High, row.strategy
		})
		row.exemption.Name, row.exemption.Expires, row.exemption.Match = "e", today.AddDate(0, 0, 10), rules.Match{Accounts: []string{"111122223333"}}
		c.Exemptions = []rules.Exemption{row.exemption}
		live := statements(append([]string{root}, row.policy...)...)
		j := guardrail.Judge(snapshot(live), c, today)
		if row.keeps == nil {
			if j.Decision.Repair || j.Verdict != guardrail.Exempt {
				t.Errorf("%s, %+v: %s", j.Verdict, j.Decision, row.reason)
			}
			continue
		}
		if !j.Decision.Repair {
			t.Errorf("no repair is wanted: %+v %+v: %s", j.Decision, j.Findings, row.reason)
			continue
		}
		d, err := repair.Decide(snapshot(live), j, c, writer, nil)
		if err != nil || d.Held {
			t.Errorf("%v, held %v: %s", err, d.Held, row.reason)
			continue
		}
		after := d.Plan.Document.Text()
		for _, part := range row.keeps {
			if !strings.Contains(after, part) {
				t.Errorf("%s is gone from %s: %s", part, after, row.reason)
			}
		}
		for _, part := range row.not {
			if strings.Contains(after, part) {
				t.Errorf("%s is still in %s: %s", part, after, row.reason)
			}
		}
		again := guardrail.Judge(snapshot(after), c, today)
		_, err = repair.Decide(snapshot(after), again, c, writer, nil)
		var refusal *repair.Refusal
		if again.Decision.Repair || !errors.As(err, &refusal) || refusal.Reason != repair.NothingToDo {
			t.Errorf("after the repair: %+v, %v: %s", again.Decision, err, row.reason)
		}
	}
}
