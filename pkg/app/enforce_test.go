package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// bucket returns the endpoint of an S3 that has a bucket named archive.
func bucket(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(objectstore.New(objectstore.Options{Buckets: []string{"archive"}, Versioned: true, ObjectLock: true}))
	t.Cleanup(server.Close)
	return server.URL
}

// enforce wires the function in a new world on embedded AWS and returns it with its log, a
// key that is open to everyone, and that key's event.
func enforce(t *testing.T, environment map[string]string, with ...func(*s3.Options)) (handler *app.Handler, log *bytes.Buffer, client *kms.Client, arn string, event []byte) {
	t.Helper()
	cloud := localaws.Start(localaws.Options{Seed: 1})
	t.Cleanup(cloud.Close)
	account := cloud.AddAccount("111122223333", localaws.AccountOptions{})
	role := account.AddRole("Admin", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	client = kms.NewFromConfig(cloud.Config(role, "us-east-1"))
	public := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`
	out, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &public})
	if err != nil {
		t.Fatal(err)
	}
	log = &bytes.Buffer{}
	settings, err := app.ReadSettings(getenv(environment), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	endpoint := bucket(t)
	handler, err = app.NewEnforceWith(cloud.Config(role, "us-east-1"), settings, slog.New(slog.NewJSONHandler(log, nil)),
		append([]func(*s3.Options){func(o *s3.Options) { o.BaseEndpoint = &endpoint }}, with...)...)
	if err != nil {
		t.Fatal(err)
	}
	return handler, log, client, *out.KeyMetadata.Arn, cloud.Events()[0]
}

func policyOf(t *testing.T, client *kms.Client, arn string) string {
	t.Helper()
	out, err := client.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: &arn})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Policy
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
			handler, _, client, arn, event := enforce(t, row.environment)
			o := invoke(t, handler, event)
			if o.Verdict != guardrail.NonCompliant || o.Action != row.action || o.Baseline != row.rule || o.GuardrailVersion != app.Version || o.Time.IsZero() {
				t.Errorf("%+v", o)
			}
			if (o.Archive != "") != (row.action == guardrail.Repaired) {
				t.Errorf("archive %q", o.Archive)
			}
			if got := policyOf(t, client, arn); !strings.Contains(got, row.has) {
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
	cloud := localaws.Start(localaws.Options{})
	t.Cleanup(cloud.Close)
	handler, err := app.NewEnforceWith(cloud.Config(localaws.Identity{}, "us-east-1"), settings, slog.New(slog.DiscardHandler))
	if err == nil || handler != nil || !strings.Contains(err.Error(), "nothing is written that was not archived: ARCHIVE_BUCKET must name a bucket") {
		t.Errorf("%v, %v", handler, err)
	}
}

// topic is an SNS that keeps what is published, and refuses everything if it is closed.
func topic(t *testing.T, closed bool) (arn string, told chan url.Values) {
	t.Helper()
	told = make(chan url.Values, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || closed {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>AuthorizationError</Code><Message>not you</Message></Error></ErrorResponse>`)
			return
		}
		told <- r.PostForm
		_, _ = io.WriteString(w, `<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>`)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_SNS", server.URL)
	return "arn:aws:sns:us-east-1:111122223333:findings", told
}

