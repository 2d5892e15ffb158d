package enforcer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// outage is an hour in which the archive or the topic refuses the guardrail, while keys change.
type outage struct {
	what  string // "archive" or "topic"
	how   string // "refuses", "is unavailable" or "hangs"
	began time.Time
	over  time.Time

	t        *testing.T
	bucket   *bucket
	keys     *memory
	enforcer *enforcer.Enforcer

	mu       sync.Mutex
	queue    []*posted
	dead     int
	receives int
	// changed are the keys with the time of their change, told the outcomes that the topic took.
	changed map[string]time.Time
	told    map[string][]guardrail.Outcome
}

// posted is a message in the queue.
type posted struct {
	arn      string
	event    []byte
	receives int
	due      time.Time
}

const (
	outageTime = time.Hour
	// recoveryTime is how long after an outage every key must be clean and told.
	recoveryTime = 10 * time.Minute
	// messageTime and flushTime are the most that a message and a flush may take in the function.
	messageTime, flushTime = 15 * time.Second, time.Minute
	// outageReceives is how often the deployed queue gives a message out.
	outageReceives = 24
)

func newOutage(t *testing.T, what, how string) *outage {
	t.Helper()
	o := &outage{
		what: what, how: how, began: time.Now().Add(5 * time.Minute), t: t, keys: &memory{},
		bucket:  &bucket{store: objectstore.New(objectstore.Options{Buckets: []string{"archive"}, Versioned: true, ObjectLock: true, Clock: time.Now})},
		changed: map[string]time.Time{}, told: map[string][]guardrail.Outcome{},
	}
	o.over = o.began.Add(outageTime)
	o.bucket.strike = func(r *http.Request, call serve) (*http.Response, error) {
		return o.answer(r, "archive", func() *http.Response { return answered(http.StatusForbidden, "AccessDenied") }, call)
	}
	topic, err := notify.New(aws.Config{Credentials: credentials.NewStaticCredentialsProvider("AKID", "secret", ""), HTTPClient: sns{o}}, "arn:aws:sns:us-east-1:111122223333:findings")
	if err != nil {
		t.Fatal(err)
	}
	config := configOf(outageKeys{o.keys, o}, repair, newClock(), io.Discard)
	config.Archive, config.Reporter, config.Now = o.bucket.archive(), counting{topic, o}, time.Now
	config.Pause = func(ctx context.Context, d time.Duration) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(d):
			return nil
		}
	}
	o.enforcer = enforcer.New(config)
	return o
}

