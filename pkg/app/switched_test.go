package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
)

// text is a kill switch that a test changes.
type text struct {
	says    string
	changed time.Time
	err     error
}

func (p *text) Read(context.Context) (string, time.Time, error) { return p.says, p.changed, p.err }

// TestTheKillSwitchStopsRepairsWithinAMinute pauses and resumes between events of one key.
func TestTheKillSwitchStopsRepairsWithinAMinute(t *testing.T) {
	w := guardtest.Start(t, guardtest.Options{})
	arn := w.Create(&kms.CreateKeyInput{Policy: &open})
	settings, err := app.ReadSettings(getenv(map[string]string{app.EnvConfig: configured(t, repairing), app.EnvArchiveBucket: "archive", app.EnvFindingsTopic: topicARN}), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	bucket := guardtest.StartBucket(t, nil)
	topic, endpoint := guardtest.StartTopic(t)
	config := w.Config(w.Guardrail, guardtest.Virginia)
	config.ServiceOptions = append(config.ServiceOptions, func(_ string, o any) {
		if o, ok := o.(*sns.Options); ok {
			o.BaseEndpoint = &endpoint
		}
	})
	now := time.Now()
	parameter := &text{says: `{"mode":"report","by":"arn:aws:iam::111122223333:role/oncall","why":"<b>migration</b>"}`, changed: now}
	var log bytes.Buffer
	handler, err := app.NewSwitched(config, settings, slog.New(slog.NewJSONHandler(&log, nil)), parameter, func() time.Time { return now },
		func(o *s3.Options) { o.BaseEndpoint = &bucket })
	if err != nil {
		t.Fatal(err)
	}
	flush := func() {
		t.Helper()
		if _, err := handler.Invoke(t.Context(), []byte(`{"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}`)); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		after  time.Duration
		says   string
		err    error
		want   guardrail.Action
		reason string
	}{
		{0, parameter.says, nil, guardrail.Reported, "it is paused"},
		{30 * time.Second, `{"mode":"repair"}`, nil, guardrail.Reported, "the switch was read half a minute ago"},
		{time.Minute, `{"mode":"repair"}`, nil, guardrail.Repaired, "it was resumed"},
		{time.Minute, `{"mode":"repair"`, nil, guardrail.Reported, "the text is none"},
		{time.Minute, "", errors.New("AccessDeniedException"), guardrail.Reported, "the text that was read last is none"},
	} {
		now = now.Add(step.after)
		parameter.says, parameter.err = step.says, step.err
		w.Put(arn, open)
		if o := invoke(t, handler, guardtest.PutEvent(arn, open, now)); o.Action != step.want {
			t.Errorf("%s %s, want %s: %s", o.Action, o.ActionReason, step.want, step.reason)
		}
	}
	before := len(topic.Published())
	parameter.says, parameter.err, parameter.changed = `{"mode":"report","by":"arn:aws:iam::111122223333:role/oncall","why":"<b>migration</b>"}`, nil, now
	for range 3 {
		flush()
		now = now.Add(20 * time.Second)
	}
	told := topic.Published()[before:]
	if len(told) != 1 || !strings.Contains(told[0].Texts["email"], "All repairs were paused by arn:aws:iam::111122223333:role/oncall until further notice") || strings.Contains(told[0].Texts["email"], "<b>") {
		t.Errorf("told %+v", told)
	}
}
