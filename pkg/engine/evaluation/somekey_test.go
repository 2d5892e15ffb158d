package evaluation_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// TestResourceIsDecidedAsFarAsTheKeyIsKnown: at a desk, the account and perhaps the Region
// are known, the ARN is not.
func TestResourceIsDecidedAsFarAsTheKeyIsKnown(t *testing.T) {
	const own = "111122223333"
	for _, test := range []struct {
		resource, region string
		want             evaluation.Decision
		reason           string
	}{
		{"arn:aws:kms:us-east-1:111122223333:key/*", "us-east-1", evaluation.Allowed, "each key of the account and Region"},
		{"arn:aws:kms:*:111122223333:key/*", "", evaluation.Allowed, "each key of the account in any Region"},
		{"arn:aws:kms:*:*:key/?*", "", evaluation.Allowed, "an id has a character"},
		{"arn:aws:kms:us-east-1:111122223333:key/*", "", evaluation.Inconclusive, "the Region is not known"},
		{"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "us-east-1", evaluation.Inconclusive, "one key of many"},
		{"arn:aws:kms:us-east-1:111122223333:key/mrk-*", "us-east-1", evaluation.Inconclusive, "some keys"},
		{"arn:aws:kms:us-east-1:111122223333:key/??*", "us-east-1", evaluation.Inconclusive, "how long an id is counts for nothing"},
		{"arn:aws:kms:eu-west-1:111122223333:key/*", "us-east-1", evaluation.ImplicitlyDenied, "another Region"},
		{"arn:aws:kms:us-east-1:444455556666:key/*", "", evaluation.ImplicitlyDenied, "another account"},
		{"arn:aws:kms:us-east-1:111122223333:alias/*", "us-east-1", evaluation.ImplicitlyDenied, "aliases are no keys"},
		{"arn:aws:kms:us-east-1:111122223333:key/*/*", "us-east-1", evaluation.ImplicitlyDenied, "an id has no slash"},
		{"arn:aws:s3:::*", "us-east-1", evaluation.ImplicitlyDenied, "another service"},
		{"arn:aws:kms:us-east-1:111122223333:key/", "us-east-1", evaluation.ImplicitlyDenied, "an id is not empty"},
	} {
		d, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"` + test.resource + `"}}`)
		if err != nil {
			t.Fatal(err)
		}
		k := policy.Key{Partition: "aws", Account: own, Region: test.region}
		r := evaluation.Request{Principal: "arn:aws:iam::111122223333:user/u", PrincipalType: evaluation.UserPrincipal, Action: "kms:Decrypt"}
		if got, why := evaluation.Evaluate(k, d.Set, r); got != test.want {
			t.Errorf("%s: %s in %q is %s, want %s; %v", test.reason, test.resource, test.region, got, test.want, why)
		}
	}
}
