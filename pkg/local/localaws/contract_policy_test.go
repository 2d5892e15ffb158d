package localaws

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
)

const (
	motoValidatesNoPolicy = "validates no policy"
	docDefaultPolicy      = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"
	docKeyPolicy          = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html"
	docGrammar            = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
	docPrincipal          = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"
	docOperators          = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"
	docKMSConditions      = "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html"
)

// root is the account statement; more is added behind it.
func policyOf(account string, more ...string) string {
	all := append([]string{`{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:root"},"Action":"kms:*","Resource":"*"}`}, more...)
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(all, ",") + `]}`
}

func allow(principal string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"kms:Decrypt","Resource":"*"}`
}

// putCase is a case in which one policy is put on a fresh key; code "" is
// accepted.
func putCase(name, link, moto string, policy func(w world) string, code string, message ...string) contractCase {
	return contractCase{name, link, moto, func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		before := get(t, client, id)
		err := put(client, id, policy(w))
		if code == "" {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		wantError(t, err, code, message...)
		if get(t, client, id) != before {
			t.Error("a refused policy changed the key")
		}
	}}
}

func statement(text string) func(world) string {
	return func(w world) string { return policyOf(w.account, text) }
}

func document(text string) func(world) string {
	return func(w world) string { return strings.ReplaceAll(text, "ACCOUNT", w.account) }
}

const malformedCode = "MalformedPolicyDocumentException"

var policyFormCases = []contractCase{
	putCase("PutPolicyIsAccepted", apiPutKeyPolicy, "", statement(allow(`{"Service":"logs.us-east-1.amazonaws.com"}`)), ""),
	putCase("OneStatementNeedsNoList", docGrammar, "", document(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::ACCOUNT:root"},"Action":"kms:*","Resource":"*"}}`), ""),
	putCase("NotJSONIsMalformed", apiPutKeyPolicy, motoValidatesNoPolicy, document(`{"Version"`), malformedCode),
	putCase("StringIsNoPolicy", apiPutKeyPolicy, motoValidatesNoPolicy, document(`"policy"`), malformedCode),
	putCase("TrailingDataIsMalformed", docGrammar, motoValidatesNoPolicy, func(w world) string { return policyOf(w.account) + "{}" }, malformedCode),
	putCase("KeyTwiceInOneObjectIsMalformed", docGrammar, motoValidatesNoPolicy, statement(`{"Effect":"Deny","Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`), malformedCode, `"Effect" occurs twice`),
	putCase("UnknownElementIsMalformed", docGrammar, motoValidatesNoPolicy, statement(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Comment":"x"}`), malformedCode, "Comment"),
	putCase("ElementNamesAreCapitalised", docGrammar, motoValidatesNoPolicy, statement(`{"Effect":"Allow","Principal":"*","action":"kms:Decrypt","Resource":"*"}`), malformedCode),
	putCase("UnknownVersionIsMalformed", "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html", motoValidatesNoPolicy, document(`{"Version":"2020-01-01","Statement":[]}`), malformedCode),
	putCase("NoStatementIsMalformed", docGrammar, motoValidatesNoPolicy, document(`{"Version":"2012-10-17","Statement":[]}`), malformedCode),
	putCase("EffectIsAllowOrDeny", "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_effect.html", motoValidatesNoPolicy, statement(`{"Effect":"allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`), malformedCode),
	putCase("ActionExcludesNotAction", docGrammar, motoValidatesNoPolicy, statement(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","NotAction":"kms:Encrypt","Resource":"*"}`), malformedCode),
	putCase("UnknownConditionOperatorIsMalformed", docOperators, motoValidatesNoPolicy, statement(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringIs":{"kms:CallerAccount":"1"}}}`), malformedCode, "StringIs"),
	putCase("NullTakesNoIfExists", docOperators+"#Conditions_IfExists", motoValidatesNoPolicy, statement(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"NullIfExists":{"kms:ViaService":"true"}}}`), malformedCode),
	putCase("ValueMustFitItsOperator", docOperators, motoValidatesNoPolicy, statement(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"home"}}}`), malformedCode, "home"),
	putCase("QuotesOfBooleansAreOptional", docGrammar, "", statement(`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"kms:CreateGrant","Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}}`), ""),
	putCase("ForAllValuesOverEncryptionContextIsOverlyPermissive", docKMSConditions+"#conditions-kms-encryption-context", motoValidatesNoPolicy, statement(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContext:App":"x"}}}`), malformedCode, "OverlyPermissiveCondition:"),
	putCase("ResourceAliasesAreForIdentityPolicies", docKMSConditions+"#conditions-kms-resource-aliases", motoValidatesNoPolicy, statement(`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/x"}}}`), malformedCode),
	putCase("StatementWithoutActionIsAcceptedWithoutEffect", apiPutKeyPolicy+"#KMS-PutKeyPolicy-request-Policy", "", statement(`{"Effect":"Allow","Principal":{"AWS":"*"},"Resource":"*"}`), ""),
	putCase("PolicyOf32768BytesFits", "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html", "", func(w world) string { return padded(w, maxPolicyBytes) }, ""),
	putCase("LargerPolicyExceedsTheLimit", "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html", motoValidatesNoPolicy, func(w world) string { return padded(w, maxPolicyBytes+1) }, "LimitExceededException"),
	putCase("PolicyHasLatinCharactersOnly", apiPutKeyPolicy+"#KMS-PutKeyPolicy-request-Policy", motoValidatesNoPolicy, func(w world) string { return strings.Replace(policyOf(w.account), "Enable", "Żółw", 1) }, "ValidationException"),
	{"CreateKeyValidatesItsPolicyToo", apiCreateKey + "#KMS-CreateKey-request-Policy", motoValidatesNoPolicy, func(t *testing.T, w world) {
		_, err := w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{Policy: aws.String("{}")})
		wantError(t, err, malformedCode)
	}},
	{"PolicyNameIsDefault", apiPutKeyPolicy + "#KMS-PutKeyPolicy-request-PolicyName", "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		_, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &id, PolicyName: aws.String("other")})
		wantError(t, err, "NotFoundException", "No such policy exists")
		_, err = client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &id, Policy: aws.String(policyOf(w.account)), PolicyName: aws.String("other")})
		wantError(t, err, "NotFoundException", "No such policy exists")
	}},
	{"PolicyNameMayBeLeftOut", apiPutKeyPolicy + "#KMS-PutKeyPolicy-request-PolicyName", "requires the policy name", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		must(client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &id, Policy: aws.String(policyOf(w.account))}))(t)
		if out := must(client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &id}))(t); aws.ToString(out.PolicyName) != "default" {
			t.Errorf("policy name %v", out.PolicyName)
		}
	}},
}

