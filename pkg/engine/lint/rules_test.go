package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// row is a statement and what is found in it, and nothing else.
type row struct {
	reason    string
	statement string
	want      []lint.Code
}

func found(list ...lint.Code) []lint.Code { return list }

func run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.reason, func(t *testing.T) {
			findings := lint.Check(key, parse(t, policyOf(r.statement)))
			want := slices.Clone(r.want)
			slices.Sort(want)
			if !slices.Equal(codes(findings), want) {
				t.Errorf("%s\nfound %+v\nwant %q", r.statement, findings, want)
			}
		})
	}
}

// The parts of a statement that a row is not about.
const (
	role    = `"Principal":{"AWS":"arn:aws:iam::111122223333:role/app"}`
	anyone  = `"Principal":"*"`
	service = `"Principal":{"Service":"logs.us-east-1.amazonaws.com"}`
	star    = `"Resource":"*"`
)

func allow(principal, action, condition string) string {
	return statement("Allow", principal, action, condition)
}

func deny(principal, action, condition string) string {
	return statement("Deny", principal, action, condition)
}

// statement makes one; action is the value of Action, condition that of Condition or "".
func statement(effect, principal, action, condition string) string {
	s := `{"Effect":"` + effect + `",` + principal + `,"Action":` + action + `,` + star
	if condition != "" {
		s += `,"Condition":` + condition
	}
	return s + "}"
}

func TestActions(t *testing.T) {
	run(t, []row{
		{"an action", allow(role, `"kms:Decrypt"`, ""), nil},
		{"case does not matter", allow(role, `"KMS:decrypt"`, ""), nil},
		{"everything", allow(role, `"*"`, ""), nil},
		{"a pattern", allow(role, `["kms:ReEncrypt*","kms:?ign","kms:*Key*"]`, ""), nil},
		{"the permission of a service-linked role", allow(role, `"kms:SynchronizeMultiRegionKey"`, ""), nil},
		{"a pattern that covers actions of IAM policies too", allow(role, `"kms:Create*"`, ""), nil},
		{"a typo", allow(role, `["kms:Encrypt","kms:Decrpyt"]`, ""), found(lint.UnknownAction)},
		{"a missing star", allow(role, `["kms:Encrypt","kms:ReEncrypt"]`, ""), found(lint.UnknownAction)},
		{"a pattern that matches nothing", allow(role, `["kms:Encrypt","kms:Decipher*"]`, ""), found(lint.UnknownAction)},
		{"an action of another service", allow(role, `["kms:Encrypt","s3:GetObject"]`, ""), found(lint.ForeignAction)},
		{"no service", allow(role, `["kms:Encrypt","Decrypt"]`, ""), found(lint.UnknownAction)},
		{"nothing else makes the statement dead", allow(role, `"kms:Decrpyt"`, ""), found(lint.UnknownAction, lint.DeadStatement)},
		{"a condition key", allow(role, `["kms:Encrypt","kms:ViaService"]`, ""), found(lint.ConditionKeyAsAction)},
		{"a condition key of a family", allow(role, `["kms:Encrypt","kms:EncryptionContext:a"]`, ""), found(lint.ConditionKeyAsAction)},
		{"only IAM policies control it", allow(role, `["kms:Encrypt","kms:CreateKey"]`, ""), found(lint.ActionWithoutEffect)},
		{"not effective in a key policy", allow(role, `["kms:CreateGrant","kms:RetireGrant"]`, ""), found(lint.ActionWithoutEffect)},
		{"a pattern of such actions only", allow(role, `["kms:Encrypt","kms:*CustomKeyStore*"]`, ""), found(lint.ActionWithoutEffect)},
		{"such actions alone", allow(role, `["kms:ListKeys","kms:ListAliases"]`, ""), found(lint.ActionWithoutEffect, lint.ActionWithoutEffect, lint.DeadStatement)},
		{"an empty list", allow(role, `[]`, ""), found(lint.DeadStatement)},
		{"no Action", `{"Effect":"Allow",` + role + `,` + star + `}`, found(lint.DeadStatement)},
		{"NotAction", `{"Effect":"Allow",` + role + `,"NotAction":"kms:PutKeyPolicy",` + star + `}`, nil},
		{"NotAction of everything", `{"Effect":"Allow",` + role + `,"NotAction":"kms:*",` + star + `}`, found(lint.DeadStatement)},
		{"to leave out what has no effect is harmless", `{"Effect":"Allow",` + role + `,"NotAction":["kms:CreateKey","kms:Sign"],` + star + `}`, nil},
		{"to leave out a typo leaves in what was meant", `{"Effect":"Allow",` + role + `,"NotAction":"kms:PutKeyPolciy",` + star + `}`, found(lint.UnknownAction)},
	})
}

