package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/lambdahost"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

func TestABatchLeavesEveryKeyRightAndGivesBackWhatAWSDidNotAnswer(t *testing.T) {
	w := newWorld(t, lambdahost.Options{})
	process := w.start(t, w.consoleSettings()...)
	list := w.messages()
	var bodies [][]byte
	var failed message
	want := ""
	for i, m := range list {
		bodies = append(bodies, m.event)
		if m.failed {
			failed, want = m, fmt.Sprintf(`{"batchItemFailures":[{"itemIdentifier":"message-%d"}]}`, i)
		}
	}
	answer, err := w.host.Invoke(t.Context(), sqs(t, bodies...))
	if err != nil || string(answer) != want {
		t.Fatalf("%s, %v, want %s\n%s", answer, err, want, process.Stdout())
	}
	writes := w.writes()
	for _, m := range list {
		w.check(m, writes)
	}

	// SQS hands the failed message out again; now KMS answers.
	answer, err = w.host.Invoke(t.Context(), sqs(t, failed.event))
	if err != nil || string(answer) != `{"batchItemFailures":[]}` {
		t.Errorf("redelivered: %s, %v", answer, err)
	}
	redelivered := message{
		name: "redelivered", key: failed.key, policy: consoleDefault(t, defaultpolicy.KeyType{}),
		verdict: guardrail.NonCompliant, action: guardrail.Repaired, reason: "public-access", writes: 1,
	}
	w.check(redelivered, w.writes())
	process.Kill()
	checkLog(t, process.Stdout(), append(list, redelivered))
	if process.Stderr() != "" {
		t.Errorf("standard error: %s", process.Stderr())
	}
}

// check compares a key with what its message should have left.
func (w *world) check(m message, writes map[string]int) {
	w.t.Helper()
	if m.policy != "" && w.hash(m.key) != hashOf(w.t, m.policy) {
		w.t.Errorf("%s: the key has another policy than\n%s", m.name, m.policy)
	}
	if writes[m.key] != m.writes {
		w.t.Errorf("%s: %d writes, want %d", m.name, writes[m.key], m.writes)
	}
}

// logLine is a line of the function's log.
type logLine struct {
	Level, Msg, Key, Verdict, Action, Reason, Error string
	DurationMs                                      *float64 `json:"durationMs"`
	Outcome                                         guardrail.Outcome
}

// checkLog: one line of JSON for the outcome of each message, in any order, without text of a
// policy.
func checkLog(t *testing.T, log string, list []message) {
	t.Helper()
	if strings.Contains(log, marker) {
		t.Errorf("the log quotes a policy:\n%s", log)
	}
	lines := strings.Split(strings.TrimSuffix(log, "\n"), "\n")
	// A bad event has a line more, with the id of its message.
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, `"msg":"bad event","messageId":"message-`) })
	if len(lines) != len(list) {
		t.Fatalf("%d lines, want %d:\n%s", len(lines), len(list), log)
	}
	for _, m := range list {
		at := slices.IndexFunc(lines, func(line string) bool { return isLineOf(t, m, line) })
		if at < 0 {
			t.Errorf("%s: no line says %s, %s, %s of %q:\n%s", m.name, m.verdict, m.action, m.reason, m.key, strings.Join(lines, "\n"))
			continue
		}
		lines = slices.Delete(lines, at, at+1)
	}
}

// isLineOf tells whether a line of the log is the one that a message should leave.
func isLineOf(t *testing.T, m message, line string) bool {
	t.Helper()
	var got logLine
	if err := json.Unmarshal([]byte(line), &got); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	want := logLine{Level: got.Level, Msg: "outcome", Key: m.key, Verdict: string(m.verdict), Action: string(m.action), Reason: m.reason}
	if m.failed {
		want.Msg, want.Verdict, want.Action, want.Reason, want.Error = "given back", "none", "given-back", "no-answer-yet", got.Error
	}
	if got.DurationMs == nil || m.failed != (got.Error != "") || !m.failed && got.Outcome.GuardrailVersion != version {
		return false
	}
	got.DurationMs, got.Outcome = nil, guardrail.Outcome{}
	return cmp.Equal(want, got)
}

func TestABareEventIsAnsweredWithItsOutcome(t *testing.T) {
	w := newWorld(t, lambdahost.Options{})
	w.start(t)
	arn, event := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
	answer, err := w.host.Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var o guardrail.Outcome
	if err := json.Unmarshal(answer, &o); err != nil {
		t.Fatal(err)
	}
	if o.KeyARN != arn || o.Mode != rules.Report || o.Action != guardrail.Reported || o.Severity != rules.Critical {
		t.Errorf("without settings, the function reports only: %s", answer)
	}
	if writes := w.writes(); len(writes) > 0 {
		t.Errorf("report mode wrote: %v", writes)
	}
}

