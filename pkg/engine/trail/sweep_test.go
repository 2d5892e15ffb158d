package trail_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

const (
	sweptARN  = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	sweptHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
)

var swept = trail.SweptKey{
	KeyARN: sweptARN, SweepID: "20261109T030000Z", Time: time.Date(2026, 11, 9, 3, 0, 0, 0, time.UTC), ConfigurationHash: sweptHash,
}

// What a sweep sends is what the function on the other end of the queue reads.
func TestASweptKeyIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.SampledFrom([][2]string{{"aws", "us-west-2"}, {"aws-cn", "cn-north-1"}, {"aws-us-gov", "us-gov-west-1"}, {"aws-eusc", "eusc-de-east-1"}}).Draw(t, "place")
		account := rapid.StringMatching(`[0-9]{12}`).Draw(t, "account")
		id := rapid.StringMatching(`[A-Za-z0-9-]{1,128}`).Draw(t, "key id")
		s := trail.SweptKey{
			KeyARN:            "arn:" + place[0] + ":kms:" + place[1] + ":" + account + ":key/" + id,
			SweepID:           rapid.StringMatching(`[A-Za-z0-9-]{1,64}`).Draw(t, "sweep"),
			Time:              time.Unix(rapid.Int64Range(0, 1<<34).Draw(t, "time"), rapid.Int64Range(0, 1e9-1).Draw(t, "nanoseconds")),
			ConfigurationHash: rapid.StringMatching(`([0-9a-f]{64})?`).Draw(t, "configuration"),
		}
		text, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := trail.Decode(text)
		want := trail.Event{
			ID: s.SweepID + "-" + id, Name: "Sweep", Time: s.Time.UTC().Truncate(time.Second), EventRegion: place[1],
			Account: account, Region: place[1], Partition: place[0], KeyARN: s.KeyARN,
			ParametersOmitted: true, SweepID: s.SweepID, SweptConfiguration: s.ConfigurationHash,
		}
		want.Actor = trail.Actor{EventID: want.ID, EventTime: want.Time}
		if err != nil || got != want {
			t.Fatalf("%s\nis read as %+v, %v\nwant %+v", text, got, err, want)
		}
	})
}

func TestASweptKeyThatCannotBeReadIsNotWritten(t *testing.T) {
	for _, row := range []struct {
		change func(*trail.SweptKey)
		want   trail.Code
		reason string
	}{
		{func(s *trail.SweptKey) { s.KeyARN = "" }, trail.CodeNoKey, "there is no key"},
		{func(s *trail.SweptKey) { s.KeyARN = strings.Replace(s.KeyARN, "key/", "alias/", 1) }, trail.CodeKeyReference, "an alias is no key"},
		{func(s *trail.SweptKey) { s.KeyARN = strings.Replace(s.KeyARN, "us-west-2", "us-iso-west-1", 1) }, trail.CodePartition, "never tried there"},
		{func(s *trail.SweptKey) { s.SweepID = "" }, trail.CodeMalformed, "duplicates could not be told"},
		{func(s *trail.SweptKey) { s.SweepID = "a/b" }, trail.CodeMalformed, "a slash is in no id"},
		{func(s *trail.SweptKey) { s.SweepID = strings.Repeat("a", 65) }, trail.CodeMalformed, "it is too long"},
		{func(s *trail.SweptKey) { s.ConfigurationHash = strings.ToUpper(sweptHash) }, trail.CodeMalformed, "hashes are in lower case, so that equal ones are the same text"},
		{func(s *trail.SweptKey) { s.ConfigurationHash = sweptHash[1:] }, trail.CodeMalformed, "it is too short"},
	} {
		s := swept
		row.change(&s)
		text, err := s.Encode()
		var refusal *trail.Error
		if text != nil || !errors.As(err, &refusal) || refusal.Code != row.want {
			t.Errorf("%+v: %s, %v; want %s, because %s", s, text, err, row.want, row.reason)
		}
	}
}

// Whatever else a message claims, a sweep is nobody's call and tells of no policy.
func TestASweptKeyHasNoActorAndNoPolicy(t *testing.T) {
	text, err := swept.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var envelope map[string]any
	if err := json.Unmarshal(text, &envelope); err != nil {
		t.Fatal(err)
	}
	detail := envelope["detail"].(map[string]any)
	detail["userIdentity"] = map[string]any{"arn": "arn:aws:iam::111122223333:root"}
	detail["requestParameters"] = map[string]any{"policy": "{}", "bypassPolicyLockoutSafetyCheck": true}
	if text, err = json.Marshal(envelope); err != nil {
		t.Fatal(err)
	}
	got, err := trail.Decode(text)
	if err != nil || got.Actor.ARN != "" || got.PolicyText != "" || got.BypassLockoutCheck {
		t.Errorf("%+v, %v", got, err)
	}
}
