package evaluation

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

const (
	keyARN   = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	own      = "111122223333" // the key's account
	foreign  = "444455556666"
	everyone = `"Principal":"*"`
)

var theKey = policy.Key{ARN: keyARN, Partition: "aws", Account: own}

// Requests for kms:Decrypt, with IAM, in an empty context.

func request(t PrincipalType, principal string) Request {
	return Request{Principal: principal, PrincipalType: t, IdentityPolicyAllows: true, Action: "kms:Decrypt", Resource: keyARN, Context: map[string]any{}}
}

func user(account, path string) Request {
	return request(UserPrincipal, "arn:aws:iam::"+account+":user/"+path)
}

func role(account, path string) Request {
	return request(RolePrincipal, "arn:aws:iam::"+account+":role/"+path)
}

func session(account, name string) Request {
	return request(SessionPrincipal, "arn:aws:sts::"+account+":assumed-role/"+name)
}

func federated(account, name string) Request {
	return request(FederatedPrincipal, "arn:aws:sts::"+account+":federated-user/"+name)
}

func root(account string) Request {
	return request(RootPrincipal, "arn:aws:iam::"+account+":root")
}

func service(name string) Request { return request(ServicePrincipal, name) }

func (r Request) withoutIAM() Request {
	r.IdentityPolicyAllows = false
	return r
}

func (r Request) asking(action string) Request {
	r.Action = action
	return r
}

// with returns the request with condition keys, given as the JSON of a context.
func (r Request) with(context string) Request {
	r.Context = map[string]any{}
	if err := json.Unmarshal([]byte(context), &r.Context); err != nil {
		panic(context + ": " + err.Error())
	}
	return r
}

// allow and deny return statements for every action of every key. The elements given
// replace the usual ones.

func allow(elements ...string) string { return statement("Allow", elements) }
func deny(elements ...string) string  { return statement("Deny", elements) }

func statement(effect string, elements []string) string {
	text := strings.Join(elements, ",")
	for _, usual := range []string{everyone, `"Action":"kms:*"`, `"Resource":"*"`} {
		name, _, _ := strings.Cut(strings.Trim(usual, `"`), `"`)
		if !strings.Contains(text, `"`+name+`"`) && !strings.Contains(text, `"Not`+name+`"`) {
			text += "," + usual
		}
	}
	return `{"Effect":"` + effect + `",` + strings.TrimPrefix(text, ",") + `}`
}

func parse(t *testing.T, version string, statements ...string) *policy.Document {
	t.Helper()
	if version != "" {
		version = `"Version":"` + version + `",`
	}
	text := `{` + version + `"Statement":[` + strings.Join(statements, ",") + `]}`
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// row is one request against one policy of version 2012-10-17.
type row struct {
	reason     string
	statements []string
	request    Request
	want       Decision
}

func evaluateAll(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.reason, func(t *testing.T) {
			got, why := Evaluate(theKey, parse(t, policy.Version2012, r.statements...).Set, r.request)
			if got != r.want {
				t.Errorf("%s\nrequest %+v\ndecision %s %v, want %s", strings.Join(r.statements, "\n"), r.request, got, why, r.want)
			}
			if (got == Inconclusive) != (len(why) > 0) {
				t.Errorf("decision %s with the reasons %v", got, why)
			}
		})
	}
}

func list(statements ...string) []string { return statements }

func aws(principals ...string) string {
	text, err := json.Marshal(principals)
	if err != nil {
		panic(err)
	}
	return `"Principal":{"AWS":` + string(text) + `}`
}

func arnOf(account, rest string) string { return "arn:aws:iam::" + account + ":" + rest }

func TestDenyOverridesAllow(t *testing.T) {
	alice := aws(arnOf(own, "user/alice"))
	evaluateAll(t, []row{
		{"nothing matches", list(allow(aws(arnOf(own, "user/bob")))), user(own, "alice"), ImplicitlyDenied},
		{"an Allow alone", list(allow(alice)), user(own, "alice"), Allowed},
		{"a Deny alone", list(deny(alice)), user(own, "alice"), ExplicitlyDenied},
		{"a Deny behind the Allow", list(allow(alice), deny(alice)), user(own, "alice"), ExplicitlyDenied},
		{"a Deny before the Allow", list(deny(alice), allow(alice)), user(own, "alice"), ExplicitlyDenied},
		{"a Deny of another action", list(allow(alice), deny(alice, `"Action":"kms:Encrypt"`)), user(own, "alice"), Allowed},
		{"a Deny covers access through IAM", list(allow(aws(own)), deny(aws(own))), user(own, "alice"), ExplicitlyDenied},
		{"a Deny covers access without IAM", list(allow(alice), deny(aws(own))), user(own, "alice").withoutIAM(), ExplicitlyDenied},
		{"one of two Allows is enough", list(allow(aws(arnOf(own, "user/bob"))), allow(alice)), user(own, "alice"), Allowed},
		{"the direct one of two Allows counts", list(allow(aws(own)), allow(alice)), user(own, "alice"), Allowed},
	})
}

