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
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
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

// silent is an archive that does not answer one of its calls.
type silent struct {
	enforcer.Archive
	call  string
	hangs bool
}

func (a silent) answer(ctx context.Context, call string) error {
	switch {
	case call != a.call:
		return nil
	case a.hangs:
		<-ctx.Done()
		return fmt.Errorf("no answer: %w", ctx.Err())
	}
	return errNoAnswer
}

func (a silent) Ledger(ctx context.Context, key ledger.Key) (ledger.Ledger, ledger.Version, error) {
	if err := a.answer(ctx, "Ledger"); err != nil {
		return ledger.Ledger{}, "", err
	}
	return a.Archive.Ledger(ctx, key)
}

func (a silent) Keep(ctx context.Context, record ledger.Record) error {
	if err := a.answer(ctx, "Keep"); err != nil {
		return err
	}
	return a.Archive.Keep(ctx, record)
}

// inTime is a reporter that needs time.
type inTime struct{ enforcer.Reporter }

func (r inTime) Report(ctx context.Context, o guardrail.Outcome) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("no time: %w", err)
	}
	return r.Reporter.Report(ctx, o)
}

// The message comes back until the archive answers; people know by then.
func TestTheFirstReportOfACriticalFindingNeedsNoArchive(t *testing.T) {
	for _, row := range []struct {
		policy  string
		archive silent
		again   bool
		want    int
		reason  string
	}{
		{public, silent{call: "Ledger"}, false, 1, "what is known of the key cannot be read"},
		{public, silent{call: "Ledger", hangs: true}, false, 1, "the time of the message is over"},
		{public, silent{call: "Keep"}, false, 1, "the repair cannot be archived"},
		{public, silent{call: "Ledger"}, true, 0, "the first delivery has told it"},
		{public, silent{call: "Keep"}, true, 0, "the same"},
		{toService, silent{call: "Keep"}, false, 0, "it is not critical"},
	} {
		s := newScene(t, t.Name(), repair, good)
		whole, m := s.config.Archive, first(s.put(row.policy))
		row.archive.Archive, m.Again = whole, row.again
		s.config.Archive, s.config.Reporter = row.archive, inTime{s.config.Reporter}
		ctx, cancel := t.Context(), context.CancelFunc(func() {})
		if row.archive.hangs {
			ctx, cancel = context.WithCancel(ctx)
			cancel()
		}
		_, err := enforcer.New(s.config).Handle(ctx, m)
		cancel()
		reports := s.reporter.outcomes
		if err == nil || len(s.puts) > 0 || len(reports) != row.want {
			t.Errorf("%v, %d writes, %d reports, want %d: %s", err, len(s.puts), len(reports), row.want, row.reason)
		}
		for _, o := range reports {
			if o.Action != guardrail.Reported || o.ActionReason != "archive-not-answering" || o.Severity != rules.Critical {
				t.Errorf("%+v: %s", summary(o), row.reason)
			}
		}
		s.config.Archive, m.Again, m.Delivery = whole, true, m.Delivery+"-again"
		if o, err := enforcer.New(s.config).Handle(t.Context(), m); err != nil || o.Action != guardrail.Repaired {
			t.Errorf("when it answers: %+v, %v: %s", summary(o), err, row.reason)
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
