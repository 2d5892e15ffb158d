package enforcer_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// TestACallThatPutsAKeyOutOfUseIsANoticeWhereItIsAskedFor: the key is neither read nor judged.
func TestACallThatPutsAKeyOutOfUseIsANoticeWhereItIsAskedFor(t *testing.T) {
	for _, row := range []struct {
		notices []string
		want    guardrail.Action
		told    int
		reason  string
	}{
		{[]string{"ScheduleKeyDeletion"}, guardrail.Reported, 1, "it is asked for"},
		{[]string{"DisableKey"}, guardrail.Skipped, 0, "another call is asked for"},
		{nil, guardrail.Skipped, 0, "none is asked for"},
	} {
		w := newWorld(t, change(func(c *rules.Configuration) { c.Notices, c.Notify.From = row.notices, rules.Critical }))
		arn := w.create(t, &kms.CreateKeyInput{})
		if _, err := w.kms(virginia).ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &arn}); err != nil {
			t.Fatal(err)
		}
		event := w.lastEvent()
		w.cloud.ResetCalls()
		o := w.handle(t, event)
		if o.Action != row.want || o.Verdict != guardrail.NothingToJudge || len(w.reporter.outcomes) != row.told || len(w.cloud.Calls()) > 0 {
			t.Errorf("%s %s, %d times told, %d calls: %s", o.Action, o.Verdict, len(w.reporter.outcomes), len(w.cloud.Calls()), row.reason)
		}
		if row.told > 0 && (o.Findings[0].Code != guardrail.CodeNotice || o.Actor == nil || o.KeyARN != arn) {
			t.Errorf("%+v", o)
		}
	}
}
