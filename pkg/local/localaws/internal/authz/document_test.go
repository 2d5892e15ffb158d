package authz

import (
	"strings"
	"testing"
)

func TestMalformedKeyPolicyIsRefusedWithItsPlace(t *testing.T) {
	const rest = `"Principal":"*","Action":"kms:Decrypt","Resource":"*"`
	one := func(s string) string { return `{"Statement":[` + s + `]}` }
	for _, row := range []struct{ reason, document, want string }{
		{"no JSON", `{`, "not JSON"},
		{"text behind the document", one(`{"Effect":"Allow",`+rest+`}`) + ` x`, "after the end"},
		{"a JSON string", `"{}"`, "JSON object"},
		{"too deep", strings.Repeat("[", 40) + strings.Repeat("]", 40), "nested deeper"},
		{"the same key twice", `{"Version":"2012-10-17","Version":"2012-10-17"}`, `"Version" occurs twice`},
		{"unknown element", `{"version":"2012-10-17","Statement":[]}`, `unknown element "version"`},
		{"unknown version", `{"Version":"2012","Statement":[]}`, "Version"},
		{"Id is a number", `{"Id":1,"Statement":[]}`, "Id is not a string"},
		{"no statement", `{}`, "no Statement"},
		{"empty list of statements", one(``), "Statement is not"},
		{"a statement is text", one(`"x"`), "statement 0: not an object"},
		{"the place counts from 0", one(`{"Effect":"Allow",` + rest + `},{"Effect":"No",` + rest + `}`), "statement 1: the Effect"},
		{"Sid is a list", one(`{"Sid":[],"Effect":"Allow",` + rest + `}`), "Sid"},
		{"no principal", one(`{"Effect":"Allow","Action":"kms:*","Resource":"*"}`), "no principal"},
		{"principal and its opposite", one(`{"Effect":"Deny","NotPrincipal":"*",` + rest + `}`), "both Principal and NotPrincipal"},
		{"allow with NotPrincipal", one(`{"Effect":"Allow","NotPrincipal":"*","Action":"kms:*","Resource":"*"}`), "NotPrincipal is not supported"},
		{"principal is text", one(`{"Effect":"Allow","Principal":"111122223333","Action":"kms:*","Resource":"*"}`), "a principal is"},
		{"unknown principal type", one(`{"Effect":"Allow","Principal":{"User":"x"},"Action":"kms:*","Resource":"*"}`), `unknown element "User"`},
		{"principal is a number", one(`{"Effect":"Allow","Principal":{"AWS":111122223333},"Action":"kms:*","Resource":"*"}`), "AWS is not a string"},
		{"action without service", one(`{"Effect":"Allow","Principal":"*","Action":"Decrypt","Resource":"*"}`), `"Decrypt" is not an action`},
		{"action and its opposite", one(`{"Effect":"Allow","NotAction":"kms:*",` + rest + `}`), "both Action and NotAction"},
		{"resource is an object", one(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":{}}`), "Resource is not a string"},
		{"condition is a list", one(`{"Effect":"Allow","Condition":[],` + rest + `}`), "the Condition is not an object"},
		{"operator without keys", one(`{"Effect":"Allow","Condition":{"Bool":"true"},` + rest + `}`), "not an object of condition keys"},
		{"operator of another case", one(`{"Effect":"Allow","Condition":{"bool":{"a:b":"true"}},` + rest + `}`), `unknown condition operator "bool"`},
		{"null as value", one(`{"Effect":"Allow","Condition":{"StringEquals":{"a:b":null}},` + rest + `}`), "a value is not"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			_, err := ParseKeyPolicy(row.document)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("error %v, want %q in it", err, row.want)
			}
		})
	}
}

func TestIdentityPolicyNamesNoPrincipals(t *testing.T) {
	if _, err := ParseIdentityPolicy(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`); err == nil {
		t.Error("accepted")
	}
}

func TestRewritingPrincipalsKeepsAllOtherText(t *testing.T) {
	const document = `{ "Statement" : [ {
  "Effect":"Allow", "Principal" : {"Service":["a.amazonaws.com"], "AWS" :  [ "x", "yé" ] },
  "Action":"kms:*","Resource":"*"}, {"Effect":"Deny","NotPrincipal":{"AWS":"z"},"Action":[ "kms:*" ],"Resource":"*"} ] }  `
	d, err := ParseKeyPolicy(document)
	if err != nil {
		t.Fatal(err)
	}
	if got := d.RewritePrincipals(func(values []string) []string { return values }); got != document {
		t.Errorf("text changed:\n%s", got)
	}
	got := d.RewritePrincipals(func(values []string) []string {
		if len(values) == 2 {
			return values[:1]
		}
		return []string{"p", `q"`}
	})
	want := strings.NewReplacer(`[ "x", "yé" ]`, `"x"`, `"z"`, `[ "p", "q\"" ]`).Replace(document)
	if got != want {
		t.Errorf("text\n%s\nwant\n%s", got, want)
	}
}

func TestStatementWithoutActionOrResourceHasNoEffect(t *testing.T) {
	for _, row := range []struct {
		reason, statement string
		want              bool
	}{
		{"complete", `"Action":"kms:*","Resource":"*"`, false},
		{"the opposites count", `"NotAction":"kms:*","NotResource":"*"`, false},
		{"no action", `"Resource":"*"`, true},
		{"empty list of resources", `"Action":"kms:*","Resource":[]`, true},
	} {
		d, err := ParseKeyPolicy(`{"Statement":{"Effect":"Allow","Principal":"*",` + row.statement + `}}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.HasIneffectiveStatement(); got != row.want {
			t.Errorf("%s: %v", row.reason, got)
		}
	}
}
