package cli

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/killswitch"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/parameterstore"
)

func TestPauseAndResumeWriteTheKillSwitch(t *testing.T) {
	h := newHome(t)
	store := parameterstore.New(time.Now)
	server := httptest.NewServer(store)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", h.endpoint[1]) // for STS
	t.Setenv("AWS_ENDPOINT_URL_SSM", server.URL)
	t.Setenv("AWS_REGION", "us-east-1")

	kmsguard(t, "", "pause", "--why", "migration").check(t, exitError, "", "there is no parameter /kms-guardrail/mode-max in us-east-1: name the Region of the deployment with --region")
	store.Set(app.DefaultModeParameter, `{"mode":"repair"}`)
	kmsguard(t, "", "pause").check(t, exitError, "", "--why is required")
	kmsguard(t, "", "pause", "--why", " ").check(t, exitError, "", "--why is required")
	kmsguard(t, "", "pause", "--why", "x", "--for", "1000h").check(t, exitError, "", "--for: 1000h0m0s is not a time up to 720h0m0s")
	kmsguard(t, "", "pause", "--why", "x", "--for", "-1h").check(t, exitError, "", "--for: -1h0m0s is not a time")
	kmsguard(t, "", "pause", "--why", strings.Repeat("x", 501)).check(t, exitError, "", "--why: at most 500 characters")
	if store.Value(app.DefaultModeParameter) != `{"mode":"repair"}` {
		t.Errorf("bad input wrote %s", store.Value(app.DefaultModeParameter))
	}

	kmsguard(t, "", "pause", "--why", "migration").check(t, exitFine, "Within a minute nothing is repaired any more, until: kmsguard resume\n", "")
	s, err := killswitch.Parse(store.Value(app.DefaultModeParameter))
	if err != nil || s.Mode != rules.Report || s.Why != "migration" || !strings.Contains(s.By, "Owner") || !s.Until.IsZero() || time.Since(s.At) > time.Minute {
		t.Errorf("%+v, %v", s, err)
	}
	kmsguard(t, "", "pause", "--why", "migration", "--for", "4h", "--output", "jsonl").check(t, exitFine, `{"mode":"report","by":"`, "")
	if s, err := killswitch.Parse(store.Value(app.DefaultModeParameter)); err != nil || time.Until(s.Until) > 4*time.Hour || time.Until(s.Until) < 3*time.Hour {
		t.Errorf("%+v, %v", s, err)
	}
	kmsguard(t, "", "resume").check(t, exitFine, "Repairs go on within a minute.\n", "")
	if s, err := killswitch.Parse(store.Value(app.DefaultModeParameter)); err != nil || s.Mode != rules.Repair {
		t.Errorf("%+v, %v", s, err)
	}
	store.Set("/other", `{"mode":"repair"}`)
	kmsguard(t, "", "pause", "--why", "x", "--parameter", "/other").check(t, exitFine, "Within a minute", "")
	if !strings.Contains(store.Value("/other"), `"report"`) {
		t.Errorf("%s", store.Value("/other"))
	}
}
