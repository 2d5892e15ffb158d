package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
)

// open is a key policy that lets everyone do everything.
var open = guardtest.Document(guardtest.Allow(`"*"`, "kms:*"))

// enforce wires the function in a new world and returns it with its log, a key that is open to
// everyone, and that key's event.
func enforce(t *testing.T, environment map[string]string, with ...func(*s3.Options)) (handler *app.Handler, log *bytes.Buffer, w *guardtest.World, arn string, event []byte) {
	t.Helper()
	w = guardtest.Start(t, guardtest.Options{})
	arn = w.Create(&kms.CreateKeyInput{Policy: &open})
	log = &bytes.Buffer{}
	settings, err := app.ReadSettings(getenv(environment), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	endpoint := guardtest.StartBucket(t, nil)
	handler, err = app.NewEnforceWith(w.Config(w.Guardrail, guardtest.Virginia), settings, slog.New(slog.NewJSONHandler(log, nil)),
		append([]func(*s3.Options){func(o *s3.Options) { o.BaseEndpoint = &endpoint }}, with...)...)
	if err != nil {
		t.Fatal(err)
	}
	return handler, log, w, arn, w.LastEvent()
}

func invoke(t *testing.T, handler *app.Handler, payload []byte) guardrail.Outcome {
	t.Helper()
	answer, err := handler.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	var o guardrail.Outcome
	if err := json.Unmarshal(answer, &o); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	return o
}

func TestTheSettingsDecideWhatTheFunctionDoes(t *testing.T) {
	repair := configured(t, repairing)
	for _, row := range []struct {
		name        string
		environment map[string]string
		action      guardrail.Action
		rule        string
		has         string // the key's policy afterwards
	}{
		{"nothing set", nil, guardrail.Reported, "default", `"Principal":"*"`},
		{"repair", map[string]string{app.EnvConfig: repair, app.EnvArchiveBucket: "archive"}, guardrail.Repaired, "strict", ":root"},
		{"the kill switch", map[string]string{app.EnvConfig: repair, app.EnvArchiveBucket: "archive", app.EnvModeMax: "report"}, guardrail.Reported, "strict", `"Principal":"*"`},
		{"the kill switch needs no archive", map[string]string{app.EnvConfig: repair, app.EnvModeMax: "report"}, guardrail.Reported, "strict", `"Principal":"*"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			handler, _, w, arn, event := enforce(t, row.environment)
			o := invoke(t, handler, event)
			if o.Verdict != guardrail.NonCompliant || o.Action != row.action || o.Baseline != row.rule || o.GuardrailVersion != app.Version || o.Time.IsZero() {
				t.Errorf("%+v", o)
			}
			if (o.Archive != "") != (row.action == guardrail.Repaired) {
				t.Errorf("archive %q", o.Archive)
			}
			if got := w.Policy(arn); !strings.Contains(got, row.has) {
				t.Errorf("the key has %s, want %s in it", got, row.has)
			}
		})
	}
}

// An account that is not the function's, and what it says of itself, change nothing else.
func TestTheFunctionHandlesKeysOfItsAccountOnly(t *testing.T) {
	handler, _, _, _, event := enforce(t, map[string]string{app.EnvAccount: "444455556666"})
	if o := invoke(t, handler, event); o.Verdict != guardrail.CannotJudge || o.Findings[0].Code != guardrail.CodeBadEvent {
		t.Errorf("%+v", o)
	}
}

func TestAConfigurationThatRepairsNeedsAnArchive(t *testing.T) {
	settings, err := app.ReadSettings(getenv(map[string]string{app.EnvConfig: configured(t, repairing)}), "")
	if err != nil {
		t.Fatal(err)
	}
	w := guardtest.Start(t, guardtest.Options{})
	handler, err := app.NewEnforceWith(w.Config(w.Guardrail, guardtest.Virginia), settings, slog.New(slog.DiscardHandler))
	if err == nil || handler != nil || !strings.Contains(err.Error(), "nothing is written that was not archived: ARCHIVE_BUCKET must name a bucket") {
		t.Errorf("%v, %v", handler, err)
	}
}

const topicARN = "arn:aws:sns:us-east-1:111122223333:findings"

// startTopic puts an SNS into the environment, which refuses the first calls.
func startTopic(t *testing.T, refused int) *guardtest.Topic {
	t.Helper()
	topic, endpoint := guardtest.StartTopic(t, slices.Repeat([]guardtest.TopicFault{{Status: http.StatusForbidden, Code: "AuthorizationError"}}, refused)...)
	t.Setenv("AWS_ENDPOINT_URL_SNS", endpoint)
	return topic
}

// notifying wires the function from the environment of Lambda, with a topic that refuses the
// first calls, and returns it with its log and the event of a key that another account may use.
func notifying(t *testing.T, from string, refused int) (handler *app.Handler, log *bytes.Buffer, topic *guardtest.Topic, event []byte) {
	t.Helper()
	w := guardtest.Start(t, guardtest.Options{})
	foreign := guardtest.Document(guardtest.ToAccount, guardtest.Allow(`{"AWS":"`+guardtest.Foreign+`"}`, "kms:Decrypt"))
	w.Create(&kms.CreateKeyInput{Policy: &foreign})
	w.SetEnvironment(w.Guardrail, guardtest.Virginia)
	topic = startTopic(t, refused)
	log = &bytes.Buffer{}
	handler, err := app.NewEnforce(t.Context(), getenv(map[string]string{
		app.EnvFindingsTopic: topicARN, app.EnvConfig: configured(t, "version: 1\nbaselines: {strict: {style: api}}\nnotify: {from: "+from+"}\n"),
	}), slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return handler, log, topic, w.LastEvent()
}

func TestPeopleAreToldThroughTheTopicFromTheConfiguredSeverityOn(t *testing.T) {
	for from, want := range map[string]int{"high": 1, "critical": 0} {
		handler, _, topic, event := notifying(t, from, 0)
		o := invoke(t, handler, event)
		published := topic.Published()
		if o.Severity != rules.High || len(published) != want {
			t.Fatalf("from %s: %d messages about %s, want %d: %+v", from, len(published), o.Severity, want, o.Findings)
		}
		if want == 1 {
			if got := published[0].Subject; !strings.HasPrefix(got, "ACTION NEEDED: KMS key ") {
				t.Errorf("subject %q", got)
			}
		}
	}
}

// Nothing is acknowledged that nobody was told of.
func TestAMessageThatTheTopicRefusesIsGivenBackAndTheOthersAreHandled(t *testing.T) {
	handler, log, topic, event := notifying(t, "high", 1)
	answer, err := handler.Invoke(t.Context(), batch(string(event), string(event)))
	if err != nil || string(answer) != `{"batchItemFailures":[{"itemIdentifier":"m0"}]}` || len(topic.Published()) != 1 {
		t.Errorf("%s, %v, %d messages", answer, err, len(topic.Published()))
	}
	if !strings.Contains(log.String(), "given back") || !strings.Contains(log.String(), "AuthorizationError") {
		t.Errorf("log %s", log)
	}
}

func TestAPayloadThatIsNoJSONIsABadEvent(t *testing.T) {
	handler, log, _, _, _ := enforce(t, nil)
	o := invoke(t, handler, []byte("hello"))
	if o.Verdict != guardrail.CannotJudge || o.ActionReason != "malformed-event" || o.Findings[0].Code != guardrail.CodeBadEvent {
		t.Errorf("%+v", o)
	}
	if !strings.Contains(log.String(), "malformed-event") {
		t.Errorf("log %s", log)
	}
}

func TestABadMessageIsAcknowledgedAndTheOthersAreHandled(t *testing.T) {
	handler, _, w, arn, event := enforce(t, map[string]string{app.EnvConfig: configured(t, repairing), app.EnvArchiveBucket: "archive"})
	answer, err := handler.Invoke(t.Context(), batch("hello", "", "{}", string(event)))
	if err != nil || string(answer) != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", answer, err)
	}
	if got := w.Policy(arn); strings.Contains(got, `"*","Action"`) || !strings.Contains(got, ":root") {
		t.Errorf("the key has %s", got)
	}
	flushed, err := handler.Invoke(t.Context(), []byte(`{"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}`))
	if err != nil || string(flushed) != `{"finished":0,"retried":0,"failed":0}` {
		t.Errorf("nothing is left to flush: %s, %v", flushed, err)
	}
}

// NewEnforce reads what Lambda gives a function: credentials, Region and endpoints.
func TestTheEnvironmentOfLambdaIsHonoured(t *testing.T) {
	w := guardtest.Start(t, guardtest.Options{})
	arn := w.CreateIn(guardtest.Ireland, &kms.CreateKeyInput{})
	w.SetEnvironment(w.Guardrail, guardtest.Virginia, "AWS_ENDPOINT_URL_S3="+guardtest.StartBucket(t, nil))
	// The rule of eu-west-1 repairs, so the archive is asked for the key.
	environment := map[string]string{app.EnvConfig: configured(t, repairing), app.EnvArchiveBucket: "archive"}
	handler, err := app.NewEnforce(t.Context(), getenv(environment), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if o := invoke(t, handler, w.LastEvent()); o.Verdict != guardrail.Compliant || o.KeyARN != arn || o.Rule != "there" {
		t.Errorf("%+v", o)
	}
	if handler, err := app.NewEnforce(t.Context(), getenv(map[string]string{app.EnvModeMax: "no"}), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "reading the settings: "+app.EnvModeMax) {
		t.Errorf("%v, %v", handler, err)
	}
	t.Setenv("AWS_RETRY_MODE", "sometimes")
	if handler, err := app.NewEnforce(t.Context(), getenv(nil), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "loading the AWS configuration") {
		t.Errorf("%v, %v", handler, err)
	}
}

// A bucket of a deleted stack may be somebody else's by now. Nothing is written into it.
func TestTheArchiveMustBelongToTheAccountOfTheFunction(t *testing.T) {
	var mu sync.Mutex
	owners := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		owners[r.Header.Get("X-Amz-Expected-Bucket-Owner")]++
		mu.Unlock()
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<Error><Code>AccessDenied</Code></Error>")
	}))
	t.Cleanup(server.Close)
	handler, _, world, arn, event := enforce(t, map[string]string{
		app.EnvConfig: configured(t, repairing), app.EnvArchiveBucket: "archive", app.EnvAccount: "111122223333",
	}, func(o *s3.Options) { o.BaseEndpoint = &server.URL })
	if _, err := handler.Invoke(t.Context(), event); err == nil || !strings.Contains(err.Error(), "AccessDenied") || !strings.Contains(world.Policy(arn), `"Principal":"*"`) {
		t.Errorf("%v", err)
	}
	if len(owners) != 1 || owners["111122223333"] == 0 {
		t.Errorf("the owner that was asked for: %v", owners)
	}
}
