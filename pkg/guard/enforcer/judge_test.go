package enforcer_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

func TestTheLivePolicyIsJudgedAndNotTheTextOfTheEvent(t *testing.T) {
	for _, row := range []struct {
		name, event, live string
		age               time.Duration // of the event
		want              outcome
		reason            string
	}{
		{
			"the event is better", good, public, time.Hour,
			outcome{guardrail.NonCompliant, rules.Critical, guardrail.LivePolicy, guardrail.Repaired, "public-access"},
			"somebody was quicker than the event",
		},
		{
			"the event is worse", public, good, time.Hour,
			outcome{guardrail.Compliant, rules.NoSeverity, guardrail.LivePolicy, guardrail.NoAction, ""},
			"it is repaired already",
		},
		{
			"the event cannot be read", "{", good, time.Hour,
			outcome{guardrail.Compliant, rules.NoSeverity, guardrail.LivePolicy, guardrail.NoAction, ""},
			"its text is not needed",
		},
		{
			"both are bad", publicToo, public, 0,
			outcome{guardrail.NonCompliant, rules.Critical, guardrail.LivePolicy, guardrail.Repaired, "public-access"},
			"whichever is the older one, the key is to be repaired",
		},
		{
			"the event locks out", lockedOut, unsure, time.Hour,
			outcome{guardrail.CannotJudge, rules.High, guardrail.LivePolicy, guardrail.Reported, "undecided"},
			"its text is not looked at while the key can be read",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, repair)
			arn, _ := w.drift(t, row.live)
			o := w.handle(t, putEvent(arn, row.event, w.clock.now().Add(-row.age)))
			if diff := cmp.Diff(row.want, summary(o)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", row.reason, diff)
			}
		})
	}
}

func TestACompliantKeyCostsTwoReadsAndNothingElse(t *testing.T) {
	for _, y := range []*rules.Configuration{report, repair} {
		w := newWorld(t, y)
		w.create(t, &kms.CreateKeyInput{})
		w.cloud.ResetCalls()
		o := w.handle(t, w.lastEvent())
		if o.Verdict != guardrail.Compliant || o.Action != guardrail.NoAction {
			t.Errorf("%s: %+v", y.Mode, summary(o))
		}
		if want := []string{"DescribeKey", "GetKeyPolicy"}; !slices.Equal(w.calls(), want) {
			t.Errorf("%s: calls %q, want %q", y.Mode, w.calls(), want)
		}
	}
}

func TestReportModeMakesNoWriteCallWhateverItFinds(t *testing.T) {
	for name, text := range map[string]string{"good": good, "public": public, "locked out": lockedOut, "undecided": unsure} {
		w := newWorld(t, report)
		arn, event := w.drift(t, text)
		o := w.handle(t, event)
		if name != "good" && o.Action != guardrail.Reported {
			t.Errorf("%s: %+v", name, summary(o))
		}
		if writes := w.cloud.Calls("PutKeyPolicy"); len(writes) > 0 {
			t.Errorf("%s: %d write calls", name, len(writes))
		}
		if got := w.policy(t, arn); hash(t, got) != hash(t, text) {
			t.Errorf("%s: the policy is now %s", name, got)
		}
	}
}

func TestRepairModeWritesOnProofOnly(t *testing.T) {
	for _, row := range []struct {
		name, policy string
		writes       int
		reason       string
	}{
		{"good", good, 0, "nothing differs"},
		{"public", public, 1, "proved"},
		{"undecided", unsure, 0, "it may be equal"},
		{"possibly public", document(toAccount, undecided(`"*"`, "kms:Decrypt")), 1, "what is not decided shields nothing critical"},
		{"undecided beside what is proved", document(toAccount, allow(`"*"`, "kms:Encrypt"), undecided(`"*"`, "kms:Decrypt")), 1, "one proof is enough"},
		{"locked out", lockedOut, 0, "the live policy cannot be read"},
	} {
		w := newWorld(t, repair)
		_, event := w.drift(t, row.policy)
		w.handle(t, event)
		if writes := w.cloud.Calls("PutKeyPolicy"); len(writes) != row.writes {
			t.Errorf("%s: %d write calls, want %d: %s", row.name, len(writes), row.writes, row.reason)
		}
	}
}