func TestSuggestions(t *testing.T) {
	for _, test := range []struct{ statement, want, reason string }{
		{allow(role, `["kms:Sign","kms:Decrpyt"]`, ""), `did you mean "kms:Decrypt"?`, "letters swapped"},
		{allow(role, `["kms:Sign","kms:ReEncrypt"]`, ""), `did you mean "kms:ReEncrypt*"?`, "the beginning of two names"},
		{allow(role, `["kms:Sign","decrypt"]`, ""), `did you mean "kms:Decrypt"?`, "no prefix"},
		{allow(role, `["kms:Sign","kms:ListKey"]`, ""), `did you mean "kms:ListKey*"?`, "the beginning of several names"},
		{allow(role, `["kms:Sign","kms:CreateKeys"]`, ""), `did you mean "kms:CreateKey"?`, "an action of IAM policies: at least spelled right"},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"kms:ViaServices":"x"}}`), `did you mean "kms:ViaService"?`, "a letter too many"},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"aws:ViaService":"x"}}`), `did you mean "kms:ViaService"?`, "the other namespace"},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"ViaService":"x"}}`), `did you mean "kms:ViaService"`, "no namespace"},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"aws:PrincipalTags/team":"x"}}`), `did you mean "aws:PrincipalTag/team"?`, "a family"},
		{allow(role, `"kms:Encrypt"`, `{"StringEquals":{"kms:EncryptionContext":"x"}}`), `did you mean "kms:EncryptionContext:KEY"?`, "a family without a member"},
		{allow(role, `"kms:Encrypt"`, `{"StringEquals":{"kms:EncryptionContxt:a":"x"}}`), `did you mean "kms:EncryptionContext:a"?`, "a family with a letter less, and a short member"},
	} {
		findings := lint.Check(key, parse(t, policyOf(test.statement)))
		if len(findings) != 1 || !strings.Contains(findings[0].Detail, test.want) {
			t.Errorf("%s: found %+v, want one with %s", test.reason, findings, test.want)
		}
	}
	for _, name := range []string{"kms:Exfiltrate", "kms:X", "kms:"} {
		findings := lint.Check(key, parse(t, policyOf(allow(role, `["kms:Sign","`+name+`"]`, ""))))
		if len(findings) != 1 || strings.Contains(findings[0].Detail, "did you mean") {
			t.Errorf("%s is like no action: found %+v, want one without a suggestion", name, findings)
		}
	}
}