func TestARepairIsArchivedToItsEnd(t *testing.T) {
	w := newWorld(t, lambdahost.Options{})
	w.start(t, w.consoleSettings()...)
	_, event := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
	answer, err := w.host.Invoke(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var o guardrail.Outcome
	if err := json.Unmarshal(answer, &o); err != nil {
		t.Fatal(err)
	}
	if o.Action != guardrail.Repaired || !strings.HasPrefix(o.Restore, "kmsguard restore --archive ") || !strings.HasSuffix(o.Restore, " "+o.Archive) {
		t.Fatalf("%s", answer)
	}
	if record := w.object(o.Archive); !strings.Contains(record, marker) {
		t.Errorf("the record lacks the policy that was replaced: %s", record)
	}
	key, _, _ := ledger.Name(o.Archive).Parts()
	if l := w.object("keys/" + string(key)); !strings.Contains(l, `"phase":"written"`) || !strings.Contains(l, `"reported":true`) {
		t.Errorf("the ledger is %s", l)
	}
	flushed, err := w.host.Invoke(t.Context(), []byte(`{"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}`))
	if err != nil || string(flushed) != `{"finished":0,"retried":0,"failed":0}` {
		t.Errorf("nothing is left to flush: %s, %v", flushed, err)
	}
}

// object is the text of an object in the archive.
func (w *world) object(name string) string {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.store.URL+"/"+bucket+"/"+name, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Errorf("%s: %s, %v", name, answer.Status, err)
	}
	return string(text)
}

func TestTheKillSwitchLowersWhatTheConfigurationSays(t *testing.T) {
	w := newWorld(t, lambdahost.Options{})
	w.start(t, append(w.consoleSettings(), app.EnvModeMax+"=report")...)
	_, event := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
	answer, err := w.host.Invoke(t.Context(), event)
	if err != nil || !strings.Contains(string(answer), `"action":"reported","actionReason":"report-mode"`) {
		t.Errorf("%s, %v", answer, err)
	}
	if writes := w.writes(); len(writes) > 0 {
		t.Errorf("it wrote: %v", writes)
	}
}

// A call that hangs must not cost the messages that are done: Lambda has the answer before
// the function's time is up.
func TestACallThatHangsGivesBackItsMessageAndTheRestInTime(t *testing.T) {
	// Nothing is written where less than eight seconds are left.
	w := newWorld(t, lambdahost.Options{Timeout: 10 * time.Second})
	w.start(t, w.repairing("version: 1\nmode: repair\nbaselines: {strict: {style: api}}\n")...)
	done, doneEvent := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
	hanging, hangingEvent := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
	_, restEvent := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
	w.cloud.Inject(localaws.Fault{Kind: localaws.TimeoutBefore, KeyARN: hanging, Hang: time.Minute})
	w.cloud.ResetCalls()
	answer, err := w.host.Invoke(t.Context(), sqs(t, doneEvent, hangingEvent, restEvent))
	want := `{"batchItemFailures":[{"itemIdentifier":"message-1"},{"itemIdentifier":"message-2"}]}`
	if err != nil || string(answer) != want {
		t.Errorf("%s, %v, want %s", answer, err, want)
	}
	if diff := cmp.Diff(map[string]int{done: 1}, w.writes()); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func TestABadSettingMakesTheStartFailWithAClearMessage(t *testing.T) {
	const broken = "version: 1\nmode: repair\nbaselines:\n  standard:\n    style: console\n    users: {permited: []}\n"
	for _, row := range []struct {
		because  string
		settings func(w *world) []string
		says     string
	}{
		{"a kill switch that is none", func(*world) []string { return []string{app.EnvModeMax + "=off"} }, `GUARDRAIL_MODE_MAX is \"off\"; it must be report, or not be set`},
		{"a configuration with a typo", func(w *world) []string { return w.repairing(broken) }, "guardrail.yaml:6:13: unknown key `permited`; did you mean `permitted`?"},
		{"a configuration that is not there", func(*world) []string { return []string{app.EnvConfig + "=/nowhere/guardrail.yaml"} }, "there is no configuration file /nowhere/guardrail.yaml"},
		{"repairs without an archive", func(w *world) []string { return []string{w.configuration(resetting)} }, "nothing is written that was not archived: ARCHIVE_BUCKET must name a bucket"},
		{"what the SDK cannot read", func(*world) []string { return []string{"AWS_RETRY_MODE=sometimes"} }, "loading the AWS configuration"},
	} {
		t.Run(row.because, func(t *testing.T) {
			w := newWorld(t, lambdahost.Options{})
			checkFailedStart(t, w.start(t, row.settings(w)...), row.says)
		})
	}
}

// A configuration is deployed beside the binary.
func TestTheConfigurationBesideTheBinaryIsRead(t *testing.T) {
	w := newWorld(t, lambdahost.Options{})
	folder := t.TempDir()
	binary := filepath.Join(folder, "bootstrap")
	if err := os.Link(bootstrap(t), binary); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, app.ConfigurationFile), []byte("version: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkFailedStart(t, w.startBinary(t, binary), filepath.Join(folder, app.ConfigurationFile)+":1:10: version `2` is not known")
}

// checkFailedStart: the process ended by itself, with one line of log that says why.
func checkFailedStart(t *testing.T, process *lambdahost.Process, says string) {
	t.Helper()
	if _, err := process.FirstCall(t.Context()); !errors.Is(err, lambdahost.ErrExited) || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("the process did not end with status 1: %v", err)
	}
	var line logLine
	if err := json.Unmarshal([]byte(process.Stdout()), &line); err != nil {
		t.Fatalf("%v: %s", err, process.Stdout())
	}
	if line.Level != "ERROR" || line.Msg != "cannot start" || !strings.Contains(process.Stdout(), says) {
		t.Errorf("log %s does not say %s", process.Stdout(), says)
	}
}
