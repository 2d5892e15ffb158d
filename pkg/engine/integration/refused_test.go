package integration_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
)

// refusedStatements are near to documented ones, or are documented ones that are not safe.
var refusedStatements = []documented{
	{"cloudwatch-logs", "because it is another Region's principal", `{"Service":"logs.eu-west-1.amazonaws.com"}`, logsActions, `"StringEquals":{"aws:SourceAccount":"{A}"}`},
	{"cloudwatch-logs", "because the service has no principal without a Region", `{"Service":"logs.amazonaws.com"}`, logsActions, `"StringEquals":{"aws:SourceAccount":"{A}"}`},
	{
		"cloudwatch-logs", "because any account's log groups match", logsPrincipal, logsActions,
		`"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:{P}:logs:{R}:*:*"}`,
	},
	{
		"cloudwatch-logs", "because the log groups are of another Region", logsPrincipal, logsActions,
		`"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:{P}:logs:eu-west-1:{A}:*"}`,
	},
	{"cloudwatch-logs", "because IfExists holds where the key is absent", logsPrincipal, logsActions, `"StringEqualsIfExists":{"aws:SourceAccount":"{A}"}`},
	{
		"cloudtrail", "because the trails are of two accounts", trailPrincipal, `"kms:GenerateDataKey*"`,
		`"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":["arn:{P}:cloudtrail:*:{A}:trail/*","arn:{P}:cloudtrail:*:` + otherAccount + `:trail/*"]}`,
	},
	{"cloudtrail", "because the service is not bounded", trailPrincipal, `"kms:GenerateDataKey","kms:Decrypt"`, ""},
	{
		"cloudtrail", "because the readers are of another account", `{"AWS":"arn:{P}:iam::` + otherAccount + `:root"}`, `"kms:Decrypt"`,
		`"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"false"}`,
	},
	{
		"cloudtrail", "because not only what a trail encrypted is read", anyPrincipal, `"kms:Decrypt"`,
		`"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"true"},"StringEquals":{"kms:CallerAccount":"{A}"}`,
	},
	{"log-delivery", "because the source ARN is of another service", `{"Service":"delivery.logs.amazonaws.com"}`, useActions, `"ArnLike":{"aws:SourceArn":"arn:{P}:s3:{R}:{A}:*"}`},
	{"s3-notifications", "because a bucket's ARN names no account", `{"Service":"s3.amazonaws.com"}`, sendActions, `"ArnLike":{"aws:SourceArn":"arn:{P}:s3:::bucket"}`},
	{"s3-notifications", "because the pattern takes any account's buckets", `{"Service":"s3.amazonaws.com"}`, sendActions, `"ArnLike":{"aws:SourceArn":"arn:{P}:s3:*:*:bucket"}`},
	{
		"sns-to-sqs", "because the encryption context does not say who sends", `{"Service":"sns.amazonaws.com"}`, sendActions,
		`"StringEquals":{"kms:EncryptionContext:aws:sqs:arn":"arn:{P}:sqs:{R}:{A}:orders"}`,
	},
	{
		"sns-to-sqs", "because events come from other services too", `{"Service":["sns.amazonaws.com","events.amazonaws.com"]}`, sendActions,
		`"StringEquals":{"aws:SourceAccount":"{A}"}`,
	},
	{"cloudwatch-alarms", "because alarms notify topics of their own Region", `{"Service":"cloudwatch.amazonaws.com"}`, sendActions, `"ArnLike":{"aws:SourceArn":"arn:{P}:cloudwatch:eu-west-1:{A}:alarm:*"}`},
	{"cloudwatch-alarms", "because AWS's older example is not bounded", `{"Service":"cloudwatch.amazonaws.com"}`, sendActions, ""},
	{
		"services-in-account", "because the service is in another Region", anyPrincipal, useActions,
		`"StringEquals":{"kms:CallerAccount":"{A}","kms:ViaService":"rds.eu-west-1.amazonaws.com"}`,
	},
	{"services-in-account", "because anyone's principals use the service", anyPrincipal, useActions, `"StringEquals":{"kms:ViaService":"rds.{R}.amazonaws.com"}`},
	{"services-in-account", "because the principals need no service", anyPrincipal, useActions, `"StringEquals":{"kms:CallerAccount":"{A}"}`},
	{
		"services-in-account", "because the suffix is .amazonaws.com in all partitions", anyPrincipal, useActions,
		`"StringEquals":{"kms:CallerAccount":"{A}","kms:ViaService":"rds.{R}.amazonaws.com.cn"}`,
	},
	{"autoscaling", "because a grant may be for anybody", autoScalingRole, `"kms:CreateGrant"`, ""},
	{
		"autoscaling", "because the role's name only begins like the service's",
		`{"AWS":"arn:{P}:iam::{A}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScalingX"}`, useActions, "",
	},
	{
		"autoscaling", "because a role without the path is not linked to the service",
		`{"AWS":"arn:{P}:iam::{A}:role/AWSServiceRoleForAutoScaling"}`, useActions, "",
	},
	{"cloudfront", "because any account's distributions match", `{"Service":"cloudfront.amazonaws.com"}`, `"kms:Decrypt"`, `"ArnLike":{"aws:SourceArn":"arn:{P}:cloudfront::*:distribution/*"}`},
	{
		"route53-dnssec", "because a hosted zone's ARN names no account", dnssecPrincipal, `"kms:Sign"`,
		`"ArnLike":{"aws:SourceArn":"arn:{P}:route53:::hostedzone/*"}`,
	},
	{"route53-dnssec", "because AWS's grant statement is not bounded", dnssecPrincipal, `"kms:CreateGrant"`, `"Bool":{"kms:GrantIsForAWSResource":true}`},
	{"route53-dnssec", "because a grant may be for anybody", dnssecPrincipal, `"kms:CreateGrant"`, `"StringEquals":{"aws:SourceAccount":"{A}"}`},
}

