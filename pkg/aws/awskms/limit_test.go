package awskms_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
)

// TestEachRegionHasItsOwnRate: KMS counts writes in each Region, so that repairs in one do not wait for
// repairs in another.
func TestEachRegionHasItsOwnRate(t *testing.T) {
	w := newWorld(t, virginia)
	const clients = 10_000 // of as many, each may write once in half an hour
	client := awskms.New(w.Config(w.Guardrail, virginia), clients)
	here, alsoHere, there := w.Create(&kms.CreateKeyInput{}), w.Create(&kms.CreateKeyInput{}), w.CreateIn(ireland, &kms.CreateKeyInput{})
	text := w.Policy(here)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, row := range []struct {
		because, key string
		isWritten    bool
	}{
		{"the first write", here, true},
		{"another key of the same Region waits, for longer than there is time", alsoHere, false},
		{"the other Region does not wait", there, true},
	} {
		if err := client.PutPolicy(ctx, row.key, text); (err == nil) != row.isWritten {
			t.Errorf("%s: %v", row.because, err)
		}
	}
}
