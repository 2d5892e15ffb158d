package enforcer_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// route gives the events of the cloud that the deployed rule matches to the enforcer, and
// returns the outcomes, one for each.
func (w *world) route(t *testing.T) []guardrail.Outcome {
	t.Helper()
	var outcomes []guardrail.Outcome
	if err := w.cloud.AddRule(events.Pattern(), func(event []byte) { outcomes = append(outcomes, w.handle(t, event)) }); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cloud.Deliver(); err != nil {
		t.Fatal(err)
	}
	return outcomes
}

func TestRepairWritesTheDefaultOnceAndItsOwnEventEndsTheLoop(t *testing.T) {
	for _, row := range []struct {
		name string
		y    *rules.Configuration
		in   *kms.CreateKeyInput
		key  defaultpolicy.KeyType
	}{
		{"the API default", repair, &kms.CreateKeyInput{}, defaultpolicy.KeyType{}},
		{"the console default", console, &kms.CreateKeyInput{}, defaultpolicy.KeyType{}},
		{
			"the console default of an HMAC key", console, &kms.CreateKeyInput{KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac},
			defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256},
		},
		{
			"the console default of imported material", console, &kms.CreateKeyInput{Origin: types.OriginTypeExternal},
			defaultpolicy.KeyType{Origin: defaultpolicy.External},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.y)
			row.in.Policy = &public
			arn := w.create(t, row.in)
			w.cloud.ResetCalls()
			outcomes := w.route(t)
			if len(outcomes) != 2 || outcomes[0].Action != guardrail.Repaired || outcomes[1].Verdict != guardrail.Compliant || outcomes[1].Action != guardrail.NoAction {
				t.Fatalf("want a repair and a compliant key, got %+v", outcomes)
			}
			if actor := outcomes[1].Actor.ARN; actor != w.guardrail.ARN {
				t.Errorf("the second event is not the guardrail's own but of %s", actor)
			}
			if want := []string{"DescribeKey", "GetKeyPolicy", "GetKeyPolicy", "PutKeyPolicy", "GetKeyPolicy", "DescribeKey", "GetKeyPolicy"}; !slices.Equal(w.calls(), want) {
				t.Errorf("calls %q, want %q", w.calls(), want)
			}
			want := resetOf(t, row.y, row.key)
			if got := w.policy(t, arn); hash(t, got) != hash(t, want) {
				t.Errorf("the key has\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestEventsTwiceOrInAnotherOrderEndInTheSamePolicy(t *testing.T) {
	w := newWorld(t, repair)
	arn := w.create(t, &kms.CreateKeyInput{})
	w.put(t, arn, public)
	w.put(t, arn, unsure)
	w.put(t, arn, public)
	list := w.cloud.Events()
	slices.Reverse(list)
	w.clock.advance(time.Hour)
	repairs := 0
	for _, event := range slices.Concat(list, list) {
		if w.handle(t, event).Action == guardrail.Repaired {
			repairs++
		}
	}
	if got := w.policy(t, arn); repairs != 1 || hash(t, got) != hash(t, apiDefault(t)) {
		t.Errorf("%d repairs, want one; the key has %s", repairs, got)
	}
}

func TestWhenKMSRefusesTheRepairThePlanIsRefusedAndTheKeyLeftAsItIs(t *testing.T) {
	stranger := configured(func(c *rules.Configuration) {
		c.Baselines[0].Administrators.Required = []string{"arn:aws:iam::111122223333:role/Nobody"}
	})
	const readOnly = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:DescribeKey","kms:GetKeyPolicy"],"Resource":"*"}}`
	for _, row := range []struct {
		name    string
		y       *rules.Configuration
		policy  string
		prepare func(w *world)
		want    outcome
		finding string // in the message of the finding that is added
		reason  string
	}{
		{
			"an administrator who does not exist", stranger, good, func(*world) {},
			outcome{guardrail.NonCompliant, rules.High, guardrail.LivePolicy, guardrail.PlanRefused, "kms-refused"},
			`MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals.; the repair adds "arn:aws:iam::111122223333:role/Nobody"`,
			"KMS resolves principals, and does not say which; the refusal is worse than the difference, and it is the severity",
		},
		{
			"the same, and what is open is not critical", stranger, toService, func(*world) {},
			outcome{guardrail.NonCompliant, rules.High, guardrail.LivePolicy, guardrail.PlanRefused, "kms-refused"},
			"invalid principals", "only what is critical is repaired in part",
		},
		{
			"no permission to write", repair, public, func(w *world) { w.guardrail.SetIdentityPolicies(readOnly) },
			outcome{guardrail.NonCompliant, rules.Critical, guardrail.LivePolicy, guardrail.PlanRefused, "access-denied"}, "AccessDeniedException", "least privilege, or a mistake",
		},
		{
			"a permission to write that is denied meanwhile", repair, public,
			func(w *world) { w.cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "PutKeyPolicy"}) },
			outcome{guardrail.NonCompliant, rules.Critical, guardrail.LivePolicy, guardrail.PlanRefused, "access-denied"}, "AccessDeniedException", "the policy changed under the guardrail",
		},
		{
			"the key is gone meanwhile", repair, public,
			func(w *world) {
				w.clock.advance(time.Hour) // a young one may be known elsewhere only
				w.cloud.Inject(localaws.Fault{Kind: localaws.NotFound, Operation: "PutKeyPolicy"})
			},
			outcome{guardrail.NonCompliant, rules.Critical, guardrail.LivePolicy, guardrail.PlanRefused, "kms-refused"}, "NotFoundException", "it was there for two reads",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.y)
			arn, event := w.drift(t, row.policy)
			row.prepare(w)
			o := w.handle(t, event)
			if got := summary(o); got != row.want {
				t.Errorf("%+v, want %+v: %s", got, row.want, row.reason)
			}
			added := slices.IndexFunc(o.Findings, func(f guardrail.Finding) bool { return f.Code == guardrail.CodeRepairRefused })
			if added < 0 || !strings.Contains(o.Findings[added].Message, row.finding) {
				t.Errorf("findings %+v, want %q", o.Findings, row.finding)
			}
			if o.After != "" || hash(t, w.policy(t, arn)) != hash(t, row.policy) {
				t.Errorf("after %q, the key has %s", o.After, w.policy(t, arn))
			}
			if e := w.bucket.entries(t, arn)[0]; !e.isEnded() || e.Reason != row.want.Reason || !e.Reported {
				t.Errorf("the claim %+v", e)
			}
			if writes := w.cloud.Calls("PutKeyPolicy"); len(writes) != 1 {
				t.Errorf("%d write calls, want one", len(writes))
			}
		})
	}
}

