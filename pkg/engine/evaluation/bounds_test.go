package evaluation

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// TestHostilePoliciesAreDecidedInTime gives the largest policies that KMS stores, written
// to be slow, and requests to match. The bound is generous: it is there for what takes
// exponential time.
func TestHostilePoliciesAreDecidedInTime(t *testing.T) {
	var keys []string
	for i := range 1200 {
		keys = append(keys, fmt.Sprintf(`"e:%d":["a*","*b"]`, i))
	}
	for reason, c := range map[string]struct{ element, context string }{
		"stars without end":        {`"Condition":{"StringLike":{"e:k":"` + strings.Repeat("*a", 15000) + `*b"}}`, `{"e:k":"` + strings.Repeat("a", 30000) + `"}`},
		"one star and a long tail": {`"Condition":{"StringLike":{"e:k":"*` + strings.Repeat("a", 15000) + `b"}}`, `{"e:k":"` + strings.Repeat("a", 30000) + `"}`},
		"thousands of values":      {`"Condition":{"ForAnyValue:StringEquals":{"e:k":["` + strings.Repeat(`a","`, 7000) + `b"]}}`, `{"e:k":["` + strings.Repeat(`x","`, 500) + `y"]}`},
		"a thousand keys":          {`"Condition":{"ForAllValues:StringNotLike":{` + strings.Join(keys, ",") + `}}`, `{"e:1":["c","d"],"e:1199":["c"]}`},
	} {
		d := parse(t, policy.Version2012, allow(c.element))
		r := user(own, "alice").with(c.context)
		start := time.Now()
		decision, why := Evaluate(theKey, d.Set, r)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: %s after %v", reason, decision, took)
		} else {
			t.Logf("%s: %s in %v", reason, decision, took)
		}
		if decision == Inconclusive {
			t.Errorf("%s: %v", reason, why)
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	text := `{"Version":"2012-10-17","Statement":[` + strings.Join([]string{
		allow(aws(own)),
		allow(aws(arnOf(own, "role/admin")), `"Action":["kms:Create*","kms:Put*","kms:ScheduleKeyDeletion"]`),
		allow(aws(arnOf(own, "role/app")), `"Action":["kms:CreateGrant"]`, `"Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}`),
	}, ",") + `]}`
	d, err := policy.Parse(text)
	if err != nil {
		b.Fatal(err)
	}
	r := session(own, "app/s").asking("kms:CreateGrant").with(`{"kms:GrantIsForAWSResource":"true","kms:CallerAccount":"111122223333"}`)
	b.ReportAllocs()
	for b.Loop() {
		if decision, _ := Evaluate(theKey, d.Set, r); decision != Allowed {
			b.Fatal(decision)
		}
	}
}