// padded returns a valid policy of exactly n bytes.
func padded(w world, n int) string {
	p := policyOf(w.account)
	return p[:len(p)-1] + strings.Repeat(" ", n-len(p)) + "}"
}

// addPeople gives the account the principals that the cases name.
func addPeople(w world) {
	w.own.AddUser("Alice", PrincipalOptions{Path: "/ops/"})
	w.own.AddRole("App", PrincipalOptions{})
	w.cloud.AddAccount("999988887777", AccountOptions{}).AddRole("Partner", PrincipalOptions{})
}

func principalCase(name, principal string, ok bool) contractCase {
	code, message := "", []string{}
	if !ok {
		code, message = malformedCode, []string{"Policy contains a statement with one or more invalid principals."}
	}
	c := putCase(name, docPrincipal, motoValidatesNoPolicy, statement(allow(principal)), code, message...)
	put := c.run
	c.run = func(t *testing.T, w world) {
		addPeople(w)
		put(t, w)
	}
	return c
}

var principalCases = []contractCase{
	principalCase("UserWithPathIsAPrincipal", `{"AWS":"arn:aws:iam::111122223333:user/ops/Alice"}`, true),
	principalCase("UserWithoutItsPathIsUnknown", `{"AWS":"arn:aws:iam::111122223333:user/Alice"}`, false),
	principalCase("RoleIsAPrincipal", `{"AWS":["arn:aws:iam::111122223333:role/App","arn:aws:iam::999988887777:role/Partner"]}`, true),
	principalCase("RoleSessionIsAPrincipal", `{"AWS":"arn:aws:sts::111122223333:assumed-role/App/job"}`, true),
	principalCase("SessionOfUnknownRoleIsRefused", `{"AWS":"arn:aws:sts::111122223333:assumed-role/Nobody/job"}`, false),
	principalCase("ForeignAccountIsAPrincipal", `{"AWS":["999988887777","arn:aws:iam::999988887777:root"]}`, true),
	principalCase("EveryoneIsAPrincipalInBothSpellings", `{"AWS":"*"}`, true),
	principalCase("BareStarIsAPrincipal", `"*"`, true),
	principalCase("ServiceIsAPrincipal", `{"Service":["logs.us-east-1.amazonaws.com","s3.amazonaws.com"]}`, true),
	principalCase("UnknownAccountIsRefused", `{"AWS":"000000000001"}`, false),
	principalCase("UnknownRoleIsRefused", `{"AWS":"arn:aws:iam::111122223333:role/Nobody"}`, false),
	principalCase("RoleNameIsCaseSensitive", `{"AWS":"arn:aws:iam::111122223333:role/app"}`, false),
	principalCase("WildcardInsideAnARNIsRefused", `{"AWS":"arn:aws:iam::111122223333:role/*"}`, false),
	principalCase("GroupIsNoPrincipal", `{"AWS":"arn:aws:iam::111122223333:group/Ops"}`, false),
	principalCase("OtherPartitionIsRefused", `{"AWS":"arn:aws-cn:iam::111122223333:root"}`, false),
	principalCase("UniqueIDIsRefused", `{"AWS":"AROAABCDEFGHIJKLMNOPQ"}`, false),
	principalCase("EveryServiceIsNoPrincipal", `{"Service":"*"}`, false),
	principalCase("CanonicalUserIsNoPrincipalOfKMS", `{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`, false),
	putCase("StatementWithoutPrincipalIsRefused", docKeyPolicy+"#key-policy-elements", motoValidatesNoPolicy, statement(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}`), malformedCode, "Policy contains a statement with no principal"),
	putCase("EmptyPrincipalListIsNoPrincipal", docKeyPolicy+"#key-policy-elements", motoValidatesNoPolicy, statement(allow(`{"AWS":[]}`)), malformedCode, "Policy contains a statement with no principal"),
}

const lockedOut = "The new key policy will not allow you to update the key policy in the future."

var lockoutCases = []contractCase{
	putCase("PolicyThatLocksTheCallerOutIsRefused", docDefaultPolicy+"#prevent-unmanageable-key", motoValidatesNoPolicy,
		document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"kms:*","Resource":"*"}]}`), malformedCode, lockedOut),
	putCase("DenyOfPutKeyPolicyLocksOut", docDefaultPolicy+"#prevent-unmanageable-key", motoValidatesNoPolicy,
		statement(`{"Effect":"Deny","Principal":"*","Action":"kms:PutKeyPolicy","Resource":"*"}`), malformedCode, lockedOut),
	putCase("ConditionThatTheCallerMissesLocksOut", docDefaultPolicy+"#prevent-unmanageable-key", motoValidatesNoPolicy,
		document(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"ACCOUNT"},"Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}}]}`), malformedCode, lockedOut),
	{"AccountStatementNeedsTheCallersIdentityPolicy", docDefaultPolicy + "#prevent-unmanageable-key", motoValidatesNoPolicy, func(t *testing.T, w world) {
		creator := w.own.AddRole("Creator", PrincipalOptions{Policies: []string{`{"Statement":{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*"}}`}})
		_, err := w.as(creator, virginia).CreateKey(ctx, &kms.CreateKeyInput{Policy: aws.String(policyOf(w.account))})
		wantError(t, err, malformedCode, lockedOut)
		// A policy that names the role itself needs no identity policy.
		named := policyOf(w.account, `{"Effect":"Allow","Principal":{"AWS":"`+creator.PrincipalARN+`"},"Action":"kms:PutKeyPolicy","Resource":"*"}`)
		must(w.as(creator, virginia).CreateKey(ctx, &kms.CreateKeyInput{Policy: &named}))(t)
	}},
	{"BypassSkipsTheLockoutCheck", apiPutKeyPolicy + "#KMS-PutKeyPolicy-request-BypassPolicyLockoutSafetyCheck", "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}]}`
		must(client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &id, Policy: &policy, PolicyName: aws.String("default"), BypassPolicyLockoutSafetyCheck: true}))(t)
	}},
}

