package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/lambdahost"
)

// kills is how often the function is killed.
const kills = 40

// unbroken is the configuration resetting, with a breaker that stays closed.
var unbroken = strings.Replace(resetting, "from: medium", "from: medium, maxPerHour: {account: 1000, total: 1000}", 1)

// The real binary, killed with SIGKILL at random points of an invocation. What it leaves
// is handled again by the same engine with its clock put forward, since a claim of a dead
// invocation is honoured for a quarter of an hour.
func TestKilledAnywhereAndRedeliveredEveryKeyEndsRight(t *testing.T) {
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(t, lambdahost.Options{Timeout: time.Minute})
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
	logs.WriteString(w.redeliver(events))
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

// checkWritten: a key is written at most once for its message, and only after the policy
// that was there had been archived.
func (w *world) checkWritten(arn string) {
	w.t.Helper()
	writes := w.writes()[arn]
	if writes > 1 {
		w.t.Errorf("%s was written %d times", arn, writes)
	}
	if writes == 0 {
		return
	}
	entries, err := w.archive().Entries(w.t.Context(), arn, 10)
	if err != nil || len(entries) != 1 || entries[0].Record.Before.Hash != hashOf(w.t, public) {
		w.t.Errorf("%s was written, and the archive has %d records, %v", arn, len(entries), err)
	}
}

// checkEnd: the key has the generated default, its one repair is written and reported in
// the archive, and a line of the log reports it.
func (w *world) checkEnd(arn, logs string) {
	w.t.Helper()
	if w.hash(arn) != hashOf(w.t, consoleDefault(w.t, defaultpolicy.KeyType{})) {
		w.t.Errorf("%s does not have the generated default", arn)
	}
	if writes := w.writes()[arn]; writes != 1 {
		w.t.Errorf("%s was written %d times", arn, writes)
	}
	entries, err := w.archive().Entries(w.t.Context(), arn, 10)
	if err != nil || len(entries) != 1 || entries[0].Written == nil || !entries[0].Reported {
		w.t.Errorf("%s: the archive has %s, %v", arn, tell(entries), err)
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
	a, err := archive.New(endpoint, archive.Options{Bucket: bucket, Invocation: time.Minute}, func(o *s3.Options) { o.UsePathStyle = true })
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// redeliver handles the messages again as SQS would hand them out, every six minutes and
// at most five times, then flushes. It returns the log.
func (w *world) redeliver(events [][]byte) string {
	w.t.Helper()
	c, err := config.Read("guardrail.yaml", []byte(unbroken))
	if err != nil {
		w.t.Fatal(err)
	}
	var ahead time.Duration
	log := &strings.Builder{}
	e := enforcer.New(enforcer.Config{
		Keys: awskms.New(w.cloud.Config(w.guardrail, "us-east-1"), 1), Configuration: c, Archive: w.archive(),
		Role: w.guardrail.PrincipalARN, Account: account, Log: slog.New(slog.NewJSONHandler(log, nil)), Version: version,
		Now: func() time.Time { return time.Now().Add(ahead) }, Pause: func(context.Context, time.Duration) error { return nil },
	})
	left := events
	for try := 1; try <= 5 && len(left) > 0; try++ {
		ahead += 6 * time.Minute
		var again [][]byte
		for i, event := range left {
			m := enforcer.Message{Event: event, Delivery: fmt.Sprintf("redelivery %d of %d", try, i), Again: true}
			if _, err := e.Handle(w.t.Context(), m); err != nil {
				again = append(again, event)
			}
		}
		left = again
	}
	if len(left) > 0 {
		w.t.Errorf("%d messages would be dead letters\n%s", len(left), log)
	}
	ahead += 20 * time.Minute
	if flushed, err := e.Flush(w.t.Context(), "flush"); err != nil || flushed.Failed > 0 {
		w.t.Errorf("flushed %+v, %v", flushed, err)
	}
	if left, err := w.archive().Unreported(w.t.Context(), 10); err != nil || len(left) > 0 {
		w.t.Errorf("left in the outbox: %s, %v", tell(left), err)
	}
	return log.String()
}

// tell says what became of claims.
func tell(entries []enforcer.Entry) string {
	var list []string
	for _, e := range entries {
		list = append(list, fmt.Sprintf("%s (written %t, abandoned %t, reported %t)", e.Slot, e.Written != nil, e.Abandoned != nil, e.Reported))
	}
	return strings.Join(list, ", ")
}
