package enforcer_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// What the event says of a key that cannot be read is evidence for people: it is reported
// with who can still help, and nothing is written because of it.
func TestALockedOutKeyIsReportedWithWhoCanStillChangeItsPolicy(t *testing.T) {
	toWorker := allow(`{"AWS":"`+worker+`"}`, "kms:*")
	for _, row := range []struct {
		name     string
		live     string   // what the key has
		event    string   // what the event says; "" for an event without policy
		says     []string // in the first finding
		codes    []guardrail.Code
		evidence guardrail.Evidence
		calls    []string
		reason   string
	}{
		{
			"one role has it", lockedOut, lockedOut, []string{"who can still change it: " + admin},
			[]guardrail.Code{guardrail.CodeLockedOut, guardrail.CodeAccountStatementMissing, guardrail.CodeAccountAccess}, guardrail.EventPolicy,
			bothReads, "the account statement is gone",
		},
		{
			"two roles have it", document(toAdmin, toWorker), document(toAdmin, toWorker), []string{admin, worker},
			[]guardrail.Code{guardrail.CodeLockedOut, guardrail.CodeAccountStatementMissing, guardrail.CodeAccountAccess}, guardrail.EventPolicy,
			bothReads, "both can help",
		},
		{
			"a role may use it only", document(toAdmin), document(toAdmin, allow(`{"AWS":"`+worker+`"}`, "kms:Decrypt")), []string{"change it: " + admin},
			[]guardrail.Code{guardrail.CodeLockedOut, guardrail.CodeAccountStatementMissing, guardrail.CodeAccountAccess, guardrail.CodeAccessMissing}, guardrail.EventPolicy,
			bothReads, "only who may change the policy is named",
		},
		{
			"nobody has it", lockedOut, document(allow(`{"AWS":"`+admin+`"}`, "kms:Decrypt")), []string{"by the policy in the event nobody can change it", "AWS Support"},
			[]guardrail.Code{guardrail.CodeLockedOut, guardrail.CodeAccountStatementMissing, guardrail.CodeNoAdministrator, guardrail.CodeAccountAccess, guardrail.CodeAccessMissing}, guardrail.EventPolicy,
			bothReads, "written with the bypass",
		},
		{
			"it depends", lockedOut, document(undecided(`{"AWS":"`+admin+`"}`, "kms:*")), []string{"is not decided", "AWS Support"},
			[]guardrail.Code{guardrail.CodeLockedOut, guardrail.CodeUndecided, guardrail.CodeAccountStatementMissing, "lint-resource-not-star"}, guardrail.EventPolicy,
			bothReads, "who that is, is not proved",
		},
		{
			"the event has no policy", lockedOut, "", []string{"the event does not carry the policy", "AWS Support"},
			[]guardrail.Code{guardrail.CodeLockedOut}, "", bothReads, "requestParameters can be omitted",
		},
		{
			"the event's policy cannot be read", lockedOut, `{"Marker`, []string{"the policy in the event cannot be read (invalid-json)", "AWS Support"},
			[]guardrail.Code{guardrail.CodeLockedOut, guardrail.CodeMalformedPolicy}, guardrail.EventPolicy, bothReads, "nor guessed",
		},
		{
			"the event is public", lockedOut, document(toAdmin, allow(`"*"`, "kms:Decrypt")), []string{admin},
			[]guardrail.Code{
				guardrail.CodeLockedOut, guardrail.CodePublicAccess, guardrail.CodeServiceAccess, guardrail.CodeAccountStatementMissing, guardrail.CodeAccountAccess,
			}, guardrail.EventPolicy, bothReads, "the findings of the event's policy are told",
		},
		{
			"the metadata can be read", document(toAdmin, allow(`{"AWS":"arn:aws:iam::111122223333:role/Guardrail"}`, "kms:DescribeKey")), lockedOut, []string{admin},
			[]guardrail.Code{guardrail.CodeLockedOut, guardrail.CodeAccountStatementMissing, guardrail.CodeAccountAccess}, guardrail.EventPolicy,
			bothReads, "GetKeyPolicy is what counts",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, repair)
			arn, _ := w.drift(t, row.live)
			event := putEvent(arn, row.event, w.clock.now())
			if row.event == "" {
				event = []byte(strings.Replace(string(event), `"policy":""`, `"x":""`, 1))
			}
			o := w.handle(t, event)
			if o.Verdict != guardrail.CannotJudge || o.Action != guardrail.Reported || o.ActionReason != "locked-out" || o.Evidence != row.evidence {
				t.Errorf("%+v: %s", summary(o), row.reason)
			}
			if o.Severity != guardrail.Worst(o.Findings) {
				t.Errorf("severity %s of %+v", o.Severity, o.Findings)
			}
			checkCodes(t, o, row.codes)
			for _, part := range row.says {
				if !strings.Contains(o.Findings[0].Message, part) {
					t.Errorf("%q does not say %q: %s", o.Findings[0].Message, part, row.reason)
				}
			}
			if calls := w.calls(); !slices.Equal(calls, row.calls) {
				t.Errorf("calls %q, want %q", calls, row.calls)
			}
		})
	}
}