// One role of the configuration that does not exist does not switch off the repair of what is
// critical.
func TestACriticalFindingIsRepairedAlthoughKMSRefusesToAddAPrincipal(t *testing.T) {
	const nobody = "arn:aws:iam::111122223333:role/Nobody"
	stranger := configured(func(c *rules.Configuration) { c.Baselines[0].Administrators.Required = []string{nobody} })
	w := newWorld(t, stranger)
	arn, event := w.drift(t, public)
	o := w.handle(t, event)
	if got, want := summary(o), (outcome{guardrail.NonCompliant, rules.Critical, guardrail.LivePolicy, guardrail.Repaired, "public-access"}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	last := o.Findings[len(o.Findings)-1]
	if last.Code != guardrail.CodeRepairRefused || !strings.Contains(last.Message, nobody) || !strings.Contains(last.Message, "cannot be added") {
		t.Errorf("%+v", last)
	}
	if hash(t, w.policy(t, arn)) != hash(t, good) || o.After != hash(t, good) {
		t.Errorf("the key has %s", w.policy(t, arn))
	}
	e := w.bucket.entries(t, arn)
	if len(e) != 1 || !e[0].isWritten() || !e[0].Reported || e[0].Record.After.Hash != hash(t, good) {
		t.Errorf("the archive has %+v", e)
	}
	o = w.handle(t, w.lastEvent()) // its own: the rest is not critical
	if o.Action != guardrail.PlanRefused || o.Severity != rules.High || len(w.cloud.Calls("PutKeyPolicy")) != 3 {
		t.Errorf("%+v, %d calls", summary(o), len(w.cloud.Calls("PutKeyPolicy")))
	}
}

// The event of a refused PutKeyPolicy has an errorCode: the rule does not match it, so a
// setting that KMS refuses is no loop either.
func TestARefusedRepairCausesNoFurtherEvent(t *testing.T) {
	stranger := configured(func(c *rules.Configuration) {
		c.Baselines[0].Users.Required = []string{"arn:aws:iam::111122223333:role/Nobody"}
	})
	w := newWorld(t, stranger)
	w.create(t, &kms.CreateKeyInput{})
	w.cloud.ResetCalls()
	outcomes := w.route(t)
	if len(outcomes) != 1 || outcomes[0].Action != guardrail.PlanRefused {
		t.Errorf("outcomes %+v", outcomes)
	}
	if writes := w.cloud.Calls("PutKeyPolicy"); len(writes) != 1 {
		t.Errorf("%d write calls, want one", len(writes))
	}
}

func TestAnAWSManagedKeyIsSkippedAfterOneRead(t *testing.T) {
	w := newWorld(t, repair)
	arn := w.account.AddAWSManagedKey(virginia, "s3")
	o := w.handle(t, putEvent(arn, public, w.clock.now()))
	want := outcome{guardrail.NothingToJudge, rules.NoSeverity, "", guardrail.Skipped, "aws-managed-key"}
	if summary(o) != want {
		t.Errorf("%+v, want %+v", summary(o), want)
	}
	if calls := w.calls(); !slices.Equal(calls, []string{"DescribeKey"}) {
		t.Errorf("calls %q", calls)
	}
}

func TestAnEnforcerServesSeveralGoroutines(t *testing.T) {
	keys := &memory{}
	k := memoryKeyOf("plain")
	keys.add(k, public)
	c := newClock()
	e := newEnforcer(keys, repair, c, &bytes.Buffer{})
	var repairs atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		event := putEvent(k.ARN, public, c.now().Add(-time.Hour))
		all.Go(func() { // who does not get the lock gives its message back
			if o, err := e.Handle(t.Context(), first(event)); err == nil && o.Action == guardrail.Repaired {
				repairs.Add(1)
			}
		})
	}
	all.Wait()
	if repaired := repairs.Load(); repaired != 1 || hash(t, keys.keys[k.ARN].policy) != hash(t, apiDefault(t)) {
		t.Errorf("%d repairs, want one; the key has %s", repaired, keys.keys[k.ARN].policy)
	}
}
