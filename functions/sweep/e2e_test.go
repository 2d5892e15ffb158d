package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/sweeper"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/messagequeue"
)

const (
	schedule = `{"source":"kms-guardrail","detail-type":"KMS Guardrail Sweep"}`

	// sweepPolicy is what the stack grants the function sweep.
	sweepPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:ListKeys","kms:DescribeKey","kms:GetKeyPolicy","kms:ListResourceTags"],"Resource":"*"}}`
)

// configuration repairs, also because of a sweep.
const configuration = `version: 1
mode: repair
default: standard
baselines:
  standard: {style: api}
repair: {sweep: true, budget: {repairs: 9, window: 24h}}
`

// world is the world of the tests with both functions: KMS, S3 and SQS by their protocols, the
// settings by the environment.
type world struct {
	*guardtest.World
	t           *testing.T
	queue       *messagequeue.Queue
	sweep       localaws.Identity
	environment map[string]string
	log         bytes.Buffer
	faults      []*messagequeue.Fault // of the next calls of SQS
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, World: guardtest.Start(t, guardtest.Options{})}
	w.sweep = w.Role("Sweep", sweepPolicy)
	w.Account.AddAWSManagedKey(guardtest.Virginia, "s3")
	queue, endpoint := guardtest.StartQueue(t, func(int) *messagequeue.Fault {
		if len(w.faults) == 0 {
			return nil
		}
		next := w.faults[0]
		w.faults = w.faults[1:]
		return next
	})
	w.queue = queue
	w.environment = map[string]string{
		app.EnvAccount: guardtest.Account, app.EnvArchiveBucket: guardtest.Bucket, app.EnvKeysQueue: guardtest.QueueURL,
	}
	w.configure(configuration)
	t.Setenv("AWS_ENDPOINT_URL_S3", guardtest.StartBucket(t, nil))
	t.Setenv("AWS_ENDPOINT_URL_SQS", endpoint)
	return w
}

// configure writes the configuration that both functions are deployed with from now on.
func (w *world) configure(text string) {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "guardrail.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.environment[app.EnvConfig] = path
}

func (w *world) getenv(name string) string { return w.environment[name] }

func (w *world) logger() *slog.Logger { return slog.New(slog.NewJSONHandler(&w.log, nil)) }

// create makes a key with a policy and returns its ARN.
func (w *world) create(policy string) string {
	w.t.Helper()
	return w.Create(&kms.CreateKeyInput{Policy: &policy})
}

// isPublic tells whether a key has a policy that is to be repaired.
func (w *world) isPublic(arn string) bool {
	w.t.Helper()
	return strings.Contains(w.Policy(arn), `"Principal":"*"`)
}

// run invokes the function sweep.
func (w *world) run(ctx context.Context) (sweeper.Summary, error) {
	w.t.Helper()
	w.SetEnvironment(w.sweep, guardtest.Virginia)
	handler, err := app.NewSweep(w.t.Context(), w.getenv, w.logger())
	if err != nil {
		w.t.Fatal(err)
	}
	var s sweeper.Summary
	text, err := handler.Invoke(ctx, []byte(schedule))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		w.t.Fatal(err)
	}
	return s, nil
}

// want runs the function sweep and holds its summary against what is expected of it; of
// keys that nothing was done about, it must say nothing.
func (w *world) want(when string, first bool, keys, queued, wouldRepair int) {
	w.t.Helper()
	s, err := w.run(w.t.Context())
	if err != nil || s.First != first || !s.Complete || s.Keys != keys || s.Queued != queued || s.WouldRepair != wouldRepair || s.Failed != 0 {
		w.t.Errorf("%s: %+v, %v", when, s, err)
	}
}

