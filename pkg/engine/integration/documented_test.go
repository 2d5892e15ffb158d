package integration_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// documented is a statement that AWS documents for an integration, in a safe form. P, R and A
// in braces stand for partition, Region and account.
type documented struct {
	integration, reason string
	principal, actions  string
	condition           string // "" where the principal is the bound
}

// What AWS documents, as of 2026-11. The conditions are those of the pages that the entries
// name, less than the whole of them where AWS calls a part enough.
var documentedStatements = []documented{
	{
		"cloudwatch-logs", "because it is one log group, with ArnEquals", logsPrincipal, logsActions,
		`"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"arn:{P}:logs:{R}:{A}:log-group:app"}`,
	},
	{
		"cloudwatch-logs", "because it is any log group of the account", logsPrincipal, logsActions,
		`"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:{P}:logs:{R}:{A}:*"}`,
	},
	{
		"cloudwatch-logs", "because it is a pattern of log groups", logsPrincipal, `"kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"`,
		`"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"arn:{P}:logs:{R}:{A}:log-group:/aws/vpc/*"}`,
	},
	{
		"cloudwatch-logs", "because query results are bounded by source", logsPrincipal, logsActions,
		`"ArnEquals":{"aws:SourceArn":"arn:{P}:logs:{R}:{A}:*"},"StringEquals":{"aws:SourceAccount":"{A}"}`,
	},
	{"cloudwatch-logs", "because the source ARN names the account", logsPrincipal, logsActions, `"StringLike":{"aws:SourceArn":"arn:{P}:logs:{R}:{A}:*"}`},
	{"cloudwatch-logs", "because the source account is enough", logsPrincipal, logsActions, `"StringEquals":{"aws:SourceAccount":"{A}"}`},

	{
		"cloudtrail", "because it is the documented statement, with trail and context", trailPrincipal, `"kms:GenerateDataKey*"`,
		`"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:{P}:cloudtrail:*:{A}:trail/*"},"StringEquals":{"aws:SourceArn":"arn:{P}:cloudtrail:{R}:{A}:trail/main"}`,
	},
	{
		"cloudtrail", "because older policies have the context alone", trailPrincipal, `"kms:GenerateDataKey*"`,
		`"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":["arn:{P}:cloudtrail:*:{A}:trail/*"]}`,
	},
	{"cloudtrail", "because the console lets it look at the key without a condition", trailPrincipal, `"kms:DescribeKey"`, ""},
	{"cloudtrail", "because the source ARN names the account, and a bucket key needs Decrypt", trailPrincipal, `"kms:GenerateDataKey*","kms:Decrypt"`, `"ArnLike":{"aws:SourceArn":"arn:{P}:cloudtrail:*:{A}:trail/*"}`},
	{"cloudtrail", "because aws:SourceAccount is supported", trailPrincipal, `"kms:GenerateDataKey*","kms:Decrypt","kms:DescribeKey"`, `"StringEquals":{"aws:SourceAccount":"{A}"}`},
	{
		"cloudtrail", "because principals of the account read its trails", anyPrincipal, `"kms:Decrypt","kms:ReEncryptFrom"`,
		`"StringEquals":{"kms:CallerAccount":"{A}"},"StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:{P}:cloudtrail:*:{A}:trail/*"}`,
	},
	{
		"cloudtrail", "because principals of the account read log files", anyPrincipal, `"kms:Decrypt"`,
		`"Null":{"kms:EncryptionContext:aws:cloudtrail:arn":"false"},"StringEquals":{"kms:CallerAccount":"{A}"}`,
	},
	{
		"cloudtrail", "because the console makes an alias", anyPrincipal, `"kms:CreateAlias"`,
		`"StringEquals":{"kms:ViaService":"ec2.{R}.amazonaws.com","kms:CallerAccount":"{A}"}`,
	},

	{
		"log-delivery", "because it is the documented statement", `{"Service":"delivery.logs.amazonaws.com"}`, useActions,
		`"StringEquals":{"aws:SourceAccount":["{A}"]},"ArnLike":{"aws:SourceArn":["arn:{P}:logs:{R}:{A}:delivery-source:*"]}`,
	},
	{"log-delivery", "because the source account is enough", `{"Service":"delivery.logs.amazonaws.com"}`, useActions, `"StringEquals":{"aws:SourceAccount":"{A}"}`},
	{"log-delivery", "because the source ARN names the account", `{"Service":"delivery.logs.amazonaws.com"}`, useActions, `"ArnLike":{"aws:SourceArn":"arn:{P}:logs:{R}:{A}:*"}`},

	{
		"s3-notifications", "because it has bucket and account", `{"Service":"s3.amazonaws.com"}`, `"kms:GenerateDataKey","kms:Decrypt"`,
		`"ArnLike":{"aws:SourceArn":"arn:{P}:s3:::bucket"},"StringEquals":{"aws:SourceAccount":"{A}"}`,
	},
	{"s3-notifications", "because the source account is enough", `{"Service":"s3.amazonaws.com"}`, sendActions, `"StringEquals":{"aws:SourceAccount":"{A}"}`},

	{
		"sns-to-sqs", "because it has topic and account", `{"Service":"sns.amazonaws.com"}`, sendActions,
		`"ArnEquals":{"aws:SourceArn":"arn:{P}:sns:{R}:{A}:orders"},"StringEquals":{"aws:SourceAccount":"{A}"}`,
	},
	{"sns-to-sqs", "because the topic's ARN names the account", `{"Service":"sns.amazonaws.com"}`, sendActions, `"ArnLike":{"aws:SourceArn":"arn:{P}:sns:*:{A}:*"}`},
	{"sns-to-sqs", "because the source account is enough", `{"Service":["sns.amazonaws.com"]}`, sendActions, `"StringEquals":{"aws:SourceAccount":"{A}"}`},

	{
		"cloudwatch-alarms", "because it has alarm and account", `{"Service":"cloudwatch.amazonaws.com"}`, sendActions,
		`"ArnLike":{"aws:SourceArn":"arn:{P}:cloudwatch:{R}:{A}:alarm:*"},"StringEquals":{"aws:SourceAccount":"{A}"}`,
	},
	{"cloudwatch-alarms", "because the alarm's ARN names the account", `{"Service":"cloudwatch.amazonaws.com"}`, sendActions, `"ArnEquals":{"aws:SourceArn":"arn:{P}:cloudwatch:{R}:{A}:alarm:cpu"}`},
	{"cloudwatch-alarms", "because names beyond ASCII leave the account alone", `{"Service":"cloudwatch.amazonaws.com"}`, sendActions, `"StringEquals":{"aws:SourceAccount":"{A}"}`},

	{
		"services-in-account", "because it is how AWS managed keys are used", anyPrincipal, useActions + `,"kms:CreateGrant"`,
		`"StringEquals":{"kms:CallerAccount":"{A}","kms:ViaService":"rds.{R}.amazonaws.com"}`,
	},
	{
		"services-in-account", "because a principal of the account needs no caller account", `{"AWS":"arn:{P}:iam::{A}:role/app"}`, useActions + `,"kms:CreateGrant","kms:ListGrants"`,
		`"StringEquals":{"kms:ViaService":["ec2.{R}.amazonaws.com","s3.{R}.amazonaws.com"]}`,
	},
	{
		"services-in-account", "because any service of the Region is one", anyPrincipal, useActions,
		`"StringEquals":{"kms:CallerAccount":"{A}"},"StringLike":{"kms:ViaService":"*.{R}.amazonaws.com"}`,
	},

	{"autoscaling", "because the service-linked role uses the key", autoScalingRole, useActions, ""},
	{
		"autoscaling", "because a role with a suffix is one",
		`{"AWS":"arn:{P}:iam::{A}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling_suffix"}`, useActions, "",
	},
	{"autoscaling", "because volumes need grants", autoScalingRole, `"kms:CreateGrant"`, `"Bool":{"kms:GrantIsForAWSResource":true}`},

	{
		"cloudfront", "because it is one distribution", `{"Service":["cloudfront.amazonaws.com"]}`, `"kms:Decrypt","kms:Encrypt","kms:GenerateDataKey*"`,
		`"StringEquals":{"AWS:SourceArn":"arn:{P}:cloudfront::{A}:distribution/EDFDVBD6EXAMPLE"}`,
	},
	{
		"cloudfront", "because it is any distribution of the account", `{"Service":"cloudfront.amazonaws.com"}`, `"kms:Decrypt"`,
		`"StringLike":{"aws:SourceArn":"arn:{P}:cloudfront::{A}:distribution/*"}`,
	},

	{
		"route53-dnssec", "because it has zone and account", dnssecPrincipal, `"kms:DescribeKey","kms:GetPublicKey","kms:Sign"`,
		`"StringEquals":{"aws:SourceAccount":"{A}"},"ArnLike":{"aws:SourceArn":"arn:{P}:route53:::hostedzone/*"}`,
	},
	{"route53-dnssec", "because the source account is enough", dnssecPrincipal, `"kms:DescribeKey","kms:GetPublicKey","kms:Sign"`, `"StringEquals":{"aws:SourceAccount":"{A}"}`},
	{
		"route53-dnssec", "because its grants are bounded as well", dnssecPrincipal, `"kms:CreateGrant"`,
		`"Bool":{"kms:GrantIsForAWSResource":"true"},"StringEquals":{"aws:SourceAccount":"{A}"}`,
	},
}

