package integration_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// conditions reads the inside of a Condition element.
func conditions(t testing.TB, text string) []policy.Condition {
	t.Helper()
	d, err := policy.Parse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*","Condition":{` + text + `}}}`)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d.Statements[0].Conditions
}

func TestWhatCountsAsABound(t *testing.T) {
	tests := []struct {
		service, actions, condition string
		want                        integration.Bound
		reason                      string
	}{
		{"s3.amazonaws.com", "kms:Decrypt", ``, integration.None, "because there is no condition"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"111122223333"}`, integration.SourceAccount, "because it is the key's account"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"AWS:SOURCEACCOUNT":"111122223333"}`, integration.SourceAccount, "because names of keys ignore case"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringLike":{"aws:SourceAccount":"111122223333"}`, integration.SourceAccount, "because it has no wildcard"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEqualsIgnoreCase":{"aws:SourceAccount":"111122223333"}`, integration.SourceAccount, "because digits have no case"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringLike":{"aws:SourceAccount":"11112222333*"}`, integration.None, "because ten accounts match"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"1111-2222-3333"}`, integration.None, "because it is no account id"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"${aws:PrincipalAccount}"}`, integration.None, "because the request decides its variable"},
		{"s3.amazonaws.com", "kms:Decrypt", `"NumericEquals":{"aws:SourceAccount":"111122223333"}`, integration.None, "because AWS compares account ids as text"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEqualsIfExists":{"aws:SourceAccount":"111122223333"}`, integration.None, "because it holds where the key is absent"},
		{"s3.amazonaws.com", "kms:Decrypt", `"ForAllValues:StringEquals":{"aws:SourceAccount":"111122223333"}`, integration.None, "because it holds where the key is absent"},
		{"s3.amazonaws.com", "kms:Decrypt", `"ForAnyValue:StringEquals":{"aws:SourceAccount":"111122223333"}`, integration.None, "because the key has one value and takes no set operator"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringNotEquals":{"aws:SourceAccount":"444455556666"}`, integration.None, "because all accounts but one match"},
		{"s3.amazonaws.com", "kms:Decrypt", `"Null":{"aws:SourceAccount":"false"}`, integration.None, "because any account matches"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":["111122223333","444455556666"]}`, integration.ForeignAccount, "because it is the other account's access as well"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":["111122223333","*"]}`, integration.None, "because one value fixes nobody"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"444455556666"}`, integration.ForeignAccount, "because it is another account"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"444455556666"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"}`, integration.ForeignAccount, "because the bucket's ARN names no account"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"111122223333"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"}`, integration.SourceAccount, "because the account is enough"},
		{"s3.amazonaws.com", "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"}`, integration.None, "because the bucket's ARN names no account"},
		{"s3.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5","aws:PrincipalAccount":"111122223333"}`, integration.None, "because a service has no identity keys"},

		{"sns.amazonaws.com", "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}`, integration.SourceARN, "because ArnLike compares field by field"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ArnEquals":{"aws:SourceArn":"arn:*:*:*:111122223333:*"}`, integration.SourceARN, "because ArnEquals is ArnLike"},
		{"sns.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:topic"}`, integration.SourceARN, "because it is one topic"},
		{"sns.amazonaws.com", "kms:Decrypt", `"StringLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:*"}`, integration.SourceARN, "because the wildcard stands behind the account"},
		{"cloudwatch.amazonaws.com", "kms:Decrypt", `"StringLike":{"aws:SourceArn":"arn:aws:cloudwatch:*:111122223333:*"}`, integration.None, "because an alarm of another account may be named a:111122223333:b"},
		{"cloudwatch.amazonaws.com", "kms:Decrypt", `"StringLike":{"aws:SourceArn":"arn:aws:cloudwatch:us-east-?:111122223333:*"}`, integration.None, "because a question mark is a wildcard"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:11112222333?:*"}`, integration.None, "because the account has a wildcard"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:*"}`, integration.None, "because any account matches"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333"}`, integration.None, "because it is no whole ARN"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"*:aws:sns:*:111122223333:*"}`, integration.None, "because an ARN begins with arn"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ArnLikeIfExists":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}`, integration.None, "because it holds where the key is absent"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ForAllValues:ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}`, integration.None, "because it holds where the key is absent"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ForAnyValue:ArnLike":{"aws:SourceArn":"arn:aws:sns:*:111122223333:*"}`, integration.None, "because the key has one value and takes no set operator"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:444455556666:*"}`, integration.None, "because it is negated"},
		{"sns.amazonaws.com", "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:444455556666:*"}`, integration.ForeignAccount, "because it is another account's topics"},

		{"config.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5"}`, integration.Organization, "because it is the own organization"},
		{"config.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceOrgID":"o-zzzzzzzzzz"}`, integration.ForeignAccount, "because it is another organization"},
		{"config.amazonaws.com", "kms:Decrypt", `"StringLike":{"aws:SourceOrgID":"o-*"}`, integration.None, "because any organization matches"},
		{"config.amazonaws.com", "kms:Decrypt", `"ForAnyValue:StringLike":{"aws:SourceOrgPaths":"o-a1b2c3d4e5/*"}`, integration.Organization, "because the key has several values"},
		{"config.amazonaws.com", "kms:Decrypt", `"ForAnyValue:StringLike":{"aws:SourceOrgPaths":"o-a1b2c3d4e5*"}`, integration.None, "because a longer id matches"},
		{"config.amazonaws.com", "kms:Decrypt", `"ForAnyValue:StringLike":{"aws:SourceOrgPaths":"o-a1b2c3d4e5/${aws:PrincipalTag/unit}"}`, integration.None, "because the request decides its variable"},
		{"config.amazonaws.com", "kms:Decrypt", `"ForAllValues:StringLike":{"aws:SourceOrgPaths":"o-a1b2c3d4e5/*"}`, integration.None, "because it holds where the key is absent"},
		{"config.amazonaws.com", "kms:Decrypt", `"StringLike":{"aws:SourceOrgPaths":"o-a1b2c3d4e5/*"}`, integration.None, "because AWS does not say what it means without a set operator"},
		{"config.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5","aws:SourceAccount":"111122223333"}`, integration.SourceAccount, "because the stronger bound counts"},

		{"logs.us-east-1.amazonaws.com", "kms:Decrypt", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`, integration.Context, "because the row lists the context"},
		{"logs.us-east-1.amazonaws.com", "kms:Decrypt,kms:Describe*", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`, integration.Context, "because metadata counts for nothing here"},
		{"logs.us-east-1.amazonaws.com", "kms:DescribeKey", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`, integration.None, "because no action carries a context"},
		{"logs.us-east-1.amazonaws.com", "kms:Decrypt,kms:Sign", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`, integration.None, "because signing carries no context"},
		{"logs.us-east-1.amazonaws.com", "kms:*", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`, integration.None, "because administration carries no context"},
		{"s3.amazonaws.com", "kms:Decrypt", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`, integration.None, "because the context is another service's"},
		{"logs.eu-west-1.amazonaws.com", "kms:Decrypt", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-west-1:111122223333:*"}`, integration.None, "because no row has the principal of another Region"},
		{"logs.us-east-1.amazonaws.com", "kms:Decrypt", `"ArnLike":{"kms:EncryptionContext:purpose":"arn:aws:logs:us-east-1:111122223333:*"}`, integration.None, "because the caller chooses the context"},
		{"logs.us-east-1.amazonaws.com", "kms:Decrypt", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:*:*:log-group:x"}`, integration.None, "because any account's log groups match"},
		{"cloudtrail.amazonaws.com", "kms:GenerateDataKey*", `"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:111122223333:trail/*"}`, integration.Context, "because AWS documents it, and a trail's name has no colon"},
		{"ses.amazonaws.com", "kms:Encrypt,kms:GenerateDataKey*", `"Null":{"kms:EncryptionContext:aws:ses:rule-name":"false"},"StringEquals":{"kms:EncryptionContext:aws:ses:source-account":"111122223333"}`, integration.Context, "because the value is the account"},
		{"cloudtrail.amazonaws.com", "kms:GenerateDataKey*", `"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:111122223333:*"}`, integration.None, "because it is not what AWS documents"},
		{"cloudtrail.amazonaws.com", "kms:GenerateDataKey*", `"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":["arn:aws:cloudtrail:*:111122223333:trail/*","arn:aws:cloudtrail:*:444455556666:trail/*"]}`, integration.ForeignAccount, "because the trails are of two accounts"},
	}
	for _, test := range tests {
		got := integration.Classify(integration.Use{Service: test.service, Actions: strings.Split(test.actions, ","), Conditions: conditions(t, test.condition)}, places[0])
		if got.Bound != test.want || (got.Bound == integration.None) != (got.MissingCondition != "") || (got.Bound == integration.ForeignAccount) != (len(got.Foreign) > 0) {
			t.Errorf("%s, %s, %s: got %s, want %s, %s: %+v", test.service, test.actions, test.condition, got.Bound, test.want, test.reason, got)
		}
	}
}

