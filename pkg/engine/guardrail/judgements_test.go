package guardrail_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	account = "111122223333"
	foreign = "444455556666"
	admin   = "arn:aws:iam::111122223333:role/Admin"
	worker  = "arn:aws:iam::111122223333:role/Worker"
)

var (
	symmetric = key("aws", "us-east-1", defaultpolicy.KeyType{})
	hmac      = key("aws", "us-east-1", defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256})
	signing   = key("aws", "us-east-1", defaultpolicy.KeyType{Spec: defaultpolicy.ECCNISTP256, Usage: defaultpolicy.SignVerify})
	now       = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

	// zero is what counts without a file.
	zero = rules.DefaultConfiguration()
	// api is the API default and nothing beside it.
	api = configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
	// console wants Admin as administrator and Worker as user, and permits nobody else.
	console = configured(func(b *rules.Baseline) {
		b.Administrators.Required, b.Users.Required = []string{admin}, []string{worker}
	})
	// workers wants Worker as user and no administrator.
	workers = configured(func(b *rules.Baseline) { b.Users.Required = []string{worker} })
)

// configured is a configuration in repair mode with one baseline, which permits nobody.
func configured(change func(*rules.Baseline)) *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Mode = rules.Repair
	b := rules.DefaultBaseline()
	b.Name = "default"
	change(&b)
	c.Baselines = []rules.Baseline{b}
	return c
}

func key(partition, region string, t defaultpolicy.KeyType) rules.Key {
	return rules.Key{
		ARN:     "arn:" + partition + ":kms:" + region + ":" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab",
		Account: account, Region: region, Partition: partition, Type: t.WithDefaults(),
	}
}

