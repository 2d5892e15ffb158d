package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// FuzzCompare compares any two policies: no panic, the same verdict both ways round, and no
// answer that sampled requests contradict. The seeds are the pairs of the rules, of what
// was once wrong, and statements of the corpus.
func FuzzCompare(f *testing.F) {
	for _, rules := range [][]rule{requestRules, statementRules, conditionRules, valueRules, variableRules} {
		for _, r := range rules {
			for _, p := range r.pairs {
				f.Add(policyOf(f, p.baseline).Text(), policyOf(f, p.actual).Text())
			}
		}
	}
	names, statements := corpusStatements(f)
	for i, name := range names {
		f.Add(document(f, statements[name]).Text(), document(f, apiDefault, statements[names[(i+1)%len(names)]]).Text())
	}
	f.Fuzz(func(t *testing.T, baseline, actual string) {
		a, err := policy.Parse(baseline)
		if err != nil {
			return
		}
		b, err := policy.Parse(actual)
		if err != nil {
			return
		}
		started := time.Now()
		c := compare(a, b)
		if took := time.Since(started); took > 5*time.Second {
			t.Fatalf("it took %s\n%s\n%s", took, baseline, actual)
		}
		checkBothWays(t, a, b)
		if len(baseline)+len(actual) > 4000 { // the sampler takes long for long policies
			return
		}
		if found := c.contradictionsIn(newSampler(a, b).requests(60, a, b)); len(found) > 0 {
			t.Errorf("%s\n%s\n%s", strings.Join(found, "\n"), baseline, actual)
		}
	})
}
