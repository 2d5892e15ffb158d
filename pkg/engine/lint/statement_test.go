package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
)

func TestMalformedVariables(t *testing.T) {
	for _, test := range []struct{ value, reads, suggestion, reason string }{
		{"${aws:username", "ends with }", "", "a brace is missing"},
		{"a/${aws:username/${aws:userid}", "before the next one begins", "", "a brace is missing before the next variable"},
		{"${}", "without a name", "", "it is empty"},
		{"${ }", "without a name", "", "a blank is no name"},
		{"${aws:username }", "no blanks", "${aws:username}", "a blank before the brace"},
		{"${aws:username, none}", "single quotes", "${aws:username, 'none'}", "a default without quotes"},
		{"${aws:usernmae}", `no request to KMS carries "aws:usernmae"`, "${aws:username}", "a name with a typo"},
		{"$aws:username", "this is literal text", "", "the braces are missing"},
		{"{aws:username}", "this is literal text", "", "the dollar sign is missing"},
		{"$(aws:username)", "this is literal text", "", "round braces"},
		{"${aws:username}", "", "", "a variable"},
		{"${aws:PrincipalTag/team, 'none'}/${*}${?}${$}", "", "", "a default, and characters"},
		{"${saml:sub}", "", "", "a key of an identity provider"},
		{"{\\\"a\\\":1}", "", "", "JSON is no variable"},
	} {
		for _, statement := range []string{
			allow(anyone, `"kms:Decrypt"`, condition("StringLike", "kms:EncryptionContext:a", test.value)),
			deny(anyone, `"kms:Decrypt"`, condition("StringNotLike", "kms:EncryptionContext:a", test.value)),
		} {
			findings := lint.Check(key, parse(t, policyOf(statement)))
			if test.reads == "" {
				if len(findings) > 0 {
					t.Errorf("%s: found %+v, want nothing", test.reason, findings)
				}
				continue
			}
			if len(findings) != 1 || findings[0].Code != lint.MalformedVariable || findings[0].Severity != lint.Low ||
				!strings.Contains(findings[0].Detail, test.reads) || findings[0].Suggestion != test.suggestion {
				t.Errorf("%s: found %+v, want one that says %q and suggests %q", test.reason, findings, test.reads, test.suggestion)
			}
		}
	}
}

func TestServicePrincipals(t *testing.T) {
	service := func(name string) string { return allow(`"Principal":{"Service":"`+name+`"}`, `"kms:Decrypt"`, "") }
	run(t, []row{
		{"a service", service("delivery.logs.amazonaws.com"), nil},
		{"a service of China", service("logs.us-east-1.amazonaws.com.cn"), nil},
		{"a service with another domain", service("alexa-appkit.amazon.com"), nil},
		{"a typo in the domain", service("s3.amazonws.com"), found(lint.ServicePrincipalFormat)},
		{"no domain", service("s3.us-east-1"), found(lint.ServicePrincipalFormat)},
		{"logs of another Region", service("logs.eu-west-1.amazonaws.com"), found(lint.ForeignRegionPrincipal, lint.DeadStatement)},
		{"a service that may call from another Region", service("guardduty.me-south-1.amazonaws.com"), found(lint.OtherRegionPrincipal)},
		{"logs without a Region", service("logs.amazonaws.com"), found(lint.RegionlessPrincipal)},
		{"denied to logs of another Region", deny(`"Principal":{"Service":["logs.eu-west-1.amazonaws.com","s3.amazonaws.com"]}`, `"kms:Decrypt"`, ""), found(lint.ForeignRegionPrincipal)},
	})
}

func TestDeletedPrincipalsSayWhatIsLost(t *testing.T) {
	for _, test := range []struct{ statement, reads string }{
		{allow(`"Principal":{"AWS":["AROACKCEVSQ6C2EXAMPLE","111122223333"]}`, `"kms:Sign"`, ""), "the id of a role that was deleted; its access was lost with it"},
		{allow(`"Principal":{"AWS":["AIDACKCEVSQ6C2EXAMPLE","111122223333"]}`, `"kms:Sign"`, ""), "the id of a user that was deleted; its access was lost with it"},
		{deny(`"Principal":{"AWS":["AROACKCEVSQ6C2EXAMPLE","111122223333"]}`, `"kms:Sign"`, ""), "the Deny reaches nobody through it"},
		{`{"Effect":"Deny","NotPrincipal":{"AWS":["AROACKCEVSQ6C2EXAMPLE","111122223333"]},"Action":"kms:Sign","Resource":"*"}`, "the exception for it is void"},
	} {
		findings := lint.Check(key, parse(t, policyOf(test.statement)))
		i := slices.IndexFunc(findings, func(f lint.Finding) bool { return f.Code == lint.DeadPrincipal })
		if i < 0 || !strings.Contains(findings[i].Detail, test.reads) || !strings.Contains(findings[i].Detail, "the id does not tell its name") {
			t.Errorf("%s\nfound %+v, want one that says %q", test.statement, findings, test.reads)
		}
	}
}

