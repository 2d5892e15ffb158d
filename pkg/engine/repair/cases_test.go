package repair_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// cases reads the policies of testdata/cases.jsonl by name.
func cases(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for line := range bytes.Lines(text) {
		var row struct {
			Name   string          `json:"name"`
			Policy json.RawMessage `json:"policy"`
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		list[row.Name] = string(row.Policy)
	}
	return list
}

// The right answer for each policy of testdata/cases.jsonl, as far as a repair gives it: which
// statements go, counted from 1, and what the plan is refused for where there is none.
func TestTheCasesOfTheOracle(t *testing.T) {
	high := onlyAccountFrom(rules.High)
	high.Repair.HoldWhen = rules.DefaultRepair().HoldWhen
	administrators := repairing(func(c *rules.Configuration, b *rules.Baseline) {
		c.Repair.From = rules.High
		b.Administrators = rules.Principals{Required: []string{"arn:aws:iam::111122223333:role/KeyAdministrators"}}
	})
	all := cases(t)
	for _, row := range []struct {
		name string
		c    *rules.Configuration
		gone []int
		held string
	}{
		{"public-beside-tls-deny", high, []int{2}, ""},
		{"public-beside-mfa-deny", high, []int{2}, ""},
		{"deny-of-admin-by-network", administrators, []int{3}, ""},
		{"public-beside-refused-condition", high, []int{2}, ""},
		{"condition-key-kms-never-gets", high, []int{2}, ""},
		{"foreign-beside-decoy", high, []int{2}, "logs.us-east-1.amazonaws.com"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, err := decide(all[row.name], row.c)
			if err != nil || d.Held {
				t.Fatalf("%v, held: %v", err, d.Held)
			}
			live := document(t, all[row.name])
			var left []policy.Statement
			for i, st := range live.Statements {
				if len(row.gone) == 1 && row.gone[0] != i+1 {
					left = append(left, st)
				}
			}
			want, err := policy.New(live.Version, live.ID, left...)
			if err != nil || d.Plan.After != want.Hash("aws") {
				t.Errorf("%s, want %s, %v", d.Plan.Document.Text(), want.Text(), err)
			}
			if holds := describeHolds(d); !strings.Contains(holds, row.held) || row.held == "" && holds != "" {
				t.Errorf("holds %s, want %q", holds, row.held)
			}
			checkDecision(t, all[row.name], row.c, d)
		})
	}
}

// Two of the cases are Denies that take use from everyone. Where the judgement finds that
// worth a repair, what the floor requires is given back, and nothing else of the Deny goes.
func TestADenyOfUseIsRelaxedForWhatIsFound(t *testing.T) {
	for name, policyText := range cases(t) {
		if name != "ransom-deny-of-use" && name != "deny-all-but-put" {
			continue
		}
		c := onlyAccount(func(_ *rules.Configuration, b *rules.Baseline) { b.HardeningDenies = rules.ReportDenies })
		d, err := decide(policyText, c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.Plan.Edits[0].Kind != repair.RelaxDeny || d.Plan.Edits[0].Statement != 1 {
			t.Errorf("%s: %v", name, d.Plan.Edits)
		}
		checkDecision(t, policyText, c, d)
	}
}

func describeHolds(d repair.Decision) string {
	var list []string
	for _, h := range d.Holds {
		list = append(list, string(h.Reason)+": "+h.Detail)
	}
	return strings.Join(list, "; ")
}
