package repair_test

import (
	"errors"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
)

// FuzzTrim looks for a policy, or a ceiling, with which a plan is not what it promises.
func FuzzTrim(f *testing.F) {
	for _, statement := range corpusStatements(f) {
		f.Add(`{"Version":"2012-10-17","Statement":[`+accountStatement+`,`+statement+`]}`, ceilingText)
		f.Add(`{"Version":"2012-10-17","Statement":[`+public+`]}`, `{"Statement":[`+root+`,`+statement+`]}`)
	}
	for _, test := range trims {
		f.Add(test.live, ceilingText)
	}
	f.Fuzz(func(t *testing.T, live, ceiling string) {
		r := repair.Request{Key: ownKey, Bounds: repair.Bounds{Floors: []policy.Set{document(t, floorText).Set}}, Writer: writer}
		var err error
		if r.Live, err = policy.Parse(live); err != nil {
			return
		}
		above, err := policy.Parse(ceiling)
		if err != nil {
			return
		}
		r.Bounds.Ceiling = above.Set
		plan, err := repair.Trim(r)
		var refusal *repair.Refusal
		if errors.As(err, &refusal) {
			return
		}
		if err != nil || plan.Proof.Ceiling != access.Inside {
			t.Fatalf("%v, proof %+v", err, plan.Proof)
		}
		checkPlanOf(t, r, plan)
	})
}