func TestAnUnknownOrganizationIsForeign(t *testing.T) {
	f := places[0]
	f.OrganizationID = ""
	got := integration.Classify(integration.Use{Service: "config.amazonaws.com", Actions: []string{"kms:Decrypt"}, Conditions: conditions(t, `"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5"}`)}, f)
	if got.Bound != integration.ForeignAccount || !slices.Equal(got.Foreign, []string{"o-a1b2c3d4e5"}) {
		t.Errorf("%+v", got)
	}
}

func TestWhichRowDocumentsAUse(t *testing.T) {
	tests := []struct {
		service, actions, condition      string
		byRow, unbound, auxiliary, stops string
		missing, reason                  string
	}{
		{"events.amazonaws.com", "kms:Decrypt", `"ArnLike":{"aws:SourceArn":"arn:aws:events:*:111122223333:rule/*"}`, "eventbridge-bus", "", "", "", "", "because a row has action and bound"},
		{"events.amazonaws.com", "kms:Sign", `"ArnLike":{"aws:SourceArn":"arn:aws:events:*:111122223333:rule/*"}`, "", "", "", "", "", "because no row has the action"},
		{"events.amazonaws.com", "kms:Decrypt", ``, "", "eventbridge-to-sqs", "", "eventbridge-to-sns", `"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}`, "because topics do not take the condition"},
		{"events.amazonaws.com", "kms:DescribeKey", ``, "", "", "eventbridge-archive", "", `"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}`, "because it is auxiliary"},
		{"cloudfront.amazonaws.com", "kms:Decrypt", ``, "", "", "", "", `"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}`, "because no page prints it without a bound"},
		{"config.amazonaws.com", "kms:Decrypt", `"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5"}`, "", "", "", "", "", "because no row documents the organization"},
		{"dnssec-route53.amazonaws.com", "kms:CreateGrant", `"StringEquals":{"aws:SourceAccount":"111122223333"}`, "", "", "", "", "", "because the grant may be for anybody"},
		{"dnssec-route53.amazonaws.com", "kms:CreateGrant", `"StringEquals":{"aws:SourceAccount":"111122223333"},"Bool":{"kms:GrantIsForAWSResource":"true"}`, "route53-dnssec", "", "", "", "", "because the grant is for a resource"},
		{"dnssec-route53.amazonaws.com", "kms:CreateGrant", `"StringEquals":{"aws:SourceAccount":"111122223333"},"BoolIfExists":{"kms:GrantIsForAWSResource":"true"}`, "", "", "", "", "", "because IfExists limits nothing"},
		{"dnssec-route53.amazonaws.com", "kms:CreateGrant", `"Bool":{"kms:GrantIsForAWSResource":["true","false"]}`, "", "", "", "", `"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}`, "because both values limit nothing"},
		{"s3.amazonaws.com", "s3:GetObject", ``, "", "", "", "", `"Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}`, "because it is no action of a key"},
	}
	name := func(r *integration.Row) string {
		if r == nil {
			return ""
		}
		return r.Name
	}
	for _, test := range tests {
		got := integration.Classify(integration.Use{Service: test.service, Actions: strings.Split(test.actions, ","), Conditions: conditions(t, test.condition)}, places[0])
		if name(got.ByRow) != test.byRow || name(got.DocumentedUnbound) != test.unbound || name(got.Auxiliary) != test.auxiliary ||
			name(got.Breaks) != test.stops || got.MissingCondition != test.missing {
			t.Errorf("%s, %s, %s: by %q, unbound %q, auxiliary %q, breaks %q, missing %q; want %+v", test.service, test.actions, test.condition,
				name(got.ByRow), name(got.DocumentedUnbound), name(got.Auxiliary), name(got.Breaks), got.MissingCondition, test)
		}
	}
}