func TestAPolicyBeyondIsRefused(t *testing.T) {
	for _, d := range refusedStatements {
		for _, f := range places {
			t.Run(d.integration+" in "+f.Region+" "+d.reason, func(t *testing.T) {
				if got := d.judge(t, f, d.ceiling(t, f)); len(got.Excess) == 0 {
					t.Errorf("got %+v", got)
				}
			})
		}
	}
}

func TestInChinaLogsHasTwoPrincipals(t *testing.T) {
	d := documented{
		integration: "cloudwatch-logs", principal: `{"Service":"logs.{R}.amazonaws.com.cn"}`, actions: logsActions,
		condition: `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:{P}:logs:{R}:{A}:*"}`,
	}
	for _, f := range places {
		want := access.Different
		if f.Partition == "aws-cn" {
			want = access.Inside
		}
		if got := d.judge(t, f, d.ceiling(t, f)); got.Verdict != want {
			t.Errorf("%s: want %s, got %+v", f.Region, want, got)
		}
	}
}

// Statements of the corpus of real-world key policies, all of us-east-1.
func TestStatementsOfTheCorpus(t *testing.T) {
	tests := []struct {
		statement, integration string
		want                   access.Verdict
		reason                 string
	}{
		{"logs_arnlike_all_groups", "cloudwatch-logs", access.Inside, "because the log groups are of the account"},
		{"logs_arnequals_with_wildcard", "cloudwatch-logs", access.Inside, "because ArnEquals is ArnLike"},
		{"logs_arnlike_account_star", "cloudwatch-logs", access.Inside, "because all of the account's ARNs are"},
		{"logs_global_principal", "cloudwatch-logs", access.Different, "because it is no principal of the service"},
		{"logs_no_condition", "cloudwatch-logs", access.Different, "because any account's log groups match"},
		{"cloudtrail_gdk_ctx_and_sourcearn", "cloudtrail", access.Inside, "because it is the documented statement"},
		{"cloudtrail_decrypt_in_account", "cloudtrail", access.Inside, "because it is the documented statement"},
		{"cloudtrail_org_members_policyvar", "cloudtrail", access.Undecided, "because the request decides its variable"},
		{"cloudtrail_null_ctx", "cloudtrail", access.Inside, "because the account's own principals read"},
		{"multi_service_list", "cloudtrail", access.Different, "because no condition bounds it"},
		{"services_publish_to_sns_sourceaccount", "cloudwatch-alarms", access.Different, "because it names further services"},
		{"dnssec_use", "route53-dnssec", access.Inside, "because it is the documented statement"},
		{"via_service_caller_account", "services-in-account", access.Inside, "because it is how AWS managed keys are used"},
		{"via_service_list", "services-in-account", access.Inside, "because each service is one of the Region"},
		{"via_service_forany_single_valued", "services-in-account", access.Different, "because the role is of another account"},
		{"autoscaling_slr_use", "autoscaling", access.Inside, "because it is the documented statement"},
		{"autoscaling_slr_grant", "autoscaling", access.Inside, "because it is the documented statement"},
	}
	texts := map[string]string{}
	for _, s := range corpus.Statements(t) {
		texts[s.Name] = s.Text
	}
	for _, test := range tests {
		d, err := policy.Parse(`{"Version":"2012-10-17","Statement":` + texts[test.statement] + `}`)
		if err != nil {
			t.Fatalf("%s: %v", test.statement, err)
		}
		f := places[0]
		ceiling := withDefault(t, f, statements(t, lookup(t, test.integration), f)...)
		got := access.Within(keyAt(t, f), withDefault(t, f).Set, withDefault(t, f, d.Statements...).Set, ceiling.Set)
		if got.Verdict != test.want {
			t.Errorf("%s within %s: want %s, %s; got %+v", test.statement, test.integration, test.want, test.reason, got)
		}
	}
}