func TestPrincipals(t *testing.T) {
	principal := func(value string) string { return allow(`"Principal":{`+value+`}`, `"kms:Decrypt"`, "") }
	run(t, []row{
		{"a role", principal(`"AWS":"arn:aws:iam::111122223333:role/app"`), nil},
		{"an account id", principal(`"AWS":"111122223333"`), nil},
		{"a service", principal(`"Service":"s3.amazonaws.com"`), nil},
		{"a deleted user beside a live one", principal(`"AWS":["AIDACKCEVSQ6C2EXAMPLE","111122223333"]`), found(lint.DeadPrincipal)},
		{"a deleted role alone", principal(`"AWS":"AROACKCEVSQ6C2EXAMPLE"`), found(lint.DeadPrincipal, lint.DeadStatement)},
		{"an identity provider", principal(`"Federated":"accounts.google.com","AWS":"111122223333"`), found(lint.UnsupportedPrincipal)},
		{"a canonical user", principal(`"CanonicalUser":"79a59df900b949e55d96a1e698fbaced","AWS":"111122223333"`), found(lint.UnsupportedPrincipal)},
		{"another partition", principal(`"AWS":["arn:aws-cn:iam::111122223333:root","111122223333"]`), found(lint.ForeignPartitionPrincipal)},
		{"another partition alone", principal(`"AWS":"arn:aws-us-gov:iam::111122223333:role/app"`), found(lint.ForeignPartitionPrincipal, lint.DeadStatement)},
		{"nobody", principal(``), found(lint.DeadStatement)},
		{"an empty list", principal(`"AWS":[]`), found(lint.DeadStatement)},
		{"NotPrincipal with Allow", `{"Effect":"Allow","NotPrincipal":{"AWS":"111122223333"},"Action":"kms:Decrypt",` + star + `}`, found(lint.NotPrincipalWithAllow)},
		{"NotPrincipal with Deny", `{"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"kms:Decrypt",` + star + `}`, found(lint.NotPrincipalWithDeny)},
		{"NotPrincipal of nobody denies everybody: not dead", `{"Effect":"Deny","NotPrincipal":{"AWS":"AROACKCEVSQ6C2EXAMPLE"},"Action":"kms:Decrypt",` + star + `}`, found(lint.NotPrincipalWithDeny, lint.DeadPrincipal)},
	})
}