const (
	logsPrincipal   = `{"Service":"logs.{R}.amazonaws.com"}`
	logsActions     = `"kms:Encrypt*","kms:Decrypt*","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"`
	trailPrincipal  = `{"Service":"cloudtrail.amazonaws.com"}`
	dnssecPrincipal = `{"Service":"dnssec-route53.amazonaws.com"}`
	anyPrincipal    = `{"AWS":"*"}`
	autoScalingRole = `{"AWS":"arn:{P}:iam::{A}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"}`
	useActions      = `"kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"`
	sendActions     = `"kms:GenerateDataKey*","kms:Decrypt"`
)

// document returns the API default of a place with the statement.
func (d documented) document(t testing.TB, f integration.Facts) *policy.Document {
	t.Helper()
	text := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"arn:{P}:iam::` + account + `:root"},"Action":"kms:*","Resource":"*"},
		{"Effect":"Allow","Principal":` + d.principal + `,"Action":[` + d.actions + `],"Resource":"*","Condition":{` + d.condition + `}}]}`
	text = strings.NewReplacer("{P}", f.Partition, "{R}", f.Region, "{A}", account).Replace(text)
	document, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return document
}

// judge holds the API default with the statement against the API default with some of the
// statements of its integration.
func (d documented) judge(t testing.TB, f integration.Facts, ceiling []policy.Statement) access.Result {
	t.Helper()
	return access.Within(keyAt(t, f), withDefault(t, f).Set, d.document(t, f).Set, withDefault(t, f, ceiling...).Set)
}

// ceiling returns the statements of the integration in a place.
func (d documented) ceiling(t testing.TB, f integration.Facts) []policy.Statement {
	t.Helper()
	return statements(t, lookup(t, d.integration), f)
}

// eachPlace calls what a test does for each documented statement wherever the service works.
func eachPlace(t *testing.T, test func(t *testing.T, d documented, f integration.Facts, ceiling []policy.Statement)) {
	for _, d := range documentedStatements {
		for _, f := range places {
			if ceiling := d.ceiling(t, f); len(ceiling) > 0 {
				t.Run(d.integration+" in "+f.Region+" "+d.reason, func(t *testing.T) { test(t, d, f, ceiling) })
			}
		}
	}
}

func TestADocumentedPolicyIsWithinItsIntegration(t *testing.T) {
	eachPlace(t, func(t *testing.T, d documented, f integration.Facts, ceiling []policy.Statement) {
		if got := d.judge(t, f, ceiling); got.Verdict != access.Inside {
			t.Errorf("got %+v", got)
		}
	})
}

func TestADocumentedPolicyIsNotWithinTheDefaultAlone(t *testing.T) {
	eachPlace(t, func(t *testing.T, d documented, f integration.Facts, _ []policy.Statement) {
		if got := d.judge(t, f, nil); len(got.Excess) == 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestWithoutItsConditionItIsNot(t *testing.T) {
	eachPlace(t, func(t *testing.T, d documented, f integration.Facts, ceiling []policy.Statement) {
		if d.condition == "" {
			t.Skip("the principal is the bound")
		}
		d.condition = ""
		if got := d.judge(t, f, ceiling); len(got.Excess) == 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestForAnotherAccountItIsNot(t *testing.T) {
	eachPlace(t, func(t *testing.T, d documented, f integration.Facts, ceiling []policy.Statement) {
		if !strings.Contains(d.condition+d.principal, "{A}") {
			t.Skip("metadata: the service looks at the key of any account that lets it")
		}
		d.condition = strings.ReplaceAll(d.condition, "{A}", otherAccount)
		d.principal = strings.ReplaceAll(d.principal, "{A}", otherAccount)
		if got := d.judge(t, f, ceiling); len(got.Excess) == 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestForAnotherServiceItIsNot(t *testing.T) {
	eachPlace(t, func(t *testing.T, d documented, f integration.Facts, ceiling []policy.Statement) {
		if strings.Contains(d.condition, "kms:CallerAccount") {
			t.Skip("a service has no caller account")
		}
		d.principal = `{"Service":"other.amazonaws.com"}`
		if got := d.judge(t, f, ceiling); len(got.Excess) == 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestWithAnotherActionItIsNot(t *testing.T) {
	eachPlace(t, func(t *testing.T, d documented, f integration.Facts, ceiling []policy.Statement) {
		d.actions += `,"kms:PutKeyPolicy"`
		if got := d.judge(t, f, ceiling); len(got.Excess) != 1 || !slices.Equal(got.Excess[0].Actions, []string{"kms:PutKeyPolicy"}) {
			t.Errorf("got %+v", got)
		}
	})
}