var readBackCases = []contractCase{
	{"KeyWithoutPolicyGetsTheDefaultPolicy", docDefaultPolicy, "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		wantSameJSON(t, get(t, client, id), defaultPolicy("aws", w.account))
	}},
	{"DefaultPolicyIsSpacedAsKMSSpacesIt", "https://docs.aws.amazon.com/kms/latest/developerguide/ct-put-key-policy.html", "prints the policy on one line", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		if got := get(t, client, id); !strings.HasPrefix(got, "{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ {\n    \"Sid\" : \"Enable IAM User Permissions\",\n") {
			t.Errorf("policy\n%s", got)
		}
	}},
	{"DefaultPolicyNamesThePartitionOfTheRegion", "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html", "has one account for all partitions", func(t *testing.T, w world) {
		china := w.cloud.AddAccount("444455556666", AccountOptions{Partition: "aws-cn"}).AddUser("Admin", PrincipalOptions{Policies: []string{AllowAll}})
		id, _ := newDefaultKey(t, w.as(china, beijing))
		if got := get(t, w.as(china, beijing), id); !strings.Contains(got, `"arn:aws-cn:iam::444455556666:root"`) {
			t.Errorf("policy\n%s", got)
		}
	}},
	{"PutPolicyReplacesTheWholePolicy", apiPutKeyPolicy, "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		policy := policyOf(w.account, allow(`{"Service":"s3.amazonaws.com"}`))
		if err := put(client, id, policy); err != nil {
			t.Fatal(err)
		}
		if got := get(t, client, id); got != policy {
			t.Errorf("policy\n%s\nwant\n%s", got, policy)
		}
	}},
	{"AccountIDComesBackAsRootARN", docPrincipal + "#principal-accounts", "returns the text as it was put", func(t *testing.T, w world) {
		wantReadBack(t, w, `{"AWS":"111122223333"}`, `{"AWS":"arn:aws:iam::111122223333:root"}`)
	}},
	{"ListOfOnePrincipalComesBackAsString", docPrincipal, "returns the text as it was put", func(t *testing.T, w world) {
		wantReadBack(t, w, `{"AWS":["arn:aws:iam::111122223333:role/App"]}`, `{"AWS":"arn:aws:iam::111122223333:role/App"}`)
	}},
	{"OrderOfPrincipalsIsNotPreserved", docPrincipal, "returns the text as it was put", func(t *testing.T, w world) {
		wantReadBack(t, w, `{"AWS":["arn:aws:iam::111122223333:role/App","arn:aws:iam::111122223333:user/ops/Alice"]}`,
			`{"AWS":["arn:aws:iam::111122223333:user/ops/Alice","arn:aws:iam::111122223333:role/App"]}`)
	}},
	{"DeletedRoleComesBackAsItsUniqueIDWhichIsRefused", docPrincipal + "#principal-roles", "has no identities", func(t *testing.T, w world) {
		addPeople(w)
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		role := "arn:aws:iam::111122223333:role/App"
		if err := put(client, id, policyOf(w.account, allow(`{"AWS":"`+role+`"}`))); err != nil {
			t.Fatal(err)
		}
		w.cloud.DeletePrincipal(role)
		w.own.AddRole("App", PrincipalOptions{}) // a new role of the name does not come back into the policy
		got := get(t, client, id)
		if strings.Contains(got, role) || !strings.Contains(got, `{"AWS":"AROA`) {
			t.Errorf("policy\n%s", got)
		}
		wantError(t, put(client, id, got), malformedCode, invalidPrincipals)
	}},
}

// wantReadBack puts a principal and compares what comes back.
func wantReadBack(t *testing.T, w world, given, want string) {
	t.Helper()
	addPeople(w)
	client := w.client(virginia)
	id, _ := newDefaultKey(t, client)
	if err := put(client, id, policyOf(w.account, allow(given))); err != nil {
		t.Fatal(err)
	}
	wantSameJSON(t, get(t, client, id), policyOf(w.account, allow(want)))
}

func wantSameJSON(t *testing.T, got, want string) {
	t.Helper()
	var a, b any
	if err := json.Unmarshal([]byte(got), &a); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Errorf("JSON\n%s\nwant\n%s", got, want)
	}
}