func TestUnknownServices(t *testing.T) {
	tests := []struct {
		service string
		unknown bool
		nearest string
		reason  string
	}{
		{"logs.us-east-1.amazonaws.com", false, "", "because a Region belongs to it"},
		{"logs.cn-north-1.amazonaws.com.cn", false, "", "because China has another ending"},
		{"delivery.logs.amazonaws.com", false, "", "because a name may have several parts"},
		{"cloudtrial.amazonaws.com", true, "cloudtrail.amazonaws.com", "because two letters are swapped"},
		{"cloudtrail.amazonaws.con", true, "cloudtrail.amazonaws.com", "because the ending is no AWS domain"},
		{"config.amazonaws.com.evil", true, "", "because the ending is no AWS domain"},
		{"nosuchservice.amazonaws.com", true, "", "because nothing is near"},
		{"us-east-1.amazonaws.com", true, "", "because a Region is no service"},
		{"", true, "", "because it is no name"},
		{"*", false, "", "because it is every service"},
	}
	for _, test := range tests {
		got := integration.Classify(integration.Use{Service: test.service, Actions: []string{"kms:Decrypt"}}, places[0])
		if got.Unknown != test.unknown || got.Nearest != test.nearest {
			t.Errorf("%q: unknown %t, nearest %q; want %t, %q, %s", test.service, got.Unknown, got.Nearest, test.unknown, test.nearest, test.reason)
		}
	}
}

func TestLinkedService(t *testing.T) {
	tests := []struct {
		role, service string
		ok            bool
		reason        string
	}{
		{"arn:aws:iam::444455556666:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup", "backup.amazonaws.com", true, "because the path says so"},
		{"arn:aws:iam::444455556666:role/service-role/backup.amazonaws.com/AWSServiceRoleForBackup", "", false, "because anyone may make that path"},
		{"arn:aws:iam::444455556666:role/aws-service-role/backup.amazonaws.com", "", false, "because there is no name"},
		{"arn:aws:iam::444455556666:user/aws-service-role/backup.amazonaws.com/x", "", false, "because it is a user"},
		{"*", "", false, "because it is no ARN"},
	}
	for _, test := range tests {
		if service, ok := integration.LinkedService(test.role); ok != test.ok || ok && service != test.service {
			t.Errorf("%s: %q, %t; want %q, %t, %s", test.role, service, ok, test.service, test.ok, test.reason)
		}
	}
}