// document is a policy of statements without their braces.
func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[{` + strings.Join(statements, "},{") + `}]}`
}

// statement is one statement without its braces.
func statement(effect, principal, action string) string {
	return fmt.Sprintf(`"Effect":%q,"Principal":%s,"Action":%q,"Resource":"*"`, effect, principal, action)
}

const (
	root        = `{"AWS":"arn:aws:iam::111122223333:root"}`
	everyone    = `"*"`
	foreignRoot = `{"AWS":"444455556666"}`
	adminRole   = `{"AWS":"arn:aws:iam::111122223333:role/Admin"}`
	logs        = `{"Service":"logs.us-east-1.amazonaws.com"}`
	// A multi-valued key without a set operator: AWS does not say how it is read.
	twoReadings = `,"Condition":{"StringEquals":{"kms:EncryptionContextKeys":"department"}}`
	none        = -1 // no statement
)

var accountStatement = statement("Allow", root, "kms:*")

// found is the part of a finding that a row of the table says.
type found struct {
	code      guardrail.Code
	severity  rules.Severity
	statement int
	message   string // a part of it
}

type judgement struct {
	name          string
	key           rules.Key
	configuration *rules.Configuration
	policy        string
	verdict       guardrail.Verdict
	findings      []found
	reason        string
}

// judgements has every code and severity that Judge can give, and beside it the nearest
// policy that does not get it.
var judgements = slices.Concat(sameAccess, moreAccess, restricted, services, lessAccess, control, withinBounds, required, exact, undecided, unjudgeable)

var sameAccess = []judgement{
	{"the default itself", symmetric, api, document(accountStatement), guardrail.Compliant, nil, "nothing differs"},
	{
		"other words for the default", symmetric, api,
		`{"Id":"x","Statement":{"Sid":"y","Resource":["*"],"Action":["KMS:*"],"Principal":{"AWS":["111122223333"]},"Effect":"Allow"}}`,
		guardrail.Compliant, nil, "text is not compared",
	},
	{
		"an action that does not exist", symmetric, api, document(accountStatement, statement("Allow", everyone, "kms:Unheard")),
		guardrail.NonCompliant, []found{{"lint-unknown-action", rules.Low, 1, "the value names no action of KMS (line 1, column "}}, "nobody can do it, and somebody meant something",
	},
	{
		"an action of another service", symmetric, api, document(accountStatement, statement("Allow", everyone, "s3:GetObject")),
		guardrail.NonCompliant, []found{{"lint-foreign-action", rules.Low, 1, "the value names an action of another service"}}, "a key policy cannot give it",
	},
	{"the console default", symmetric, console, consoleDefault(symmetric), guardrail.Compliant, nil, "its administrators and users are those of the baseline"},
	{"the console default of an HMAC key", hmac, console, consoleDefault(hmac), guardrail.Compliant, nil, "the key's type decides what users may do"},
	{
		"the API default of a key of unknown type", rules.Key{ARN: symmetric.ARN, Account: account, Partition: "aws"}, api, document(accountStatement),
		guardrail.Compliant, nil, "it is the same for every type",
	},
}

var moreAccess = []judgement{
	{
		"everyone may decrypt", symmetric, api, document(accountStatement, statement("Allow", everyone, "kms:Decrypt")), guardrail.NonCompliant,
		[]found{
			{guardrail.CodePublicAccess, rules.Critical, 1, "PUBLIC: anyone with an AWS account can decrypt (kms:Decrypt)."},
			{guardrail.CodeServiceAccess, rules.High, 1, "(kms:Decrypt"},
			{guardrail.CodeAccountAccess, rules.Medium, 1, "(kms:Decrypt"},
		},
		`"*" is three kinds of access at once, the worst of them first`,
	},
	{
		"another account", symmetric, api, document(accountStatement, statement("Allow", foreignRoot, "kms:*")), guardrail.NonCompliant,
		[]found{{guardrail.CodeForeignAccess, rules.Critical, 1, "(kms:*"}}, "the account is named, so it is not the whole world",
	},
	{
		"a role of another account", symmetric, api, document(accountStatement, statement("Allow", `{"AWS":"arn:aws:iam::444455556666:role/R"}`, "kms:Encrypt")),
		guardrail.NonCompliant, []found{{guardrail.CodeForeignAccess, rules.High, 1, "(kms:Encrypt"}}, "one principal of it",
	},
	{
		"a service-linked role of another account", symmetric, api,
		document(accountStatement, statement("Allow", `{"AWS":"arn:aws:iam::444455556666:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"}`, "kms:Encrypt")),
		guardrail.NonCompliant, []found{{guardrail.CodeForeignAccess, rules.High, 1, "Service-linked role AWSServiceRoleForAutoScaling of account 444455556666 can encrypt"}}, "it is foreign, and named as what it is",
	},
	{
		"a service", symmetric, api, document(accountStatement, statement("Allow", logs, "kms:Encrypt")), guardrail.NonCompliant,
		[]found{{guardrail.CodeServiceAccess, rules.High, 1, "(kms:Encrypt"}}, "services are no account's principals",
	},
	{
		"a role without the account", symmetric, api, document(accountStatement, statement("Allow", adminRole, "kms:Decrypt")), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountAccess, rules.Medium, 1, "(kms:Decrypt"}}, "direct access needs no IAM policy; the default gives delegated access only",
	},
	{
		"use of a symmetric key on an HMAC key", hmac, workers,
		document(accountStatement, `"Effect":"Allow","Principal":{"AWS":"`+worker+`"},"Action":["kms:Decrypt","kms:DescribeKey"],"Resource":"*"`), guardrail.NonCompliant,
		[]found{
			{guardrail.CodeAccountAccess, rules.Info, 1, "(kms:Decrypt"},
			{guardrail.CodeRequiredAccessMissing, rules.Medium, none, "cannot"},
		},
		"the default is that of the key's type",
	},
	{
		"an administrator whom the baseline does not permit", symmetric, workers,
		consoleDefault(symmetric), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountAccess, rules.Medium, 1, "Role Admin can "}}, "administrators are part of the baseline",
	},
	{
		"more actions than one reads", symmetric, api, document(accountStatement, statement("Allow", adminRole, "kms:*e*")), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountAccess, rules.Medium, 1, " and 13 more"}}, "a long list is cut",
	},
}

// manyStatements are the account statement and n others that each name another role
// for another action.
func manyStatements(n int) []string {
	list := []string{accountStatement}
	for i := range n {
		list = append(list, statement("Allow", fmt.Sprintf(`{"AWS":"arn:aws:iam::111122223333:role/R%d"}`, i), "kms:Sign"))
	}
	return list
}

var lessAccess = []judgement{
	{
		"no account statement", symmetric, api, document(statement("Allow", adminRole, "kms:*")), guardrail.NonCompliant,
		[]found{
			{guardrail.CodeAccountStatementMissing, rules.High, none, "IAM policies no longer work for this key: the account statement is missing. "},
			{guardrail.CodeAccountAccess, rules.Medium, 0, "(kms:*"},
		},
		"when that role is gone, so is control of the key; no statement of the policy is to blame",
	},
	{
		"the account statement of another partition", key("aws-cn", "cn-north-1", defaultpolicy.KeyType{}), api, document(accountStatement),
		guardrail.NonCompliant, []found{{guardrail.CodeAccountStatementMissing, rules.High, none, "IAM policies no longer work for this key: the account statement is missing. "}, {guardrail.CodeNoAdministrator, rules.High, none, "nobody can change the key policy"}}, "its principal is nobody in China",
	},
	{
		"the account may not change the policy", symmetric, api,
		document(`"Effect":"Allow","Principal":` + root + `,"NotAction":"kms:PutKeyPolicy","Resource":"*"`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, none, "IAM policies no longer work for this key: the account statement is missing. "}, {guardrail.CodeNoAdministrator, rules.High, none, "nobody can change the key policy"}}, "an account statement that has lost its point",
	},
	{
		"a Deny takes the policy from the account", symmetric, api, document(accountStatement, statement("Deny", root, "kms:Put*")), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccountStatementMissing, rules.High, 1, "cannot be allowed by IAM policies to "}, {guardrail.CodeNoAdministrator, rules.High, none, "nobody can change the key policy"}}, "the Deny is the statement to look at",
	},
	{
		"the account may do everything but decrypt", symmetric, api,
		document(`"Effect":"Allow","Principal":` + root + `,"NotAction":"kms:Decrypt","Resource":"*"`), guardrail.NonCompliant,
		[]found{{guardrail.CodeAccessMissing, rules.Low, none, "cannot be allowed by IAM policies to "}}, "the account can give it back to itself",
	},
	{
		"a Deny for one action", symmetric, api, document(accountStatement, statement("Deny", everyone, "kms:ScheduleKeyDeletion")), guardrail.Compliant,
		[]found{{guardrail.CodeHardeningDeny, rules.Info, 1, "cannot be allowed by IAM policies to "}}, "it only hardens, and the baseline permits that",
	},
	{
		"no administrator", symmetric, console, document(accountStatement),
		guardrail.NonCompliant, []found{
			{guardrail.CodeRequiredAccessMissing, rules.Medium, none, "cannot "},
			{guardrail.CodeRequiredAccessMissing, rules.Medium, none, "cannot "},
			{guardrail.CodeRequiredAccessMissing, rules.Medium, none, "cannot"},
		},
		"kms:PutKeyPolicy of one role is not that of the account",
	},
}

var undecided = []judgement{
	{
		"conditions", symmetric, api, document(accountStatement, statement("Allow", everyone, "kms:Decrypt")+twoReadings), guardrail.NonCompliant,
		possiblyPublic, "what is not decided counts as met: it does not hide that the key may be public",
	},
	{
		"an open question beside what is proved", symmetric, api,
		document(accountStatement, statement("Allow", everyone, "kms:Decrypt")+twoReadings, statement("Allow", foreignRoot, "kms:Encrypt")), guardrail.NonCompliant,
		append(slices.Clone(possiblyPublic), found{guardrail.CodeForeignAccess, rules.High, 2, "(kms:Encrypt"}),
		"one proof is enough; the question is told all the same",
	},
	{
		"a resource with a variable", symmetric, api,
		document(accountStatement, `"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"${aws:username}"`), guardrail.NonCompliant,
		possiblyPublic, "it may be this key",
	},
	{
		"too many combinations", symmetric, api, document(append(combinations(24), accountStatement)...), guardrail.CannotJudge,
		[]found{{guardrail.CodeUndecided, rules.High, none, "the policies are too complex to compare"}}, "the work is bounded; no one statement is to blame",
	},
}

