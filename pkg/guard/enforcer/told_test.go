package enforcer_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// TestAFindingIsToldOnce is report mode with 44 keys that each have a finding, over three daily sweeps: one
// message for each key, and then none until something changes.
func TestAFindingIsToldOnce(t *testing.T) {
	w := newWorld(t, configured(func(c *rules.Configuration) { c.Mode, c.Notify.From = rules.Report, rules.Medium }))
	const keys = 44
	shared := document(toAccount, allow(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt"))
	var arns []string
	for range keys {
		arns = append(arns, w.create(t, &kms.CreateKeyInput{Policy: &shared}))
	}
	sweep := func(day int) (told int) {
		before := len(w.reporter.outcomes)
		w.clock.advance(24 * time.Hour)
		for _, arn := range arns {
			message, err := trail.SweptKey{KeyARN: arn, SweepID: fmt.Sprintf("sweep-%d", day), ConfigurationHash: w.config.Configuration.Hash(), Time: w.clock.now()}.Encode()
			if err != nil {
				t.Fatal(err)
			}
			w.handle(t, message)
		}
		return len(w.reporter.outcomes) - before
	}
	if first, second, third := sweep(1), sweep(2), sweep(3); first != keys || second != 0 || third != 0 {
		t.Errorf("told %d, %d and %d times, want %d, 0 and 0", first, second, third, keys)
	}
	w.put(t, arns[0], document(toAccount, allow(`"*"`, "kms:Decrypt")))
	w.put(t, arns[1], document(toAccount))
	if told := sweep(4); told != 2 {
		t.Fatalf("told %d times, want of the key that is public and of the one that is mended", told)
	}
	last := w.reporter.outcomes[len(w.reporter.outcomes)-2:]
	if last[0].Severity != rules.Critical || last[0].Findings[0].State != "new" || last[0].Findings[0].FirstSeen == nil {
		t.Errorf("public: %+v", last[0].Findings)
	}
	if last[1].Verdict != guardrail.Compliant || len(last[1].Resolved) == 0 || last[1].Resolved[0].Code != guardrail.CodeForeignAccess {
		t.Errorf("mended: %s %+v", last[1].Verdict, last[1].Resolved)
	}
	for range 6 {
		w.clock.advance(24 * time.Hour)
	}
	if told := sweep(11); told < keys-2 {
		t.Errorf("after a week %d keys are told again, want those that are open", told)
	}
}

// TestWhatTheTopicDidNotTakeIsToldAgain: the ledger says that people were told only after they were.
func TestWhatTheTopicDidNotTakeIsToldAgain(t *testing.T) {
	w := newWorld(t, configured(func(c *rules.Configuration) { c.Mode = rules.Report }))
	shared := document(toAccount, allow(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt"))
	w.create(t, &kms.CreateKeyInput{Policy: &shared})
	event := w.lastEvent()
	w.reporter.fail = func() error { return errAway }
	if _, err := w.enforcer.Handle(t.Context(), first(event)); err == nil || !strings.Contains(err.Error(), "nobody answers") {
		t.Fatalf("%v, want the message to come back", err)
	}
	w.reporter.fail = nil
	w.handle(t, event)
	w.handle(t, event)
	if len(w.reporter.outcomes) != 1 {
		t.Errorf("told %d times, want once", len(w.reporter.outcomes))
	}
}
