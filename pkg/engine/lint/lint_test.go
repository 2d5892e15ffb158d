package lint_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
)

var update = flag.Bool("update", false, "write the golden files")

var key = policy.Key{
	ARN:       "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	Partition: "aws",
	Account:   "111122223333",
	Region:    "us-east-1",
}

func parse(t testing.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return d
}

// policyOf makes a policy of version 2012-10-17 of one statement.
func policyOf(statement string) string {
	return `{"Version":"2012-10-17","Statement":[` + statement + `]}`
}

func codes(findings []lint.Finding) []lint.Code {
	var list []lint.Code
	for _, f := range findings {
		list = append(list, f.Code)
	}
	slices.Sort(list)
	return list
}

// TestAccessKeyConverts: a caller has the key of a comparison at hand.
func TestAccessKeyConverts(t *testing.T) {
	k, err := policy.ParseKeyARN(key.ARN)
	if err != nil || k != key {
		t.Errorf("key %+v, %v; want %+v", k, err, key)
	}
}

// The default policies are AWS's own: whatever is found in one is a false alarm.
func TestGeneratedDefaultsHaveNoFindings(t *testing.T) {
	people := defaultpolicy.Options{
		Style: defaultpolicy.Console, Partition: "aws", Account: key.Account,
		Administrators: []string{"arn:aws:iam::111122223333:user/path/admin"},
		Users:          []string{"arn:aws:iam::111122223333:role/app", "arn:aws:iam::444455556666:root"},
	}
	api := defaultpolicy.Options{Style: defaultpolicy.API, Partition: "aws", Account: key.Account}
	checked := 0
	for _, options := range []defaultpolicy.Options{people, api} {
		for _, spec := range defaultpolicy.KeySpecs() {
			for _, usage := range defaultpolicy.KeyUsages() {
				for _, origin := range defaultpolicy.Origins() {
					for _, part := range defaultpolicy.MultiRegions() {
						keyType := defaultpolicy.KeyType{Spec: spec, Usage: usage, Origin: origin, MultiRegion: part}
						variants, err := defaultpolicy.Variants(keyType, options)
						if err != nil {
							continue // no such key type
						}
						for _, v := range variants {
							checked++
							found := lint.CheckType(key, catalog.KeyType{Spec: string(spec), Usage: string(usage), Origin: string(origin), MultiRegion: string(part)}, v.Document)
							if len(found) > 0 {
								t.Errorf("%s default of %+v: %+v", options.Style, keyType, found)
							}
						}
					}
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("%d documents checked: the loop misses some", checked)
	}
}

// written is a policy as somebody has written it.
type written struct{ name, text string }

func realPolicies(t *testing.T) []written {
	var list []written
	for _, s := range corpus.Statements(t) {
		list = append(list, written{s.Name, policyOf(s.Text)})
	}
	for _, p := range corpus.Documented(t) {
		list = append(list, written{"documented: " + p.Name, p.Text()})
	}
	return list
}

// TestCorpus shows what is found in policies that people have really written. Read the
// difference before you accept it with -update: every line is shown to somebody.
func TestCorpus(t *testing.T) {
	var b strings.Builder
	for _, p := range realPolicies(t) {
		d, err := policy.Parse(p.text)
		if err != nil {
			fmt.Fprintf(&b, "%s: refused by the parser\n", p.name)
			continue
		}
		describe(&b, p.name, lint.Check(key, d))
	}
	golden(t, "corpus.golden", b.String())
}

// describe writes findings as a person reads them.
func describe(b *strings.Builder, name string, found []lint.Finding) {
	if len(found) == 0 {
		fmt.Fprintf(b, "%s: -\n", name)
		return
	}
	fmt.Fprintf(b, "%s:\n", name)
	for _, f := range found {
		fmt.Fprintf(b, "  %d:%d %s %s: %s\n", f.Line, f.Column, f.Severity, f.Code, f.Detail)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the findings changed; run with -update and read the difference:\n%s", got)
	}
}

// mistaken are the policies of the corpus that are wrong, by what is known about each. What
// AWS documents is not among them: a finding above info in it would be a false alarm.
var mistaken = map[string]string{
	"root_actions_incl_condition_keys":           "condition keys in the place of actions",
	"grants_any_principal_bool_foreign_resource": "the resource is a bucket",
	"callerAccount_is_root_arn_typo":             "an ARN for an account id",
	"action_typo":                                "a typo",
	"action_reencrypt_no_star":                   "a star is missing",
	"deny_ctxkeys_null":                          "a star is missing in a Deny",
	"federated_saml":                             "KMS has no federated principals",
	"deny_deletion_wrong_key":                    "no request for the actions carries the key",
	"resource_other_key":                         "the resource is another key",
}

func TestWhatPeopleDocumentHasNoFindingAboveInfo(t *testing.T) {
	for _, p := range realPolicies(t) {
		d, err := policy.Parse(p.text)
		if err != nil {
			continue
		}
		low := 0
		for _, f := range lint.Check(key, d) {
			if f.Severity != lint.Info {
				low++
				if mistaken[p.name] == "" {
					t.Errorf("%s: %s: %s", p.name, f.Code, f.Detail)
				}
			}
		}
		if mistaken[p.name] != "" && low == 0 {
			t.Errorf("%s: nothing above info, though %s", p.name, mistaken[p.name])
		}
	}
}

func TestFindingsHaveAPlace(t *testing.T) {
	text := `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"},
    {
      "Effect": "Allow",
      "Principal": {
        "Service": "logs.us-east-1.amazonaws.com",
        "AWS": ["arn:aws:iam::111122223333:role/app",
                "AIDACKCEVSQ6C2EXAMPLE"]
      },
      "Action": ["kms:Encrypt", "kms:Decrypt",
        "kms:ReEncrypt"],
      "Resource": "arn:aws:kms:*:111122223333:key/*",
      "Condition": {
        "Null": {},
        "StringEquals": {
          "kms:ViaService": "s3.us-east-1.amazonaws.com",
          "kms:Region": "us-east-1"
        }
      }
    }
  ]
}`
	want := []struct {
		code         lint.Code
		line, column int
		reason       string
	}{
		{lint.DeadPrincipal, 10, 17, "the entry, the second kind's second"},
		{lint.UnknownAction, 13, 9, "the value"},
		{lint.ResourceNotStar, 14, 19, "the value"},
		{lint.EmptyCondition, 16, 9, "the operator"},
		{lint.UnknownConditionKey, 19, 11, "the key"},
	}
	found := lint.Check(key, parse(t, text))
	if len(found) != len(want) {
		t.Fatalf("findings %+v, want %d", found, len(want))
	}
	for i, w := range want {
		if f := found[i]; f.Statement != 1 || f.Code != w.code || f.Line != w.line || f.Column != w.column {
			t.Errorf("%s: found %+v, want %s at %d:%d of statement 1", w.reason, f, w.code, w.line, w.column)
		}
	}
}

func TestWrittenFieldsOfAFinding(t *testing.T) {
	found := lint.Check(key, parse(t, policyOf(`{"Effect":"Allow","Principal":"*","Action":"kms:*"}`)))
	text, err := json.Marshal(found)
	const want = `[{"statement":0,"code":"dead-statement","severity":"low","detail":"the statement has no Resource, so the statement allows nothing; write \"*\", which is the key itself","suggestion":"*","line":1,"column":38}]`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v\nwant %s", text, err, want)
	}
}

// Text of a policy in a finding is shown in terminals and logs.
func TestDetailsAreOneLineAndEscaped(t *testing.T) {
	long := strings.Repeat("x", 4000)
	for _, name := range []string{`kms:De\ncrypt`, `kms:\u001b[31mred`, "kms:é", "kms:" + long} {
		found := lint.Check(key, parse(t, policyOf(`{"Effect":"Allow","Principal":"*","Action":["kms:Sign","`+name+`"],"Resource":"*"}`)))
		if len(found) != 1 {
			t.Fatalf("%q: findings %+v, want one", name, found)
		}
		for _, r := range found[0].Detail {
			if r < ' ' || r == 0x7f || r > '~' && r != '…' {
				t.Errorf("%q: detail %q has the character %U", name, found[0].Detail, r)
			}
		}
		if len(found[0].Detail) > 400 {
			t.Errorf("%q: a detail of %d bytes", name[:10], len(found[0].Detail))
		}
	}
}

// TestHostilePolicyEndsSoon has generous bounds: these are documents of 32 kilobytes that
// are made to take long.
func TestHostilePolicyEndsSoon(t *testing.T) {
	fill := func(before, piece, after string) string {
		n := (policy.MaxBytes - len(policyOf(before+after))) / (len(piece) + 8)
		var parts []string
		for i := range n {
			parts = append(parts, strings.ReplaceAll(piece, "#", fmt.Sprint(i)))
		}
		return policyOf(before + strings.Join(parts, ",") + after)
	}
	const head, tail = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/r"},`, `,"Resource":"*"}`
	stars := strings.Repeat("*a", 3500)
	for _, test := range []struct{ reason, text string }{
		{"unknown actions", fill(head+`"Action":[`, `"kms:Decrpt#"`, `]`+tail)},
		{"action patterns", fill(head+`"Action":[`, `"kms:*e*e*e*#"`, `]`+tail)},
		{"unknown keys", fill(head+`"Action":"kms:*","Condition":{"StringEquals":{`, `"kms:ViaServic#":"x"`, `}}`+tail)},
		{"many conditions on absent keys", fill(head+`"Action":["kms:Sign","kms:Verify"],"Condition":{"StringEquals":{`, `"kms:EncryptionContext:#":"x"`, `}}`+tail)},
		{"values against patterns of stars", policyOf(head + `"Action":"kms:*","Condition":{"StringEquals":{"kms:ViaService":["` + strings.Repeat("a", 7000) + `","` + strings.Repeat("a", 7001) +
			`"]},"StringLike":{"kms:ViaService":["` + stars + `b","` + stars + `c"]}}` + tail)},
		{"principals against patterns of stars", policyOf(`{"Effect":"Allow","Principal":{"AWS":["` + strings.Repeat(`arn:aws:iam::111122223333:role/aaaaaaaaaaaaaaaaaaaaaaaaaaaaa","`, 250) +
			`111122223333"]},"Action":"kms:*","Condition":{"StringLike":{"aws:PrincipalArn":["` + stars + `b","` + stars + `c"]}}` + tail)},
	} {
		d := parse(t, test.text)
		start := time.Now()
		lint.Check(key, d)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: %v for %d bytes", test.reason, took, len(test.text))
		} else {
			t.Logf("%s: %v for %d bytes", test.reason, took, len(test.text))
		}
	}
}
