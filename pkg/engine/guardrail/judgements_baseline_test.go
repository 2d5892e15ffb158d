package guardrail_test

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// under adds conditions to a statement without its braces.
func under(statement, conditions string) string {
	return statement + `,"Condition":{` + conditions + `}`
}

const (
	callerAbroad = `"StringEquals":{"kms:CallerAccount":"444455556666"}`
	organization = `"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`
	throughS3    = `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`
	deadRole     = `{"AWS":"AROAIIIIIIIIIIIIIIIII"}`
)

// restricted are rows about conditions that do or do not restrict who may use a key.
var restricted = []judgement{
	{
		"everyone of an organization", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), organization)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.High, 1, "(kms:Decrypt"},
			{guardrail.CodeAccountAccess, rules.Medium, 1, ""},
		},
		"somebody chose the organization, so it is not the whole world; no service is of an organization",
	},
	{
		"everyone through S3", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), throughS3)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, "under conditions"},
			{guardrail.CodeServiceAccess, rules.High, 1, "every AWS service"},
			{guardrail.CodeAccountAccess, rules.Low, 1, ""},
		},
		"kms:ViaService says how, not who: anybody's S3 can",
	},
	{
		"everyone but one account", symmetric, api,
		document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"StringNotEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
		},
		"a negated operator lets in the rest of the world",
	},
	{
		"everyone with an address", symmetric, api,
		document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
		},
		"two halves of the internet are the internet",
	},
	{
		"everyone from one network", symmetric, api,
		document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), `"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`)), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.High, 1, ""}, {guardrail.CodeServiceAccess, rules.High, 1, ""}, {guardrail.CodeAccountAccess, rules.Medium, 1, ""},
		},
		"a network that somebody chose",
	},
	{
		"everyone of one other account", symmetric, api, document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), callerAbroad)), guardrail.NonCompliant,
		[]found{{guardrail.CodeForeignAccess, rules.High, 1, "(kms:Decrypt"}},
		"the condition names the account as a principal would",
	},
	{
		"a service for one account", symmetric, api,
		document(accountStatement, under(statement("Allow", logs, "kms:Encrypt"), `"StringEquals":{"aws:SourceAccount":"111122223333"}`)), guardrail.Compliant,
		[]found{{guardrail.CodeServiceAccess, rules.Info, 1, "(kms:Encrypt"}},
		"the baseline has no such integration, but nobody can be confused into it",
	},
	{
		"a service for all accounts", symmetric, api,
		document(accountStatement, under(statement("Allow", logs, "kms:Encrypt"), `"StringLike":{"aws:SourceAccount":"*"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodeServiceAccess, rules.High, 1, ""}}, "a pattern for everything restricts nothing",
	},
}

// withinBounds are rows about what a baseline permits beside the floor.
var withinBounds = []judgement{
	{"the API default without a file", symmetric, zero, document(accountStatement), guardrail.Compliant, nil, "the floor itself"},
	{"the console default without a file", symmetric, zero, consoleDefault(symmetric), guardrail.Compliant, nil, "anybody of the account may be administrator or user"},
	{
		"one role for everything", symmetric, zero, document(accountStatement, statement("Allow", adminRole, "kms:*")), guardrail.Compliant,
		[]found{{guardrail.CodeAccountAccess, rules.Info, 1, "(kms:Decapsulate, kms:DeriveSharedSecret"}},
		"administration and use are permitted, and the key can do nothing of the rest",
	},
	{
		"grants that are not for AWS services", symmetric, zero, document(accountStatement, statement("Allow", adminRole, "kms:RetireGrant"), statement("Allow", everyone, "kms:CreateGrant")),
		guardrail.NonCompliant, []found{{guardrail.CodePublicAccess, rules.Critical, 2, ""}, {guardrail.CodeServiceAccess, rules.High, 2, ""}, {guardrail.CodeAccountAccess, rules.Medium, 2, ""}},
		"everyone is more than the account",
	},
	{
		"use of an asymmetric key by signing", hmac, zero, document(accountStatement, statement("Allow", adminRole, "kms:Sign")), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountAccess, rules.Info, 1, "(kms:Sign"}}, "no HMAC key can do that, so the statement is dead",
	},
	{
		"another account without a file", symmetric, zero, document(accountStatement, statement("Allow", foreignRoot, "kms:Decrypt")), guardrail.NonCompliant,
		[]found{{guardrail.CodeForeignAccess, rules.High, 1, ""}}, "other accounts must be permitted one by one",
	},
	{
		"another account that is permitted", symmetric, configured(func(b *rules.Baseline) { b.Users.Permitted = []string{foreign} }),
		document(accountStatement, statement("Allow", foreignRoot, "kms:Decrypt")), guardrail.Compliant, nil, "as a user",
	},
	{
		"a role of a permitted account", symmetric, configured(func(b *rules.Baseline) { b.Users.Permitted = []string{"arn:aws:iam::444455556666:role/backup-*"} }),
		document(accountStatement, statement("Allow", `{"AWS":["arn:aws:iam::444455556666:role/backup-1","arn:aws:iam::444455556666:role/other"]}`, "kms:Decrypt")), guardrail.NonCompliant,
		[]found{{guardrail.CodeForeignAccess, rules.High, 1, "(kms:Decrypt"}}, "the pattern fits one of the two",
	},
	{
		"an administrator of another account", symmetric, configured(func(b *rules.Baseline) { b.Administrators.Permitted = []string{"arn:aws:iam::444455556666:role/*"} }),
		document(accountStatement, statement("Allow", `{"AWS":"arn:aws:iam::444455556666:role/A"}`, "kms:PutKeyPolicy")), guardrail.NonCompliant,
		[]found{{guardrail.CodeForeignAccess, rules.Critical, 1, ""}}, "only the key's own account administers it, whatever is permitted elsewhere",
	},
	{
		"deletion where administrators may not delete", symmetric, configured(func(b *rules.Baseline) {
			b.Administrators.Permitted, b.AdministratorsMayDelete = []string{"arn:${Partition}:iam::${AccountId}:role/*"}, false
		}),
		document(accountStatement, statement("Allow", adminRole, "kms:ScheduleKeyDeletion"), statement("Allow", adminRole, "kms:PutKeyPolicy")), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountAccess, rules.Medium, 1, "(kms:ScheduleKeyDeletion"}}, "the console's box is cleared",
	},
	{
		"an integration", symmetric, configured(func(b *rules.Baseline) { b.Integrations = []string{"cloudwatch-logs"} }),
		document(accountStatement, under(statement("Allow", logs, "kms:Encrypt"), `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`)),
		guardrail.Compliant, nil, "as AWS documents it",
	},
	{
		"an integration of another account's", symmetric, configured(func(b *rules.Baseline) { b.Integrations = []string{"cloudwatch-logs"} }),
		document(accountStatement, under(statement("Allow", logs, "kms:Encrypt"), `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:444455556666:*"}`)),
		guardrail.NonCompliant, []found{{guardrail.CodeForeignAccess, rules.High, 1, "logs.us-east-1.amazonaws.com"}}, "the log groups are not the account's",
	},
	{
		"a permitted statement", symmetric, configured(func(b *rules.Baseline) {
			b.Permit = []rules.Template{`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}`}
		}),
		document(accountStatement, under(statement("Allow", everyone, "kms:Decrypt"), organization)), guardrail.Compliant, nil, "somebody signed it",
	},
	{
		"a permitted Deny takes control", symmetric, configured(func(b *rules.Baseline) {
			b.Permit = []rules.Template{`{"Effect":"Deny","Principal":"*","Action":"kms:PutKeyPolicy","Resource":"*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::${AccountId}:role/BreakGlass"}}}`}
		}),
		document(accountStatement, under(statement("Deny", everyone, "kms:PutKeyPolicy"), `"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/BreakGlass"}`)),
		guardrail.Compliant, nil, "who signs a Deny takes it out of the floor",
	},
	{
		"the same Deny, not permitted", symmetric, api,
		document(accountStatement, under(statement("Deny", everyone, "kms:PutKeyPolicy"), `"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/BreakGlass"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, 1, "cannot be allowed by IAM policies to "}}, "an attacker takes a key over like this: one role is left",
	},
	{
		"a Deny under a condition", symmetric, api,
		document(accountStatement, under(statement("Deny", everyone, "kms:*"), `"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`)), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, "under conditions"}}, "it narrows, and the account keeps control",
	},
	{
		"hardening that is to be reported", symmetric, configured(func(b *rules.Baseline) { b.Style, b.HardeningDenies = defaultpolicy.API, rules.ReportDenies }),
		document(accountStatement, statement("Deny", everyone, "kms:ScheduleKeyDeletion")), guardrail.NonCompliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Low, 1, "cannot be allowed by IAM policies to "}}, "the baseline says so",
	},
}

// required are rows about what a baseline requires beside the account statement.
var required = []judgement{
	{
		"a Deny for a required user", symmetric, workers,
		document(accountStatement, statement("Deny", `{"AWS":"`+worker+`"}`, "kms:Decrypt"), mine("Allow", worker, `["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"]`),
			under(mine("Allow", worker, `["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"]`), `"Bool":{"kms:GrantIsForAWSResource":"true"}`)), guardrail.NonCompliant,
		[]found{{guardrail.CodeRequiredAccessMissing, rules.Medium, 1, "cannot"}}, "what is required may not be denied outright",
	},
	{
		"a required statement", symmetric, configured(func(b *rules.Baseline) {
			b.Style, b.Require = defaultpolicy.API, []rules.Template{`{"Effect":"Allow","Principal":{"AWS":"arn:${Partition}:iam::${AccountId}:role/Audit"},"Action":"kms:GetKeyPolicy","Resource":"*"}`}
		}),
		document(accountStatement), guardrail.NonCompliant,
		[]found{{guardrail.CodeRequiredAccessMissing, rules.Medium, none, "(kms:GetKeyPolicy"}}, "it is not there",
	},
	{
		"a required Deny", symmetric, configured(func(b *rules.Baseline) {
			b.Style, b.Require = defaultpolicy.API, []rules.Template{`{"Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`}
		}),
		document(accountStatement), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountAccess, rules.High, 0, "(kms:ScheduleKeyDeletion"}}, "without it, there is access that must not be",
	},
	{
		"access of the guardrail", symmetric, configured(func(b *rules.Baseline) {
			b.Style, b.GuardrailAccess = defaultpolicy.API, "arn:${Partition}:iam::${AccountId}:role/kms-guardrail"
		}),
		document(accountStatement), guardrail.NonCompliant,
		[]found{{guardrail.CodeRequiredAccessMissing, rules.High, none, "(kms:DescribeKey, kms:GetKeyPolicy"}}, "it keeps the key in reach",
	},
	{
		"only deleted administrators", symmetric, api, document(statement("Allow", deadRole, "kms:*")), guardrail.NonCompliant,
		[]found{
			{guardrail.CodeAccountStatementMissing, rules.High, none, ""}, {guardrail.CodeOnlyDeadPrincipals, rules.High, none, "has been deleted"},
			{"lint-dead-principal", rules.Low, 0, "the principal is the id of a user or role that has been deleted (line 1, column "},
		},
		"making a role of the same name again does not bring the access back",
	},
	{
		"a deleted administrator beside the account", symmetric, api, document(accountStatement, statement("Allow", deadRole, "kms:*")), guardrail.NonCompliant,
		[]found{{"lint-dead-principal", rules.Low, 1, "has been deleted (line 1, column "}}, "somebody lost access without a word",
	},
}

