package policy_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func parse(t testing.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return d
}

func TestCanonicalFormIsTheSameForEverySpellingThatKMSHandsBack(t *testing.T) {
	base := `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/r"]},"Action":["kms:Sign","kms:Verify"],"Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}},{"Effect":"Deny","Principal":"*","Action":"kms:Sign","Resource":"*"}]}`
	same := []struct{ reason, old, new string }{
		{"white space", `,"Statement"`, ",\n  \"Statement\""},
		{"order of principals", `"arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/r"`, `"arn:aws:iam::111122223333:role/r","arn:aws:iam::111122223333:root"`},
		{"an account id is its root ARN", `"arn:aws:iam::111122223333:root"`, `"111122223333"`},
		{"repeated values", `"kms:Sign","kms:Verify"`, `"kms:Verify","kms:Sign","kms:Verify"`},
		{"one value or a list of one", `"Resource":"*"`, `"Resource":["*"]`},
		{"case of actions", `"kms:Verify"`, `"KMS:verify"`},
		{"case of condition keys", `"kms:GrantIsForAWSResource"`, `"KMS:grantisforawsresource"`},
		{"a boolean is its string", `true`, `"true"`},
		{"* bare or under AWS", `"Principal":"*"`, `"Principal":{"AWS":["*"]}`},
	}
	want := parse(t, base).Hash("aws")
	for _, test := range same {
		text := strings.Replace(base, test.old, test.new, 1)
		if text == base {
			t.Fatalf("%s: the row changes nothing", test.reason)
		}
		if parse(t, text).Hash("aws") != want {
			t.Errorf("%s changed the hash", test.reason)
		}
	}
	other := []struct{ reason, old, new string }{
		{"another Sid is another document", `"Sid":"a"`, `"Sid":"b"`},
		{"another effect", `"Deny"`, `"Allow"`},
		{"another principal", `role/r`, `role/R`},
		{"a list and its negation", `"Action":["kms:Sign"`, `"NotAction":["kms:Sign"`},
		{"another operator", `"Bool"`, `"BoolIfExists"`},
		{"another version", `2012-10-17`, `2008-10-17`},
		{"another partition", `arn:aws:iam::111122223333:root`, `arn:aws-cn:iam::111122223333:root`},
		{"values cannot run into each other", `"kms:Sign","kms:Verify"`, `"kms:Sign\",\"kms:Verify"`},
	}
	for _, test := range other {
		text := strings.Replace(base, test.old, test.new, 1)
		if text == base {
			t.Fatalf("%s: the row changes nothing", test.reason)
		}
		if parse(t, text).Hash("aws") == want {
			t.Errorf("%s kept the hash", test.reason)
		}
	}
	if got := parse(t, base).Hash("aws"); len(got) != 64 {
		t.Errorf("hash %q is not 64 hexadecimal digits", got)
	}
}

// The text of the default policy as KMS returns it:
// https://docs.aws.amazon.com/cli/latest/reference/kms/get-key-policy.html
const generatedByKMS = `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "arn:aws:iam::111122223333:root"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`

func TestNewWritesTheTextFormatOfKMS(t *testing.T) {
	root, err := policy.ParseAWSPrincipal("arn:aws:iam::111122223333:root")
	if err != nil {
		t.Fatal(err)
	}
	d, err := policy.New(policy.Version2012, "key-default-1", policy.Statement{
		SID: "Enable IAM User Permissions", Effect: policy.Allow,
		Principals: policy.Principals{Entries: []policy.Principal{root}},
		Actions:    policy.Values("kms:*"), Resources: policy.Values("*"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if d.Text() != generatedByKMS {
		t.Errorf("got\n%s\nwant\n%s", d.Text(), generatedByKMS)
	}
}

func TestNewWritesBackWhatItReads(t *testing.T) {
	for name, text := range corpusStatements(t) {
		d, err := policy.Parse(`{"Version":"2012-10-17","Id":"\"\\ é\u4e2d\ud83d\ude00","Statement":[` + text + `,` + rootStatement + `]}`)
		if err != nil {
			continue // TestParseReadsTheCorpusExceptWhatKMSRefuses knows which
		}
		again, err := policy.New(d.Version, d.ID, d.Statements...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if again.Canonical("aws") != d.Canonical("aws") {
			t.Errorf("%s: written as\n%s", name, again.Text())
		}
	}
}

func TestNewRefusesWhatKMSRefuses(t *testing.T) {
	good := parse(t, `{"Statement":`+rootStatement+`}`).Statements[0]
	noEffect, noPrincipal := good, good
	noEffect.Effect = 0
	noPrincipal.Principals = policy.Principals{Entries: []policy.Principal{{Kind: policy.Role, Text: "role/r"}}}
	for reason, statements := range map[string][]policy.Statement{
		"no statement":                  nil,
		"an effect was not set":         {noEffect},
		"a principal was not read":      {noPrincipal},
		"more than 32,768 bytes":        make([]policy.Statement, 1000),
		"one statement of two is empty": {good, {}},
	} {
		if d, err := policy.New(policy.Version2012, "", statements...); err == nil {
			t.Errorf("%s: accepted\n%s", reason, d.Text())
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(generatedByKMS)
	f.Add(with(`"Condition":{"ForAllValues:StringLike":{"a":["${b}",3,true]}}`))
	for _, text := range corpusStatements(f) {
		f.Add(`{"Version":"2012-10-17","Statement":[` + text + `]}`)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.Parse(text)
		if err != nil {
			return
		}
		if d.Text() != text {
			t.Fatal("the text was not kept")
		}
		again, err := policy.New(d.Version, d.ID, d.Statements...)
		if err != nil && !strings.Contains(err.Error(), string(policy.TooLarge)) {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if err == nil && again.Hash("aws") != d.Hash("aws") {
			t.Fatalf("written as another policy:\n%s", again.Text())
		}
	})
}
