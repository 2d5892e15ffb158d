package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
)

const rootStatement = `{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`

// with returns a document of one statement with one member more or another.
func with(member string) string {
	return `{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*",` + member + `}}`
}

func TestParseReadsEveryElement(t *testing.T) {
	text := `{"Version":"2012-10-17","Id":"an id","Statement":[` + rootStatement + `,
 {"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:sts::111122223333:assumed-role/r/s"],"Service":"s3.amazonaws.com"},
  "NotAction":["kms:Sign"],"NotResource":[],"Condition":{"ForAnyValue:StringNotLikeIfExists":{"kms:ViaService":["a","b"]},"Bool":{"aws:SecureTransport":true,"x":"false"},"NumericEquals":{"y":3}}}]}`
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if d.Text() != text || d.Version != policy.Version2012 || d.ID != "an id" || len(d.Statements) != 2 {
		t.Errorf("document read as %+v", d)
	}
	s := d.Statements[1]
	if text[s.Offset] != '{' || text[s.End-1] != '}' || !strings.HasPrefix(text[s.Offset:], `{"Effect":"Deny"`) {
		t.Errorf("statement bounds %d-%d", s.Offset, s.End)
	}
	if line, column := d.Position(s.Offset); line != 2 || column != 2 {
		t.Errorf("statement at %d:%d, want 2:2", line, column)
	}
	if s.Effect != policy.Deny || !s.Principals.Negated || len(s.Principals.Entries) != 3 || !s.Actions.Negated || !s.Resources.Negated || !s.Resources.Present || len(s.Resources.Values) != 0 {
		t.Errorf("statement read as %+v", s)
	}
	if p := s.Principals.Entries[1]; p.Kind != policy.Session || p.Name != "r" || p.SessionName != "s" || p.AccountID != "111122223333" {
		t.Errorf("session read as %+v", p)
	}
	if len(s.Conditions) != 4 || s.Conditions[0].Operator.String() != "ForAnyValue:StringNotLikeIfExists" || s.Conditions[1].Values[0] != "true" || s.Conditions[3].Values[0] != "3" {
		t.Errorf("conditions read as %+v", s.Conditions)
	}
}