func TestAccessThatBypassesABoundary(t *testing.T) {
	session := `"Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/app/session"}`
	run(t, []row{
		{"a session of the own account", allow(session, `"kms:Decrypt"`, ""), found(lint.BypassesBoundary)},
		{"a federated user of the own account", allow(`"Principal":{"AWS":"arn:aws:sts::111122223333:federated-user/u"}`, `"kms:Decrypt"`, ""), found(lint.BypassesBoundary)},
		{"a Deny gives nothing", deny(session, `"kms:Decrypt"`, ""), nil},
		{"a session of another account needs its own account too", allow(`"Principal":{"AWS":"arn:aws:sts::444455556666:assumed-role/app/session"}`, `"kms:Decrypt"`, ""), nil},
		{"a role is limited by its boundary", allow(role, `"kms:Decrypt"`, ""), nil},
		{"everyone who is a role of the own account", allow(anyone, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app-*"}}`), found(lint.BypassesBoundary)},
		{"everyone who is a role of another account", allow(anyone, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/app-*"}}`), nil},
		{"everyone but a role", allow(anyone, `"kms:Decrypt"`, `{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app-*"}}`), nil},
		{"the account, narrowed: it delegates to IAM", allow(`"Principal":{"AWS":"111122223333"}`, `"kms:Decrypt"`, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app-*"}}`), nil},
	})
}

func TestCrossAccountUse(t *testing.T) {
	foreign := `"Principal":{"AWS":"arn:aws:iam::444455556666:root"}`
	run(t, []row{
		{"an action that works across accounts", allow(foreign, `["kms:Decrypt","kms:CreateGrant"]`, ""), nil},
		{"an action that does not", allow(foreign, `["kms:Decrypt","kms:PutKeyPolicy"]`, ""), found(lint.NoCrossAccountUse)},
		{"a pattern of such actions", allow(foreign, `"kms:Put*"`, ""), found(lint.NoCrossAccountUse)},
		{"a pattern that covers others too", allow(foreign, `["kms:Get*","kms:List*"]`, ""), nil},
		{"one foreign principal of two", allow(`"Principal":{"AWS":["111122223333","444455556666"]}`, `"kms:PutKeyPolicy"`, ""), found(lint.NoCrossAccountUse)},
		{"the own account", allow(role, `"kms:PutKeyPolicy"`, ""), nil},
		{"everyone is not a foreign account", allow(anyone, `"kms:PutKeyPolicy"`, ""), nil},
		{"to deny it is harmless", deny(foreign, `"kms:PutKeyPolicy"`, ""), nil},
	})
}

func TestResources(t *testing.T) {
	resource := func(element string) string {
		return `{"Effect":"Allow",` + role + `,"Action":"kms:Decrypt"` + element + `}`
	}
	run(t, []row{
		{"the key", resource(`,"Resource":"*"`), nil},
		{"the key among others", resource(`,"Resource":["arn:aws:s3:::x","*"]`), nil},
		{"its own ARN", resource(`,"Resource":"` + key.ARN + `"`), found(lint.ResourceNotStar)},
		{"a pattern of ARNs with its own", resource(`,"Resource":"arn:aws:kms:*:111122223333:key/*"`), found(lint.ResourceNotStar)},
		{"another key", resource(`,"Resource":"arn:aws:kms:us-east-1:111122223333:key/99999999"`), found(lint.DeadStatement)},
		{"an alias of the key is another resource", resource(`,"Resource":"arn:aws:kms:us-east-1:111122223333:alias/app"`), found(lint.DeadStatement)},
		{"another service", resource(`,"Resource":"arn:aws:s3:::*"`), found(lint.DeadStatement)},
		{"another Region", resource(`,"Resource":"arn:aws:kms:eu-west-1:111122223333:key/*"`), found(lint.DeadStatement)},
		{"a variable may be the key", resource(`,"Resource":"arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*"`), found(lint.ResourceNotStar)},
		{"an empty list", resource(`,"Resource":[]`), found(lint.DeadStatement)},
		{"no Resource", resource(``), found(lint.DeadStatement)},
		{"not the key", resource(`,"NotResource":"*"`), found(lint.DeadStatement)},
		{"everything but something else", resource(`,"NotResource":"arn:aws:s3:::x"`), found(lint.ResourceNotStar)},
	})
}

// What is not known of the key is not judged.
func TestResourcesOfAKeyThatIsNotKnown(t *testing.T) {
	for _, test := range []struct {
		key      policy.Key
		resource string
		want     lint.Code
		reason   string
	}{
		{policy.Key{}, key.ARN, lint.ResourceNotStar, "it may be this key"},
		{policy.Key{}, "arn:aws:s3:::x", lint.DeadStatement, "no key has such an ARN"},
		{policy.Key{}, "arn:aws:s3:::*", lint.ResourceNotStar, "the partition may be named anything"},
		{policy.Key{Partition: "aws"}, "arn:aws:s3:::*", lint.DeadStatement, "no key has such an ARN"},
		{policy.Key{Partition: "aws"}, "arn:*", lint.ResourceNotStar, "a pattern that may match it"},
		{policy.Key{Partition: "aws-cn"}, key.ARN, lint.DeadStatement, "another partition"},
		{policy.Key{Account: "444455556666"}, key.ARN, lint.DeadStatement, "another account"},
		{policy.Key{Account: "111122223333"}, key.ARN, lint.ResourceNotStar, "the same account"},
	} {
		statement := `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"` + test.resource + `"}`
		if got := codes(lint.Check(test.key, parse(t, policyOf(statement)))); !slices.Equal(got, found(test.want)) {
			t.Errorf("%s: %+v with %s: found %q, want %s", test.reason, test.key, test.resource, got, test.want)
		}
	}
	foreign := `{"Effect":"Allow","Principal":{"AWS":["arn:aws-cn:iam::444455556666:root","arn:aws:sts::111122223333:assumed-role/r/s"]},"Action":"kms:PutKeyPolicy","Resource":"*"}`
	if got := lint.Check(policy.Key{}, parse(t, policyOf(foreign))); len(got) > 0 {
		t.Errorf("found %+v about principals though the key is not known", got)
	}
}

func TestConditionKeys(t *testing.T) {
	run(t, []row{
		{"a key of KMS", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`), nil},
		{"a global key in another case", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"AWS:principalorgid":"o-a1b2c3d4e5"}}`), nil},
		{"a cross-service key", deny(anyone, `"kms:Decrypt"`, `{"NumericLessThan":{"ec2:RoleDelivery":"2.0"}}`), nil},
		{"a key of an identity provider", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"accounts.google.com:sub":"1","saml:sub":"2"}}`), nil},
		{"a typo", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:ViaServic":"x"}}`), found(lint.UnknownConditionKey)},
		{"a key of another service", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"s3:prefix":"x"}}`), found(lint.UnknownConditionKey)},
		{"no namespace", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"SourceAccount":"111122223333"}}`), found(lint.UnknownConditionKey)},
		{"a tag of the key", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"aws:ResourceTag/team":"x"}}`), found(lint.ConditionKeyNotAllowed)},
		{"a tag of the key, as nobody documents it", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:ResourceTag/team":"x"}}`), found(lint.ConditionKeyNotAllowed)},
		{"the aliases of the key", allow(role, `"kms:Decrypt"`, `{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/a"}}`), found(lint.ConditionKeyNotAllowed)},
		{"the alias of the request", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:RequestAlias":"alias/a"}}`), nil},
		{"one key in two spellings", allow(role, `"kms:Decrypt"`, `{"StringLike":{"kms:ViaService":"s3.*","kms:viaservice":"*.com"}}`), found(lint.SameConditionKeyTwice)},
		{"one key under two operators", allow(role, `"kms:Decrypt"`, `{"StringLike":{"kms:ViaService":"s3.*"},"StringNotLike":{"kms:viaservice":"*.cn"}}`), nil},
		{"no condition", allow(role, `"kms:Decrypt"`, `{}`), found(lint.EmptyCondition)},
		{"an operator without a key", allow(role, `"kms:Decrypt"`, `{"Bool":{},"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`), found(lint.EmptyCondition)},
		{"a key without a value", allow(role, `"kms:Decrypt"`, `{"StringEquals":{"kms:ViaService":[]}}`), found(lint.EmptyCondition)},
	})
}

