package repair_test

import (
	"errors"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// FuzzDecide looks for a policy, or a permitted statement, with which a decision is not what
// it promises.
func FuzzDecide(f *testing.F) {
	for _, statement := range corpusStatements(f) {
		f.Add(statements(accountStatement, statement), string(usualPermits[1]))
		f.Add(statements(public), statement)
	}
	for _, test := range plans {
		f.Add(test.live, string(usualPermits[0]))
	}
	f.Fuzz(func(t *testing.T, live, permit string) {
		if _, err := policy.Parse(live); err != nil {
			return
		}
		if d, err := policy.Parse(`{"Version":"2012-10-17","Statement":` + permit + `}`); err != nil || len(d.Statements) != 1 {
			return
		}
		c := usual(rules.Medium, rules.Template(permit))
		d, err := decide(live, c)
		var refusal *repair.Refusal
		if errors.As(err, &refusal) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		checkDecision(t, live, c, d)
	})
}
