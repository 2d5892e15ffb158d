package main

import (
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/lambdahost"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/parameterstore"
)

// TestTheBuiltFunctionObeysTheKillSwitch starts the binary once for each text of the parameter.
func TestTheBuiltFunctionObeysTheKillSwitch(t *testing.T) {
	for _, row := range []struct {
		says   string // "" for no parameter
		want   guardrail.Action
		reason string
	}{
		{`{"mode":"repair"}`, guardrail.Repaired, "nothing is lowered"},
		{`{"mode":"report","why":"migration"}`, guardrail.Reported, "it is paused"},
		{`{"mode":"off"}`, guardrail.Reported, "what cannot be understood lowers"},
		{"", guardrail.Reported, "what was never read lowers"},
	} {
		w := newWorld(t, lambdahost.Options{})
		store := parameterstore.New(time.Now)
		server := httptest.NewServer(store)
		t.Cleanup(server.Close)
		if row.says != "" {
			store.Set(app.DefaultModeParameter, row.says)
		}
		w.start(t, append(w.consoleSettings(), app.EnvModeParameter+"="+app.DefaultModeParameter, "AWS_ENDPOINT_URL_SSM="+server.URL)...)
		_, event := w.create(&kms.CreateKeyInput{Policy: aws.String(public)})
		for range 2 {
			answer, err := w.host.Invoke(t.Context(), event)
			if err != nil {
				t.Fatal(err)
			}
			var o guardrail.Outcome
			if err := json.Unmarshal(answer, &o); err != nil || o.Action != row.want && o.Verdict != guardrail.Compliant {
				t.Errorf("%v %s %s, want %s: %s", err, o.Action, o.ActionReason, row.want, row.reason)
			}
		}
		if (len(w.writes()) > 0) != (row.want == guardrail.Repaired) {
			t.Errorf("%v writes: %s", w.writes(), row.reason)
		}
		if store.Reads() != 1 {
			t.Errorf("%d reads within a minute, want one", store.Reads())
		}
	}
}