// A Deny that is open matters only where something is allowed, and an Allow that is
// open only where nothing else allows or denies.
func TestOpenStatementsMatterOnlyWhereTheyDecide(t *testing.T) {
	alice, bob := aws(arnOf(own, "user/alice")), aws(arnOf(own, "user/bob"))
	openCondition := `"Condition":{"StringEquals":{"kms:ViaService":[]}}`
	evaluateAll(t, []row{
		{"an open Allow alone", list(allow(alice, openCondition)), user(own, "alice"), Inconclusive},
		{"an open Allow beside a sure one", list(allow(alice, openCondition), allow(alice)), user(own, "alice"), Allowed},
		{"an open Allow of another action", list(allow(alice, openCondition, `"Action":"kms:Sign"`)), user(own, "alice"), ImplicitlyDenied},
		{"an open Allow of another principal", list(allow(bob, openCondition)), user(own, "alice"), ImplicitlyDenied},
		{"an open Allow beside another condition that is false",
			list(allow(alice, `"Condition":{"StringEquals":{"kms:ViaService":[]},"Null":{"aws:username":"false"}}`)), user(own, "alice"), ImplicitlyDenied},
		{"an open Allow and a sure Deny", list(allow(alice, openCondition), deny(alice)), user(own, "alice"), ExplicitlyDenied},
		{"an open Deny over a sure Allow", list(allow(alice), deny(alice, openCondition)), user(own, "alice"), Inconclusive},
		{"an open Deny over an open Allow", list(allow(alice, openCondition), deny(alice, openCondition)), user(own, "alice"), Inconclusive},
		{"an open Deny over nothing: refused in both readings", list(deny(alice, openCondition)), user(own, "alice"), ImplicitlyDenied},
		{"an open Deny beside a sure Deny", list(allow(alice), deny(alice, openCondition), deny(alice)), user(own, "alice"), ExplicitlyDenied},
		{"an open direct Allow beside the account's: allowed in both readings", list(allow(aws(own)), allow(alice, openCondition)), user(own, "alice"), Delegated},
		{"the same without IAM", list(allow(aws(own)), allow(alice, openCondition)), user(own, "alice").withoutIAM(), Inconclusive},
	})
}

func TestReasonsNameTheStatement(t *testing.T) {
	d := parse(t, policy.Version2012,
		allow(aws(arnOf(own, "user/bob"))),
		deny(`"Condition":{"StringEquals":{"kms:ViaService":[]}}`, `"Action":"kms:Sign"`),
		allow(`"NotPrincipal":{"AWS":"`+foreign+`"}`, `"Condition":{"ForAnyValue:StringEqualsIfExists":{"aws:TagKeys":"a"}}`))
	got, why := Evaluate(theKey, d.Set, user(own, "alice"))
	if got != Inconclusive || len(why) != 2 {
		t.Fatalf("decision %s, reasons %v", got, why)
	}
	if why[0].Statement != 2 || why[0].Code != NotPrincipalWithAllow || why[1].Statement != 2 || why[1].Code != ForAnyValueIfExists {
		t.Errorf("reasons %+v", why)
	}
}

func TestAStatementThatNobodyParsedIsNotSkipped(t *testing.T) {
	anyone := policy.Principals{Entries: []policy.Principal{{Kind: policy.Anyone, Text: "*"}}}
	numeric, problem := policy.ParseOperator("NumericEquals")
	if problem != nil {
		t.Fatal(problem)
	}
	for reason, s := range map[string]policy.Statement{
		"without effect":         {Principals: anyone, Actions: policy.Values("*"), Resources: policy.Values("*")},
		"with a value of no use": {Effect: policy.Deny, Principals: anyone, Actions: policy.Values("*"), Resources: policy.Values("*"), Conditions: []policy.Condition{{Operator: numeric, Key: "kms:RotationPeriodInDays", Values: []string{"many"}}}},
	} {
		sure := policy.Statement{Effect: policy.Allow, Principals: anyone, Actions: policy.Values("*"), Resources: policy.Values("*")}
		d := policy.Set{Version: policy.Version2012, Statements: []policy.Statement{sure, s}}
		got, why := Evaluate(theKey, d, user(own, "alice").with(`{"kms:RotationPeriodInDays":"90"}`))
		if got != Inconclusive || len(why) != 1 || why[0].Code != UnreadableStatement || why[0].Statement != 1 {
			t.Errorf("a statement %s: %s %v", reason, got, why)
		}
	}
}