// notifying wires the function from the environment of Lambda, with a topic that is closed
// or not, and returns it with its log and the event of a key that is open to everyone.
func notifying(t *testing.T, from string, closed bool) (handler *app.Handler, log *bytes.Buffer, told chan url.Values, event []byte) {
	t.Helper()
	cloud := localaws.Start(localaws.Options{Seed: 1})
	t.Cleanup(cloud.Close)
	cloud.AddAccount("444455556666", localaws.AccountOptions{})
	account := cloud.AddAccount("111122223333", localaws.AccountOptions{})
	role := account.AddRole("Guardrail", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	foreign := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::444455556666:root"]},"Action":"kms:*","Resource":"*"}]}`
	if _, err := kms.NewFromConfig(cloud.Config(role, "us-east-1")).CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &foreign}); err != nil {
		t.Fatal(err)
	}
	for _, variable := range cloud.Environment(role, "us-east-1") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	arn, told := topic(t, closed)
	log = &bytes.Buffer{}
	handler, err := app.NewEnforce(t.Context(), getenv(map[string]string{
		app.EnvFindingsTopic: arn, app.EnvConfig: configured(t, "version: 1\nbaselines: {strict: {style: api}}\nnotify: {from: "+from+"}\n"),
	}), slog.New(slog.NewJSONHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return handler, log, told, cloud.Events()[0]
}

func TestPeopleAreToldThroughTheTopicFromTheConfiguredSeverityOn(t *testing.T) {
	for from, want := range map[string]int{"high": 1, "critical": 0} {
		handler, _, told, event := notifying(t, from, false)
		o := invoke(t, handler, event)
		if o.Severity != guardrail.High || len(told) != want {
			t.Fatalf("from %s: %d messages about %s, want %d", from, len(told), o.Severity, want)
		}
		if want == 1 {
			if got := (<-told).Get("Subject"); !strings.HasPrefix(got, "[high] KMS key ") {
				t.Errorf("subject %q", got)
			}
		}
	}
}

func TestATopicThatTheFunctionMayNotUseBlocksNothing(t *testing.T) {
	handler, log, _, event := notifying(t, "high", true)
	if o := invoke(t, handler, event); o.Action != guardrail.Reported {
		t.Errorf("%+v", o)
	}
	if !strings.Contains(log.String(), "reporter failed") || !strings.Contains(log.String(), "AuthorizationError") {
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
	handler, _, client, arn, event := enforce(t, map[string]string{app.EnvConfig: configured(t, repairing), app.EnvArchiveBucket: "archive"})
	answer, err := handler.Invoke(t.Context(), batch("hello", "", "{}", string(event)))
	if err != nil || string(answer) != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", answer, err)
	}
	if got := policyOf(t, client, arn); strings.Contains(got, `"*","Action"`) || !strings.Contains(got, ":root") {
		t.Errorf("the key has %s", got)
	}
	flushed, err := handler.Invoke(t.Context(), []byte(`{"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}`))
	if err != nil || string(flushed) != `{"finished":0,"retried":0,"failed":0}` {
		t.Errorf("nothing is left to flush: %s, %v", flushed, err)
	}
}

// NewEnforce reads what Lambda gives a function: credentials, Region and endpoints.
func TestTheEnvironmentOfLambdaIsHonoured(t *testing.T) {
	cloud := localaws.Start(localaws.Options{Seed: 1})
	t.Cleanup(cloud.Close)
	account := cloud.AddAccount("111122223333", localaws.AccountOptions{})
	role := account.AddRole("Guardrail", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	out, err := kms.NewFromConfig(cloud.Config(role, "eu-west-1")).CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range append(cloud.Environment(role, "us-east-1"), "AWS_ENDPOINT_URL_S3="+bucket(t)) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	// The rule of eu-west-1 repairs, so the archive is asked for the key.
	environment := map[string]string{app.EnvConfig: configured(t, repairing), app.EnvArchiveBucket: "archive"}
	handler, err := app.NewEnforce(t.Context(), getenv(environment), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if o := invoke(t, handler, cloud.Events()[0]); o.Verdict != guardrail.Compliant || o.KeyARN != *out.KeyMetadata.Arn || o.Rule != "there" {
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
	handler, _, client, arn, event := enforce(t, map[string]string{
		app.EnvConfig: configured(t, repairing), app.EnvArchiveBucket: "archive", app.EnvAccount: "111122223333",
	}, func(o *s3.Options) { o.BaseEndpoint = &server.URL })
	o := invoke(t, handler, event)
	if o.ActionReason != "archive-unusable" || !strings.Contains(policyOf(t, client, arn), `"Principal":"*"`) {
		t.Errorf("%s, %s", o.Action, o.ActionReason)
	}
	if len(owners) != 1 || owners["111122223333"] == 0 {
		t.Errorf("the owner that was asked for: %v", owners)
	}
}
