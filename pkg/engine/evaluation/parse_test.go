package evaluation

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// requestText returns the JSON of a good request with some fields replaced, or left out
// where the replacement is "".
func requestText(replace map[string]string) string {
	var fields []string
	for _, f := range []struct{ name, value string }{
		{"principal", `"arn:aws:iam::111122223333:user/alice"`},
		{"principalType", `"user"`},
		{"principalAccount", `"111122223333"`},
		{"identityPolicyAllows", `false`},
		{"action", `"kms:Decrypt"`},
		{"resource", `"` + keyARN + `"`},
		{"context", `{}`},
	} {
		if value, replaced := replace[f.name]; replaced {
			f.value = value
		}
		if f.value != "" {
			fields = append(fields, `"`+f.name+`": `+f.value)
		}
	}
	return "{" + strings.Join(fields, ", ") + replace["more"] + "}"
}

func TestParseRequest(t *testing.T) {
	text := requestText(map[string]string{"context": `{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:EncryptionContextKeys":["a","b"],"aws:username":"alice"}`})
	got, err := ParseRequest([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := Request{
		Principal: "arn:aws:iam::111122223333:user/alice", PrincipalType: UserPrincipal, PrincipalAccount: own,
		Action: "kms:Decrypt", Resource: keyARN,
		Context: map[string]any{"kms:ViaService": "s3.us-east-1.amazonaws.com", "kms:EncryptionContextKeys": []string{"a", "b"}, "aws:username": "alice"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	again, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if twice, err := ParseRequest(again); err != nil || !reflect.DeepEqual(twice, got) {
		t.Errorf("its JSON %s is read as %+v %v", again, twice, err)
	}
}

func TestParseRequestFillsInWhatThereIsNoChoiceAbout(t *testing.T) {
	for reason, replace := range map[string]map[string]string{
		"a root user":            {"principal": `"arn:aws:iam::111122223333:root"`, "principalType": `"root"`, "identityPolicyAllows": ""},
		"a service":              {"principal": `"logs.amazonaws.com"`, "principalType": `"service"`, "principalAccount": "", "identityPolicyAllows": "true"},
		"a key without an ARN":   {"resource": "", "identityPolicyAllows": "true"},
		"an account, by the ARN": {"principalAccount": "", "identityPolicyAllows": "true"},
		"another principal":      {"principal": `"web identity"`, "principalType": `"other"`, "identityPolicyAllows": "true"},
	} {
		r, err := ParseRequest([]byte(requestText(replace)))
		if err != nil || !r.IdentityPolicyAllows {
			t.Errorf("%s: %+v %v", reason, r, err)
		}
	}
}

func TestParseRequestRefuses(t *testing.T) {
	role := func(context string) map[string]string {
		return map[string]string{"principal": `"arn:aws:iam::111122223333:role/team/app"`, "principalType": `"role"`, "context": context}
	}
	session := func(context string) map[string]string {
		return map[string]string{"principal": `"arn:aws:sts::111122223333:assumed-role/app/s"`, "principalType": `"session"`, "context": context}
	}
	for _, c := range []struct {
		reason, text string
		replace      map[string]string
		field, want  string // the error's field and part of its detail
	}{
		{reason: "nothing", text: " ", want: "expected a JSON object"},
		{reason: "a list", text: "[]", want: "expected a JSON object"},
		{reason: "half an object", text: `{"principal":"a"`, want: "not JSON"},
		{reason: "half a name", text: `{"princ`, want: "not JSON"},
		{reason: "no value", text: `{"principal":}`, want: "not JSON"},
		{reason: "two documents", text: requestText(nil) + "{}", want: "follows"},
		{reason: "not UTF-8", text: "{\"principal\":\"\xff\"}", want: "UTF-8"},
		{reason: "too long", text: strings.Repeat(" ", maxRequestBytes+1), want: "longer"},
		{reason: "an unknown field", replace: map[string]string{"more": `,"conditions":{}`}, want: "unknown field \"conditions\""},
		{reason: "a field in another case", replace: map[string]string{"principal": "", "more": `,"Principal":"a"`}, want: "unknown field \"Principal\""},
		{reason: "a field twice", replace: map[string]string{"more": `,"action":"kms:Encrypt"`}, want: "twice"},
		{reason: "no principal", replace: map[string]string{"principal": ""}, field: "principal", want: "missing"},
		{reason: "no type", replace: map[string]string{"principalType": ""}, field: "principalType", want: "missing"},
		{reason: "no action", replace: map[string]string{"action": ""}, field: "action", want: "missing"},
		{reason: "no context", replace: map[string]string{"context": ""}, field: "context", want: "missing"},
		{reason: "no word about IAM", replace: map[string]string{"identityPolicyAllows": ""}, field: "identityPolicyAllows", want: "missing"},
		{reason: "a root user without IAM", replace: map[string]string{"principal": `"arn:aws:iam::111122223333:root"`, "principalType": `"root"`}, field: "identityPolicyAllows", want: "leave it out"},
		{reason: "a number for a string", replace: map[string]string{"action": "1"}, field: "action", want: "expected a string"},
		{reason: "null", replace: map[string]string{"resource": "null"}, field: "resource", want: "expected a string"},
		{reason: "a word for true", replace: map[string]string{"identityPolicyAllows": `"true"`}, field: "identityPolicyAllows", want: "true or false"},
		{reason: "an unknown type", replace: map[string]string{"principalType": `"User"`}, field: "principalType", want: "user, role, session"},
		{reason: "a user that is a role", replace: map[string]string{"principal": `"arn:aws:iam::111122223333:role/a"`}, field: "principal", want: "type user"},
		{reason: "a root user by account id", replace: map[string]string{"principal": `"111122223333"`, "principalType": `"root"`, "identityPolicyAllows": ""}, field: "principal", want: "type root"},
		{reason: "a session without a name", replace: map[string]string{"principal": `"arn:aws:sts::111122223333:assumed-role/app"`, "principalType": `"session"`}, field: "principal", want: "session-name"},
		{reason: "no ARN", replace: map[string]string{"principal": `"alice"`}, field: "principal", want: "expected an ARN"},
		{reason: "everyone", replace: map[string]string{"principal": `"*"`, "principalType": `"other"`, "principalAccount": ""}, field: "principal", want: "no one principal"},
		{reason: "a service by ARN", replace: map[string]string{"principalType": `"service"`, "identityPolicyAllows": "true"}, field: "principal", want: "name of a service"},
		{reason: "a service of an account", replace: map[string]string{"principal": `"logs.amazonaws.com"`, "principalType": `"service"`, "identityPolicyAllows": "true"}, field: "principalAccount", want: "no account"},
		{reason: "another that has a type", replace: map[string]string{"principalType": `"other"`}, field: "principalType", want: "can name"},
		{reason: "another of a bad account", replace: map[string]string{"principal": `"x"`, "principalType": `"other"`, "principalAccount": `"1"`}, field: "principalAccount", want: "12-digit"},
		{reason: "another account than the ARN's", replace: map[string]string{"principalAccount": `"444455556666"`}, field: "principalAccount", want: "not the account"},
		{reason: "an action in another case", replace: map[string]string{"action": `"kms:decrypt"`}, field: "action", want: "spelled kms:Decrypt"},
		{reason: "an action without its prefix", replace: map[string]string{"action": `"Decrypt"`}, field: "action", want: "perhaps kms:Decrypt?"},
		{reason: "an operation that is two actions", replace: map[string]string{"action": `"kms:ReEncrypt"`}, field: "action", want: "kms:ReEncryptFrom or kms:ReEncryptTo"},
		{reason: "a pattern of actions", replace: map[string]string{"action": `"kms:*"`}, field: "action", want: "pattern"},
		{reason: "an action of IAM policies only", replace: map[string]string{"action": `"kms:CreateKey"`}, field: "action", want: "no action that a key policy decides"},
		{reason: "an empty action", replace: map[string]string{"action": `""`}, field: "action", want: "no action that a key policy decides"},
		{reason: "a context that is a list", replace: map[string]string{"context": `[]`}, field: "context", want: "object"},
		{reason: "a condition key that is true", replace: map[string]string{"context": `{"aws:SecureTransport":true}`}, field: `context["aws:SecureTransport"]`, want: "a string or a list"},
		{reason: "a condition key that is null", replace: map[string]string{"context": `{"kms:ViaService":null}`}, field: `context["kms:ViaService"]`, want: "leave an absent key out"},
		{reason: "an empty list", replace: map[string]string{"context": `{"aws:TagKeys":[]}`}, field: `context["aws:TagKeys"]`, want: "at least one"},
		{reason: "null in a list", replace: map[string]string{"context": `{"aws:TagKeys":["a",null]}`}, field: `context["aws:TagKeys"]`, want: "list of at least one string"},
		{reason: "a number in a list", replace: map[string]string{"context": `{"aws:TagKeys":[1]}`}, field: `context["aws:TagKeys"]`, want: "string"},
		{reason: "a condition key in two spellings", replace: map[string]string{"context": `{"kms:ViaService":"a","KMS:viaservice":"b"}`}, field: "context", want: "twice"},
		{reason: "two values of a single-valued key", replace: map[string]string{"context": `{"kms:ViaService":["a","b"]}`}, field: `context["kms:ViaService"]`, want: "one value"},
		{reason: "the name of another user", replace: map[string]string{"context": `{"aws:username":"bob"}`}, field: `context["aws:username"]`, want: `expected "alice"`},
		{reason: "the ARN of another user", replace: map[string]string{"context": `{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/bob"}`}, field: `context["aws:PrincipalArn"]`, want: "contradicts"},
		{reason: "another account", replace: map[string]string{"context": `{"kms:CallerAccount":"444455556666"}`}, field: `context["kms:CallerAccount"]`, want: "contradicts"},
		{reason: "another account, in another case", replace: map[string]string{"context": `{"aws:principalaccount":"444455556666"}`}, field: `context["aws:PrincipalAccount"]`, want: "contradicts"},
		{reason: "a user that is a service", replace: map[string]string{"context": `{"aws:PrincipalIsAWSService":"true"}`}, field: `context["aws:PrincipalIsAWSService"]`, want: `expected "false"`},
		{reason: "a user with a service's name", replace: map[string]string{"context": `{"aws:PrincipalServiceName":"logs.amazonaws.com"}`}, field: `context["aws:PrincipalServiceName"]`, want: "no such key"},
		{reason: "a role with a user's name", replace: role(`{"aws:username":"app"}`), field: `context["aws:username"]`, want: "no such key"},
		{reason: "a role that is a user", replace: role(`{"aws:PrincipalType":"User"}`), field: `context["aws:PrincipalType"]`, want: `expected "AssumedRole"`},
		{reason: "a session with its own ARN", replace: session(`{"aws:PrincipalArn":"arn:aws:sts::111122223333:assumed-role/app/s"}`), field: `context["aws:PrincipalArn"]`, want: "ARN of its role"},
		{reason: "a session of another role", replace: session(`{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/other"}`), field: `context["aws:PrincipalArn"]`, want: "ARN of its role"},
		{reason: "a session of another account's role", replace: session(`{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/app"}`), field: `context["aws:PrincipalArn"]`, want: "ARN of its role"},
		{reason: "a service that is none", replace: map[string]string{"principal": `"logs.amazonaws.com"`, "principalType": `"service"`, "principalAccount": "", "identityPolicyAllows": "", "context": `{"aws:PrincipalIsAWSService":"false"}`}, field: `context["aws:PrincipalIsAWSService"]`, want: "contradicts"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			text := c.text
			if text == "" {
				text = requestText(c.replace)
			}
			_, err := ParseRequest([]byte(text))
			var refused *RequestError
			if !errors.As(err, &refused) {
				t.Fatalf("%s: %v", text, err)
			}
			if refused.Field != c.field || !strings.Contains(refused.Detail, c.want) {
				t.Errorf("%s:\nfield %q, %s\nwant  %q, …%s…", text, refused.Field, refused.Detail, c.field, c.want)
			}
			if strings.ContainsAny(err.Error(), "\n\x00") {
				t.Errorf("more than a line: %q", err)
			}
		})
	}
}

func TestContextThatFitsThePrincipalIsTaken(t *testing.T) {
	for _, r := range []Request{
		user(own, "team/alice").with(`{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/team/alice","aws:PrincipalType":"User","aws:username":"alice","kms:CallerAccount":"111122223333","aws:PrincipalAccount":"111122223333","aws:PrincipalIsAWSService":"false"}`),
		role(own, "team/app").with(`{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/team/app","aws:PrincipalType":"AssumedRole"}`),
		session(own, "app/s").with(`{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/team/app","aws:PrincipalType":"AssumedRole"}`),
		federated(own, "f").with(`{"aws:PrincipalArn":"arn:aws:sts::111122223333:federated-user/f","aws:PrincipalType":"FederatedUser"}`),
		root(foreign).with(`{"aws:PrincipalArn":"arn:aws:iam::444455556666:root","aws:PrincipalType":"Account","kms:CallerAccount":"444455556666","aws:ResourceAccount":"111122223333"}`),
		service("logs.amazonaws.com").with(`{"aws:PrincipalIsAWSService":"true","aws:PrincipalServiceName":"logs.amazonaws.com","kms:CallerAccount":"444455556666"}`),
	} {
		if err := r.Check(theKey); err != nil {
			t.Errorf("%s: %v", r.Principal, err)
		}
	}
}

func TestCheckComparesWithTheKey(t *testing.T) {
	chinese := request(UserPrincipal, "arn:aws-cn:iam::111122223333:user/alice")
	elsewhere := user(own, "alice")
	elsewhere.Resource = keyARN + "0"
	badValue := user(own, "alice")
	badValue.Context = map[string]any{"kms:MultiRegion": true}
	noText := user(own, "alice")
	noText.Context = map[string]any{"aws:TagKeys": []any{"a", 1}}
	for _, c := range []struct {
		reason string
		key    policy.Key
		r      Request
		field  string
	}{
		{"another partition", theKey, chinese, "principal"},
		{"another resource", theKey, elsewhere, "resource"},
		{"another owner", theKey, user(own, "alice").with(`{"aws:ResourceAccount":"444455556666"}`), `context["aws:ResourceAccount"]`},
		{"a key of no account", policy.Key{Partition: "aws"}, user(own, "alice"), "resource"},
		{"a key of no partition", policy.Key{Account: own}, user(own, "alice"), "resource"},
		{"a value that is no string", theKey, badValue, `context["kms:MultiRegion"]`},
		{"a list that is not of strings", theKey, noText, `context["aws:TagKeys"]`},
		{"a key in two spellings", theKey, user(own, "alice").with(`{"aws:TagKeys":"a","aws:tagkeys":"b"}`), `context["aws:tagkeys"]`},
	} {
		var refused *RequestError
		if err := c.r.Check(c.key); !errors.As(err, &refused) || refused.Field != c.field {
			t.Errorf("%s: %v, want an error about %s", c.reason, err, c.field)
		}
		got, why := Evaluate(c.key, parse(t, "", allow(everyone)).Set, c.r)
		if got != Inconclusive || len(why) != 1 || why[0].Code != UnfitRequest || why[0].Statement != noStatement {
			t.Errorf("%s: %s %v", c.reason, got, why)
		}
	}
	unknown := user(own, "alice")
	unknown.Resource = ""
	if err := unknown.Check(theKey); err != nil {
		t.Errorf("a request that does not name the key: %v", err)
	}
	if err := elsewhere.Check(policy.Key{Partition: "aws", Account: own}); err != nil {
		t.Errorf("a key whose ARN is not known: %v", err)
	}
}

func TestMissingKeys(t *testing.T) {
	d := parse(t, "2012-10-17", allow(`"Condition":{"StringEquals":{"aws:PRINCIPALARN":"x","aws:username":"alice","kms:ViaService":"s","example:key":"${aws:PrincipalAccount}"}}`))
	for _, c := range []struct {
		reason string
		r      Request
		want   []string
	}{
		{"what the policy asks about", user(own, "alice"), []string{"aws:PrincipalAccount", "aws:PrincipalArn", "aws:username"}},
		{"but not what is there", user(own, "alice").with(`{"aws:UserName":"alice"}`), []string{"aws:PrincipalAccount", "aws:PrincipalArn"}},
		{"nor what such a principal does not have", role(own, "app"), []string{"aws:PrincipalAccount", "aws:PrincipalArn"}},
		{"a service has none of these", service("logs.amazonaws.com"), nil},
	} {
		if got := MissingKeys(d.Set, c.r); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.reason, got, c.want)
		}
	}
	if got := MissingKeys(parse(t, "", allow(`"Condition":{"StringEquals":{"example:key":"${aws:PrincipalAccount}"}}`)).Set, user(own, "alice")); got != nil {
		t.Errorf("text under the old version: %q", got)
	}
}
