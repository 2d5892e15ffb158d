package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/lambdahost"
)

// kills is how often the function is killed.
const kills = 40

// unbroken is the configuration resetting, with a breaker that stays closed.
var unbroken = strings.Replace(resetting, "from: medium", "from: medium, maxPerHour: {account: 1000, total: 1000}", 1)

// timeout is the function's in this test: a claim of a dead invocation can be taken over soon.
const timeout = 10 * time.Second

// The real binary, killed with SIGKILL at random points of an invocation. What it leaves is
// handled by the same binary, by the same clock, as soon as the killed invocations must have
// ended.
func TestKilledAnywhereAndRedeliveredEveryKeyEndsRight(t *testing.T) {
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(t, lambdahost.Options{Timeout: timeout})
	settings := w.repairing(unbroken)
	undisturbed := w.undisturbed(settings)

	var events [][]byte
	var keys []string
	logs := &strings.Builder{}
	struck := 0
	for range kills {
		arn, event := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
		keys, events = append(keys, arn), append(events, event)
		process := w.start(t, settings...)
		if _, err := process.FirstCall(t.Context()); err != nil {
			t.Fatal(err)
		}
		var invoking sync.WaitGroup
		var answer []byte
		invoking.Go(func() { answer, _ = w.host.Invoke(t.Context(), sqs(t, event)) }) // an error is what a kill makes
		time.Sleep(time.Duration(random.Float64() * 1.2 * float64(undisturbed)))
		process.Kill()
		invoking.Wait()
		if answer == nil {
			struck++
		}
		logs.WriteString(process.Stdout())
		w.checkWritten(arn)
	}
	if struck == 0 {
		t.Fatalf("none of %d kills came in time", kills)
	}
	logs.WriteString(w.redeliver(events, settings))
	t.Logf("proof: %d of %d invocations were killed before their answer (seed %d)", struck, kills, seed)
	for _, arn := range keys {
		w.checkEnd(arn, logs.String())
	}
}

// seedOf is RANDOM_SEED, or another number each time.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("RANDOM_SEED")
	if text == "" {
		return uint64(time.Now().UnixNano())
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// undisturbed is how long an invocation takes that repairs one key.
func (w *world) undisturbed(settings []string) time.Duration {
	w.t.Helper()
	_, event := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
	process := w.start(w.t, settings...)
	defer process.Kill()
	if _, err := process.FirstCall(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	start := time.Now()
	if answer, err := w.host.Invoke(w.t.Context(), sqs(w.t, event)); err != nil || string(answer) != `{"batchItemFailures":[]}` {
		w.t.Fatal(string(answer), err)
	}
	return time.Since(start)
}

// checkWritten: a key is written with one policy only, and only after the policy that was there
// had been archived.
func (w *world) checkWritten(arn string) {
	w.t.Helper()
	policies := map[string]bool{}
	for _, call := range w.cloud.Calls("PutKeyPolicy") {
		if call.Identity == w.guardrail.ARN && call.KeyARN == arn {
			policies[string(call.Request)] = true
		}
	}
	if len(policies) > 1 {
		w.t.Errorf("%s was written with %d different policies", arn, len(policies))
	}
	if len(policies) == 0 {
		return
	}
	if named := w.named(arn); len(named) != 1 || named[0].Record.Before.Hash != hashOf(w.t, public) {
		w.t.Errorf("%s was written, and the archive has %s", arn, tell(named))
	}
}

// named are the records that the key's ledger names. One that an invocation did not live to
// claim is named by none.
func (w *world) named(arn string) []ledger.Entry {
	w.t.Helper()
	entries, err := w.archive().Entries(w.t.Context(), arn, 10)
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(entries, func(e ledger.Entry) bool { return e.Repair == nil })
}

// checkEnd: the key has the generated default, its one repair is written and reported in
// the archive, and a line of the log reports it.
func (w *world) checkEnd(arn, logs string) {
	w.t.Helper()
	if w.hash(arn) != hashOf(w.t, consoleDefault(w.t, defaultpolicy.KeyType{})) {
		w.t.Errorf("%s does not have the generated default", arn)
	}
	w.checkWritten(arn)
	if named := w.named(arn); len(named) != 1 || named[0].Repair.Phase != ledger.Written || !named[0].Repair.Reported {
		w.t.Errorf("%s: the archive has %s", arn, tell(named))
	}
	reported := false
	for line := range strings.Lines(logs) {
		reported = reported || strings.Contains(line, `"key":"`+arn+`"`) && strings.Contains(line, `"action":"repaired"`)
	}
	if !reported {
		w.t.Errorf("no line reports the repair of %s", arn)
	}
}

func (w *world) archive() *archive.Archive {
	w.t.Helper()
	endpoint := w.cloud.Config(w.guardrail, "us-east-1")
	endpoint.BaseEndpoint = aws.String(w.store.URL)
	a, err := archive.New(endpoint, archive.Options{Bucket: bucket}, func(o *s3.Options) { o.UsePathStyle = true })
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// redeliver waits until the killed invocations must have ended, and has the same binary handle
// the messages again, and flush. It returns the log.
func (w *world) redeliver(events [][]byte, settings []string) string {
	w.t.Helper()
	time.Sleep(timeout + 6*time.Second) // five seconds are the margin of a claim's deadline
	process := w.start(w.t, settings...)
	for i, event := range events {
		again := bytes.Replace(sqs(w.t, event), []byte(`"ApproximateReceiveCount":"1"`), []byte(`"ApproximateReceiveCount":"2"`), 1)
		if answer, err := w.host.Invoke(w.t.Context(), again); err != nil || string(answer) != `{"batchItemFailures":[]}` {
			w.t.Errorf("message %d would come back: %s, %v\n%s", i, answer, err, process.Stdout())
		}
	}
	flushed, err := w.host.Invoke(w.t.Context(), []byte(`{"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}`))
	if err != nil || !strings.Contains(string(flushed), `"failed":0`) {
		w.t.Errorf("flushed %s, %v", flushed, err)
	}
	return process.Stdout()
}

// tell says what became of records.
func tell(entries []ledger.Entry) string {
	var list []string
	for _, e := range entries {
		list = append(list, fmt.Sprintf("%s (%+v)", e.Record.Name, e.Repair))
	}
	return strings.Join(list, ", ")
}