var bothReads = []string{"DescribeKey", "GetKeyPolicy"}

// checkCodes compares the codes of the findings: the first, and the set of all.
func checkCodes(t *testing.T, o guardrail.Outcome, want []guardrail.Code) {
	t.Helper()
	got := codes(o)
	set := slices.Compact(slices.Sorted(slices.Values(got)))
	if got[0] != want[0] || !slices.Equal(set, slices.Sorted(slices.Values(want))) {
		t.Errorf("findings %q, want %q", got, want)
	}
}

// The type of the key decides the console default. Where it cannot be read, only what the
// defaults of all types share is held against the event's policy.
func TestALockedOutKeyOfUnknownTypeIsNotHeldAgainstADefaultOfAnotherType(t *testing.T) {
	w := newWorld(t, console)
	_, event := w.drift(t, lockedOut)
	o := w.handle(t, event)
	if want := []guardrail.Code{guardrail.CodeLockedOut, guardrail.CodeAccountStatementMissing}; !slices.Equal(codes(o), want) || o.KeyType != "" {
		t.Errorf("findings %q of a key of type %q, want %q", codes(o), o.KeyType, want)
	}
	if writes := w.cloud.Calls("PutKeyPolicy"); len(writes) > 0 {
		t.Errorf("%d write calls", len(writes))
	}
}

func TestWithoutDescribeKeyThePolicyIsNotJudged(t *testing.T) {
	toGuardrail := allow(`{"AWS":"arn:aws:iam::111122223333:role/Guardrail"}`, "kms:GetKeyPolicy")
	w := newWorld(t, repair)
	_, event := w.drift(t, document(toAdmin, toGuardrail))
	o := w.handle(t, event)
	want := outcome{guardrail.CannotJudge, rules.High, "", guardrail.Reported, "access-denied"}
	if summary(o) != want || !strings.Contains(o.Findings[0].Message, "kms:DescribeKey") {
		t.Errorf("%+v: %+v", summary(o), o.Findings)
	}
	if writes := w.cloud.Calls("PutKeyPolicy"); len(writes) > 0 {
		t.Errorf("%d write calls: the key may be of any type, or AWS's", len(writes))
	}
}

// The function's own permissions may be what is missing; the key is not read, so it is
// told as one that cannot be read, and never as a compliant one.
func TestAGuardrailWithoutPermissionsReportsEveryKey(t *testing.T) {
	w := newWorld(t, repair)
	w.guardrail.SetIdentityPolicies()
	w.create(t, &kms.CreateKeyInput{})
	o := w.handle(t, w.lastEvent())
	if o.Verdict != guardrail.CannotJudge || o.Action != guardrail.Reported || o.ActionReason != "access-denied" || !strings.Contains(o.Findings[0].Message, "lacks an IAM permission") {
		t.Errorf("%+v: %+v", summary(o), o.Findings)
	}
}

// No default of any type lets the world or a service in, so that much can be told of a key
// whose type is not known; a foreign account can, where the settings name one as user.
func TestALockedOutKeyOfUnknownTypeIsStillTooOpen(t *testing.T) {
	stranger := configured(func(c *rules.Configuration) {
		c.Baselines[0].Users.Required = []string{worker, "arn:aws:iam::444455556666:root"}
	})
	for _, row := range []struct {
		yardstick *rules.Configuration
		principal string
		want      guardrail.Code
		told      bool
	}{
		{console, `"*"`, guardrail.CodePublicAccess, true},
		{console, `{"Service":"logs.us-east-1.amazonaws.com"}`, guardrail.CodeServiceAccess, true},
		{console, `{"AWS":"444455556666"}`, guardrail.CodeForeignAccess, true},
		{stranger, `{"AWS":"444455556666"}`, guardrail.CodeForeignAccess, false},
	} {
		w := newWorld(t, row.yardstick)
		arn, _ := w.drift(t, lockedOut)
		o := w.handle(t, putEvent(arn, document(toAdmin, allow(row.principal, "kms:Decrypt")), w.clock.now()))
		if got := slices.Contains(codes(o), row.want); got != row.told || o.Verdict != guardrail.CannotJudge {
			t.Errorf("%s: findings %q, want %s: %v", row.principal, codes(o), row.want, row.told)
		}
	}
}
