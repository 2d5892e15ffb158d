package access_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

var key = policy.Key{
	ARN:       "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	Partition: "aws", Account: "111122223333", Region: "us-east-1",
	Spec: "SYMMETRIC_DEFAULT", Usage: "ENCRYPT_DECRYPT", Origin: "AWS_KMS", MultiRegion: "false",
}

// Statements for the tests, by what they say.
const (
	root     = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	app      = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":["kms:Decrypt","kms:Encrypt"],"Resource":"*"}`
	anyone   = `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`
	viaS3    = `"Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`
	foreign  = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:root"},"Action":"kms:Decrypt","Resource":"*"}`
	denySign = `{"Effect":"Deny","Principal":"*","Action":"kms:Sign","Resource":"*"}`
)

// document returns a policy of statements.
func document(t testing.TB, statements ...string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// change returns a statement with one text replaced by another.
func change(t testing.TB, statement, old, replacement string) string {
	t.Helper()
	if !strings.Contains(statement, old) {
		t.Fatalf("%s does not contain %s", statement, old)
	}
	return strings.Replace(statement, old, replacement, 1)
}

func TestPoliciesThatAllowTheSameAreEqual(t *testing.T) {
	with := func(statement, condition string) string {
		return change(t, statement, `"Resource":"*"`, `"Resource":"*",`+condition)
	}
	tests := []struct {
		reason           string
		baseline, actual []string
	}{
		{"an account id is its root ARN", []string{root}, []string{change(t, root, "arn:aws:iam::111122223333:root", "111122223333")}},
		{"* is kms:* on a key", []string{root}, []string{change(t, root, "kms:*", "*")}},
		{"kms:* is the list of all actions", []string{root}, []string{change(t, root, `"kms:*"`, `["`+strings.Join(access.AllActions.Names(), `","`)+`"]`)}},
		{"case of actions", []string{app}, []string{change(t, app, "kms:Decrypt", "KMS:deCRYPT")}},
		{"wildcards in actions", []string{change(t, app, `["kms:Decrypt","kms:Encrypt"]`, `["kms:ReEncryptFrom","kms:ReEncryptTo","kms:Sign"]`)},
			[]string{change(t, app, `["kms:Decrypt","kms:Encrypt"]`, `["kms:ReEncrypt*","kms:?ign"]`)}},
		{"* bare or under AWS", []string{anyone}, []string{change(t, anyone, `"*"`, `{"AWS":["*"]}`)}},
		{"* swallows principals beside it", []string{anyone}, []string{change(t, anyone, `"*"`, `{"AWS":["*","arn:aws:iam::444455556666:role/x"]}`)}},
		{"order of statements", []string{root, app}, []string{app, root}},
		{"a statement split in two", []string{app}, []string{change(t, app, `,"kms:Encrypt"`, ""), change(t, app, `"kms:Decrypt",`, "")}},
		{"a statement twice", []string{root}, []string{root, root}},
		{"Sids make no difference", []string{root}, []string{change(t, root, `"Effect"`, `"Sid":"x","Effect"`)}},
		{"a Deny that removes nothing", []string{app}, []string{app, denySign}},
		{"the key's own ARN is *", []string{app}, []string{change(t, app, `"Resource":"*"`, `"Resource":"`+key.ARN+`"`)}},
		{"a statement on another key is dead", []string{root}, []string{root, change(t, anyone, `"Resource":"*"`, `"Resource":"arn:aws:s3:::*"`)}},
		{"an action that does not exist is dead", []string{root}, []string{root, change(t, anyone, "kms:Decrypt", "kms:Decrpyt")}},
		{"an action of IAM policies only is dead", []string{root}, []string{root, change(t, anyone, "kms:Decrypt", "kms:CreateKey")}},
		{"a statement without Action is dead", []string{root}, []string{root, change(t, anyone, `"Action":"kms:Decrypt",`, "")}},
		{"an empty list is dead", []string{root}, []string{root, change(t, anyone, `"kms:Decrypt"`, "[]")}},
		{"a deleted principal is nobody", []string{root}, []string{root, change(t, anyone, `"*"`, `{"AWS":"AIDAIIIIIIIIIIIIIIIII"}`)}},
		{"an identity provider is nobody", []string{root}, []string{root, change(t, anyone, `"*"`, `{"Federated":"cognito-identity.amazonaws.com"}`)}},
		{"a root ARN of another partition is nobody", []string{app}, []string{app, change(t, root, "arn:aws:", "arn:aws-cn:")}},
		{"NotAction is the complement", []string{change(t, root, `"kms:*"`, `"kms:Sign"`)}, []string{change(t, root, `"Action":"kms:*"`, `"NotAction":["`+strings.Join((access.AllActions&^access.ActionsMatching("kms:Sign")).Names(), `","`)+`"]`)}},
		{"a role covers its sessions", []string{app}, []string{app, change(t, app, "iam::111122223333:role/app", "sts::111122223333:assumed-role/app/s")}},
		{"a role with a path covers its sessions by its last segment",
			[]string{change(t, app, "role/app", "role/team/app")},
			[]string{change(t, app, "role/app", "role/team/app"), change(t, app, "iam::111122223333:role/app", "sts::111122223333:assumed-role/app/s")}},
		{"a foreign role is inside its account's delegation", []string{foreign}, []string{foreign, change(t, foreign, ":root", ":role/x")}},
		{"the same condition block in another order and case",
			[]string{with(anyone, `"Condition":{"Bool":{"A":"true"},"StringLike":{"b":["x","y"]}}`)},
			[]string{with(anyone, `"Condition":{"StringLike":{"B":["y","x","y"]},"Bool":{"a":true}}`)}},
		{"a condition adds nothing to what is allowed without it", []string{anyone}, []string{anyone, with(anyone, viaS3)}},
		{"a Deny under a condition of what is not allowed anyway", []string{app}, []string{app, with(denySign, viaS3)}},
		{"an Allow and a Deny under the same condition", []string{root}, []string{root, with(anyone, viaS3), with(change(t, anyone, "Allow", "Deny"), viaS3), root}[:1]},
		{"an empty condition is no condition", []string{anyone}, []string{with(anyone, `"Condition":{}`)}},
		{"a Deny with NotPrincipal that lists every layer exempts the role",
			[]string{change(t, app, `["kms:Decrypt","kms:Encrypt"]`, `"kms:Sign"`)},
			[]string{change(t, app, `["kms:Decrypt","kms:Encrypt"]`, `"kms:Sign"`), change(t, app, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"}`, `"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/app","111122223333"]}`)}[:1]},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			for _, order := range [][2][]string{{test.baseline, test.actual}, {test.actual, test.baseline}} {
				if got := access.Compare(key, document(t, order[0]...).Set, document(t, order[1]...).Set); got.Verdict != access.Equal || len(got.Excess)+len(got.Missing)+len(got.Inconclusive) > 0 {
					t.Errorf("got %+v", got)
				}
			}
		})
	}
}

func TestDifferencesNameStatementPrincipalsActionsAndHalf(t *testing.T) {
	tests := []struct {
		reason           string
		baseline, actual []string
		excess, missing  []string
	}{
		{"a named principal needs no IAM policy: direct access is more than delegated",
			[]string{root}, []string{root, app},
			[]string{"actual 1 direct: arn:aws:iam::111122223333:role/app: kms:Decrypt, kms:Encrypt"}, nil},
		{"the lost account statement",
			[]string{root, app}, []string{app}, nil,
			[]string{
				"baseline 0 delegated: every other principal of account 111122223333: kms:*",
				"baseline 0 delegated: arn:aws:iam::111122223333:role/app: " + strings.Join((access.AllActions&^access.ActionsMatching("kms:?ecrypt")&^access.ActionsMatching("kms:Encrypt")).Names(), ", "),
			}},
		{"a public principal",
			[]string{root}, []string{root, anyone},
			[]string{
				"actual 1 delegated: every principal of any other account: kms:Decrypt",
				"actual 1 direct: every AWS service: kms:Decrypt",
				"actual 1 direct: every principal of account 111122223333 but its root user: kms:Decrypt",
			}, nil},
		{"a foreign account is delegated access",
			[]string{root}, []string{root, foreign},
			[]string{"actual 1 delegated: every principal of account 444455556666: kms:Decrypt"}, nil},
		{"a foreign role needs its own account too, and covers its sessions",
			[]string{root}, []string{root, change(t, foreign, ":root", ":role/x")},
			[]string{"actual 1 delegated: arn:aws:iam::444455556666:role/x: kms:Decrypt"}, nil},
		{"an account that only a condition names is a named account",
			[]string{root}, []string{root, change(t, anyone, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":"444455556666"}}`)},
			[]string{"actual 1 delegated: every principal of account 444455556666: kms:Decrypt"}, nil},
		{"one session only",
			[]string{root}, []string{root, change(t, foreign, "iam::444455556666:root", "sts::444455556666:assumed-role/x/s")},
			[]string{"actual 1 delegated: arn:aws:sts::444455556666:assumed-role/x/s: kms:Decrypt"}, nil},
		{"a service",
			[]string{root}, []string{root, change(t, anyone, `"*"`, `{"Service":"logs.us-east-1.amazonaws.com"}`)},
			[]string{"actual 1 direct: logs.us-east-1.amazonaws.com: kms:Decrypt"}, nil},
		{"a Regional service principal is another principal",
			[]string{change(t, anyone, `"*"`, `{"Service":"s3.amazonaws.com"}`)}, []string{change(t, anyone, `"*"`, `{"Service":"s3.eu-west-1.amazonaws.com"}`)},
			[]string{"actual 0 direct: s3.eu-west-1.amazonaws.com: kms:Decrypt"}, []string{"baseline 0 direct: s3.amazonaws.com: kms:Decrypt"}},
		{"a Deny names itself as the cause",
			[]string{root}, []string{root, change(t, denySign, `"*","Action"`, `{"AWS":"arn:aws:iam::111122223333:user/u"},"Action"`)}, nil,
			[]string{"actual 1 delegated: arn:aws:iam::111122223333:user/u: kms:Sign"}},
		{"a Deny for the account covers direct access and the root user",
			[]string{root, change(t, app, "kms:Encrypt", "kms:Sign")}, []string{root, change(t, app, "kms:Encrypt", "kms:Sign"), change(t, denySign, `"*","Action"`, `{"AWS":"111122223333"},"Action"`)}, nil,
			[]string{
				"actual 2 delegated: every other principal of account 111122223333: kms:Sign",
				"actual 2 direct: arn:aws:iam::111122223333:role/app: kms:Sign",
			}},
		{"a Deny that the baseline has and actual has not is an excess of the grant",
			[]string{root, denySign}, []string{root},
			[]string{"actual 0 delegated: every principal of account 111122223333: kms:Sign"}, nil},
		{"a user does not cover federated users",
			[]string{change(t, foreign, ":root", ":user/u")}, []string{change(t, foreign, "iam::444455556666:root", "sts::444455556666:federated-user/u")},
			[]string{"actual 0 delegated: arn:aws:sts::444455556666:federated-user/u: kms:Decrypt"}, []string{"baseline 0 delegated: arn:aws:iam::444455556666:user/u: kms:Decrypt"}},
		{"names of users and roles mind case",
			[]string{change(t, foreign, ":root", ":user/u")}, []string{change(t, foreign, ":root", ":user/U")},
			[]string{"actual 0 delegated: arn:aws:iam::444455556666:user/U: kms:Decrypt"}, []string{"baseline 0 delegated: arn:aws:iam::444455556666:user/u: kms:Decrypt"}},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			got := access.Compare(key, document(t, test.baseline...).Set, document(t, test.actual...).Set)
			if got.Verdict != access.Different {
				t.Errorf("verdict %s", got.Verdict)
			}
			checkDifferences(t, "excess", got.Excess, test.excess)
			checkDifferences(t, "missing", got.Missing, test.missing)
			back := access.Compare(key, document(t, test.actual...).Set, document(t, test.baseline...).Set)
			if len(back.Missing) < min(1, len(got.Excess)) || len(back.Excess) < min(1, len(got.Missing)) {
				t.Errorf("the other way round: %+v", back)
			}
		})
	}
}

func checkDifferences(t *testing.T, what string, got []access.Difference, want []string) {
	t.Helper()
	var lines []string
	for _, d := range got {
		half := "direct"
		if d.Delegated {
			half = "delegated"
		}
		lines = append(lines, string(d.Policy)+" "+string('0'+rune(d.Statement))+" "+half+": "+strings.Join(d.Principals, ", ")+": "+strings.Join(d.Actions, ", "))
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatHangsOnAnUnknownIsInconclusive(t *testing.T) {
	with := func(condition string) []string {
		return []string{root, change(t, anyone, `"Resource":"*"`, `"Resource":"*","Condition":{`+condition+`}`)}
	}
	tests := []struct {
		reason           string
		baseline, actual []string
		cause            string
	}{
		{"NotPrincipal with Allow", []string{root}, []string{root, change(t, foreign, `"Principal"`, `"NotPrincipal"`)}, "not-principal"},
		{"NotPrincipal with Deny that lists a role without its sessions", []string{root},
			[]string{root, change(t, change(t, denySign, `"Principal":"*"`, `"NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/r","111122223333"]}`), "kms:Sign", "kms:Verify")}, "not-principal"},
		{"a variable in Resource", []string{root}, []string{root, change(t, anyone, `"Resource":"*"`, `"Resource":"${aws:username}"`)}, "resource"},
		{"a multi-valued key without a set operator", []string{root}, with(`"StringEquals":{"kms:EncryptionContextKeys":"a"}`), "conditions"},
		{"ForAnyValue with IfExists on an absent key", with(`"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}`), with(`"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"a"}`), "conditions"},
		{"an empty list of values", []string{root}, with(`"StringEquals":{"kms:ViaService":[]}`), "conditions"},
		{"a variable that the request decides", []string{root}, with(`"StringEquals":{"aws:SourceVpc":"${aws:SourceVpce}"}`), "conditions"},
		{"an open variable", []string{root}, with(`"StringEquals":{"aws:SourceVpc":"${aws:username"}`), "conditions"},
		{"a value that only the empty string can be", []string{root}, with(`"StringEquals":{"kms:ViaService":""}`), "values"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			got := access.Compare(key, document(t, test.baseline...).Set, document(t, test.actual...).Set)
			if got.Verdict != access.Undecided || len(got.Inconclusive) == 0 || got.Inconclusive[0].Reason != test.cause {
				t.Errorf("got %+v", got)
			}
			back := access.Compare(key, document(t, test.actual...).Set, document(t, test.baseline...).Set)
			if back.Verdict != access.Undecided {
				t.Errorf("the other way round: %+v", back)
			}
		})
	}
}

func TestADifferenceIsProvedEvenBesideUnknowns(t *testing.T) {
	conditional := change(t, anyone, `"Resource":"*"`, `"Resource":"*","Condition":{"StringEquals":{"kms:EncryptionContextKeys":"a"}}`)
	got := access.Compare(key, document(t, root).Set, document(t, root, conditional, foreign).Set)
	if got.Verdict != access.Different || len(got.Inconclusive) != 1 {
		t.Errorf("got %+v", got)
	}
	// Whether the block holds or not, actual allows and the baseline does not.
	split := []string{conditional, change(t, conditional, "Allow", "Deny")}
	got = access.Compare(key, document(t, split...).Set, document(t, anyone).Set)
	if got.Verdict != access.Different || len(got.Missing) > 0 {
		t.Errorf("got %+v", got)
	}
}

func TestAHostilePolicyIsOverBudgetNotEqual(t *testing.T) {
	var allows, denies []string
	for i := range 60 {
		name := string('a'+rune(i%26)) + string('a'+rune(i/26))
		denies = append(denies, `{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/`+name+`"},"Action":"kms:Sign","Resource":"${`+name+`}","Condition":{"Bool":{"`+name+`":"true"}}}`)
		allows = append(allows, change(t, denies[i], "Deny", "Allow"))
	}
	got := access.Compare(key, document(t, append(denies[:20], root)...).Set, document(t, append(allows[40:], root)...).Set)
	if got.Verdict == access.Equal {
		t.Errorf("got %s", got.Verdict)
	}
}