func TestContextKeys(t *testing.T) {
	context := func(name string) string {
		return allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:EncryptionContext:`+name+`":"x"}}`)
	}
	run(t, []row{
		{"a key of a service", context("aws:s3:arn"), nil},
		{"a key of a service in other letters", context("AWS:S3:ARN"), nil},
		{"one letter off", context("aws:s3:arm"), found(lint.MisspelledContextKey)},
		{"one letter off in the service", context("aws:lamda:FunctionArn"), found(lint.MisspelledContextKey)},
		{"one letter off in a Deny", deny(role, `"kms:Decrypt"`, `{"Null":{"kms:EncryptionContext:aws:rds:db_id":"true"}}`), found(lint.MisspelledContextKey)},
		{"another key of another service", context("aws:sqs:arn"), nil},
		{"a key of one's own", context("tenant"), nil},
		{"a key of one's own that is near", context("SecretAR"), nil},
		{"in a list of names", allow(role, `"kms:Decrypt"`, `{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":["aws:s3:arm","tenant"]}}`), found(lint.MisspelledContextKey)},
	})
}

func TestActionsThatTheKeyCannotPerform(t *testing.T) {
	hmac := catalog.KeyType{Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC", Origin: "AWS_KMS", MultiRegion: "none"}
	for _, test := range []struct {
		reason, statement string
		want              []lint.Code
	}{
		{"one of two", allow(role, `["kms:GenerateMac","kms:Decrypt"]`, ""), found(lint.ActionNotOfKeyType)},
		{"a pattern of nothing else", allow(role, `["kms:GenerateMac","kms:GenerateDataKey*"]`, ""), found(lint.ActionNotOfKeyType)},
		{"a pattern of more", allow(role, `"kms:Generate*"`, ""), nil},
		{"all of them", allow(role, `["kms:Encrypt","kms:Decrypt"]`, ""), found(lint.DeadStatement)},
		{"all of them in a Deny", deny(role, `"kms:Sign"`, ""), found(lint.DeadStatement)},
		{"everything", allow(role, `"kms:*"`, ""), nil},
		{"what AWS's default names of every key", allow(role, `["kms:PutKeyPolicy","kms:RotateKeyOnDemand"]`, ""), nil},
	} {
		got, unknown := codes(lint.CheckType(key, hmac, parse(t, policyOf(test.statement)))), lint.Check(key, parse(t, policyOf(test.statement)))
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) || len(unknown) > 0 {
			t.Errorf("%s: found %q, and %+v where the type is not known; want %q and nothing", test.reason, got, unknown, test.want)
		}
	}
}