// answer answers a call to S3 or SNS, which during the outage may get no good answer.
func (o *outage) answer(r *http.Request, what string, refusal, call serve) (*http.Response, error) {
	if now := time.Now(); what != o.what || now.Before(o.began) || !now.Before(o.over) {
		return call(), nil
	}
	switch o.how {
	case "refuses":
		return refusal(), nil
	case "is unavailable":
		return answered(http.StatusServiceUnavailable, "ServiceUnavailable"), nil
	default:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
}

// sns is a topic over its protocol, without a network.
type sns struct{ o *outage }

func (s sns) Do(r *http.Request) (*http.Response, error) {
	write := func(status int, text string) *http.Response {
		answer := httptest.NewRecorder()
		answer.WriteHeader(status)
		_, _ = io.WriteString(answer, text)
		return answer.Result()
	}
	return s.o.answer(r, "topic", func() *http.Response {
		return write(http.StatusForbidden, `<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>injected</Message></Error></ErrorResponse>`)
	}, func() *http.Response {
		return write(http.StatusOK, `<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>`)
	})
}

// counting keeps what the topic took.
type counting struct {
	enforcer.Reporter
	o *outage
}

func (c counting) Report(ctx context.Context, outcome guardrail.Outcome) error {
	err := c.Reporter.Report(ctx, outcome)
	if err == nil {
		c.o.mu.Lock()
		defer c.o.mu.Unlock()
		c.o.told[outcome.KeyARN] = append(c.o.told[outcome.KeyARN], outcome)
	}
	return err
}

// outageKeys is a KMS whose writes cause events.
type outageKeys struct {
	*memory
	o *outage
}

func (k outageKeys) PutPolicy(ctx context.Context, arn, text string) error {
	err := k.memory.PutPolicy(ctx, arn, text)
	if err == nil {
		k.o.send(arn, ownEvent(arn, text, time.Now()))
	}
	return err
}

func (o *outage) send(arn string, event []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.queue = append(o.queue, &posted{arn: arn, event: event, due: time.Now().Add(2 * time.Second)})
}

// change gives a new key a policy.
func (o *outage) change(id, text string) {
	k := memoryKeyOf(id)
	o.keys.mu.Lock()
	o.keys.add(k, text)
	o.keys.mu.Unlock()
	o.changed[k.ARN] = time.Now()
	o.send(k.ARN, putEvent(k.ARN, text, time.Now()))
}

// deliver gives out one message, as the function handles it.
func (o *outage) deliver(m *posted) {
	message := first(m.event)
	o.mu.Lock()
	m.receives++
	m.due, message.Again = time.Now().Add(visibility), m.receives > 1
	o.receives++
	o.mu.Unlock()
	ctx, cancel := context.WithTimeout(o.t.Context(), messageTime)
	defer cancel()
	_, err := o.enforcer.Handle(ctx, message)
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		o.queue = slices.DeleteFunc(o.queue, func(p *posted) bool { return p == m })
		if strings.Contains(string(m.event), "Mallory") && len(o.told[m.arn]) == 0 {
			o.t.Errorf("a message about %s is acknowledged, and nobody was told", m.arn)
		}
	case m.receives == outageReceives:
		o.dead++
	}
}

// play lets the queue and the schedule work until a time; a key changes every five minutes.
func (o *outage) play(until time.Time) {
	var work sync.WaitGroup
	policies := []string{public, toService, unsure}
	for tick := 0; time.Now().Before(until); tick++ {
		if tick%30 == 0 && time.Now().Before(o.over) {
			o.change(fmt.Sprintf("key-%d", len(o.changed)), policies[len(o.changed)%len(policies)])
		}
		o.mu.Lock()
		queue := slices.Clone(o.queue)
		o.mu.Unlock()
		for _, m := range queue {
			if !m.due.After(time.Now()) {
				work.Go(func() { o.deliver(m) })
			}
		}
		if tick%6 == 0 {
			work.Go(func() {
				ctx, cancel := context.WithTimeout(o.t.Context(), flushTime)
				defer cancel()
				_, _ = o.enforcer.Flush(ctx, fmt.Sprint("flush-", deliveries.Add(1))) // what is left, the next one does
			})
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
	}
	work.Wait()
}

// check checks that every key is clean and told, and nothing is left to do.
func (o *outage) check() (firsts int) {
	for arn := range o.changed {
		told := o.told[arn]
		k := o.keys.keys[arn]
		isReset := hash(o.t, k.policy) == hash(o.t, apiDefault(o.t))
		isRepaired := slices.ContainsFunc(told, func(r guardrail.Outcome) bool { return r.Action == guardrail.Repaired })
		if len(told) == 0 || k.policy != unsure && (!isReset || !isRepaired) {
			o.t.Errorf("%s of %s: clean is %t, told %d times", arn, o.changed[arn], isReset, len(told))
		}
		for _, r := range told {
			if r.ActionReason == "archive-not-answering" {
				firsts++
			}
		}
	}
	open, due := o.bucket.open(o.t)
	if left := o.bucket.names(o.t, "pending/"); len(open)+len(due)+len(left)+len(o.queue)+o.dead > 0 {
		o.t.Errorf("open are %+v, due %q, pointers %q, %d messages, %d dead letters", open, due, left, len(o.queue), o.dead)
	}
	return firsts
}

// Nothing is acknowledged that was not handled. Keys become public, open to a service, and open to
// somebody nobody can name, each five minutes. Ten minutes after the outage all are clean and told.
func TestAnHourWithoutArchiveOrTopicLosesNothing(t *testing.T) {
	for _, row := range []struct {
		what, how string
		firsts    int // of the critical findings that are reported without the archive
	}{
		{"archive", "refuses", 4}, {"archive", "is unavailable", 4}, {"archive", "hangs", 4},
		{"topic", "refuses", 0}, {"topic", "is unavailable", 0}, {"topic", "hangs", 0},
	} {
		t.Run(row.what+" "+row.how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOutage(t, row.what, row.how)
				o.play(o.over.Add(recoveryTime))
				if firsts := o.check(); firsts != row.firsts {
					t.Errorf("%d critical findings were told without the archive, want %d", firsts, row.firsts)
				}
				t.Logf("proof: trouble: the %s %s for %s: %d keys, %d deliveries, %d critical findings told without the archive, all clean and told %s after it",
					row.what, row.how, outageTime, len(o.changed), o.receives, row.firsts, recoveryTime)
			})
		})
	}
}

