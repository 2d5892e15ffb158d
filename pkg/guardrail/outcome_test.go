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

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

var update = flag.Bool("update", false, "rewrite the golden files from what the code does now")

// fullOutcome has every field set.
func fullOutcome() guardrail.Outcome {
	at := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	policy := document(accountStatement, statement("Allow", everyone, "kms:Decrypt"))
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: policy, Evidence: guardrail.LivePolicy}, api)
	return guardrail.Outcome{
		Schema: "1", Time: at, GuardrailVersion: "v1.2.3", ConfigurationHash: api.Hash(), Mode: api.Mode, Trigger: "event",
		KeyARN: symmetric.ARN, Account: symmetric.Account, Region: symmetric.Region, KeyType: symmetric.Type.String(),
		Aliases: []string{"alias/payments"}, Rule: "default", Baseline: string(api.Style),
		Verdict: j.Verdict, Severity: j.Severity, Evidence: guardrail.LivePolicy, Findings: j.Findings,
		Action: guardrail.Repaired, ActionReason: "proved-difference",
		Actor: &guardrail.Actor{
			ARN: admin, Type: "AssumedRole", SourceIP: "192.0.2.1", UserAgent: "aws-cli", EventID: "e-1", EventTime: at, InvokedBy: "cloudformation.amazonaws.com",
		},
		Before: j.Live.Hash("aws"), After: j.Baseline.Hash("aws"),
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

func TestEverySettingIsPartOfTheConfigurationHash(t *testing.T) {
	hashes := map[string]string{}
	for name, y := range map[string]guardrail.Yardstick{
		"nothing":                       {},
		"mode":                          {Mode: guardrail.Repair},
		"style":                         {Style: defaultpolicy.Console},
		"an administrator":              {Administrators: []string{admin}},
		"a user":                        {Users: []string{admin}},
		"two users":                     {Users: []string{admin, worker}},
		"one user with a blank in it":   {Users: []string{admin + " " + worker}},
		"one user with quotes in it":    {Users: []string{admin + `" "` + worker}},
		"an administrator and one user": {Administrators: []string{admin}, Users: []string{worker}},
	} {
		hash := y.Hash()
		if len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" {
			t.Errorf("%s: %q is not 64 hexadecimal digits", name, hash)
		}
		if other, taken := hashes[hash]; taken {
			t.Errorf("%s and %s have the same hash", name, other)
		}
		if hash != y.Hash() {
			t.Errorf("%s: the hash is not stable", name)
		}
		hashes[hash] = name
	}
}

func TestTheBaselineIsThatOfStyleTypeAndPartition(t *testing.T) {
	for _, row := range []struct {
		key       guardrail.Key
		yardstick guardrail.Yardstick
		want      []string // parts of the text
		wantErr   string
		reason    string
	}{
		{symmetric, api, []string{"key-default-1", "arn:aws:iam::111122223333:root"}, "", "the API default"},
		{key("aws-cn", "cn-north-1", defaultpolicy.KeyType{}), api, []string{"arn:aws-cn:iam::111122223333:root"}, "", "the key's partition"},
		{symmetric, console, []string{"key-consolepolicy-3", admin, worker, "kms:GenerateDataKey*"}, "", "the console default names people"},
		{hmac, console, []string{"kms:GenerateMac"}, "", "the key's type decides what users may do"},
		{guardrail.Key{Account: account, Partition: "aws"}, api, []string{"key-default-1"}, "", "the type may be unknown for the API default"},
		{guardrail.Key{Account: account, Partition: "aws"}, console, nil, "unknown-key-spec", "but not for the console default"},
		{guardrail.Key{Account: foreign, Partition: "aws", Type: symmetric.Type}, console, nil, "invalid-administrator", "an administrator of another account"},
		{symmetric, guardrail.Yardstick{}, nil, "unknown-style", "a yardstick that nobody filled in"},
	} {
		d, err := row.yardstick.Baseline(row.key)
		if row.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), row.wantErr) {
				t.Errorf("%s: error %v, want %s", row.reason, err, row.wantErr)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.reason, err)
			continue
		}
		for _, part := range row.want {
			if !strings.Contains(d.Text(), part) {
				t.Errorf("%s: %s is not in\n%s", row.reason, part, d.Text())
			}
		}
	}
}