func TestParseKeepsWhatHasNoEffect(t *testing.T) {
	for reason, text := range map[string]string{
		"a statement object in place of a list":         `{"Statement":` + rootStatement + `}`,
		"no Action: the API accepts it, without effect": `{"Statement":{"Effect":"Allow","Principal":"*","Resource":"*"}}`,
		"an action that does not exist":                 `{"Statement":{"Effect":"Allow","Principal":"*","Action":"kms:Decrpyt","Resource":"*"}}`,
		"empty lists":                                   `{"Statement":{"Effect":"Allow","Principal":{"AWS":[]},"Action":[],"Resource":[]}}`,
		"an empty condition":                            with(`"Condition":{}`),
		"one key in two spellings":                      with(`"Condition":{"Bool":{"a":"true","A":"true"}}`),
		"a deleted principal":                           `{"Statement":{"Effect":"Allow","Principal":{"AWS":"AROAIIIIIIIIIIIIIIIII"},"Action":"kms:*","Resource":"*"}}`,
		"Latin-1 in a Sid":                              with(`"Sid":"Zugriff für alle"`),
		"an escaped character beyond Latin-1":           with(`"Sid":"\u4e2d \ud83d\ude00"`),
		"a time zone":                                   with(`"Condition":{"DateLessThan":{"aws:CurrentTime":"2026-01-31T00:00:00+01:00"}}`),
		"an IPv6 range with host bits":                  with(`"Condition":{"IpAddress":{"aws:SourceIp":"2001:db8::1/32"}}`),
		"a policy variable":                             with(`"Condition":{"StringLike":{"a":"${aws:username}"}}`),
	} {
		if _, err := policy.Parse(text); err != nil {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

func TestParseRefusesWithCodeAndPlace(t *testing.T) {
	principal := func(p string) string {
		return `{"Statement":{"Effect":"Allow","Principal":` + p + `,"Action":"kms:*","Resource":"*"}}`
	}
	// ¶ marks the expected place; it is taken out before parsing.
	tests := []struct {
		reason, text string
		code         policy.ErrorCode
	}{
		{"nothing", "¶", policy.InvalidJSON},
		{"a policy wrapped in a JSON string, as GetKeyPolicy output is pasted", `¶"{\"Statement\":[]}"`, policy.WrongType},
		{"a list", `¶[]`, policy.WrongType},
		{"null", `¶null`, policy.WrongType},
		{"deep nesting in place of the document", "¶" + strings.Repeat("[", 30000), policy.WrongType},
		{"deep nesting in place of an action", `{"Statement":{"Action":[¶` + strings.Repeat("[", 20000), policy.WrongType},
		{"deep nesting in a condition", `{"Statement":{"Condition":{"Bool":{"a":¶{"b":1}}}}}`, policy.WrongType},
		{"one byte too many", strings.Repeat(" ", 32768) + "¶ ", policy.TooLarge},
		{"invalid UTF-8", with("\"Sid\":\"¶\xff\""), policy.InvalidUTF8},
		{"a character beyond U+00FF", with(`"Sid":"¶中"`), policy.InvalidCharacter},
		{"a NUL", "¶\x00", policy.InvalidCharacter},
		{"a byte order mark", "¶\uFEFF" + with(`"Sid":""`), policy.InvalidCharacter},
		{"a second document", with(`"Sid":""`) + "\n¶{}", policy.TrailingData},
		{"a comma before a bracket", `{"Statement":[` + rootStatement + `,¶]}`, policy.InvalidJSON},
		{"a missing comma", `{"Version":"2012-10-17" ¶"Id":""}`, policy.InvalidJSON},
		{"a missing colon", `{"Version" ¶"2012-10-17"}`, policy.InvalidJSON},
		{"an unfinished document", `{"Statement":[` + rootStatement + "¶", policy.InvalidJSON},
		{"an unfinished string", `{"Id":¶"abc`, policy.InvalidJSON},
		{"a raw line feed in a string", "{\"Id\":\"a¶\nb\"}", policy.InvalidJSON},
		{"an unknown escape", `{"Id":"¶\x"}`, policy.InvalidJSON},
		{"half a surrogate pair", `{"Id":"¶\ud83d"}`, policy.InvalidJSON},
		{"the document's element twice", `{"Id":"a",¶"Id":"a"}`, policy.DuplicateKey},
		{"a duplicate hidden by an escape", `{"Id":"a",¶"\u0049d":"a"}`, policy.DuplicateKey},
		{"a statement's element twice", with(`¶"Effect":"Deny"`), policy.DuplicateKey},
		{"a principal type twice: readers disagree", principal(`{"Service":"logs.us-east-1.amazonaws.com",¶"Service":"logs.eu-west-1.amazonaws.com"}`), policy.DuplicateKey},
		{"a condition operator twice", with(`"Condition":{"Bool":{},¶"Bool":{}}`), policy.DuplicateKey},
		{"a condition key twice", with(`"Condition":{"Bool":{"a":"true",¶"a":"true"}}`), policy.DuplicateKey},
		{"an unknown element of the document", `{¶"Comment":""}`, policy.UnknownElement},
		{"an unknown element of a statement", with(`¶"Notes":""`), policy.UnknownElement},
		{"an unknown principal type", principal(`{¶"Group":"g"}`), policy.UnknownElement},
		{"lower-case Version", `{¶"version":"2012-10-17"}`, policy.WrongCase},
		{"SID for Sid", with(`¶"SID":""`), policy.WrongCase},
		{"lower-case aws", principal(`{¶"aws":"*"}`), policy.WrongCase},
		{"lower-case effect", `{"Statement":{"Effect":¶"allow"}}`, policy.WrongCase},
		{"lower-case operator", with(`"Condition":{¶"stringequals":{}}`), policy.WrongCase},
		{"another effect", `{"Statement":{"Effect":¶"Audit"}}`, policy.InvalidEffect},
		{"another version", `{"Version":¶"2020-01-01"}`, policy.InvalidVersion},
		{"no statement element", `¶{"Version":"2012-10-17"}`, policy.MissingElement},
		{"an empty statement list", `{"Statement":¶[]}`, policy.MissingElement},
		{"no effect", `{"Statement":¶{"Principal":"*"}}`, policy.MissingElement},
		{"no principal", `{"Statement":¶{"Effect":"Allow"}}`, policy.MissingElement},
		{"action and its negation", with(`¶"NotAction":"kms:Sign"`), policy.ConflictingElements},
		{"resource and its negation", with(`¶"NotResource":"*"`), policy.ConflictingElements},
		{"principal and its negation", with(`¶"NotPrincipal":"*"`), policy.ConflictingElements},
		{"a number as Sid", with(`"Sid":¶1`), policy.WrongType},
		{"null in a list of actions", `{"Statement":{"Action":["kms:Sign",¶null]}}`, policy.WrongType},
		{"a condition list", with(`"Condition":¶[]`), policy.WrongType},
		{"null as a condition value", with(`"Condition":{"Bool":{"a":¶null}}`), policy.WrongType},
		{"a principal list", principal(`¶["foo","bar"]`), policy.WrongType},
		{"a principal that is no principal", principal(`¶"foo"`), policy.InvalidPrincipal},
		{"a group", principal(`{"AWS":¶"arn:aws:iam::111122223333:group/g"}`), policy.InvalidPrincipal},
		{"a partial wildcard", principal(`{"AWS":["*",¶"arn:aws:iam::111122223333:role/*"]}`), policy.InvalidPrincipal},
		{"every account", principal(`{"AWS":¶"arn:aws:iam::*:root"}`), policy.InvalidPrincipal},
		{"service *", principal(`{"Service":¶"*"}`), policy.InvalidPrincipal},
		{"a terminal escape in a name", principal(`{"AWS":¶"arn:aws:iam::111122223333:role/\u001b[2J"}`), policy.InvalidPrincipal},
		{"an ARN of another service", principal(`{"AWS":¶"arn:aws:s3:::bucket"}`), policy.InvalidPrincipal},
		{"a role without a name", principal(`{"AWS":¶"arn:aws:iam::111122223333:role/"}`), policy.InvalidPrincipal},
		{"a session without a name", principal(`{"AWS":¶"arn:aws:sts::111122223333:assumed-role/r"}`), policy.InvalidPrincipal},
		{"an operator that does not exist", with(`"Condition":{¶"NumericGreaterThanOrEquals":{}}`), policy.UnknownOperator},
		{"NullIfExists", with(`"Condition":{¶"NullIfExists":{}}`), policy.UnknownOperator},
		{"a number that is none", with(`"Condition":{"NumericEquals":{"a":¶"three"}}`), policy.InvalidValue},
		{"a huge exponent", with(`"Condition":{"NumericEquals":{"a":¶1e999999999}}`), policy.InvalidValue},
		{"a date that is none", with(`"Condition":{"DateEquals":{"a":[¶"2026-13-01"]}}`), policy.InvalidValue},
		{"a boolean that is none", with(`"Condition":{"Bool":{"a":¶"yes"}}`), policy.InvalidValue},
		{"an address that is none", with(`"Condition":{"IpAddress":{"a":¶"10.0.0.0/33"}}`), policy.InvalidValue},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			before, after, _ := strings.Cut(test.text, "¶")
			_, err := policy.Parse(before + after)
			var problem *policy.Error
			if !errors.As(err, &problem) {
				t.Fatalf("accepted, or another error: %v", err)
			}
			line, column := 1+strings.Count(before, "\n"), len(before)-strings.LastIndex(before, "\n")
			if problem.Code != test.code || problem.Line != line || problem.Column != column {
				t.Errorf("got %v\nwant %s at %d:%d", err, test.code, line, column)
			}
			if strings.ContainsAny(err.Error(), "\n\x1b") || len(err.Error()) > 300 {
				t.Errorf("message is not one short line: %q", err)
			}
		})
	}
}

// corpusStatements returns the real-world statements by name, as JSON text.
func corpusStatements(t testing.TB) map[string]string {
	t.Helper()
	list := map[string]string{}
	for _, s := range corpus.Statements(t) {
		list[s.Name] = s.Text
	}
	return list
}

func TestParseReadsTheCorpusExceptWhatKMSRefuses(t *testing.T) {
	refused := map[string]policy.ErrorCode{
		"principal_array_form":       policy.WrongType,
		"principal_string_garbage":   policy.InvalidPrincipal,
		"unknown_operator":           policy.UnknownOperator,
		"duplicate_json_key_service": policy.DuplicateKey,
	}
	statements := corpusStatements(t)
	for name, text := range statements {
		_, err := policy.Parse(`{"Version":"2012-10-17","Statement":[` + text + `]}`)
		var problem *policy.Error
		errors.As(err, &problem)
		switch code, bad := refused[name]; {
		case !bad && err != nil:
			t.Errorf("%s: %v", name, err)
		case bad && (problem == nil || problem.Code != code):
			t.Errorf("%s: got %v, want %s", name, err, code)
		}
		delete(refused, name)
	}
	if len(refused) > 0 || len(statements) < 50 {
		t.Errorf("the corpus has changed: %d statements, not there: %v", len(statements), refused)
	}
}
