package trail_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// edited returns a sample with the first old replaced by new.
func edited(t testing.TB, sample, old, replacement string) []byte {
	t.Helper()
	content, err := events.Read(sample)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(content), old, replacement, 1)
	if changed == string(content) {
		t.Fatalf("%s has no %s", sample, old)
	}
	return []byte(changed)
}

func wantCode(t *testing.T, raw []byte, want trail.Code) {
	t.Helper()
	_, err := trail.Decode(raw)
	var refusal *trail.Error
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

const (
	keyARN   = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	otherARN = "arn:aws:kms:us-west-2:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
)

// encoding/json takes "KEYID" for keyId, and of two spellings the last. Whoever can put
// a member of his own beside AWS's must not be able to swap the key or hide a failure.
func TestMembersAreFoundByTheirExactNameOnly(t *testing.T) {
	rows := []struct{ member, reason string }{
		{`"KEYID": "0987dcba-09fe-87dc-65ba-ab0987654321"`, "another key under requestParameters"},
		{`"KeyId": "0987dcba-09fe-87dc-65ba-ab0987654321"`, "as the KMS API spells it"},
		{`"Policy": "{}"`, "another policy"},
		{`"BypassPolicyLockoutSafetyCheck": true`, "another flag"},
	}
	want, err := trail.Decode(edited(t, "put-key-policy-by-id", `"policyName"`, `"PolicyName"`))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		got, err := trail.Decode(edited(t, "put-key-policy-by-id", `"policyName"`, row.member+`, "policyName"`))
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want the event unchanged: %s", row.member, got, err, row.reason)
		}
	}
	got, err := trail.Decode(edited(t, "put-key-policy-by-id", `"requestID"`, `"ERRORCODE": "AccessDenied", "requestID"`))
	if err != nil || got.Ignored != "" {
		t.Errorf("a member ERRORCODE made it %q, %v", got.Ignored, err)
	}
}

func TestTheSameMemberTwiceIsRefusedWhereverItStands(t *testing.T) {
	rows := []struct{ old, new, reason string }{
		{`"source": "aws.kms"`, `"source": "aws.kms", "source": "aws.kms"`, "even with equal values"},
		{`"policyName"`, `"keyId": "x", "policyName"`, "keyId"},
		{`"policyName"`, `"key\u0049d": "x", "policyName"`, "keyId behind an escape"},
		{`"userName"`, `"unread": {"a": 1, "a": 2}, "userName"`, "in a member that nobody reads"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			wantCode(t, edited(t, "put-key-policy-by-id", row.old, row.new), trail.CodeMalformed)
		})
	}
}

// A wrong type reads as empty inside; nothing may be concluded from that.
func TestAWrongTypeIsRefusedBeforeAnythingIsConcludedFromIt(t *testing.T) {
	rows := []struct{ old, new, reason string }{
		{`"requestID"`, `"errorCode": {"code": "AccessDenied"}, "requestID"`, "not a call without error"},
		{`"eventName": "PutKeyPolicy"`, `"eventName": ["PutKeyPolicy"]`, "not a record without name"},
		{`"eventType": "AwsApiCall"`, `"eventType": 1`, "not a record without type"},
		{`"source": "aws.kms"`, `"source": ["aws.kms"]`, "not an event without source"},
		{`"type": "AWS::KMS::Key"`, `"type": null, "ARN2": 1, "accountId2": {}`, "(control: members that nobody reads may be anything)"},
	}
	for _, row := range rows {
		raw := edited(t, "put-key-policy-by-id", row.old, row.new)
		if strings.HasPrefix(row.reason, "(control") {
			if _, err := trail.Decode(raw); err != nil {
				t.Errorf("%s: %v", row.reason, err)
			}
			continue
		}
		t.Run(row.reason, func(t *testing.T) { wantCode(t, raw, trail.CodeMalformed) })
	}
}

