package enforcer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// An event whose handling could not be finished is given back to its queue. When it comes
// again, it ends as if nothing had happened.
func TestAnUnansweredCallGivesTheEventBackAndRedeliveryEndsRight(t *testing.T) {
	t.Parallel()
	for _, kind := range []localaws.FaultKind{localaws.Throttle, localaws.InternalError, localaws.TimeoutBefore, localaws.TimeoutAfter} {
		for _, operation := range []string{"DescribeKey", "GetKeyPolicy", "PutKeyPolicy"} {
			t.Run(string(kind)+" of "+operation, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, repair)
				arn, event := w.drift(t, public)
				tries := 3 // of one call by package awskms
				if operation == "PutKeyPolicy" && kind != localaws.Throttle {
					tries = 1
				}
				w.cloud.Inject(localaws.Fault{Kind: kind, Operation: operation, KeyARN: arn, Times: tries})
				o, err := w.enforcer.Handle(t.Context(), first(event))
				if err == nil {
					t.Fatalf("not given back: %+v", summary(o))
				}
				if last := w.calls(); last[len(last)-1] != operation {
					t.Errorf("calls %q went on after %s", last, operation)
				}
				o, _ = w.redeliver(t, event)
				if o.Action != guardrail.Repaired || hash(t, w.policy(t, arn)) != hash(t, apiDefault(t)) {
					t.Errorf("redelivered: %+v, the key has %s", summary(o), w.policy(t, arn))
				}
			})
		}
	}
}

func TestAnEndedContextGivesTheEventBack(t *testing.T) {
	w := newWorld(t, repair)
	arn, event := w.drift(t, public)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o, err := w.enforcer.Handle(ctx, first(event)); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", summary(o), err)
	}
	if hash(t, w.policy(t, arn)) != hash(t, public) {
		t.Error("written without time to see the answer")
	}
}

// Right after CreateKey, KMS may not know the key yet ("in some cases several minutes").
func TestAKeyThatIsNotFoundIsGoneOnlyWhenItsEventIsOld(t *testing.T) {
	const settling = 10 * time.Minute
	for _, row := range []struct {
		age       time.Duration
		givenBack bool
		reason    string
	}{
		{0, true, "made a moment ago"},
		{settling - time.Second, true, "still too new to tell"},
		{settling, false, "it would be known by now"},
		{24 * time.Hour, false, "an event that waited in a queue"},
		{-time.Minute, true, "clocks differ: younger than now is new"},
	} {
		for _, operation := range []string{"DescribeKey", "GetKeyPolicy"} {
			t.Run(fmt.Sprintf("%s after %s", operation, row.age), func(t *testing.T) {
				w := newWorld(t, repair)
				arn, event := w.drift(t, public)
				w.cloud.Inject(localaws.Fault{Kind: localaws.NotFound, Operation: operation, KeyARN: arn})
				w.clock.advance(row.age)
				o, err := w.enforcer.Handle(t.Context(), first(event))
				if row.givenBack {
					if !errors.Is(err, inspect.ErrNotFound) || !strings.Contains(err.Error(), "too new to be found") {
						t.Errorf("not given back: %+v, %v: %s", summary(o), err, row.reason)
					}
					if o := w.handle(t, event); o.Action != guardrail.Repaired {
						t.Errorf("found at last, but %+v", summary(o))
					}
					return
				}
				want := outcome{guardrail.NothingToJudge, rules.NoSeverity, "", guardrail.Skipped, "key-gone"}
				if err != nil || summary(o) != want || o.KeyARN != arn {
					t.Errorf("%+v, %v: %s", summary(o), err, row.reason)
				}
			})
		}
	}
}

