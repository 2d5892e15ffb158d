package access_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// TestRandomPairsAgreeWithSampledRequests is the proof for policies that nobody wrote: see
// the generators for what they are like.
func TestRandomPairsAgreeWithSampledRequests(t *testing.T) {
	t.Parallel()
	pairs, requests := 0, 0
	verdicts := map[access.Verdict]int{}
	rapid.Check(t, func(r *rapid.T) {
		for range atLeast(10, 100) {
			a, b := pairOf(r)
			c := compare(a, b)
			sampled := newSampler(a, b).requests(150, a, b)
			found := append(c.contradictionsIn(sampled), c.unprovedActions()...)
			if len(found) > 0 {
				r.Fatalf("%s\n%s\n%s", strings.Join(found, "\n"), a.Text(), b.Text())
			}
			pairs++
			requests += len(sampled)
			verdicts[c.result.Verdict]++
		}
	})
	t.Logf("proof: %d random pairs, %d requests, verdicts %v", pairs, requests, verdicts)
}

// TestBothWaysRoundTheAnswerIsTheSame: what is excess one way is missing the other way.
func TestBothWaysRoundTheAnswerIsTheSame(t *testing.T) {
	t.Parallel()
	list := corpusPolicies(t)
	stride := 6 // a part of the pairs is enough: each policy meets many others
	if testing.Short() {
		stride = 50
	}
	for i := range list {
		for j := i % stride; j < len(list); j += stride {
			checkBothWays(t, list[i].doc, list[j].doc)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		a, b := pairOf(r)
		checkBothWays(r, a, b)
	})
}

func checkBothWays(t rapid.TB, a, b *policy.Document) {
	t.Helper()
	there, back := access.Compare(key, a.Set, b.Set), access.Compare(key, b.Set, a.Set)
	if there.Verdict != back.Verdict || (len(there.Excess) > 0) != (len(back.Missing) > 0) || (len(there.Missing) > 0) != (len(back.Excess) > 0) {
		t.Errorf("%s with %d excess and %d missing, the other way round %s with %d and %d\n%s\n%s",
			there.Verdict, len(there.Excess), len(there.Missing), back.Verdict, len(back.Excess), len(back.Missing), a.Text(), b.Text())
	}
	// Equivalent may find one request that shows what a comparison cannot pin down.
	if short := access.Equivalent(key, a.Set, b.Set); short != there.Verdict && (there.Verdict != access.Undecided || short != access.Different) {
		t.Errorf("Equivalent says %s, Compare %s\n%s\n%s", short, there.Verdict, a.Text(), b.Text())
	}
	if within := access.Within(key, a.Set, b.Set, a.Set); there.Verdict != within.Verdict && (there.Verdict != access.Equal || within.Verdict != access.Inside) {
		t.Errorf("%s, but within itself as floor and ceiling: %s\n%s\n%s", there.Verdict, within.Verdict, a.Text(), b.Text())
	}
}
