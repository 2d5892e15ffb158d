package trail

import (
	"errors"
	"strings"
	"testing"
)

func TestKeyARNGrammar(t *testing.T) {
	const id = "1234abcd-12ab-34cd-56ef-1234567890ab"
	rows := []struct {
		arn    string
		want   Code // empty: accepted
		reason string
	}{
		{"arn:aws:kms:us-west-2:111122223333:key/" + id, "", "the usual"},
		{"arn:aws:kms:us-west-2:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab", "", "multi-Region"},
		{"arn:aws-cn:kms:cn-north-1:111122223333:key/" + id, "", "China"},
		{"arn:aws-us-gov:kms:us-gov-east-1:111122223333:key/" + id, "", "GovCloud"},
		{"arn:aws-eusc:kms:eusc-de-east-1:111122223333:key/" + id, "", "the European Sovereign Cloud"},
		{"arn:aws:kms:us-west-2:111122223333:key/" + strings.Repeat("a", 128), "", "the longest id"},
		{"arn:aws:kms:us-west-2:111122223333:key/" + strings.Repeat("a", 129), CodeKeyReference, "too long an id"},
		{"arn:aws:kms:us-west-2:111122223333:key/", CodeKeyReference, "no id"},
		{"arn:aws:kms:us-west-2:111122223333:key/" + id + "/x", CodeKeyReference, "a path"},
		{"arn:aws:kms:us-west-2:111122223333:key/" + id + "\n", CodeKeyReference, "a trailing line break"},
		{"arn:aws:kms:us-west-2:111122223333:key/*", CodeKeyReference, "a wildcard"},
		{"arn:aws:kms:us-west-2:111122223333:key/é", CodeKeyReference, "not ASCII"},
		{"arn:aws:kms:us-west-2:111122223333:Key/" + id, CodeKeyReference, "case"},
		{"arn:aws:kms:us-west-2:111122223333:alias/x", CodeKeyReference, "an alias"},
		{"arn:aws:kms:us-west-2:111122223333:" + id, CodeKeyReference, "no resource type"},
		{"arn:aws:kms:us-west-2:111122223333:key/" + id + ":x", CodeKeyReference, "a seventh part"},
		{"arn:aws:kms:us-west-2:11112222333:key/" + id, CodeKeyReference, "eleven digits"},
		{"arn:aws:kms:us-west-2:1111222233334:key/" + id, CodeKeyReference, "thirteen digits"},
		{"arn:aws:kms:us-west-2:11112222333٣:key/" + id, CodeKeyReference, "a digit that is not ASCII"},
		{"arn:aws:kms:us-west-2::key/" + id, CodeKeyReference, "no account"},
		{"arn:aws:kms::111122223333:key/" + id, CodeKeyReference, "no Region"},
		{"arn:aws:kms:US-WEST-2:111122223333:key/" + id, CodeKeyReference, "Region in capitals"},
		{"arn:aws:s3:us-west-2:111122223333:key/" + id, CodeKeyReference, "another service"},
		{"ARN:aws:kms:us-west-2:111122223333:key/" + id, CodeKeyReference, "not an ARN"},
		{id, CodeKeyReference, "an id is not an ARN"},
		{"", CodeKeyReference, "nothing"},
		{"arn:aws-cn:kms:us-west-2:111122223333:key/" + id, CodeDisagreement, "partition of another Region"},
		{"arn:aws:kms:cn-north-1:111122223333:key/" + id, CodeDisagreement, "Region of another partition"},
		{"arn:aws:kms:eusc-de-east-1:111122223333:key/" + id, CodeDisagreement, "a sovereign Region is of a partition of its own"},
		{"arn:*:kms:us-west-2:111122223333:key/" + id, CodeDisagreement, "any partition is none"},
		{"arn:aws-iso:kms:us-iso-east-1:111122223333:key/" + id, CodePartition, "an isolated partition"},
	}
	for _, row := range rows {
		key, err := parseKeyARN("place", row.arn)
		if row.want == "" {
			if err != nil || key.String() != row.arn {
				t.Errorf("%q: %v, %v: %s", row.arn, key, err, row.reason)
			}
			continue
		}
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != row.want || key != (keyRef{}) {
			t.Errorf("%q: %v, %v, want %s: %s", row.arn, key, err, row.want, row.reason)
		}
	}
}

func TestPartitionFollowsFromTheRegion(t *testing.T) {
	rows := []struct{ region, want, reason string }{
		{"us-east-1", "aws", "commercial"},
		{"eu-central-2", "aws", "commercial"},
		{"mx-central-1", "aws", "a prefix newer than most lists"},
		{"cn-north-1", "aws-cn", "China"},
		{"cn-northwest-1", "aws-cn", "China"},
		{"us-gov-west-1", "aws-us-gov", "GovCloud"},
		{"us-iso-east-1", "", "isolated"},
		{"us-isob-east-1", "", "isolated"},
		{"us-isof-south-1", "", "isolated"},
		{"eu-isoe-west-1", "", "isolated"},
		{"eusc-de-east-1", "aws-eusc", "sovereign"},
	}
	for _, row := range rows {
		got, err := partitionOf(row.region)
		if got != row.want || (err != nil) != (row.want == "") {
			t.Errorf("%s: %q, %v, want %q: %s", row.region, got, err, row.want, row.reason)
		}
	}
}

func TestPrintableLeavesReadableTextAndNothingElse(t *testing.T) {
	rows := []struct{ text, want, reason string }{
		{"aws-cli/2.31 (x; y) é 鍵", "aws-cli/2.31 (x; y) é 鍵", "readable as it is"},
		{"a\r\nb\tc", "a��b�c", "line breaks and tabs forge log lines"},
		{"\x1b[2Jx\u009b", "�[2Jx�", "terminal codes, also the one-byte form"},
		{"exe\u202egnp", "exe�gnp", "direction override"},
		{"a\u2028b\u200bc", "a�b�c", "line separator, zero width space"},
		{strings.Repeat("é", maxTextBytes), strings.Repeat("é", maxTextBytes/2), "cut at the bound"},
		{"x" + strings.Repeat("é", maxTextBytes), "x" + strings.Repeat("é", maxTextBytes/2-1), "cut between characters"},
		{strings.Repeat("\x01", maxTextBytes), strings.Repeat("�", maxTextBytes/3), "the replacement is longer than what it replaces"},
	}
	for _, row := range rows {
		if got := printable(row.text); got != row.want {
			t.Errorf("%s: %.60q (%d bytes), want %.60q", row.reason, got, len(got), row.want)
		}
	}
}
