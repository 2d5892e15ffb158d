package guardrail_test

import (
	"slices"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// A key that carries what an integration makes is compliant where the baseline names the
// integration, and is not where it names none.
func TestAnIntegrationIsPermittedOnlyWhereTheBaselineNamesIt(t *testing.T) {
	facts := integration.Facts{Partition: symmetric.Partition, Region: symmetric.Region, Account: symmetric.Account}
	for _, row := range integration.All() {
		statements, err := row.Statements(facts)
		if err != nil {
			t.Fatal(err)
		}
		root, err := policy.Parse(document(accountStatement))
		if err != nil {
			t.Fatal(err)
		}
		d, err := policy.New(policy.Version2012, "", append(root.Statements, statements...)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, named := range [][]string{{row.Name}, {}} {
			c := configured(func(b *rules.Baseline) {
				b.Style, b.Integrations = defaultpolicy.API, named
			})
			want := len(named) == 0 && len(statements) > 0
			s := guardrail.Snapshot{Key: symmetric, Policy: d.Text(), Evidence: guardrail.LivePolicy}
			j := guardrail.Judge(s, c, now)
			found := slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool {
				return f.Code == guardrail.CodeServiceAccess || f.Code == guardrail.CodeAccountAccess
			})
			if found != want || !want && j.Verdict != guardrail.Compliant {
				t.Errorf("%s under a baseline with %q: %s, and a finding of access is %v: %+v", row.Name, named, j.Verdict, want, j.Findings)
			}
		}
	}
}
