package enforcer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// TestAGrantForAnotherAccountIsToldAndNothingIsWritten: no repair of the policy would take it back.
func TestAGrantForAnotherAccountIsToldAndNothingIsWritten(t *testing.T) {
	for _, row := range []struct {
		watch  rules.GrantWatch
		want   guardrail.Action
		told   int
		reason string
	}{
		{rules.GrantEvents, guardrail.Reported, 1, "a grant gives access beside the policy"},
		{rules.NoGrants, guardrail.NoAction, 0, "the configuration looks at no grants"},
	} {
		w := newWorld(t, change(func(c *rules.Configuration) { c.Grants = row.watch }))
		arn := w.create(t, &kms.CreateKeyInput{})
		w.cloud.ResetCalls()
		o := w.handle(t, grantEvent(t, w, arn))
		if o.Action != row.want || len(w.reporter.outcomes) != row.told {
			t.Errorf("%s %s, %d times told, want %s: %s: %+v", o.Action, o.ActionReason, len(w.reporter.outcomes), row.want, row.reason, o.Findings)
		}
		if row.told > 0 && (o.Severity != rules.High || o.Actor == nil || !strings.Contains(o.Findings[0].Message, "revoke-grant")) {
			t.Errorf("%+v", o)
		}
		if calls := w.cloud.Calls("PutKeyPolicy"); len(calls) > 0 {
			t.Errorf("something was written: %+v", calls)
		}
	}
}

// grantEvent is the sample of a grant for another account, of a key of this world and of now.
func grantEvent(t *testing.T, w *world, arn string) []byte {
	t.Helper()
	sample, err := events.Read("create-grant-foreign")
	if err != nil {
		t.Fatal(err)
	}
	const key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	text := strings.NewReplacer(key, arn, "us-west-2", virginia, "2026-11-02T10:15:27Z", w.clock.now().Format(time.RFC3339)).Replace(string(sample))
	return []byte(text)
}
