package app_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/localaws"
)

// enforce wires the function in a new world on embedded AWS and returns it with its log, a
// key that is open to everyone, and that key's event.
func enforce(t *testing.T, environment map[string]string) (handler *app.Handler, log *bytes.Buffer, client *kms.Client, arn string, event []byte) {
	t.Helper()
	cloud := localaws.Start(localaws.Options{Seed: 1})
	t.Cleanup(cloud.Close)
	account := cloud.AddAccount("111122223333", localaws.AccountOptions{})
	role := account.AddRole("Admin", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	client = kms.NewFromConfig(cloud.Config(role, "us-east-1"))
	public := `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`
	out, err := client.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &public})
	if err != nil {
		t.Fatal(err)
	}
	log = &bytes.Buffer{}
	handler, err = app.NewEnforceWith(cloud.Config(role, "us-east-1"), getenv(environment), slog.New(slog.NewJSONHandler(log, nil)))
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
	for _, row := range []struct {
		name        string
		environment map[string]string
		action      guardrail.Action
		has         string // the key's policy afterwards
	}{
		{"nothing set", nil, guardrail.Reported, `"Principal":"*"`},
		{"report", map[string]string{app.EnvMode: "report"}, guardrail.Reported, `"Principal":"*"`},
		{"repair", map[string]string{app.EnvMode: "repair"}, guardrail.Repaired, "key-default-1"},
		{"repair to the console default", map[string]string{app.EnvMode: "repair", app.EnvStyle: "console", app.EnvAdministrators: admin}, guardrail.Repaired, "Allow access for Key Administrators"},
	} {
		t.Run(row.name, func(t *testing.T) {
			handler, _, client, arn, event := enforce(t, row.environment)
			o := invoke(t, handler, event)
			if o.Verdict != guardrail.NonCompliant || o.Action != row.action || o.GuardrailVersion != app.Version || o.Time.IsZero() {
				t.Errorf("%+v", o)
			}
			if got := policyOf(t, client, arn); !strings.Contains(got, row.has) {
				t.Errorf("the key has %s, want %s in it", got, row.has)
			}
		})
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
	handler, _, client, arn, event := enforce(t, map[string]string{app.EnvMode: "repair"})
	answer, err := handler.Invoke(t.Context(), batch("hello", "", "{}", string(event)))
	if err != nil || string(answer) != `{"batchItemFailures":[]}` {
		t.Errorf("%s, %v", answer, err)
	}
	if got := policyOf(t, client, arn); !strings.Contains(got, "key-default-1") {
		t.Errorf("the key has %s", got)
	}
}

// NewEnforce reads what Lambda gives a function: credentials, Region and endpoint.
func TestTheEnvironmentOfLambdaIsHonoured(t *testing.T) {
	cloud := localaws.Start(localaws.Options{Seed: 1})
	t.Cleanup(cloud.Close)
	account := cloud.AddAccount("111122223333", localaws.AccountOptions{})
	role := account.AddRole("Guardrail", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	out, err := kms.NewFromConfig(cloud.Config(role, "eu-west-1")).CreateKey(t.Context(), &kms.CreateKeyInput{})
	if err != nil {
		t.Fatal(err)
	}
	for _, variable := range cloud.Environment(role, "us-east-1") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	handler, err := app.NewEnforce(t.Context(), getenv(nil), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if o := invoke(t, handler, cloud.Events()[0]); o.Verdict != guardrail.Compliant || o.KeyARN != *out.KeyMetadata.Arn {
		t.Errorf("%+v", o)
	}
	t.Setenv("AWS_RETRY_MODE", "sometimes")
	if handler, err := app.NewEnforce(t.Context(), getenv(nil), slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "loading the AWS configuration") {
		t.Errorf("%v, %v", handler, err)
	}
}
