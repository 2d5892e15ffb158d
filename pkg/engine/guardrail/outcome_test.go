package guardrail_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

var update = flag.Bool("update", false, "rewrite the golden files from what the code does now")

// fullOutcome has every field set.
func fullOutcome() guardrail.Outcome {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	policy := document(accountStatement, statement("Allow", everyone, "kms:Decrypt"))
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: policy, Evidence: guardrail.LivePolicy}, api, now)
	reset, err := j.Limits.ResetDocument()
	if err != nil {
		panic(err)
	}
	return guardrail.Outcome{
		Schema: "1", Time: at, GuardrailVersion: "v1.2.3", ConfigurationHash: api.Hash(), Mode: api.Mode, Trigger: guardrail.ByEvent,
		KeyARN: symmetric.ARN, Account: symmetric.Account, Region: symmetric.Region, KeyType: symmetric.Type.String(),
		Aliases: []string{"alias/payments"}, Rule: "default", Baseline: "default",
		Verdict: j.Verdict, Severity: j.Severity, Evidence: guardrail.LivePolicy, Findings: j.Findings,
		Action: guardrail.Repaired, ActionReason: "proved-difference",
		Actor: &guardrail.Actor{
			ARN: admin, Type: "AssumedRole", SourceIP: "192.0.2.1", UserAgent: "aws-cli", EventID: "e-1", EventTime: at, InvokedBy: "cloudformation.amazonaws.com",
		},
		Before: j.Live.Hash("aws"), After: reset.Hash("aws"),
	}
}

func TestTheJSONOfAnOutcomeIsThePublicContract(t *testing.T) {
	empty := guardrail.Outcome{Aliases: []string{}, Findings: []guardrail.Finding{}}
	for name, outcome := range map[string]guardrail.Outcome{"outcome-full": fullOutcome(), "outcome-empty": empty} {
		text, err := json.MarshalIndent(outcome, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(file, append(text, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(bytes.TrimSpace(golden)), string(text)); diff != "" {
			t.Errorf("%s (-update rewrites it; a changed or removed field breaks users):\n%s", file, diff)
		}
	}
}

// The names that the contract promises. A script that reads them must find them.
func TestAnOutcomeHasTheFieldsOfTheContract(t *testing.T) {
	always := strings.Fields(`schema time guardrailVersion configurationHash mode trigger keyArn account region keyType
		aliases rule baseline verdict severity evidence findings action actionReason before`)
	atTimes := strings.Fields(`actor after`)
	finding := strings.Fields(`id code severity message statement witness`)
	actor := strings.Fields(`arn type sourceIp userAgent eventId eventTime invokedBy`)

	full := fields(t, fullOutcome())
	wantFields(t, "outcome", full, append(always, atTimes...))
	wantFields(t, "outcome without anything", fields(t, guardrail.Outcome{}), always)
	var findings []map[string]json.RawMessage
	if err := json.Unmarshal(full["findings"], &findings); err != nil {
		t.Fatal(err)
	}
	wantFields(t, "finding", findings[0], finding)
	var who map[string]json.RawMessage
	if err := json.Unmarshal(full["actor"], &who); err != nil {
		t.Fatal(err)
	}
	wantFields(t, "actor", who, actor)
	wantFields(t, "finding without a witness", fields(t, guardrail.Finding{}), strings.Fields("id code severity message statement"))
	wantFields(t, "actor of whom nothing is known", fields(t, guardrail.Actor{}), actor)
}

func fields(t *testing.T, v any) map[string]json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func wantFields(t *testing.T, what string, got map[string]json.RawMessage, want []string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("%s (-contract +got):\n%s", what, diff)
	}
}