// deliver gives the messages on the queue to the function enforce, one by one, and returns
// the outcomes by key.
func (w *world) deliver(messages []string) map[string]guardrail.Outcome {
	w.t.Helper()
	w.SetEnvironment(w.Guardrail, guardtest.Virginia)
	handler, err := app.NewEnforce(w.t.Context(), w.getenv, w.logger())
	if err != nil {
		w.t.Fatal(err)
	}
	outcomes := map[string]guardrail.Outcome{}
	for _, message := range messages {
		text, err := handler.Invoke(w.t.Context(), []byte(message))
		if err != nil {
			w.t.Fatal(err)
		}
		var o guardrail.Outcome
		if err := json.Unmarshal(text, &o); err != nil {
			w.t.Fatal(err)
		}
		if o.Trigger != guardrail.BySweep || o.Actor != nil {
			w.t.Errorf("key %s: trigger %q, actor %+v", o.KeyARN, o.Trigger, o.Actor)
		}
		outcomes[o.KeyARN] = o
	}
	return outcomes
}

// writes counts the PutKeyPolicy calls of the guardrail.
func (w *world) writes() int {
	return len(w.CallsOf(w.Guardrail, "PutKeyPolicy")) + len(w.CallsOf(w.sweep, "PutKeyPolicy"))
}

// The way of a configuration: the first sweep reports, the next repairs, and a change
// begins it anew, also for the messages that are on the queue.
func TestAConfigurationIsSweptBeforeASweepRepairs(t *testing.T) {
	w := newWorld(t)
	good, bad := w.create(guardtest.Good), w.create(guardtest.Public)
	const keys = 3 // with the one that AWS manages

	w.want("first sweep", true, keys, 0, 1)
	if w.writes() != 0 || w.queue.Calls() != 0 {
		t.Fatalf("the first sweep writes %d times and calls SQS %d times", w.writes(), w.queue.Calls())
	}

	w.want("second sweep", false, keys, keys, 0)
	outcomes := w.deliver(w.queue.Take())
	if o := outcomes[bad]; o.Action != guardrail.Repaired || o.Archive == "" || w.isPublic(bad) {
		t.Errorf("the bad key: %+v", o)
	}
	if o := outcomes[good]; o.Verdict != guardrail.Compliant || o.Action != guardrail.NoAction {
		t.Errorf("the good key: %+v", o)
	}
	if len(outcomes) != keys || w.writes() != 1 {
		t.Errorf("%d keys are handled, with %d writes", len(outcomes), w.writes())
	}

	w.want("third sweep", false, keys, keys, 0)
	waiting := w.queue.Take()
	w.Put(bad, guardtest.PublicToo) // the one before the repair would be taken for an old reading of KMS
	w.configure(configuration + "notify: {from: high}\n")
	if o := w.deliver(waiting)[bad]; o.Action != guardrail.Reported || o.ActionReason != guardrail.ReasonFirstSweep {
		t.Errorf("a message of before the change: %+v", o)
	}
	calls := w.queue.Calls()
	w.want("first sweep after the change", true, keys, 0, 1)
	if w.writes() != 1 || w.queue.Calls() != calls || !w.isPublic(bad) {
		t.Errorf("after the change of the configuration %d writes and %d calls of SQS are made", w.writes()-1, w.queue.Calls()-calls)
	}

	w.want("second sweep after the change", false, keys, keys, 0)
	if o := w.deliver(w.queue.Take())[bad]; o.Action != guardrail.Repaired || w.isPublic(bad) {
		t.Errorf("the bad key, a sweep later: %+v", o)
	}
}

func TestTheKillSwitchIsAChangeOfTheConfiguration(t *testing.T) {
	w := newWorld(t)
	bad := w.create(guardtest.Public)
	w.want("first sweep", true, 2, 0, 1)
	w.environment[app.EnvModeMax] = "report"
	w.want("under the switch", true, 2, 0, 0)
	w.want("under the switch, again", false, 2, 2, 0)
	if o := w.deliver(w.queue.Take())[bad]; o.ActionReason != guardrail.ReasonReportMode || w.writes() > 0 {
		t.Errorf("%+v, %d writes", o, w.writes())
	}
	delete(w.environment, app.EnvModeMax)
	w.want("after it was taken back", true, 2, 0, 1)
}

func TestWithoutAnArchiveEverySweepQueues(t *testing.T) {
	w := newWorld(t)
	bad := w.create(guardtest.Public)
	delete(w.environment, app.EnvArchiveBucket)
	w.configure(strings.Replace(configuration, "mode: repair", "mode: report", 1))
	for range 2 {
		w.want("sweep", false, 2, 2, 0)
		if o := w.deliver(w.queue.Take())[bad]; o.Verdict != guardrail.NonCompliant || o.ActionReason != guardrail.ReasonReportMode || w.writes() > 0 {
			t.Errorf("%+v, %d writes", o, w.writes())
		}
	}
}

