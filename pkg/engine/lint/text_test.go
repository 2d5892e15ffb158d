package lint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
)

// examples are parts of a statement, behind its Effect, for each kind of finding.
var examples = []struct {
	code  lint.Code
	parts string
}{
	{lint.DeadStatement, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"kms:ViaService":"s3.amazonaws.com"}}`},
	{lint.DeadStatement, role + `,"Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"`},
	{lint.RedundantStatement, anyone + `,"Action":"kms:Decrypt",` + star + `},{"Sid":"again","Effect":"EFFECT",` + role + `,"Action":"kms:Decrypt",` + star},
	{lint.ResourceNotStar, role + `,"Action":"kms:Decrypt","Resource":"` + key.ARN + `"`},
	{lint.EmptyCondition, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"Bool":{}}`},
	{lint.DeadPrincipal, `"Principal":{"AWS":["AROACKCEVSQ6C2EXAMPLE","111122223333"]},"Action":"kms:Decrypt",` + star},
	{lint.UnsupportedPrincipal, `"Principal":{"Federated":"cognito-identity.amazonaws.com","AWS":"111122223333"},"Action":"kms:Decrypt",` + star},
	{lint.ForeignPartitionPrincipal, `"Principal":{"AWS":["arn:aws-cn:iam::111122223333:role/app","111122223333"]},"Action":"kms:Decrypt",` + star},
	{lint.ForeignRegionPrincipal, `"Principal":{"Service":["logs.eu-west-1.amazonaws.com","sns.amazonaws.com"]},"Action":"kms:Decrypt",` + star},
	{lint.OtherRegionPrincipal, `"Principal":{"Service":"sns.af-south-1.amazonaws.com"},"Action":"kms:Decrypt",` + star},
	{lint.RegionlessPrincipal, `"Principal":{"Service":"logs.amazonaws.com"},"Action":"kms:Decrypt",` + star},
	{lint.ServicePrincipalFormat, `"Principal":{"Service":["s3.amazonws.com","sns.amazonaws.com"]},"Action":"kms:Decrypt",` + star},
	{lint.NotPrincipalWithAllow, `"NotPrincipal":{"AWS":"111122223333"},"Action":"kms:Decrypt",` + star},
	{lint.NotPrincipalWithDeny, `"NotPrincipal":{"AWS":"111122223333"},"Action":"kms:Decrypt",` + star},
	{lint.NoCrossAccountUse, `"Principal":{"AWS":"444455556666"},"Action":["kms:Decrypt","kms:PutKeyPolicy"],` + star},
	{lint.BypassesBoundary, `"Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/s"},"Action":"kms:Decrypt",` + star},
	{lint.UnknownAction, role + `,"Action":["kms:Decrypt","kms:ReEncrypt"],` + star},
	{lint.ForeignAction, role + `,"Action":["kms:Decrypt","s3:GetObject"],` + star},
	{lint.ConditionKeyAsAction, role + `,"Action":["kms:Decrypt","kms:ViaService"],` + star},
	{lint.ActionWithoutEffect, role + `,"Action":["kms:Decrypt","kms:ListKeys"],` + star},
	{lint.ActionNotOfKeyType, role + `,"Action":["kms:Decrypt","kms:Sign"],` + star},
	{lint.RepeatedAction, role + `,"Action":["kms:*","kms:Decrypt"],` + star},
	{lint.DeadAction, role + `,"Action":["kms:CreateGrant","kms:Decrypt"],` + star + `,"Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}`},
	{lint.UnknownConditionKey, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"kms:ViaServices":"s3.us-east-1.amazonaws.com"}}`},
	{lint.MisspelledContextKey, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"kms:EncryptionContext:aws:s3:arm":"arn:aws:s3:::b"}}`},
	{lint.ConditionKeyNotAllowed, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"aws:ResourceTag/team":"a"}}`},
	{lint.RareConditionKey, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}`},
	{lint.ConditionWithoutEffect, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringNotEquals":{"kms:CallerAccount":"1111-2222-3333"}}`},
	{lint.NegatedOperatorOnAbsentKey, role + `,"Action":"kms:DescribeKey",` + star + `,"Condition":{"StringNotEquals":{"kms:EncryptionContext:a":"1"}}`},
	{lint.ValueNeverMatches, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"kms:CallerAccount":["111122223333","11112222333"]}}`},
	{lint.WildcardWithoutLike, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"kms:EncryptionContext:path":"a/*"}}`},
	{lint.ShortArnPattern, service + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*"}}`},
	{lint.VacuousForAllValues, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"a"}}`},
	{lint.OverlyPermissiveCondition, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContext:a":"1"}}`},
	{lint.SetOperatorOnSingleValuedKey, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"ForAnyValue:StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`},
	{lint.MultiValuedKeyWithoutSetOperator, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"kms:EncryptionContextKeys":"a"}}`},
	{lint.SameConditionKeyTwice, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringEquals":{"kms:EncryptionContext:a":"1","kms:encryptioncontext:A":"1"}}`},
	{lint.StringOperatorOnTypedKey, role + `,"Action":"kms:ScheduleKeyDeletion",` + star + `,"Condition":{"StringEquals":{"kms:ScheduleKeyDeletionPendingWindowInDays":"30"}}`},
	{lint.OperatorTypeMismatch, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"NumericEquals":{"kms:CallerAccount":"111122223333"}}`},
	{lint.BothBooleans, role + `,"Action":"kms:CreateGrant",` + star + `,"Condition":{"Bool":{"kms:GrantIsForAWSResource":["true","false"]}}`},
	{lint.MixedValueTypes, role + `,"Action":"kms:CreateGrant",` + star + `,"Condition":{"Bool":{"kms:GrantIsForAWSResource":[true,"true"]}}`},
	{lint.MalformedVariable, role + `,"Action":"kms:Decrypt",` + star + `,"Condition":{"StringLike":{"kms:EncryptionContext:a":"${aws:username"}}`},
}

// TestTexts shows each kind of finding as a person reads it, in an Allow and in a Deny.
func TestTexts(t *testing.T) {
	symmetric := catalog.KeyType{Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", MultiRegion: "none"}
	var b strings.Builder
	shown := []lint.Code{lint.MissingVersion, lint.Version2008WithVariable} // below
	for _, e := range examples {
		var found []lint.Finding
		for _, effect := range []string{"Allow", "Deny"} {
			text := policyOf(`{"Effect":"` + effect + `",` + strings.ReplaceAll(e.parts, "EFFECT", effect) + `}`)
			list := lint.CheckType(key, symmetric, parse(t, text))
			describe(&b, fmt.Sprintf("%s in %s", e.code, effect), list)
			found = append(found, list...)
		}
		if !slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Code == e.code }) {
			t.Errorf("the example of %s has no such finding: %+v", e.code, found)
		}
		shown = append(shown, e.code)
	}
	for _, value := range []string{"x", "${aws:username}"} {
		text := `{"Statement":` + allow(role, `"kms:Decrypt"`, condition("StringLike", "kms:EncryptionContext:a", value)) + `}`
		describe(&b, "no Version, and "+value, lint.Check(key, parse(t, text)))
	}
	for _, code := range declaredCodes(t) {
		if !slices.Contains(shown, code) {
			t.Errorf("no example of %s", code)
		}
	}
	golden(t, "texts.golden", b.String())
}
