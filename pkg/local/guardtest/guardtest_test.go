package guardtest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
)

// Every key policy of the package is one that KMS takes, and each call and event of a world is
// about the key that it is asked for.
func TestTheKeyPoliciesArePoliciesOfKMS(t *testing.T) {
	clock := guardtest.NewClock()
	w := guardtest.Start(t, guardtest.Options{Clock: clock})
	arn := w.CreateIn(guardtest.Ireland, &kms.CreateKeyInput{Policy: &guardtest.Good})
	for _, text := range []string{guardtest.Public, guardtest.PublicToo, guardtest.LockedOut} {
		w.Put(arn, text)
		if got := w.Policy(arn); got != text {
			t.Errorf("the key has %s, want %s", got, text)
		}
		recorded, err := trail.Decode(w.LastEvent())
		if err != nil {
			t.Fatal(err)
		}
		madeUp, err := trail.Decode(guardtest.PutEvent(arn, text, clock.Now()))
		if err != nil {
			t.Fatal(err)
		}
		if recorded.KeyARN != arn || madeUp.KeyARN != arn || !madeUp.Time.Equal(recorded.Time) || madeUp.ID == recorded.ID {
			t.Errorf("events %+v and %+v", recorded, madeUp)
		}
	}
	if calls := len(w.CallsOf(w.Admin, "PutKeyPolicy")); calls != 3 || len(w.CallsOf(w.Guardrail)) != 0 {
		t.Errorf("%d calls of the administrator, %d of the guardrail", calls, len(w.CallsOf(w.Guardrail)))
	}
}