func TestASweepOfManyKeysWithFaults(t *testing.T) {
	w := newWorld(t)
	var bad []string
	for i := range 25 {
		policy := guardtest.Good
		if i%5 == 0 {
			policy = guardtest.Public
		}
		if arn := w.create(policy); policy == guardtest.Public {
			bad = append(bad, arn)
		}
	}
	const keys = 26
	for _, f := range []localaws.Fault{
		{Kind: localaws.Throttle, Operation: "ListKeys", Times: 2},
		{Kind: localaws.InternalError, Operation: "DescribeKey", Times: 2},
		{Kind: localaws.TimeoutBefore, Operation: "GetKeyPolicy", Skip: 5},
		{Kind: localaws.Throttle, Operation: "GetKeyPolicy", KeyARN: bad[1], Times: 5}, // a try is three calls
	} {
		w.Cloud.Inject(f)
	}
	w.want("with faults that go away", true, keys, 0, len(bad))

	// A key that goes between ListKeys and DescribeKey is a key less, and no failure.
	w.configure(configuration + "# no change\n")
	w.faults = []*messagequeue.Fault{{Refuse: []int{0, 4}}, nil, {Status: 500, Code: "InternalError"}}
	w.want("a comment is no change of the configuration; SQS takes not all at once", false, keys, keys, 0)
	messages := w.queue.Take()
	slices.Sort(messages)
	if len(slices.Compact(messages)) != keys {
		t.Errorf("%d messages are on the queue", len(messages))
	}
	w.Cloud.Inject(localaws.Fault{Kind: localaws.NotFound, Operation: "DescribeKey", KeyARN: bad[0]})
	outcomes := w.deliver(messages)
	if o := outcomes[bad[0]]; o.Action != guardrail.Skipped || o.ActionReason != string(guardrail.CodeKeyGone) {
		t.Errorf("a key that is gone: %+v", o)
	}
	for _, arn := range bad[1:] {
		if w.isPublic(arn) {
			t.Errorf("%s is not repaired: %+v", arn, outcomes[arn])
		}
	}

	w.Cloud.Inject(localaws.Fault{Kind: localaws.AccessDenied, Operation: "ListKeys"})
	if _, err := w.run(t.Context()); err == nil || !strings.Contains(err.Error(), "listing the keys") {
		t.Errorf("without permission to list: %v", err)
	}
	w.Cloud.ClearFaults()

	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(time.Second)) // of which all is kept back
	defer cancel()
	w.environment[app.EnvModeMax] = "report"
	if s, err := w.run(ctx); err != nil || s.Complete {
		t.Errorf("without time: %+v, %v", s, err)
	}
	w.want("with time, after that", true, keys, 0, 0)
}

func TestTheHandlerTakesItsScheduleOnly(t *testing.T) {
	w := newWorld(t)
	w.SetEnvironment(w.sweep, guardtest.Virginia)
	handler, err := app.NewSweep(t.Context(), w.getenv, w.logger())
	if err != nil {
		t.Fatal(err)
	}
	for _, payload := range []string{"", "[]", "{}", `{"source":"aws.kms","detail-type":"KMS Guardrail Sweep"}`, `{"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}`} {
		if _, err := handler.Invoke(t.Context(), []byte(payload)); err == nil {
			t.Errorf("%q makes it sweep", payload)
		}
	}
	if calls := len(w.Cloud.Calls()); calls > 0 {
		t.Errorf("%d calls are made", calls)
	}
}

func TestASettingThatIsMissingIsAnErrorAtTheStart(t *testing.T) {
	for _, missing := range []string{app.EnvKeysQueue, app.EnvAccount, app.EnvArchiveBucket} {
		w := newWorld(t)
		w.SetEnvironment(w.sweep, guardtest.Virginia)
		delete(w.environment, missing)
		if _, err := app.NewSweep(t.Context(), w.getenv, w.logger()); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: %v", missing, err)
		}
	}
}