func TestAFailedCallIsOneWithAnErrorCode(t *testing.T) {
	rows := []struct {
		member string
		want   trail.Reason
		reason string
	}{
		{`"errorCode": "ThrottlingException", `, trail.FailedCall, "any code"},
		{`"errorCode": null, `, "", "null is absent: judged, which does no harm"},
		{`"errorCode": "", `, "", "empty is absent: judged, which does no harm"},
		{`"errorMessage": "AccessDenied", `, "", "a message alone is no error"},
	}
	for _, row := range rows {
		got, err := trail.Decode(edited(t, "put-key-policy-by-id", `"requestID"`, row.member+`"requestID"`))
		if err != nil || got.Ignored != row.want {
			t.Errorf("%s: ignored %q, %v, want %q: %s", row.member, got.Ignored, err, row.want, row.reason)
		}
	}
}

func TestEveryPlaceThatNamesTheKeyMustAgree(t *testing.T) {
	rows := []struct {
		sample, old, new string
		want             trail.Code
		reason           string
	}{
		{"put-key-policy-by-arn", `"responseElements": null`, `"responseElements": {"keyId": "` + otherARN + `"}`, trail.CodeDisagreement, "the response, should KMS begin to fill it"},
		{"put-key-policy-by-arn", `"responseElements": null`, `"responseElements": {"keyId": "alias/x"}`, trail.CodeKeyReference, "the response, no key"},
		{"put-key-policy-other-resources", `alias/payments`, `key/0987dcba-09fe-87dc-65ba-ab0987654321`, "", "(control: a resource of another type is passed over, whatever its ARN)"},
		{"put-key-policy-other-resources", `"AWS::KMS::Alias"`, `"AWS::KMS::Key"`, trail.CodeKeyReference, "type key, ARN of an alias"},
		{"put-key-policy-other-resources", `"ARN": "` + keyARN + `",`, `"ARN": "` + otherARN + `",`, trail.CodeDisagreement, "a resource without type that looks like a key"},
		{"create-key-imported", `"AWSAccountId": "111122223333"`, `"AWSAccountId": "444455556666"`, trail.CodeDisagreement, "the account in its other spelling"},
		{"replicate-key", `"ARN": "arn:aws:kms:us-west-2`, `"ARN": "arn:aws:s3:us-west-2`, trail.CodeKeyReference, "a primary that is no key"},
		{"replicate-key", `"keyId": "arn:aws:kms:us-west-2:111122223333`, `"keyId": "arn:aws:kms:us-west-2:444455556666`, trail.CodeDisagreement, "a primary of another account"},
		{"replicate-key", `"replicaRegion": "eu-west-1"`, `"replicaRegion": "us-isob-east-1"`, trail.CodePartition, "a replica where the guardrail cannot follow"},
		{"replicate-key", `"replicaRegion": "eu-west-1"`, `"replicaRegion": "eu-west-1:"`, trail.CodeKeyReference, "no Region"},
	}
	for _, row := range rows {
		t.Run(row.reason, func(t *testing.T) {
			raw := edited(t, row.sample, row.old, row.new)
			if row.want != "" {
				wantCode(t, raw, row.want)
			} else if got, err := trail.Decode(raw); err != nil || got.KeyARN != keyARN {
				t.Errorf("got %s, %v", got.KeyARN, err)
			}
		})
	}
}

func TestSizeAndDepthEndAtTheirBounds(t *testing.T) {
	good, err := events.Read("put-key-policy-by-id")
	if err != nil {
		t.Fatal(err)
	}
	padded := func(size int) []byte { return append(good, make([]byte, size-len(good))...) }
	blank := func(raw []byte) []byte {
		for i := len(good); i < len(raw); i++ {
			raw[i] = ' '
		}
		return raw
	}
	if _, err := trail.Decode(blank(padded(trail.MaxEventBytes))); err != nil {
		t.Errorf("MaxEventBytes: %v", err)
	}
	wantCode(t, blank(padded(trail.MaxEventBytes+1)), trail.CodeTooLarge)

	nested := func(lists int) []byte { // in the envelope, so one object is around the lists
		return edited(t, "put-key-policy-by-id", `"resources": []`,
			`"resources": `+strings.Repeat("[", lists)+strings.Repeat("]", lists))
	}
	if _, err := trail.Decode(nested(trail.MaxDepth - 1)); err != nil {
		t.Errorf("MaxDepth: %v", err)
	}
	wantCode(t, nested(trail.MaxDepth), trail.CodeTooDeep)
	wantCode(t, []byte(strings.Repeat(`{"a":`, trail.MaxEventBytes/8)), trail.CodeTooDeep)
}

