package lint_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// valueRow is a value that no request has, or that one may have.
type valueRow struct {
	reason, operator, key, value string
	// reads is a part of the text of the finding, "" where nothing is found.
	reads, suggestion string
}

var valueRows = []valueRow{
	{"a service without its Region", "StringEquals", "kms:ViaService", "s3.amazonaws.com", "service.Region.amazonaws.com", "s3.us-east-1.amazonaws.com"},
	{"a service without anything", "StringEquals", "kms:ViaService", "s3", "service.Region.amazonaws.com", "s3.us-east-1.amazonaws.com"},
	{"a service without its domain", "StringEquals", "kms:ViaService", "ec2.us-east-1", "service.Region.amazonaws.com", "ec2.us-east-1.amazonaws.com"},
	{"a service of another Region", "StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com", "which is in us-east-1", "s3.us-east-1.amazonaws.com"},
	{"services of another Region", "StringLike", "kms:ViaService", "*.eu-west-1.amazonaws.com", "end in .us-east-1.amazonaws.com", ""},
	{"a service in capitals", "StringEquals", "kms:ViaService", "S3.us-east-1.amazonaws.com", "service.Region.amazonaws.com", "s3.us-east-1.amazonaws.com"},
	{"a service in capitals, case ignored", "StringEqualsIgnoreCase", "kms:ViaService", "S3.US-EAST-1.amazonaws.com", "", ""},
	{"a service of the Region", "StringEquals", "kms:ViaService", "redshift-serverless.us-east-1.amazonaws.com", "", ""},
	{"a service of any Region", "StringLike", "kms:ViaService", "ec2.*.amazonaws.com", "", ""},
	{"the beginning of a service", "StringLike", "kms:ViaService", "s3.us-*", "", ""},
	{"a service of a variable Region", "StringLike", "kms:ViaService", "s3.${aws:RequestedRegion}.amazonaws.com", "", ""},

	{"a wildcard", "StringEquals", "kms:ViaService", "s3.*.amazonaws.com", "takes * and ? literally", "StringLike"},
	{"a wildcard alone", "StringEquals", "kms:CallerAccount", "*", "takes * and ? literally", "StringLike"},
	{"a wildcard in an ARN", "StringEquals", "aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:*", "takes * and ? literally", "ArnLike"},
	{"a wildcard with ArnEquals is one", "ArnEquals", "aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:*", "", ""},
	{"a wildcard beside a variable", "StringEquals", "aws:SourceArn", "arn:aws:sns:us-east-1:${aws:SourceAccount}:*", "takes * and ? literally", "ArnLike"},
	{"a star that is meant", "StringEquals", "aws:userid", "${*}", "", ""},

	{"an account id with dashes", "StringEquals", "aws:SourceAccount", "1111-2222-3333", "twelve digits", "111122223333"},
	{"an account id with blanks", "StringEquals", "aws:SourceAccount", " 1111 2222 3333", "twelve digits", "111122223333"},
	{"a digit is missing", "StringEquals", "aws:SourceAccount", "11112222333", "twelve digits", ""},
	{"a digit too many", "StringLike", "aws:SourceAccount", "1111222233334*", "twelve digits", ""},
	{"the ARN of an account", "StringEquals", "aws:SourceAccount", "arn:aws:iam::111122223333:root", "twelve digits", "111122223333"},
	{"a pattern of account ids", "StringLike", "aws:SourceAccount", "11112222????", "", ""},

	{"an organization in capitals", "StringEquals", "aws:SourceOrgID", "O-A1B2C3D4E5", "o- and 10 to 32", "o-a1b2c3d4e5"},
	{"an organization that is too short", "StringEquals", "aws:SourceOrgID", "o-a1b2c3", "o- and 10 to 32", ""},
	{"a path for an organization", "StringEquals", "aws:SourceOrgID", "o-a1b2c3d4e5/r-ab12/", "o- and 10 to 32", "o-a1b2c3d4e5"},
	{"an organization", "StringEquals", "aws:SourceOrgID", "o-a1b2c3d4e5", "", ""},
	{"organizations", "StringLike", "aws:SourceOrgID", "o-*", "", ""},
	{"a path without its last slash", "ForAnyValue:StringEquals", "aws:SourceOrgPaths", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111", "slash at the end", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"},
	{"a path", "ForAnyValue:StringEquals", "aws:SourceOrgPaths", "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/", "", ""},
	{"paths", "ForAnyValue:StringLike", "aws:SourceOrgPaths", "o-a1b2c3d4e5/*", "", ""},
	{"paths that begin with a unit", "ForAnyValue:StringLike", "aws:SourceOrgPaths", "ou-ab12-11111111/*", "slash at the end", ""},

	{"a VPC with a letter too few", "StringEquals", "aws:SourceVpc", "vpc-1a2b3c4", "8 or 17", ""},
	{"an endpoint for a VPC", "StringEquals", "aws:SourceVpc", "vpce-1a2b3c4d", "that is an endpoint", "aws:SourceVpce"},
	{"a VPC for an endpoint", "StringEquals", "aws:SourceVpce", "vpc-1a2b3c4d", "that is a VPC", "aws:SourceVpc"},
	{"a VPC", "StringEquals", "aws:SourceVpc", "vpc-0123456789abcdef0", "", ""},
	{"an endpoint", "StringEquals", "aws:SourceVpce", "vpce-1a2b3c4d", "", ""},

	{"a service that lacks its domain", "StringEquals", "aws:PrincipalServiceName", "s3", "ends in .amazonaws.com", "s3.amazonaws.com"},
	{"a domain with a typo", "StringEquals", "aws:PrincipalServiceName", "s3.amazonws.com", "ends in .amazonaws.com", "s3.amazonaws.com"},
	{"a service", "StringEquals", "aws:PrincipalServiceName", "delivery.logs.amazonaws.com", "", ""},
	{"a pattern of services", "StringLike", "aws:PrincipalServiceName", "s3.*", "", ""},

	{"a part is missing", "ArnLike", "aws:SourceArn", "arn:aws:sns:us-east-1:topic", "an ARN has six parts between colons, this has 5", ""},
	{"a name for an ARN", "StringEquals", "aws:SourceArn", "topic", "an ARN has six parts", ""},
	{"an account with dashes in an ARN", "ArnEquals", "aws:SourceArn", "arn:aws:sns:us-east-1:1111-2222-3333:t", "twelve digits", "arn:aws:sns:us-east-1:111122223333:t"},
	{"an ARN of no partition", "ArnEquals", "aws:SourceArn", "arn:amazon:sns:us-east-1:111122223333:t", "is no partition", ""},
	{"an ARN of another partition", "ArnEquals", "aws:SourceArn", "arn:aws-cn:sns:cn-north-1:111122223333:t", "the key is in the partition aws", ""},
	{"an ARN with a typo", "StringLike", "aws:SourceArn", "anr:aws:sns:*", "begins with arn:", ""},
	{"an ARN without Region and account", "ArnEquals", "aws:SourceArn", "arn:aws:s3:::bucket", "", ""},
	{"a session for a principal", "ArnLike", "aws:PrincipalArn", "arn:aws:sts::444455556666:assumed-role/App/*", "the ARN of the role", "arn:aws:iam::444455556666:role/App"},
	{"a bucket for a principal", "ArnLike", "aws:PrincipalArn", "arn:aws:s3:::bucket", "user, role, root user", ""},
	{"a pattern of roles", "StringLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Admin*", "", ""},

	{"a private network", "IpAddress", "aws:SourceIp", "10.0.0.0/8", "private address", "aws:VpcSourceIp"},
	{"a private address", "IpAddress", "aws:SourceIp", "192.168.1.7", "private address", "aws:VpcSourceIp"},
	{"a private network of version 6", "IpAddress", "aws:SourceIp", "fd00::/8", "private address", "aws:VpcSourceIp"},
	{"a public network", "IpAddress", "aws:SourceIp", "203.0.113.0/24", "", ""},
	{"a network with private and public addresses", "IpAddress", "aws:SourceIp", "0.0.0.0/0", "", ""},
	{"a private network, inside a VPC", "IpAddress", "aws:VpcSourceIp", "10.0.0.0/8", "", ""},

	{"another Region", "StringEquals", "aws:RequestedRegion", "eu-west-1", "go to us-east-1", "us-east-1"},
	{"other Regions", "StringLike", "aws:RequestedRegion", "eu-*", "go to us-east-1", "us-east-1"},
	{"no Region", "StringEquals", "aws:RequestedRegion", "Virginia", "written like us-east-1", ""},
	{"Regions", "StringLike", "aws:RequestedRegion", "us-*", "", ""},

	{"an alias without its beginning", "StringEquals", "kms:RequestAlias", "app", "begins with alias/", "alias/app"},
	{"the ARN of an alias", "StringEquals", "kms:RequestAlias", "arn:aws:kms:us-east-1:111122223333:alias/app", "begins with alias/", "alias/app"},
	{"an alias", "StringEquals", "kms:RequestAlias", "alias/app", "", ""},
	{"a name with a typo", "StringEquals", "kms:EncryptionAlgorithm", "SYMETRIC_DEFAULT", "no such value", "SYMMETRIC_DEFAULT"},
	{"a name in small letters", "StringEquals", "kms:KeyOrigin", "aws_kms", "no such value", "AWS_KMS"},
	{"a name that AWS may add", "StringEquals", "kms:KeySpec", "FALCON_512", "", ""},
	{"a name", "StringEquals", "kms:KeyUsage", "SIGN_VERIFY", "", ""},
}

