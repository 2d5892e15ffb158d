package guardrail_test

import (
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// ours is a key of an account whose organization is known.
var ours = func() rules.Key {
	k := symmetric
	k.OrganizationID = "o-a1b2c3d4e5"
	return k
}()

// named wants Admin as administrator, by name.
var named = configured(func(b *rules.Baseline) { b.Administrators.Permitted = []string{admin} })

// everybodyElse denies everyone a change of the policy under a condition.
func everybodyElse(condition string) string {
	return document(accountStatement, under(statement("Deny", everyone, "kms:PutKeyPolicy"), condition))
}

// control are rows about who controls a key policy.
var control = []judgement{
	{
		"a Deny for all but one user id", symmetric, api, everybodyElse(`"StringNotEquals":{"aws:userid":"AIDAEVIL"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeControlRestricted, rules.High, 1, "cannot be allowed by IAM policies to "}}, "somebody may have kept the key for himself",
	},
	{
		"a Deny for all without a tag", symmetric, zero, everybodyElse(`"StringNotEquals":{"aws:PrincipalTag/evil":"secret"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeControlRestricted, rules.High, 1, ""}}, "whoever may tag a role chooses who has control",
	},
	{
		"a Deny for all but roles with some name", symmetric, zero, everybodyElse(`"StringNotLike":{"aws:PrincipalArn":"*kms-guardrail*"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeControlRestricted, rules.High, 1, ""}}, "whoever may make a role chooses its name",
	},
	{
		"a Deny for all but one user agent", symmetric, zero, everybodyElse(`"StringNotEquals":{"aws:UserAgent":"evil"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeControlRestricted, rules.High, 1, ""}}, "the caller writes it",
	},
	{
		"a Deny for each user id", symmetric, zero, everybodyElse(`"StringLike":{"aws:userid":"*"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, 1, ""}, {guardrail.CodeNoAdministrator, rules.High, none, ""}}, "each caller has one",
	},
	{
		"a Deny from 2027 on", symmetric, zero, everybodyElse(`"DateGreaterThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeControlRestricted, rules.High, 1, ""}}, "a bomb with a timer",
	},
	{
		"a Deny but through a service", symmetric, zero, everybodyElse(`"StringNotLike":{"kms:ViaService":"ec2.*.amazonaws.com"}`), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "AWS documents it",
	},
	{
		"a Deny for older sessions", symmetric, zero, everybodyElse(`"DateLessThan":{"aws:TokenIssueTime":"2026-11-01T00:00:00Z"}`), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "AWS documents it: new sessions pass",
	},
	{
		"a Deny for other organizations than one that may be the own", symmetric, zero, everybodyElse(`"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeControlRestricted, rules.Medium, 1, ""}}, "which organization the account is of is not known",
	},
	{
		"a Deny from outside of a network", symmetric, zero, everybodyElse(`"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeControlRestricted, rules.Medium, 1, ""}}, "whose network it is cannot be told; a baseline can permit the Deny",
	},
	{
		"a Deny under TLS", symmetric, api, everybodyElse(`"Bool":{"aws:SecureTransport":"true"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, 1, ""}}, "every ordinary call is made over TLS",
	},
	{
		"a Deny since 2020", symmetric, api, everybodyElse(`"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, 1, ""}}, "it is later than that",
	},
	{
		"a Deny in the key's Region", symmetric, api, everybodyElse(`"StringEquals":{"aws:RequestedRegion":"us-east-1"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, 1, ""}, {guardrail.CodeNoAdministrator, rules.High, none, ""}}, "all its calls are made there",
	},
	{
		"a Deny for the key's spec", symmetric, api, everybodyElse(`"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, 1, ""}, {guardrail.CodeNoAdministrator, rules.High, none, ""}}, "it is what the key is",
	},
	{
		"a Deny without TLS", symmetric, api, everybodyElse(`"Bool":{"aws:SecureTransport":"false"}`), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "ordinary hardening",
	},
	{
		"a Deny without MFA", symmetric, api, everybodyElse(`"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "users with MFA keep control",
	},
	{
		"a Deny for other organizations", ours, api, everybodyElse(`"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "it is the account's own",
	},
	{
		"a Deny for the own organization", ours, api, everybodyElse(`"StringNotEquals":{"aws:PrincipalOrgID":"o-evil123456"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeControlRestricted, rules.High, 1, ""}}, "it is somebody else's",
	},
	{
		"a Deny for users", symmetric, api, everybodyElse(`"StringEquals":{"aws:PrincipalType":"User"}`), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "roles keep control",
	},
	{
		"a Deny for all but a named administrator", symmetric, named, everybodyElse(`"ArnNotEquals":{"aws:PrincipalArn":"` + admin + `"}`), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "the baseline names who keeps control",
	},
	{
		"a Deny for all but another role", symmetric, named, everybodyElse(`"ArnNotEquals":{"aws:PrincipalArn":"` + worker + `"}`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, 1, ""}}, "nobody named it",
	},
	{
		"an account statement for one user id", symmetric, api, document(under(accountStatement, `"StringEquals":{"aws:userid":"AIDAEVIL"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, none, ""}}, "a statement that is as good as none",
	},
	{
		"an account statement for the own account", symmetric, api, document(under(accountStatement, `"StringEquals":{"kms:CallerAccount":"111122223333"}`)), guardrail.Compliant, nil,
		"the condition is true of everybody whom it concerns",
	},
	{
		"a permitted Deny that the policy does not have", symmetric, configured(func(b *rules.Baseline) {
			b.Style = defaultpolicy.API
			b.Permit = []rules.Template{`{"Effect":"Deny","Principal":"*","Action":"kms:PutKeyPolicy","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"` + admin + `"}}}`}
		}),
		document(`"Effect":"Allow","Principal":` + root + `,"NotAction":"kms:PutKeyPolicy","Resource":"*"`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, none, ""}, {guardrail.CodeNoAdministrator, rules.High, none, ""}}, "it excuses only itself",
	},
}

// services are rows about whom an AWS service acts for.
var services = []judgement{
	{
		"a service for another account", symmetric, api, document(accountStatement, under(statement("Allow", logs, "kms:Encrypt"), `"StringEquals":{"aws:SourceAccount":"444455556666"}`)),
		guardrail.NonCompliant, []found{{guardrail.CodeForeignAccess, rules.High, 1, ""}}, "another account's access by another way",
	},
	{
		"a service for any account's topics", symmetric, api, document(accountStatement, under(statement("Allow", logs, "kms:Encrypt"), `"StringLike":{"aws:SourceArn":"arn:aws:sns:*"}`)),
		guardrail.NonCompliant, []found{{guardrail.CodeServiceAccess, rules.High, 1, ""}}, "the account is open",
	},
	{
		"a service for the account's log groups", symmetric, api,
		document(accountStatement, under(statement("Allow", logs, "kms:Encrypt"), `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`)),
		guardrail.Compliant, []found{{guardrail.CodeServiceAccess, rules.Info, 1, ""}}, "as AWS documents it, though not in the baseline",
	},
	{
		"a service that may look at the key", symmetric, api, document(accountStatement, statement("Allow", `{"Service":"cloudtrail.amazonaws.com"}`, "kms:DescribeKey")),
		guardrail.NonCompliant, []found{{guardrail.CodeServiceAccess, rules.Low, 1, "(kms:DescribeKey"}}, "metadata; the CloudTrail console gives it without a condition",
	},
	{
		"a ransom", symmetric, api,
		document(accountStatement, under(statement("Deny", everyone, "kms:Decrypt"), `"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/somebody"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodeUseDenied, rules.High, 1, ""}}, "nobody but somebody can decrypt",
	},
	{
		"a signing key that cannot sign", signing, api, document(accountStatement, statement("Deny", everyone, "kms:Sign")), guardrail.NonCompliant,
		[]found{{guardrail.CodeUseDenied, rules.High, 1, "sign (kms:Sign)"}}, "its signatures are its use",
	},
	{
		"use by whoever has a tag", symmetric, api,
		document(accountStatement, under(statement("Deny", everyone, "kms:Decrypt"), `"StringNotEquals":{"aws:PrincipalTag/x":"y"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodeUseDenied, rules.High, 1, ""}}, "somebody chose the tag",
	},
	{
		"a key that nobody can use", symmetric, api, document(accountStatement, `"Effect":"Deny","Principal":"*","NotAction":"kms:PutKeyPolicy","Resource":"*"`), guardrail.NonCompliant,
		[]found{{guardrail.CodeUseDenied, rules.High, 1, ""}}, "whoever can change the policy cannot decrypt",
	},
	{
		"a key that nobody can use from a day on", symmetric, api,
		document(accountStatement, under(statement("Deny", everyone, "kms:Decrypt"), `"DateGreaterThan":{"aws:CurrentTime":"2027-06-01T00:00:00Z"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodeUseDenied, rules.High, 1, ""}}, "a bomb with a timer",
	},
	{
		"use from one network alone", symmetric, api,
		document(accountStatement, under(statement("Deny", everyone, "kms:Decrypt"), `"StringNotEquals":{"aws:SourceVpce":"vpce-1"}`)), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "calls from there pass",
	},
	{
		"use over TLS alone", symmetric, api,
		document(accountStatement, under(statement("Deny", everyone, "kms:Decrypt"), `"Bool":{"aws:SecureTransport":"false"}`)), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "ordinary calls pass",
	},
	{
		"use through one service alone", symmetric, api,
		document(accountStatement, under(statement("Deny", everyone, "kms:Decrypt"), `"StringNotEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`)), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "calls through it pass",
	},
	{
		"use by whom the baseline names", symmetric, configured(func(b *rules.Baseline) { b.Users.Permitted = []string{worker} }),
		document(accountStatement, under(statement("Deny", everyone, "kms:Decrypt"), `"ArnNotEquals":{"aws:PrincipalArn":"`+worker+`"}`)), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, ""}}, "the exception is one of the baseline",
	},
	{
		"everyone with an ARN", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:*"), `"StringLike":{"aws:PrincipalArn":"arn:aws:*"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeAccountAccess, rules.High, 1, ""}}, "who has none?",
	},
	{
		"everyone in pieces", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"IpAddress":{"aws:SourceIp":[`+eighths()+`]}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""}},
		"256 small networks are the internet",
	},
	{
		"everyone from a private address", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""}},
		"anybody's VPC can have it",
	},
	{
		"everyone from a thirty-second of the internet", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"IpAddress":{"aws:SourceIp":"64.0.0.0/5"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""}},
		"no network of anybody's is as large",
	},
	{
		"everyone, and a Deny under two conditions", symmetric, api,
		document(accountStatement, statement("Allow", everyone, "kms:Decrypt"),
			under(statement("Deny", everyone, "kms:*"), `"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"},"StringEquals":{"aws:UserAgent":"curl"}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
			{guardrail.CodeHardeningDeny, rules.Info, 2, ""},
		},
		"whoever sends another user agent is not kept out",
	},
	{
		"everyone, and a Deny for whoever comes from another network, if from one", symmetric, api,
		document(accountStatement, statement("Allow", everyone, "kms:Decrypt"), under(statement("Deny", everyone, "kms:*"), `"ForAnyValue:StringNotEquals":{"aws:SourceVpc":"vpc-1"}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
			{guardrail.CodeHardeningDeny, rules.Info, 2, ""},
		},
		"a call from the internet has no network, and passes",
	},
	{
		"everyone, and a Deny for another key", symmetric, api,
		document(accountStatement, statement("Allow", everyone, "kms:Decrypt"),
			`"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"arn:aws:kms:us-east-1:111122223333:key/another","Condition":{"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`), guardrail.NonCompliant,
		[]found{{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""}},
		"it is about that key",
	},
	{
		"everyone from an eighth of IPv6", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"IpAddress":{"aws:SourceIp":"2000::/3"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""}},
		"it is all of the internet that speaks IPv6",
	},
	{
		"everyone of any organization", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"StringLike":{"aws:PrincipalOrgID":"o-*"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""}},
		"anybody can make an organization",
	},
	{
		"everyone of the own organization and of another one", ours, api,
		document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"StringEquals":{"aws:PrincipalOrgID":["o-a1b2c3d4e5","o-zzzzzzzzzz"]}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodePublicAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""}},
		"the other one is not the own",
	},
	{
		"everyone, and a Deny for one account from other networks", symmetric, api,
		document(accountStatement, statement("Allow", everyone, "kms:Decrypt"), under(statement("Deny", foreignRoot, "kms:*"), `"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeForeignAccess, rules.High, 1, ""},
			{guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
		},
		"all the others come from anywhere",
	},
	{
		"everyone, and of an organization if any", ours, api,
		document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
		},
		"an account without an organization lacks the key",
	},
	{
		"everyone, and of organizations in a list", ours, api,
		document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
		},
		"an account without an organization lacks the key",
	},
	{
		"everyone, and a Deny for other organizations", ours, api,
		document(accountStatement, statement("Allow", everyone, "kms:Decrypt"), under(statement("Deny", everyone, "kms:*"), `"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Medium, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
			{guardrail.CodeHardeningDeny, rules.Info, 2, ""},
		},
		"the Deny restricts as a condition of the Allow would",
	},
}

// eighths are all IPv4 networks of /8.
func eighths() string {
	var list []string
	for i := range 256 {
		list = append(list, fmt.Sprintf(`"%d.0.0.0/8"`, i))
	}
	return strings.Join(list, ",")
}