func TestRedundantStatements(t *testing.T) {
	const other = `"Principal":{"AWS":"arn:aws:iam::444455556666:root"}`
	foreignRole := `"Principal":{"AWS":"arn:aws:iam::444455556666:role/app"}`
	session := `"Principal":{"AWS":"arn:aws:sts::444455556666:assumed-role/app/s"}`
	account := `"Principal":{"AWS":"arn:aws:iam::111122223333:root"}`
	via := func(values string) string { return `{"StringEquals":{"kms:ViaService":[` + values + `]}}` }
	const s3, sqs = `"s3.us-east-1.amazonaws.com"`, `"sqs.us-east-1.amazonaws.com"`
	for _, test := range []struct {
		reason, first, second string
		redundant             int // which of the two, -1 for none
	}{
		{"the same twice: the later one", allow(role, `"kms:Decrypt"`, ""), allow(role, `["kms:decrypt"]`, ""), 1},
		{"fewer actions", allow(role, `"kms:Decrypt"`, ""), allow(role, `"kms:*"`, ""), 0},
		{"more actions", allow(role, `["kms:Decrypt","kms:Sign"]`, ""), allow(role, `"kms:Decrypt"`, ""), 1},
		{"other actions", allow(role, `"kms:Decrypt"`, ""), allow(role, `"kms:Sign"`, ""), -1},
		{"a condition more", allow(role, `"kms:Decrypt"`, via(s3)), allow(role, `"kms:Decrypt"`, ""), 0},
		{"fewer values", allow(role, `"kms:Decrypt"`, via(s3+","+sqs)), allow(role, `"kms:Decrypt"`, via(s3)), 1},
		{"another value", allow(role, `"kms:Decrypt"`, via(sqs)), allow(role, `"kms:Decrypt"`, via(s3)), -1},
		{"more values under a negated operator", deny(role, `"kms:Decrypt"`, `{"StringNotEquals":{"kms:ViaService":`+s3+`}}`),
			deny(role, `"kms:Decrypt"`, `{"StringNotEquals":{"kms:ViaService":[`+s3+","+sqs+`]}}`), 1},
		{"a role of a foreign account that has it all", allow(other, `"kms:Decrypt"`, ""), allow(foreignRole, `"kms:Decrypt"`, ""), 1},
		{"a session of a role", allow(foreignRole, `"kms:Decrypt"`, ""), allow(session, `"kms:Decrypt"`, ""), 1},
		{"a role of the own account needs no IAM policy where it is named", allow(account, `"kms:*"`, ""), allow(role, `"kms:Decrypt"`, ""), -1},
		{"everyone", allow(anyone, `"kms:Decrypt"`, ""), allow(foreignRole, `"kms:Decrypt"`, ""), 1},
		{"everyone may not be a service", allow(anyone, `"kms:Decrypt"`, ""), allow(service, `"kms:Decrypt"`, ""), -1},
		{"a Deny for everyone", deny(anyone, `"kms:Decrypt"`, ""), deny(role, `"kms:Decrypt"`, ""), 1},
		{"another effect", allow(anyone, `"kms:Decrypt"`, ""), deny(foreignRole, `"kms:Decrypt"`, ""), -1},
	} {
		got := -1
		for _, f := range lint.Check(key, parse(t, policyOf(test.first+","+test.second))) {
			if f.Code == lint.RedundantStatement {
				got = f.Statement
			}
		}
		if got != test.redundant {
			t.Errorf("%s: statement %d is redundant, want %d", test.reason, got, test.redundant)
		}
	}
}

func TestMissingVersionIsToldOnce(t *testing.T) {
	two := `"Statement":[` + allow(role, `"kms:Decrypt"`, "") + "," + allow(role, `"kms:Sign"`, "") + `]}`
	findings := lint.Check(key, parse(t, `{`+two))
	if len(findings) != 1 || findings[0].Code != lint.MissingVersion || findings[0].Severity != lint.Info || findings[0].Suggestion != "2012-10-17" {
		t.Errorf("found %+v, want one about the version", findings)
	}
	if findings := lint.Check(key, parse(t, `{"Version":"2008-10-17",`+two)); len(findings) > 0 {
		t.Errorf("an older version is one: found %+v", findings)
	}
}

func TestUnknownKeysSayWhatBecomesOfTheStatement(t *testing.T) {
	for _, test := range []struct{ statement, reads string }{
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"s3:prefix":"x"}}`), "so the statement allows nothing"},
		{deny(role, `"kms:Sign"`, `{"Bool":{"s3:signed":"true"}}`), "so the statement denies nothing"},
		{deny(role, `"kms:Sign"`, `{"StringNotEquals":{"kms:Region":"x"}}`), "so StringNotEquals always holds"},
	} {
		findings := lint.Check(key, parse(t, policyOf(test.statement)))
		if len(findings) != 1 || findings[0].Code != lint.UnknownConditionKey || findings[0].Severity != lint.Low || !strings.Contains(findings[0].Detail, test.reads) {
			t.Errorf("%s\nfound %+v, want one that says %q", test.statement, findings, test.reads)
		}
	}
}

func TestResourcesOfOtherKeysSayInWhatTheyDiffer(t *testing.T) {
	for resource, reads := range map[string]string{
		"arn:aws:kms:us-east-1:444455556666:key/x":     "(it is in account 444455556666, the key is in 111122223333)",
		"arn:aws:kms:eu-west-1:111122223333:key/x":     "(it is in eu-west-1, the key is in us-east-1)",
		"arn:aws:kms:us-east-1:111122223333:alias/app": "(an alias is no key here)",
		"arn:aws:s3:::bucket/*":                        `the resource is "arn:aws:s3:::bucket/*", not this key, so`,
	} {
		for _, effect := range []string{"Allow", "Deny"} {
			findings := lint.Check(key, parse(t, policyOf(`{"Effect":"`+effect+`",`+role+`,"Action":"kms:Sign","Resource":"`+resource+`"}`)))
			if len(findings) != 1 || findings[0].Code != lint.DeadStatement || findings[0].Suggestion != "*" || !strings.Contains(findings[0].Detail, reads) {
				t.Errorf("%s: found %+v, want one that says %q", resource, findings, reads)
			}
		}
	}
}