// negated are the operators that hold where the ones of valueRows do not.
var negated = strings.NewReplacer("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "IpAddress", "NotIpAddress")

func condition(operator, key, value string) string {
	return `{"` + operator + `":{"` + key + `":"` + value + `"}}`
}

// TestValuesThatNoRequestHas tells each kind in an Allow and in a Deny, where the statement
// then does nothing, and under the negated operator, where the condition always holds.
func TestValuesThatNoRequestHas(t *testing.T) {
	for _, r := range valueRows {
		t.Run(r.reason, func(t *testing.T) {
			always := lint.ConditionWithoutEffect
			if strings.HasPrefix(r.operator, "ForAnyValue:") {
				always = lint.ValueNeverMatches // absent, the condition does not hold
			}
			for _, test := range []struct {
				statement, ends string
				code            lint.Code
			}{
				{allow(anyone, `"kms:Decrypt"`, condition(r.operator, r.key, r.value)), "so the statement allows nothing", lint.DeadStatement},
				{deny(anyone, `"kms:Decrypt"`, condition(r.operator, r.key, r.value)), "so the statement denies nothing", lint.DeadStatement},
				{deny(anyone, `"kms:Decrypt"`, condition(negated.Replace(r.operator), r.key, r.value)), "", always},
			} {
				if always == lint.ValueNeverMatches && test.code == always {
					continue
				}
				valueFinding(t, r, test.statement, test.code, test.ends)
			}
		})
	}
}

func valueFinding(t *testing.T, r valueRow, statement string, code lint.Code, ends string) {
	t.Helper()
	findings := lint.Check(key, parse(t, policyOf(statement)))
	if r.reads == "" {
		if len(findings) > 0 {
			t.Errorf("%s\nfound %+v, want nothing", statement, findings)
		}
		return
	}
	if len(findings) != 1 {
		t.Fatalf("%s\nfound %+v, want one", statement, findings)
	}
	f := findings[0]
	place := strings.LastIndex(policyOf(statement), `"`+r.value+`"`) + 1
	if f.Code != code || !strings.Contains(f.Detail, r.reads) || !strings.Contains(f.Detail, ends) || f.Value != r.value || f.Column != place {
		t.Errorf("%s\nfound %+v\nwant %s at %d, %q, %q", statement, f, code, place, r.reads, ends)
	}
}

func TestSuggestionsForValues(t *testing.T) {
	for _, r := range valueRows {
		findings := lint.Check(key, parse(t, policyOf(allow(anyone, `"kms:Decrypt"`, condition(r.operator, r.key, r.value)))))
		if r.reads != "" && (len(findings) != 1 || findings[0].Suggestion != r.suggestion) {
			t.Errorf("%s: found %+v, want one that suggests %q", r.reason, findings, r.suggestion)
		}
	}
}

func TestOneValueOfManyThatNoRequestHas(t *testing.T) {
	const good, bad, elsewhere = `"s3.us-east-1.amazonaws.com"`, `"s3.amazonaws.com"`, `"s3.eu-west-1.amazonaws.com"`
	via := func(operator string, values ...string) string {
		return `{"` + operator + `":{"kms:ViaService":[` + strings.Join(values, ",") + `]}}`
	}
	run(t, []row{
		{"beside a right one it adds nothing", allow(role, `"kms:Decrypt"`, via("StringEquals", good, bad)), found(lint.ValueNeverMatches)},
		{"beside a right one another Region is for another key", allow(role, `"kms:Decrypt"`, via("StringEquals", good, elsewhere)), nil},
		{"alone, only the first says what becomes of the statement", allow(role, `"kms:Decrypt"`, via("StringEquals", bad, elsewhere)), found(lint.DeadStatement, lint.ValueNeverMatches)},
		{"if it exists, requests without the key are left", allow(role, `"kms:Decrypt"`, via("StringEqualsIfExists", bad)), found(lint.ValueNeverMatches)},
		{"a condition is not told twice", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:CallerAccount":"1111-2222-3333"}}`), found(lint.DeadStatement)},
		{"a list of Booleans", allow(role, `"kms:CreateGrant"`, `{"Bool":{"kms:GrantIsForAWSResource":["true","false"]}}`), found(lint.BothBooleans)},
		{"values of two types", allow(role, `"kms:CreateGrant"`, `{"Bool":{"kms:GrantIsForAWSResource":[true,"true"]}}`), found(lint.MixedValueTypes)},
		{"yes for true", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"aws:SecureTransport":"yes"}}`), found(lint.StringOperatorOnTypedKey, lint.DeadStatement)},
		{"a wildcard in what the caller chooses", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:EncryptionContext:path":"a/*"}}`), found(lint.WildcardWithoutLike)},
		{"a pattern of four parts under ArnLike", allow(anyone, `"kms:Decrypt"`, `{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*"}}`), found(lint.ShortArnPattern)},
	})
}