// One object that cannot be deleted, read or replaced does not keep the flush from the others.
func TestOneObjectThatTheArchiveRefusesDoesNotStopTheFlush(t *testing.T) {
	for _, row := range []struct {
		method, folder string
		left           int // pointers
		retried        int
		failed         int
	}{
		{http.MethodDelete, "/pending/", 1, 5, 0},
		{http.MethodGet, "/keys/", 1, 4, 1},
		{http.MethodPut, "/keys/", 1, 4, 1},
	} {
		c := newClock()
		b := newBucket(c)
		ids := []string{"a", "b", "c", "d", "refused"}
		b.postponed(t, c.now(), ids...)
		b.strike = func(r *http.Request, call serve) (*http.Response, error) {
			if r.Method == row.method && strings.Contains(r.URL.Path, row.folder) && strings.Contains(r.URL.Path, "/refused") {
				return answered(http.StatusForbidden, "AccessDenied"), nil
			}
			return call(), nil
		}
		c.advance(time.Hour) // so that a key that is not there is gone
		config := configOf(&memory{}, report, c, io.Discard)
		config.Archive = b.archive()
		done, err := enforcer.New(config).Flush(t.Context(), "flush")
		if want := (enforcer.Flushed{Retried: row.retried, Failed: row.failed}); done != want || err != nil {
			t.Errorf("%s %s: %+v, %v", row.method, row.folder, done, err)
		}
		b.strike = nil
		if left := b.names(t, "pending/"); len(left) != row.left || !strings.Contains(left[0], "/refused/") {
			t.Errorf("%s %s: left are %q", row.method, row.folder, left)
		}
		if _, err := enforcer.New(config).Flush(t.Context(), "flush"); err != nil || len(b.names(t, "pending/")) > 0 {
			t.Errorf("%s %s: when it may be: %v, %q", row.method, row.folder, err, b.names(t, "pending/"))
		}
	}
}

// A dead letter that somebody moves back is a new message for SQS, received for the first time.
func TestAMessageThatIsRedrivenChangesNothingOnceMore(t *testing.T) {
	s := newScene(t, t.Name(), repair, good)
	event := s.put(public)
	s.bucket.strike = func(*http.Request, serve) (*http.Response, error) {
		return answered(http.StatusForbidden, "AccessDenied"), nil
	}
	if o, err := s.handle(event); err == nil || len(s.puts) > 0 || len(s.reporter.outcomes) != 1 {
		t.Fatalf("%+v, %v, %d reports", summary(o), err, len(s.reporter.outcomes))
	}
	s.bucket.strike = s.strikeS3
	s.clock.advance(3 * time.Hour)
	for i, want := range []guardrail.Action{guardrail.Repaired, guardrail.NoAction, guardrail.NoAction} {
		if o, err := s.handle(event); err != nil || o.Action != want || len(s.puts) != 1 || len(s.reporter.outcomes) != 2 {
			t.Errorf("moved back %d times: %+v, %v, %d writes, %d reports", i+1, summary(o), err, len(s.puts), len(s.reporter.outcomes))
		}
	}
}
