package app_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
)

// sweepTwice runs two sweeps under a new configuration that repairs, of an account with one
// open key, with a topic that refuses the first calls. It returns what was published, and the log.
func sweepTwice(t *testing.T, refused int) (published []guardtest.Published, log string) {
	t.Helper()
	w := guardtest.Start(t, guardtest.Options{})
	w.Create(&kms.CreateKeyInput{Policy: &open})
	_, queue := guardtest.StartQueue(t, nil)
	w.SetEnvironment(w.Admin, guardtest.Virginia, "AWS_ENDPOINT_URL_S3="+guardtest.StartBucket(t, nil), "AWS_ENDPOINT_URL_SQS="+queue)
	topic := startTopic(t, refused)
	var lines bytes.Buffer
	handler, err := app.NewSweep(t.Context(), getenv(map[string]string{
		app.EnvFindingsTopic: topicARN, app.EnvConfig: configured(t, repairing+"repair: {sweep: true}\n"), app.EnvArchiveBucket: guardtest.Bucket,
		app.EnvAccount: guardtest.Account, app.EnvKeysQueue: guardtest.QueueURL,
	}), slog.New(slog.NewJSONHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := handler.Invoke(t.Context(), []byte(`{"source":"kms-guardrail","detail-type":"KMS Guardrail Sweep"}`)); err != nil {
			t.Fatal(err)
		}
	}
	return topic.Published(), lines.String()
}

// The next sweep repairs: who changed the configuration by mistake must hear of it before.
func TestPeopleAreToldOfTheFirstSweepUnderAConfigurationOnly(t *testing.T) {
	published, log := sweepTwice(t, 0)
	if len(published) != 1 || published[0].Subject != "[info] KMS keys of 111122223333 in us-east-1: 1 would be repaired" {
		t.Fatalf("%+v\n%s", published, log)
	}
	if text := published[0].Texts["email"]; !strings.Contains(text, "non-compliant   1\n") || !strings.Contains(text, "The next sweep repairs 1 keys.") || strings.Contains(text, "not complete") {
		t.Error(text)
	}
	if !strings.Contains(published[0].Texts["default"], `"wouldRepair":1`) {
		t.Error(published[0].Texts["default"])
	}
}

func TestATopicThatASweepMayNotUseBlocksNothing(t *testing.T) {
	if published, log := sweepTwice(t, 10); len(published) != 0 || !strings.Contains(log, "reporter failed") || strings.Count(log, `"swept"`) != 2 {
		t.Errorf("%+v\n%s", published, log)
	}
}
