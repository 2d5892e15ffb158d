package enforcer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// lifetime is how long an invocation lives at most.
const lifetime = time.Minute

const (
	account  = "111122223333"
	virginia = "us-east-1"
	ireland  = "eu-west-1"
	admin    = "arn:aws:iam::111122223333:role/Admin"
	worker   = "arn:aws:iam::111122223333:role/Worker"

	// guardrailPolicy is the identity policy of the guardrail's role.
	guardrailPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:DescribeKey","kms:GetKeyPolicy","kms:PutKeyPolicy","kms:ListAliases","kms:ListResourceTags"],"Resource":"*"}}`
	guardrailRole   = "arn:aws:iam::111122223333:role/Guardrail"
)

// Key policies. Each is one that KMS accepts from the role Admin.
var (
	toAccount = allow(`{"AWS":"arn:aws:iam::111122223333:root"}`, "kms:*")
	toAdmin   = allow(`{"AWS":"`+admin+`"}`, "kms:*")
	good      = document(toAccount)
	public    = document(toAccount, allow(`"*"`, "kms:Decrypt"))
	publicToo = document(toAccount, allow(`"*"`, "kms:Encrypt"))
	lockedOut = document(toAdmin)
	unsure    = document(toAccount, undecided(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt"))
)

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func allow(principal, action string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":%s,"Action":%q,"Resource":"*"}`, principal, action)
}

// undecided allows somebody something if the resource, a variable, is the key.
func undecided(principal, action string) string {
	return strings.Replace(allow(principal, action), `"Resource":"*"`, `"Resource":"${aws:username}"`, 1)
}

// Configurations.
var (
	report  = configured(func(c *rules.Configuration) { c.Mode, c.Baselines[0].Style = rules.Report, defaultpolicy.API })
	repair  = configured(func(c *rules.Configuration) { c.Baselines[0].Style = defaultpolicy.API })
	console = configured(func(c *rules.Configuration) {
		c.Baselines[0].Administrators.Required, c.Baselines[0].Users.Required = []string{admin}, []string{worker}
	})
)

// configured is a configuration that repairs everything with the generated default, holds
// nothing, and permits nobody.
func configured(change func(*rules.Configuration)) *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Mode, c.Repair.From, c.Notify.From = rules.Repair, rules.Low, rules.Low
	c.Repair.Settle = 0 // the keys of the tests are all new
	c.Repair.HoldWhen, c.Repair.Strategy = nil, rules.Reset
	b := rules.DefaultBaseline()
	b.Name = "default"
	c.Baselines = []rules.Baseline{b}
	change(c)
	return c
}

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is an account on embedded AWS with an enforcer that works in it.
type world struct {
	cloud            *localaws.Cloud
	account          *localaws.Account
	clock            *clock
	admin, guardrail localaws.Identity
	config           enforcer.Config
	enforcer         *enforcer.Enforcer
	bucket           *bucket
	reporter         *reporter
	log              *bytes.Buffer
}

func newWorld(t testing.TB, c *rules.Configuration) *world {
	t.Helper()
	w := &world{clock: newClock(), log: &bytes.Buffer{}}
	w.cloud = localaws.Start(localaws.Options{Clock: w.clock.now, Seed: 1})
	t.Cleanup(w.cloud.Close)
	w.account = w.cloud.AddAccount(account, localaws.AccountOptions{})
	w.admin = w.account.AddRole("Admin", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	w.account.AddRole("Worker", localaws.PrincipalOptions{})
	w.guardrail = w.account.AddRole("Guardrail", localaws.PrincipalOptions{Policies: []string{guardrailPolicy}})
	w.cloud.AddAccount("444455556666", localaws.AccountOptions{})
	w.bucket, w.reporter = newBucket(w.clock), &reporter{}
	w.config = configOf(awskms.New(w.cloud.Config(w.guardrail, virginia), 1), c, w.clock, w.log)
	w.config.Archive, w.config.Reporter = w.bucket.archive(), w.reporter
	w.enforcer = enforcer.New(w.config)
	return w
}

// configOf is the configuration of an enforcer with an archive of its own.
func configOf(keys enforcer.Keys, c *rules.Configuration, clock *clock, log io.Writer) enforcer.Config {
	return enforcer.Config{
		Keys: keys, Configuration: c, Archive: newBucket(clock).archive(), Role: guardrailRole,
		Log: slog.New(slog.NewJSONHandler(log, nil)), Now: clock.now, Version: "v1.2.3", Lifetime: lifetime,
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func newEnforcer(keys enforcer.Keys, c *rules.Configuration, clock *clock, log io.Writer) *enforcer.Enforcer {
	return enforcer.New(configOf(keys, c, clock, log))
}

// deliveries counts the deliveries of all tests: no two have the same name.
var deliveries atomic.Int64

// first is the first delivery of an event, and again one after it.
func first(event []byte) enforcer.Message {
	return enforcer.Message{Event: event, Delivery: fmt.Sprint("delivery-", deliveries.Add(1))}
}

func again(event []byte) enforcer.Message {
	m := first(event)
	m.Again = true
	return m
}

func (w *world) kms(region string) *kms.Client {
	return kms.NewFromConfig(w.cloud.Config(w.admin, region))
}

// create makes a key and returns its ARN.
func (w *world) create(t testing.TB, in *kms.CreateKeyInput) string {
	t.Helper()
	out, err := w.kms(virginia).CreateKey(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.KeyMetadata.Arn
}

// put puts a key policy, as the administrator.
func (w *world) put(t testing.TB, arn, text string) {
	t.Helper()
	_, err := w.kms(strings.Split(arn, ":")[3]).PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default"), Policy: &text})
	if err != nil {
		t.Fatal(err)
	}
}

// drift makes a key, puts a policy on it, forgets the calls, and returns the key's ARN
// with the event of the policy.
func (w *world) drift(t testing.TB, text string) (arn string, event []byte) {
	t.Helper()
	arn = w.create(t, &kms.CreateKeyInput{})
	w.put(t, arn, text)
	w.cloud.ResetCalls()
	return arn, w.lastEvent()
}

func (w *world) lastEvent() []byte {
	list := w.cloud.Events()
	return list[len(list)-1]
}

// policy reads the policy of a key, as the administrator.
func (w *world) policy(t testing.TB, arn string) string {
	t.Helper()
	out, err := w.kms(strings.Split(arn, ":")[3]).GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &arn})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Policy
}

// calls are the operations that the guardrail called, in order.
func (w *world) calls() []string {
	list := []string{}
	for _, call := range w.cloud.Calls() {
		if call.Identity == w.guardrail.ARN {
			list = append(list, call.Operation)
		}
	}
	return list
}

// handle handles an event that is not to be given back.
func (w *world) handle(t testing.TB, event []byte) guardrail.Outcome {
	t.Helper()
	o, err := w.enforcer.Handle(t.Context(), first(event))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// redeliver handles an event again, as often as the queue gives it, and returns how often
// that was.
func (w *world) redeliver(t testing.TB, event []byte) (guardrail.Outcome, int) {
	t.Helper()
	for n := 1; n < mostReceives; n++ {
		w.clock.advance(visibility)
		if o, err := w.enforcer.Handle(t.Context(), again(event)); err == nil {
			return o, n
		}
	}
	t.Fatal("the message ends as a dead letter")
	return guardrail.Outcome{}, 0
}

// The queue: visibility is how long a message that was given back stays invisible, six
// times the function's timeout; mostReceives is how often it is given out.
const (
	visibility   = 6 * time.Minute
	mostReceives = 5
)

// madeUp counts the events that tests make up.
var madeUp atomic.Int64

// putEvent is the event of a PutKeyPolicy call that this test makes up.
func putEvent(arn, text string, at time.Time) []byte {
	region := strings.Split(arn, ":")[3]
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": "e-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.kms",
		"account": account, "time": at.Format(time.RFC3339), "region": region, "resources": []string{},
		"detail": map[string]any{
			"eventVersion": "1.11", "userIdentity": map[string]any{"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/Mallory"},
			"eventTime": at.Format(time.RFC3339), "eventSource": "kms.amazonaws.com", "eventName": "PutKeyPolicy", "awsRegion": region,
			"sourceIPAddress": "192.0.2.7", "userAgent": "made-up/1.0",
			"requestParameters": map[string]any{"keyId": arn, "policyName": "default", "policy": text},
			"eventID":           fmt.Sprint("made-up-", madeUp.Add(1)), "eventType": "AwsApiCall",
		},
	})
	if err != nil {
		panic(err)
	}
	return event
}

// outcome is the part of an outcome that tables compare.
type outcome struct {
	Verdict  guardrail.Verdict
	Severity rules.Severity
	Evidence guardrail.Evidence
	Action   guardrail.Action
	Reason   string
}

func summary(o guardrail.Outcome) outcome {
	return outcome{o.Verdict, o.Severity, o.Evidence, o.Action, o.ActionReason}
}

func codes(o guardrail.Outcome) []guardrail.Code {
	list := []guardrail.Code{}
	for _, f := range o.Findings {
		list = append(list, f.Code)
	}
	return list
}

// hash is that of a policy's canonical form.
func hash(t testing.TB, text string) string {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d.Hash("aws")
}

// resetOf is the generated default of a configuration, for a key of a type.
func resetOf(t testing.TB, c *rules.Configuration, keyType defaultpolicy.KeyType) string {
	t.Helper()
	k := memoryKeyOf("plain")
	k.Type = keyType.WithDefaults()
	limits, err := c.Baselines[0].Limits(k)
	if err != nil {
		t.Fatal(err)
	}
	reset, err := limits.ResetDocument()
	if err != nil {
		t.Fatal(err)
	}
	return reset.Text()
}

// apiDefault is the generated API default.
func apiDefault(t testing.TB) string {
	t.Helper()
	return resetOf(t, repair, defaultpolicy.KeyType{})
}