func TestOperatorsAndTypes(t *testing.T) {
	window, bypass := `"kms:ScheduleKeyDeletionPendingWindowInDays"`, `"kms:BypassPolicyLockoutSafetyCheck"`
	run(t, []row{
		{"a number", deny(anyone, `"kms:ScheduleKeyDeletion"`, `{"NumericLessThan":{`+window+`:"30"}}`), nil},
		{"a number as a string", deny(anyone, `"kms:ScheduleKeyDeletion"`, `{"StringEquals":{`+window+`:"30"}}`), found(lint.StringOperatorOnTypedKey)},
		{"whether a number is there", deny(anyone, `"kms:ScheduleKeyDeletion"`, `{"Null":{`+window+`:"true"}}`), nil},
		{"a boolean", deny(anyone, `"kms:PutKeyPolicy"`, `{"Bool":{`+bypass+`:true}}`), nil},
		{"a boolean as a string", deny(anyone, `"kms:PutKeyPolicy"`, `{"StringEquals":{`+bypass+`:"true"}}`), found(lint.StringOperatorOnTypedKey)},
		{"an address", allow(role, `"kms:Decrypt"`, `{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`), nil},
		{"an address as a string", allow(role, `"kms:Decrypt"`, `{"StringLike":{"aws:SourceIp":"203.0.113.*"}}`), found(lint.StringOperatorOnTypedKey)},
		{"a date", allow(role, `"kms:ImportKeyMaterial"`, `{"DateLessThan":{"kms:ValidTo":"2027-01-01T00:00:00Z"}}`), nil},
		{"a date as a number", allow(role, `"kms:ImportKeyMaterial"`, `{"NumericLessThan":{"kms:ValidTo":"1798761600"}}`), found(lint.OperatorTypeMismatch)},
		{"the epoch as either", allow(role, `"kms:Decrypt"`, `{"NumericLessThan":{"aws:EpochTime":"1798761600"},"DateGreaterThan":{"aws:EpochTime":"1"}}`), nil},
		{"a string as a boolean", allow(role, `"kms:Decrypt"`, `{"Bool":{"kms:ViaService":"true"}}`), found(lint.OperatorTypeMismatch)},
		{"an ARN as a string", allow(service, `"kms:Decrypt"`, `{"StringLike":{"aws:SourceArn":"arn:aws:logs:*"}}`), nil},
		{"a string that holds an ARN", allow(role, `"kms:CreateGrant"`, `{"ArnLike":{"kms:GranteePrincipal":"arn:aws:iam::111122223333:role/*"}}`), nil},
		{"an account id is no ARN", allow(anyone, `"kms:Decrypt"`, `{"ArnLike":{"kms:CallerAccount":"arn:aws:iam::111122223333:root"}}`), found(lint.OperatorTypeMismatch)},
		{"in an encryption context anything goes", allow(role, `"kms:Decrypt"`, `{"NumericEquals":{"kms:EncryptionContext:year":"2026"},"Bool":{"kms:EncryptionContext:secret":"true"}}`), nil},
	})
}

