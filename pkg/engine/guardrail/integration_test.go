package guardrail_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// A key that carries what an integration documents is compliant where the baseline names
// the integration, and is not where it names another.
func TestAnIntegrationIsPermittedOnlyWhereTheBaselineNamesIt(t *testing.T) {
	facts := integration.Facts{Partition: symmetric.Partition, Region: symmetric.Region, Account: symmetric.Account}
	for _, entry := range integration.All() {
		statements, err := entry.Statements(facts)
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
		for _, named := range integration.All() {
			c := configured(func(b *rules.Baseline) {
				b.Style, b.Integrations = defaultpolicy.API, []string{named.Name}
			})
			want := guardrail.NonCompliant
			if named.Name == entry.Name {
				want = guardrail.Compliant
			}
			s := guardrail.Snapshot{Key: symmetric, Policy: d.Text(), Evidence: guardrail.LivePolicy}
			if j := guardrail.Judge(s, c, now); j.Verdict != want {
				t.Errorf("%s under a baseline with %s: %s, want %s: %+v", entry.Name, named.Name, j.Verdict, want, j.Findings)
			}
		}
	}
}