// mine is a statement for one principal, with a list of actions.
func mine(effect, principal, actions string) string {
	return `"Effect":"` + effect + `","Principal":{"AWS":"` + principal + `"},"Action":` + actions + `,"Resource":"*"`
}

// exactly wants a generated default for whomever of the account.
var exactly = configured(func(b *rules.Baseline) {
	b.Match = rules.ExactDefault
	b.Administrators.Permitted, b.Users.Permitted = []string{"arn:${Partition}:iam::${AccountId}:role/*"}, []string{"arn:${Partition}:iam::${AccountId}:role/*"}
})

// exact are rows about baselines that want a generated default as it is.
var exact = []judgement{
	{"the console default, exactly", symmetric, exactly, consoleDefault(symmetric), guardrail.Compliant, nil, "it is one, for permitted principals"},
	{
		"an older edition, exactly", symmetric, exactly, strings.ReplaceAll(consoleDefault(symmetric), `, "kms:RotateKeyOnDemand"`, ""), guardrail.Compliant, nil, "of 2017; older keys are no drift",
	},
	{
		"less than a default, exactly", symmetric, exactly, strings.ReplaceAll(consoleDefault(symmetric), `"kms:Decrypt", `, ""), guardrail.NonCompliant,
		[]found{{guardrail.CodeNotGeneratedDefault, rules.Low, none, ""}}, "within the bounds, and no default",
	},
	{
		"a default for others, exactly", symmetric, exactly, strings.ReplaceAll(consoleDefault(symmetric), "role/Worker", "user/Worker"), guardrail.NonCompliant,
		[]found{
			{guardrail.CodeAccountAccess, rules.Medium, 2, "User Worker can"},
			{guardrail.CodeAccountAccess, rules.Medium, 3, "User Worker can"},
		},
		"a generated default, for a user whom nobody permitted",
	},
}
