package app_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/messagequeue"
)

// sweepTwice runs two sweeps under a new configuration that repairs, of an account with one
// open key, with a topic that is closed or not. It returns what was published, and the log.
func sweepTwice(t *testing.T, closed bool) (texts []map[string]string, subjects []string, log string) {
	t.Helper()
	cloud := localaws.Start(localaws.Options{Seed: 1})
	t.Cleanup(cloud.Close)
	role := cloud.AddAccount("111122223333", localaws.AccountOptions{}).AddRole("Sweep", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	public := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`
	if _, err := kms.NewFromConfig(cloud.Config(role, "us-east-1")).CreateKey(t.Context(), &kms.CreateKeyInput{Policy: &public}); err != nil {
		t.Fatal(err)
	}
	queue := httptest.NewServer(messagequeue.New(messagequeue.Options{}))
	t.Cleanup(queue.Close)
	for _, variable := range append(cloud.Environment(role, "us-east-1"), "AWS_ENDPOINT_URL_S3="+bucket(t), "AWS_ENDPOINT_URL_SQS="+queue.URL) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	arn, told := topic(t, closed)
	var lines bytes.Buffer
	handler, err := app.NewSweep(t.Context(), getenv(map[string]string{
		app.EnvFindingsTopic: arn, app.EnvConfig: configured(t, repairing+"repair: {sweep: true}\n"), app.EnvArchiveBucket: "archive",
		app.EnvAccount: "111122223333", app.EnvKeysQueue: "https://sqs.us-east-1.amazonaws.com/111122223333/keys",
	}), slog.New(slog.NewJSONHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := handler.Invoke(t.Context(), []byte(`{"source":"kms-guardrail","detail-type":"KMS Guardrail Sweep"}`)); err != nil {
			t.Fatal(err)
		}
	}
	for len(told) > 0 {
		form := <-told
		var forms map[string]string
		if err := json.Unmarshal([]byte(form.Get("Message")), &forms); err != nil {
			t.Fatal(err)
		}
		texts, subjects = append(texts, forms), append(subjects, form.Get("Subject"))
	}
	return texts, subjects, lines.String()
}

// The next sweep repairs: who changed the configuration by mistake must hear of it before.
func TestPeopleAreToldOfTheFirstSweepUnderAConfigurationOnly(t *testing.T) {
	texts, subjects, log := sweepTwice(t, false)
	if len(texts) != 1 || subjects[0] != "[info] KMS keys of 111122223333 in us-east-1: 1 would be repaired" {
		t.Fatalf("%q\n%s", subjects, log)
	}
	if text := texts[0]["email"]; !strings.Contains(text, "non-compliant   1\n") || !strings.Contains(text, "The next sweep repairs 1 keys.") || strings.Contains(text, "not complete") {
		t.Error(text)
	}
	if !strings.Contains(texts[0]["default"], `"wouldRepair":1`) {
		t.Error(texts[0]["default"])
	}
}

func TestATopicThatASweepMayNotUseBlocksNothing(t *testing.T) {
	if texts, _, log := sweepTwice(t, true); len(texts) != 0 || !strings.Contains(log, "reporter failed") || strings.Count(log, `"swept"`) != 2 {
		t.Errorf("%q\n%s", texts, log)
	}
}
