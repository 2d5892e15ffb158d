package access_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func TestConditionsThatAlwaysHoldAreNone(t *testing.T) {
	for _, test := range []struct {
		statement string
		want      int // conditions that restrict
		reason    string
	}{
		{on(`"StringLike":{"aws:userid":"*"}`), 0, "each identity has a user id"},
		{deny("*", `"StringLike":{"aws:PrincipalArn":"*"}`), 0, "in a Deny too"},
		{on(`"Null":{"aws:userid":"false","aws:CurrentTime":"false"}`), 0, "what is always there"},
		{on(`"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT","aws:ResourceAccount":"111122223333","aws:RequestedRegion":"us-east-1"}`), 0, "what the key is"},
		{on(`"Bool":{"aws:PrincipalIsAWSService":"false"}`), 0, "what identities are"},
		{allow(ownRole, `"StringEquals":{"kms:CallerAccount":"111122223333"}`), 0, "the account of the one role"},
		{allow(s3, `"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`), 0, "no service has an organization"},
		{on(`"StringNotEqualsIfExists":{"kms:ViaService":[]}`), 1, "not decided"},
		{on(`"StringEquals":{"kms:CallerAccount":"111122223333"}`), 1, "one account of all"},
		{on(`"StringLike":{"aws:userid":"AROA*"}`), 1, "a form of user id"},
		{on(`"Null":{"kms:ViaService":"false"}`), 1, "what may be absent"},
		{on(`"StringLike":{"kms:ViaService":"*"}`), 1, "the same"},
		{on(`"StringEquals":{"aws:RequestedRegion":"eu-west-1"}`), 1, "another Region"},
		{on(`"StringLike":{"aws:userid":"*"},"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`), 1, "one of two"},
	} {
		d := document(t, test.statement)
		if got := access.Restricting(key, policy.Version2012, d.Statements[0]); len(got) != test.want {
			t.Errorf("%s: %s: %v restrict, want %d", test.reason, test.statement, got, test.want)
		}
	}
	unknown := policy.Key{Partition: "aws", Account: "111122223333"}
	d := document(t, on(`"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT"}`))
	if got := access.Restricting(unknown, policy.Version2012, d.Statements[0]); len(got) != 1 {
		t.Error("the spec of a key that is not known restricts")
	}
}
