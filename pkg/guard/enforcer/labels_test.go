package enforcer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// byAlias is a configuration with a rule by alias, whose baseline permits and requires that the partner
// decrypts. Other keys have the API default.
func byAlias(settle time.Duration) *rules.Configuration {
	return change(func(c *rules.Configuration) {
		const partner = `{"Sid":"partner","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt","Resource":"*"}`
		shared := c.Baselines[0]
		shared.Name, shared.Require = "shared", []rules.Template{partner}
		c.Baselines = append(c.Baselines, shared)
		c.Rules = []rules.Rule{{Name: "shared", Match: rules.Match{Aliases: []string{"alias/shared-*"}}, Baseline: "shared"}}
		c.Repair.Settle, c.Repair.From, c.Repair.Strategy = settle, rules.Medium, rules.Trim
	})
}

func (w *world) alias(t *testing.T, arn, name string) []byte {
	t.Helper()
	if _, err := w.kms(virginia).CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: &name, TargetKeyId: &arn}); err != nil {
		t.Fatal(err)
	}
	return w.lastEvent()
}

// TestAnEarlyRuleThatTookAccessIsPutRightByTheAlias: without a time to settle, the key is repaired under the
// default, and the event of its alias gives back what its real rule requires.
func TestAnEarlyRuleThatTookAccessIsPutRightByTheAlias(t *testing.T) {
	w := newWorld(t, byAlias(0))
	shared := document(toAccount, allow(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt"))
	arn := w.create(t, &kms.CreateKeyInput{Policy: &shared})
	if o := w.handle(t, w.lastEvent()); o.Action != guardrail.Repaired || o.Rule != "default" || strings.Contains(w.policy(t, arn), "444455556666") {
		t.Fatalf("%s %s under rule %s", o.Action, o.ActionReason, o.Rule)
	}
	w.clock.advance(time.Minute)
	o := w.handle(t, w.alias(t, arn, "alias/shared-data"))
	if o.Action != guardrail.Repaired || o.Rule != "shared" || !strings.Contains(w.policy(t, arn), "444455556666") {
		t.Errorf("%s %s under rule %s: %s", o.Action, o.ActionReason, o.Rule, w.policy(t, arn))
	}
}

// TestANewKeyWaitsForItsLabels: the message of a new key comes back until the key has settled, or the
// event of a label says at once which rule applies.
func TestANewKeyWaitsForItsLabels(t *testing.T) {
	w := newWorld(t, byAlias(5*time.Minute))
	shared := document(toAccount, allow(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt"))
	arn := w.create(t, &kms.CreateKeyInput{Policy: &shared})
	made := w.lastEvent()
	if _, err := w.enforcer.Handle(t.Context(), first(made)); err == nil || !strings.Contains(err.Error(), "the key is new") {
		t.Fatalf("%v, want the message to come back", err)
	}
	if len(w.reporter.outcomes) > 0 {
		t.Errorf("people are told of a key whose rule may still change: %+v", w.reporter.outcomes)
	}
	w.clock.advance(time.Minute)
	if o := w.handle(t, w.alias(t, arn, "alias/shared-data")); o.Verdict != guardrail.Compliant || o.Rule != "shared" {
		t.Errorf("after the alias: %s under rule %s", o.Verdict, o.Rule)
	}
	w.clock.advance(6 * time.Minute)
	if o := w.handle(t, made); o.Verdict != guardrail.Compliant || o.Rule != "shared" {
		t.Errorf("redelivered: %s under rule %s", o.Verdict, o.Rule)
	}

	nobody := w.create(t, &kms.CreateKeyInput{Policy: &shared})
	alone := w.lastEvent()
	if _, err := w.enforcer.Handle(t.Context(), first(alone)); err == nil {
		t.Fatal("the second key does not wait")
	}
	w.clock.advance(6 * time.Minute)
	if o := w.handle(t, alone); o.Action != guardrail.Repaired || o.Rule != "default" || strings.Contains(w.policy(t, nobody), "444455556666") {
		t.Errorf("no label came: %s %s under rule %s", o.Action, o.ActionReason, o.Rule)
	}
}

// TestANewKeyThatIsPublicDoesNotWait: what is critical by the built-in default is repaired at once, whatever
// labels come.
func TestANewKeyThatIsPublicDoesNotWait(t *testing.T) {
	w := newWorld(t, byAlias(5*time.Minute))
	open := document(toAccount, allow(`"*"`, "kms:Decrypt"))
	arn := w.create(t, &kms.CreateKeyInput{Policy: &open})
	if o := w.handle(t, w.lastEvent()); o.Action != guardrail.Repaired || strings.Contains(w.policy(t, arn), `"Principal":"*"`) {
		t.Errorf("%s %s: %s", o.Action, o.ActionReason, w.policy(t, arn))
	}
}

// TestATagThatChangesTheRuleIsJudged: TagResource and UntagResource are events like others.
func TestATagThatChangesTheRuleIsJudged(t *testing.T) {
	c := byAlias(0)
	c.Rules[0].Match = rules.Match{Tags: map[string]string{"share": "yes"}}
	w := newWorld(t, c)
	arn := w.create(t, &kms.CreateKeyInput{})
	if _, err := w.kms(virginia).TagResource(t.Context(), &kms.TagResourceInput{KeyId: &arn, Tags: []types.Tag{{TagKey: aws.String("share"), TagValue: aws.String("yes")}}}); err != nil {
		t.Fatal(err)
	}
	if o := w.handle(t, w.lastEvent()); o.Action != guardrail.Repaired || o.Rule != "shared" || !strings.Contains(w.policy(t, arn), "444455556666") {
		t.Errorf("%s %s under rule %s", o.Action, o.ActionReason, o.Rule)
	}
}