// A multi-Region key often has one policy for all its Regions.
func TestMultiRegionKeysAndUnknownRegions(t *testing.T) {
	multi := policy.Key{ARN: "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab", Partition: "aws", Account: "111122223333"}
	account := policy.Key{Partition: "aws", Account: "111122223333"}
	for _, statement := range []string{
		allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`),
		allow(role, `"kms:Decrypt"`, `{"StringLike":{"kms:ViaService":"*.eu-west-1.amazonaws.com"}}`),
		allow(`"Principal":{"Service":"logs.eu-west-1.amazonaws.com"}`, `"kms:Decrypt"`, ""),
	} {
		for _, k := range []policy.Key{multi, account} {
			if findings := lint.Check(k, parse(t, policyOf(statement))); len(findings) > 0 {
				t.Errorf("%+v: %s\nfound %+v", k, statement, findings)
			}
		}
		if findings := lint.Check(key, parse(t, policyOf(statement))); len(findings) == 0 || findings[0].Severity != lint.Low {
			t.Errorf("%s\nfound %+v, want one above info for a key of one Region", statement, findings)
		}
	}
	via := lint.Check(account, parse(t, policyOf(allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:ViaService":"s3.amazonaws.com"}}`))))
	if len(via) != 1 || via[0].Suggestion != "s3.REGION.amazonaws.com" {
		t.Errorf("found %+v, want a suggestion that leaves the Region open", via)
	}
}

// TestTheRegionOfAKeyWhoseARNIsNotKnown: a file is checked with --account and --region alone.
func TestTheRegionOfAKeyWhoseARNIsNotKnown(t *testing.T) {
	d := parse(t, policyOf(allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`)))
	for _, row := range []struct {
		multiRegion string
		want        int
		reason      string
	}{
		{"false", 1, "a key of one Region is not used from another"},
		{"true", 0, "a replica may be in that Region"},
		{"", 0, "it may be a multi-Region key"},
	} {
		k := policy.Key{Partition: key.Partition, Account: key.Account, Region: key.Region, MultiRegion: row.multiRegion}
		if got := lint.Check(k, d); len(got) != row.want {
			t.Errorf("multi-Region %q: %+v, want %d because %s", row.multiRegion, got, row.want, row.reason)
		}
	}
}