func TestADeletedKeyIsSkipped(t *testing.T) {
	w := newWorld(t, repair)
	arn, event := w.drift(t, public)
	days := int32(7)
	if _, err := w.kms(virginia).ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: &arn, PendingWindowInDays: &days}); err != nil {
		t.Fatal(err)
	}
	w.cloud.ResetCalls()
	if o := w.handle(t, event); o.Action != guardrail.Repaired {
		t.Errorf("while it waits for its deletion, a key has a policy that counts: %+v", summary(o))
	}
	w.clock.advance(8 * 24 * time.Hour)
	if o := w.handle(t, event); o.Action != guardrail.Skipped || o.ActionReason != "key-gone" {
		t.Errorf("%+v", summary(o))
	}
}

// refusing is a Keys that KMS does not serve for a reason of its own.
type refusing struct {
	*memory
	describe, policy error
}

func (r refusing) Describe(ctx context.Context, arn string) (rules.Key, error) {
	if r.describe != nil {
		return rules.Key{}, r.describe
	}
	return r.memory.Describe(ctx, arn)
}

func (r refusing) Policy(ctx context.Context, arn string) (string, error) {
	if r.policy != nil {
		return "", r.policy
	}
	return r.memory.Policy(ctx, arn)
}

func TestAnAnswerThatTheGuardrailDoesNotKnowIsReportedWithItsText(t *testing.T) {
	refused := fmt.Errorf("%w: KMSInvalidStateException: the key is upside down", inspect.ErrRefused)
	keys := &memory{}
	k := memoryKeyOf("plain")
	keys.add(k, public)
	for name, r := range map[string]refusing{
		"DescribeKey": {keys, refused, nil}, "GetKeyPolicy": {keys, nil, refused},
		"GetKeyPolicy where DescribeKey is denied": {keys, inspect.ErrAccessDenied, refused},
	} {
		c := newClock()
		o, err := newEnforcer(r, repair, c, &bytes.Buffer{}).Handle(t.Context(), first(putEvent(k.ARN, public, c.now())))
		want := outcome{guardrail.CannotJudge, rules.High, "", guardrail.Reported, "unexpected-error"}
		if err != nil || summary(o) != want || !strings.Contains(o.Findings[0].Message, "upside down") {
			t.Errorf("%s: %+v, %+v, %v", name, summary(o), o.Findings, err)
		}
	}
	if slices.Contains(keys.calls, "PutKeyPolicy") {
		t.Error("written")
	}
}

// A write whose answer is lost may have taken effect. Whoever tries it again replaces, unread
// and not archived, what another writer put since.
func TestAWriteWithoutAnAnswerIsNotTriedAgainByTheSDK(t *testing.T) {
	w := newWorld(t, repair)
	arn, event := w.drift(t, public)
	w.clock.advance(time.Minute)
	theirs := document(toAccount, toAdmin)
	c := w.cloud.Config(w.guardrail, virginia)
	client := &unansweredWrite{inner: c.HTTPClient, after: func() { w.put(t, arn, theirs) }}
	c.HTTPClient = client
	w.config.Keys = awskms.New(c, 1)
	w.cloud.ResetCalls()
	w.cloud.Inject(localaws.Fault{Kind: localaws.TimeoutAfter, Operation: "PutKeyPolicy"})
	if o, err := enforcer.New(w.config).Handle(t.Context(), first(event)); err == nil {
		t.Errorf("not given back: %+v", summary(o))
	}
	if client.writes != 1 || hash(t, w.policy(t, arn)) != hash(t, theirs) {
		t.Errorf("%d writes, the key has %s", client.writes, w.policy(t, arn))
	}
	if e := w.bucket.entries(t, arn); len(e) != 1 || e[0].isWritten() || e[0].Reported {
		t.Errorf("the claim is not open: %+v", e)
	}
}

// unansweredWrite is an HTTP client on whose first write without an answer something happens.
type unansweredWrite struct {
	inner  aws.HTTPClient
	after  func()
	writes int
}

func (c *unansweredWrite) Do(r *http.Request) (*http.Response, error) {
	if c.inner == nil {
		c.inner = http.DefaultClient
	}
	answer, err := c.inner.Do(r)
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "PutKeyPolicy") {
		if c.writes++; err != nil && c.writes == 1 {
			c.after()
		}
	}
	return answer, err
}
