package guardrail_test

import (
	"reflect"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// FuzzJudge: whatever a policy is, judging it ends, says the same twice, and calls it
// compliant only where package access proves that it lies within the limits.
func FuzzJudge(f *testing.F) {
	for i, row := range judgements {
		f.Add(row.policy, uint8(i))
	}
	configurations := []*rules.Configuration{zero, api, console, exactly}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		c := configurations[int(which)%len(configurations)]
		s := guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy}
		j := guardrail.Judge(s, c, now)
		if again := guardrail.Judge(s, c, now); j.Verdict != again.Verdict || !reflect.DeepEqual(j.Findings, again.Findings) {
			t.Fatalf("judged %+v, then %+v", j.Findings, again.Findings)
		}
		if j.Verdict != guardrail.Compliant {
			if len(j.Findings) == 0 {
				t.Fatalf("%s without a reason", j.Verdict)
			}
			return
		}
		for _, floor := range j.Floors {
			if within := access.Within(s.Key.PolicyKey(), floor, j.Live.Set, withHarmless(j)); within.Verdict != access.Inside {
				t.Fatalf("compliant, but %s the limits: %+v", within.Verdict, within)
			}
		}
	})
}
