package policy_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func TestParseKeyARNReadsKeysAndNothingElse(t *testing.T) {
	const arn = "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1234"
	if key, err := policy.ParseKeyARN(arn); err != nil || key != (policy.Key{ARN: arn, Partition: "aws-cn", Account: "111122223333", Region: "cn-north-1"}) {
		t.Errorf("%+v, %v", key, err)
	}
	for _, bad := range []string{
		"", "*", "1234abcd", "arn:aws:kms:us-east-1:111122223333:alias/a", "arn:aws:kms:us-east-1:111122223333:key/",
		"arn:aws:kms::111122223333:key/1", "arn:aws:kms:us-east-1:1111:key/1", "arn::kms:us-east-1:111122223333:key/1",
		"arn:aws:s3:us-east-1:111122223333:key/1", "arn:aws:kms:us-east-1:111122223333:key/*",
		"arn:aws:kms:us-east-1:111122223333:key/1\n", "arn:aws:kms:us-east-1:111122223333:key/1/2", "arn:aws:kms:us-east-1:111122223333:key/1:2",
	} {
		if key, err := policy.ParseKeyARN(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, key)
		}
	}
}