var unjudgeable = []judgement{
	{
		"no JSON", symmetric, api, "{\n  \"SecretSid\" secret", guardrail.CannotJudge,
		[]found{{guardrail.CodeMalformedPolicy, rules.High, none, "the key policy cannot be read: invalid-json at line 2, column 15"}}, "the place is enough to find it",
	},
	{
		"no policy", symmetric, api, "", guardrail.CannotJudge,
		[]found{{guardrail.CodeMalformedPolicy, rules.High, none, "the key policy cannot be read"}}, "KMS never answers so",
	},
	{
		"an element that does not exist", symmetric, api, document(accountStatement, `"SecretElement":"secret"`), guardrail.CannotJudge,
		[]found{{guardrail.CodeMalformedPolicy, rules.High, none, "unknown-element at line 1"}}, "what is not understood is not skipped",
	},
	{
		"a key spec that is not known", key("aws", "us-east-1", defaultpolicy.KeyType{Spec: "KYBER_1024", Usage: defaultpolicy.EncryptDecrypt}), api,
		document(accountStatement), guardrail.CannotJudge,
		[]found{{guardrail.CodeUnknownKeyType, rules.High, none, "unknown-key-spec"}}, "fail closed until somebody has looked at the new type",
	},
	{
		"a part of a multi-Region set that is not known", key("aws", "us-east-1", defaultpolicy.KeyType{MultiRegion: "ARBITER"}), console,
		consoleDefault(symmetric), guardrail.CannotJudge, []found{{guardrail.CodeUnknownKeyType, rules.High, none, "unknown-multi-region"}}, "the same",
	},
	{
		"the console default of a key of unknown type", rules.Key{ARN: symmetric.ARN, Account: account, Partition: "aws"}, console,
		consoleDefault(symmetric), guardrail.CannotJudge, []found{{guardrail.CodeUnknownKeyType, rules.High, none, "unknown-key-spec"}}, "it depends on the type",
	},
}

// consoleDefault is the console default of a key for Admin and Worker.
func consoleDefault(k rules.Key) string {
	d, err := defaultpolicy.Generate(k.Type, defaultpolicy.Options{
		Style: defaultpolicy.Console, Partition: k.Partition, Account: k.Account, Administrators: []string{admin}, Users: []string{worker},
	})
	if err != nil {
		panic(err)
	}
	return d.Text()
}

// combinations are statements that are each under two conditions that nothing is known
// of, so that the work doubles with every one.
func combinations(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"${aws:r%d}","Condition":{"StringEquals":{"kms:EncryptionContext:k%d":"v"}}`, i, i)
	}
	return list
}

// possiblyPublic are the findings of a statement 1 that lets everyone decrypt if what is not
// decided in it holds.
var possiblyPublic = []found{
	{guardrail.CodePublicAccess, rules.Critical, 1, "It cannot be ruled out that anyone with an AWS account can decrypt"},
	{guardrail.CodeUndecided, rules.High, 1, "It cannot be ruled out that every AWS service can decrypt"},
	{guardrail.CodeUndecided, rules.Medium, 1, "It cannot be ruled out that everyone in account"},
}