func TestSetOperators(t *testing.T) {
	keys := `"kms:EncryptionContextKeys":["a","b"]`
	run(t, []row{
		{"any of several values", allow(role, `"kms:Encrypt"`, `{"ForAnyValue:StringEquals":{`+keys+`}}`), nil},
		{"no set operator with a key of several values", allow(role, `"kms:Encrypt"`, `{"StringEquals":{`+keys+`}}`), found(lint.MultiValuedKeyWithoutSetOperator)},
		{"whether such a key is there", allow(role, `"kms:Encrypt"`, `{"Null":{"kms:EncryptionContextKeys":"false"}}`), nil},
		{"a set operator with a key of one value", allow(role, `"kms:Encrypt"`, `{"ForAnyValue:StringLike":{"kms:ViaService":"s3.*"}}`), found(lint.SetOperatorOnSingleValuedKey)},
		{"any, with the encryption context", allow(role, `"kms:Encrypt"`, `{"ForAnyValue:StringEquals":{"kms:EncryptionContext:a":"1"}}`), found(lint.SetOperatorOnSingleValuedKey)},
		{"all, with the encryption context", deny(role, `"kms:Encrypt"`, `{"ForAllValues:StringEquals":{"kms:EncryptionContext:a":"1"}}`), found(lint.OverlyPermissiveCondition)},
		{"all, with a tag of the request", allow(role, `"kms:TagResource"`, `{"ForAllValues:StringEquals":{"aws:RequestTag/team":"1"}}`), found(lint.OverlyPermissiveCondition)},
		{"all, also of none", allow(role, `"kms:Encrypt"`, `{"ForAllValues:StringEquals":{`+keys+`}}`), found(lint.VacuousForAllValues)},
		{"all, and there has to be one", allow(role, `"kms:Encrypt"`, `{"ForAllValues:StringEquals":{`+keys+`},"Null":{"kms:encryptioncontextkeys":"false"}}`), nil},
		{"all, and any", allow(role, `"kms:Encrypt"`, `{"ForAllValues:StringEquals":{`+keys+`},"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"a"}}`), nil},
		{"all, and an entry that has to be there", allow(role, `"kms:Encrypt"`, `{"ForAllValues:StringEquals":{`+keys+`},"StringEquals":{"kms:EncryptionContext:a":"1"}}`), nil},
		{"all, and an entry that may be there", allow(role, `"kms:Encrypt"`, `{"ForAllValues:StringEquals":{`+keys+`},"StringEqualsIfExists":{"kms:EncryptionContext:a":"1"}}`), found(lint.VacuousForAllValues)},
		{"to deny a request without the key is on the safe side", deny(role, `"kms:Encrypt"`, `{"ForAllValues:StringNotEquals":{`+keys+`}}`), nil},
		{"a grant always has operations", allow(role, `"kms:CreateGrant"`, `{"ForAllValues:StringEquals":{"kms:GrantOperations":["Encrypt","ReEncryptTo"]}}`), nil},
		{"Null of all is always true", allow(role, `"kms:Encrypt"`, `{"ForAllValues:Null":{"kms:EncryptionContextKeys":"false"}}`), found(lint.ConditionWithoutEffect)},
		{"Null of any is never true", allow(role, `"kms:Encrypt"`, `{"ForAnyValue:Null":{"kms:EncryptionContextKeys":"false"}}`), found(lint.DeadStatement)},
	})
}