// KMS would not store these. Should it ever hand one out, it is not overwritten: what is
// not understood may be what keeps the key alive.
func TestALivePolicyThatCannotBeReadIsReportedAndNeverReplaced(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "no JSON": "{", "an unknown element": strings.Replace(good, `"Effect"`, `"Effects"`, 1),
		"a doubled element": strings.Replace(good, `"Effect"`, `"Effect":"Deny","Effect"`, 1), "too large": good + strings.Repeat(" ", 40000),
	} {
		keys := &memory{}
		k := memoryKeyOf("plain")
		keys.add(k, text)
		c := newClock()
		o, err := newEnforcer(keys, repair, c, &bytes.Buffer{}).Handle(t.Context(), first(putEvent(k.ARN, good, c.now().Add(-time.Hour))))
		want := outcome{guardrail.CannotJudge, rules.High, guardrail.LivePolicy, guardrail.Reported, "malformed-policy"}
		if err != nil || summary(o) != want {
			t.Errorf("%s: %+v, %v", name, summary(o), err)
		}
		if slices.Contains(keys.calls, "PutKeyPolicy") {
			t.Errorf("%s: written", name)
		}
	}
}

func TestAKeyTypeThatIsNotKnownIsReportedAndNeverWritten(t *testing.T) {
	keys := &memory{}
	k := memoryKeyOf("plain")
	k.Type.Spec = "KYBER_1024"
	keys.add(k, public)
	c := newClock()
	o, err := newEnforcer(keys, repair, c, &bytes.Buffer{}).Handle(t.Context(), first(putEvent(k.ARN, public, c.now())))
	want := outcome{guardrail.CannotJudge, rules.High, guardrail.LivePolicy, guardrail.Reported, "unknown-key-type"}
	if err != nil || summary(o) != want || slices.Contains(keys.calls, "PutKeyPolicy") {
		t.Errorf("%+v, %v, calls %q", summary(o), err, keys.calls)
	}
}

func TestAnOutcomeSaysWhichKeyWhoseCallAndAgainstWhat(t *testing.T) {
	w := newWorld(t, console)
	arn, event := w.drift(t, public)
	o := w.handle(t, event)
	after := hash(t, w.policy(t, arn))
	got := o
	if o.Plan == nil || o.Plan.Hash != o.After || len(o.Plan.Edits) == 0 {
		t.Errorf("plan %+v", o.Plan)
	}
	slot := string(w.bucket.entries(t, arn)[0].Record.Name)
	got.Findings, got.Actor, got.Plan = nil, nil, nil
	want := guardrail.Outcome{
		Schema: "1", Time: w.clock.now(), GuardrailVersion: "v1.2.3", ConfigurationHash: console.Hash(), Mode: rules.Repair, Trigger: "event",
		KeyARN: arn, Account: account, Region: virginia, KeyType: "SYMMETRIC_DEFAULT ENCRYPT_DECRYPT", Aliases: []string{}, Rule: "default", Baseline: "default",
		Verdict: guardrail.NonCompliant, Severity: rules.Critical, Evidence: guardrail.LivePolicy,
		Action: guardrail.Repaired, ActionReason: "public-access", Before: hash(t, public), After: after,
		Archive: slot, Restore: "kmsguard restore " + slot,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
	if o.Actor == nil || o.Actor.ARN != w.admin.ARN || o.Actor.EventID == "" || !o.Actor.EventTime.Equal(w.clock.now()) || o.Actor.SourceIP != "127.0.0.1" {
		t.Errorf("actor %+v", o.Actor)
	}
}

// A ReplicateKey event comes from the Region of the primary; the key that it is about is
// the replica, whose policy starts as whatever the caller gave.
func TestAReplicaIsJudgedAndRepairedInItsOwnRegion(t *testing.T) {
	w := newWorld(t, repair)
	primary := w.create(t, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	out, err := w.kms(virginia).ReplicateKey(t.Context(), &kms.ReplicateKeyInput{KeyId: &primary, ReplicaRegion: aws.String(ireland), Policy: &public})
	if err != nil {
		t.Fatal(err)
	}
	replica := *out.ReplicaKeyMetadata.Arn
	before := w.policy(t, primary)
	events := w.cloud.Events()
	w.cloud.ResetCalls()
	o := w.handle(t, events[len(events)-2]) // the last one is the CreateKey record in Ireland
	if o.KeyARN != replica || o.Region != ireland || o.Action != guardrail.Repaired {
		t.Errorf("%s in %s: %+v", o.KeyARN, o.Region, summary(o))
	}
	if got := w.policy(t, replica); hash(t, got) != o.After {
		t.Errorf("the replica has %s", got)
	}
	if w.policy(t, primary) != before {
		t.Error("the primary's policy has changed")
	}
	w.cloud.ResetCalls()
	w.clock.advance(time.Hour) // until then it may tell of a policy that is still to be seen
	if o := w.handle(t, events[len(events)-1]); o.KeyARN != replica || o.Verdict != guardrail.Compliant {
		t.Errorf("the second event of the replica: %s %+v", o.KeyARN, summary(o))
	}
}
