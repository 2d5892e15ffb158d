package access_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// TestAnOwnARNAsResourceIsDecidedAtTheDesk: the account and perhaps the Region of the key
// are known, its ARN is not.
func TestAnOwnARNAsResourceIsDecidedAtTheDesk(t *testing.T) {
	for _, test := range []struct {
		resource, region string
		want             access.Verdict
		reason           string
	}{
		{"arn:aws:kms:us-east-1:111122223333:key/*", "us-east-1", same, "each key of the account and Region"},
		{"arn:aws:kms:*:111122223333:*", "", same, "each key of the account in any Region"},
		{"arn:aws:kms:us-east-1:111122223333:key/*", "", open, "the Region is not known"},
		{"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "us-east-1", open, "one key of many"},
		{"arn:aws:kms:eu-west-1:111122223333:key/*", "us-east-1", other, "another Region"},
		{"arn:aws:kms:us-east-1:444455556666:key/*", "", other, "another account"},
		{"arn:aws:kms:us-east-1:111122223333:alias/a", "us-east-1", other, "an alias is no key"},
	} {
		k := policy.Key{Partition: "aws", Account: "111122223333", Region: test.region}
		actual := document(t, strings.Replace(anyone, `"Resource":"*"`, `"Resource":"`+test.resource+`"`, 1))
		got := access.Compare(k, document(t, anyone).Set, actual.Set)
		if got.Verdict != test.want {
			t.Errorf("%s: %s in %q: %+v, want %s", test.reason, test.resource, test.region, got, test.want)
		}
		if test.want == open && !strings.Contains(got.Inconclusive[0].Detail, "--key-arn") {
			t.Errorf("%s: the reason does not ask for the ARN: %s", test.reason, got.Inconclusive[0].Detail)
		}
	}
}