func TestVariables(t *testing.T) {
	const statement = `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:a":["x","${aws:PrincipalAccount}"]}}}`
	for version, want := range map[string][]lint.Code{
		`"Version":"2012-10-17",`: nil,
		`"Version":"2008-10-17",`: found(lint.Version2008WithVariable),
		``:                        found(lint.Version2008WithVariable),
	} {
		if got := codes(lint.Check(key, parse(t, `{`+version+`"Statement":`+statement+`}`))); !slices.Equal(got, want) {
			t.Errorf("with %q found %q, want %q", version, got, want)
		}
	}
	const resource = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":["*","arn:aws:kms:*:${aws:PrincipalAccount}:key/*"]}}`
	if got := codes(lint.Check(key, parse(t, resource))); !slices.Equal(got, found(lint.Version2008WithVariable)) {
		t.Errorf("in a resource found %q", got)
	}
}

// Under the older version ${…} is text like any other, and judged as such.
func TestLiteralVariableIsNoAccountID(t *testing.T) {
	const statement = `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"${aws:ResourceAccount}"}}}`
	if got := codes(lint.Check(key, parse(t, policyOf(statement)))); len(got) > 0 {
		t.Errorf("found %q in a policy with variables", got)
	}
	want := found(lint.DeadStatement, lint.Version2008WithVariable)
	if got := codes(lint.Check(key, parse(t, `{"Version":"2008-10-17","Statement":`+statement+`}`))); !slices.Equal(got, want) {
		t.Errorf("found %q in a policy without variables, want %q", got, want)
	}
}

func TestDeadStatementsSayWhy(t *testing.T) {
	for _, test := range []struct{ statement, want string }{
		{`{"Effect":"Allow",` + role + `,` + star + `}`, "has no Action"},
		{allow(role, `[]`, ""), "list of actions is empty"},
		{allow(role, `"kms:CreateKey"`, ""), "none of the actions has an effect"},
		{`{"Effect":"Allow",` + role + `,"NotAction":"*",` + star + `}`, "NotAction leaves no action"},
		{`{"Effect":"Allow",` + role + `,"Action":"kms:Sign"}`, "has no Resource"},
		{`{"Effect":"Allow",` + role + `,"Action":"kms:Sign","Resource":[]}`, "list of resources is empty"},
		{`{"Effect":"Allow",` + role + `,"Action":"kms:Sign","Resource":"arn:aws:s3:::x"}`, `the resource is "arn:aws:s3:::x"`},
		{`{"Effect":"Allow",` + role + `,"Action":"kms:Sign","NotResource":"*"}`, "NotResource leaves out the key"},
		{allow(`"Principal":{}`, `"kms:Sign"`, ""), "names no principal"},
		{allow(`"Principal":{"AWS":"AROACKCEVSQ6C2EXAMPLE"}`, `"kms:Sign"`, ""), "nobody is any of the principals"},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"kms:EncryptionAlgorithm":"x"}}`), `"kms:EncryptionAlgorithm" is never in requests for "kms:Sign"`},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"aws:SourceOrgID":"o-a1b2c3d4e5"}}`), "not made by an AWS service"},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"kms:CallerAccount":"me"}}`), `never is "me": an account id has twelve digits`},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"kms:CallerAccount":"444455556666"}}`), "does not hold for any of the statement's principals"},
		{allow(role, `"kms:Sign"`, `{"StringEquals":{"kms:RequestAlias":"alias/x"},"Null":{"kms:RequestAlias":"true"}}`), "no value of"},
	} {
		var details []string
		for _, f := range lint.Check(key, parse(t, policyOf(test.statement))) {
			if f.Code == lint.DeadStatement {
				details = append(details, f.Detail)
			}
		}
		if len(details) != 1 || !strings.Contains(details[0], test.want) {
			t.Errorf("%s\nsays %q, want one that says %s", test.statement, details, test.want)
		}
	}
}