func TestFieldsOfAnEventAreBounded(t *testing.T) {
	long := strings.Repeat("é\x01", 2*trail.MaxTextBytes)
	long = strings.ReplaceAll(long, "\x01", `\u0001`)
	for _, member := range []string{"userAgent", "sourceIPAddress"} {
		raw := edited(t, "put-key-policy-by-id", `"`+member+`": "`, `"`+member+`": "`+long)
		event, err := trail.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		checkBounds(t, event)
	}
	for _, member := range []string{"arn", "type", "accountId"} {
		raw := edited(t, "put-key-policy-by-id", `"`+member+`": "`, `"`+member+`": "`+long)
		event, err := trail.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		checkBounds(t, event)
	}
	event, err := trail.Decode(edited(t, "unknown-operation", `"PutKeyPolicyForAccount"`, `"`+long+`"`))
	if err != nil {
		t.Fatal(err)
	}
	checkBounds(t, event)
	event, err = trail.Decode(edited(t, "kms-cmk-rotation", `"KMS CMK Rotation"`, `"`+long+`"`))
	if err != nil {
		t.Fatal(err)
	}
	checkBounds(t, event)

	wantCode(t, edited(t, "put-key-policy-by-id", `"eventID": "`, `"eventID": "`+strings.Repeat("a", 128)), trail.CodeMalformed)
	wantCode(t, edited(t, "put-key-policy-by-id-no-resources", `"keyId": "`, `"keyId": "`+strings.Repeat("a", 128)), trail.CodeKeyReference)

	policy := strings.Repeat("p", trail.MaxPolicyBytes)
	event, err = trail.Decode(edited(t, "create-key-api-default", `"origin"`, `"policy": "`+policy+`", "origin"`))
	if err != nil || event.PolicyText != policy {
		t.Errorf("a policy of MaxPolicyBytes: %d bytes, %v", len(event.PolicyText), err)
	}
	wantCode(t, edited(t, "create-key-api-default", `"origin"`, `"policy": "`+policy+`p", "origin"`), trail.CodeTooLarge)
}

func TestMessagesStayOnOneShortLine(t *testing.T) {
	long := strings.Repeat(`\u0001`+"\U0010ffff", 10000)
	for _, row := range []struct{ sample, old, new string }{
		{"put-key-policy-by-id", `"source": "`, `"source": "` + long},
		{"put-key-policy-by-id", `"account": "`, `"account": "` + long},
		{"put-key-policy-by-id", `"eventVersion": "`, `"eventVersion": "` + long},
		{"put-key-policy-by-id", `"ARN": "`, `"ARN": "` + long},
		{"put-key-policy-by-id", `"keyId": "`, `"keyId": "` + long},
		{"put-key-policy-by-id", `"ARN": "arn:aws:`, `"ARN": "arn:` + strings.ReplaceAll(long, ":", "") + `:`},
		{"put-key-policy-by-id", `"policyName"`, `"` + long + `": 1, "` + long + `": 2, "policyName"`},
	} {
		_, err := trail.Decode(edited(t, row.sample, row.old, row.new))
		if err == nil {
			t.Errorf("%s: not refused", row.old)
			continue
		}
		checkMessage(t, err)
	}
}

func BenchmarkDecode(b *testing.B) {
	raw, err := events.Read("create-key-console")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := trail.Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}
