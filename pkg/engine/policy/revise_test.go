package policy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"pgregory.net/rapid"
)

const (
	compact  = `{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":["111122223333","444455556666"],"Service":"logs.amazonaws.com"},"Action":["kms:Sign","kms:\u0056erify", "kms:Decrypt"],"Resource":"*"},{"Sid":"b","Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":false}}}]}`
	indented = `{
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {
                "AWS": [
                    "111122223333",
                    "444455556666"
                ]
            },
            "Action": [
                "kms:Sign",
                "kms:Verify"
            ],
            "Resource": "*"
        },
        {
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": "kms:Sign",
            "Resource": "*"
        }
    ]
}`
	generated = "{\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ {\n    \"Effect\" : \"Allow\",\n    \"Principal\" : {\n      \"AWS\" : \"111122223333\"\n    },\n    \"Action\" : \"kms:*\",\n    \"Resource\" : \"*\"\n  } ]\n}"
)

// change returns the revision that changes one statement of a document.
func change(d *policy.Document, i int, change func(*policy.Statement)) map[int]policy.Revision {
	st := d.Statements[i]
	change(&st)
	return map[int]policy.Revision{i: {Statement: &st}}
}

func without(entries []policy.Principal, i int) []policy.Principal {
	return slices.Delete(slices.Clone(entries), i, i+1)
}

func TestReviseWritesOnlyWhatDiffers(t *testing.T) {
	secure, _ := policy.ParseOperator("Bool")
	condition := policy.Condition{Operator: secure, Key: "aws:SecureTransport", Values: []string{"true"}}
	anyone := policy.Principals{Entries: []policy.Principal{{Kind: policy.Anyone, Text: "*"}}}
	signs := policy.Statement{Effect: policy.Allow, Principals: anyone, Actions: policy.Values("kms:Sign", "kms:Verify"), Resources: policy.Values("*")}
	tests := []struct {
		reason   string
		text     string
		revise   func(d *policy.Document) map[int]policy.Revision
		old, new string // what of the text becomes what; all else stays
	}{
		{"nothing to revise", indented, func(*policy.Document) map[int]policy.Revision { return nil }, "", ""},
		{"the first value goes with the comma behind it", compact, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 0, func(s *policy.Statement) { s.Actions = policy.Values("kms:Verify", "kms:Decrypt") })
		}, `["kms:Sign",`, `[`},
		{"the last value goes with the comma before it; an escape stays as written", compact, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 0, func(s *policy.Statement) { s.Actions = policy.Values("kms:Sign", "kms:Verify") })
		}, `, "kms:Decrypt"]`, `]`},
		{"one value becomes two, in its place", compact, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 0, func(s *policy.Statement) {
				s.Actions = policy.Values("kms:Sign", "kms:Get*", "kms:List*", "kms:Decrypt")
			})
		}, `"kms:\u0056erify", "kms:Decrypt"`, `"kms:Get*","kms:List*", "kms:Decrypt"`},
		{"a list on lines loses a line", indented, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 0, func(s *policy.Statement) { s.Principals.Entries = without(s.Principals.Entries, 0) })
		}, "\n                    \"111122223333\",", ""},
		{"a type of principals goes with its last value", compact, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 0, func(s *policy.Statement) { s.Principals.Entries = without(s.Principals.Entries, 2) })
		}, `,"Service":"logs.amazonaws.com"`, ""},
		{"a condition comes at the end, on lines", indented, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 0, func(s *policy.Statement) { s.Conditions = []policy.Condition{condition} })
		}, "            \"Resource\": \"*\"\n        },\n", "            \"Resource\": \"*\",\n            \"Condition\": {\n                \"Bool\": {\n                    \"aws:SecureTransport\": \"true\"\n                }\n            }\n        },\n"},
		{"a condition comes at the end, on one line", compact, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 0, func(s *policy.Statement) { s.Conditions = []policy.Condition{condition} })
		}, `"Resource":"*"},`, `"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}},`},
		{"a condition goes", compact, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 1, func(s *policy.Statement) { s.Conditions = nil })
		}, `,"Condition":{"Bool":{"aws:SecureTransport":false}}`, ""},
		{"NotAction becomes Action", indented, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 1, func(s *policy.Statement) { s.Actions = policy.Values("kms:Verify", "kms:Decrypt") })
		}, "            \"NotAction\": \"kms:Sign\",\n            \"Resource\": \"*\"\n", "            \"Resource\": \"*\",\n            \"Action\": [\n                \"kms:Verify\",\n                \"kms:Decrypt\"\n            ]\n"},
		{"a statement goes with its comma", indented, func(*policy.Document) map[int]policy.Revision {
			return map[int]policy.Revision{1: {}}
		}, indented[strings.Index(indented, ",\n        {\n            \"Effect\": \"Deny\""):strings.Index(indented, "\n    ]\n}")], ""},
		{"a statement comes behind one", compact, func(d *policy.Document) map[int]policy.Revision {
			return map[int]policy.Revision{1: {Statement: &d.Statements[1], After: []policy.Statement{signs}}}
		}, `false}}}]`, `false}}},{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Sign","kms:Verify"],"Resource":"*"}]`},
		{"in the style of KMS", generated, func(d *policy.Document) map[int]policy.Revision {
			return map[int]policy.Revision{0: {Statement: &d.Statements[0], After: []policy.Statement{signs}}}
		}, "  } ]", "  }, {\n    \"Effect\" : \"Allow\",\n    \"Principal\" : {\n      \"AWS\" : \"*\"\n    },\n    \"Action\" : [ \"kms:Sign\", \"kms:Verify\" ],\n    \"Resource\" : \"*\"\n  } ]"},
		{"one statement without a list becomes two", `{"Statement":{"Effect":"Deny","Principal":"*"}}`, func(d *policy.Document) map[int]policy.Revision {
			return map[int]policy.Revision{0: {Statement: &d.Statements[0], After: []policy.Statement{signs}}}
		}, `{"Effect":"Deny","Principal":"*"}}`, `[{"Effect":"Deny","Principal":"*"},{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Sign","kms:Verify"],"Resource":"*"}]}`},
		{"a bare * becomes an account", compact, func(d *policy.Document) map[int]policy.Revision {
			return change(d, 1, func(s *policy.Statement) { s.Principals = d.Statements[0].Principals })
		}, `"Principal":"*"`, `"Principal":{"AWS":["111122223333","444455556666"],"Service":"logs.amazonaws.com"}`},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			d := parse(t, test.text)
			got, err := d.Revise(test.revise(d))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(test.text, test.old); test.old != "" && n != 1 {
				t.Fatalf("the row's old text stands there %d times", n)
			}
			if diff := cmp.Diff(strings.Replace(test.text, test.old, test.new, 1), got.Text()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReviseRefusesWhatKMSWouldNotStore(t *testing.T) {
	d := parse(t, generated)
	long := d.Statements[0]
	long.SID = strings.Repeat("x", policy.MaxBytes)
	for code, revisions := range map[policy.ErrorCode]map[int]policy.Revision{
		policy.MissingElement: {0: {}},
		policy.TooLarge:       {0: {Statement: &long}},
	} {
		var problem *policy.Error
		if _, err := d.Revise(revisions); !errors.As(err, &problem) || problem.Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
}

// Whatever statements become, the document says just that, and the others keep their bytes.
func TestARevisedDocumentSaysWhatWasAsked(t *testing.T) {
	var statements []string
	for _, text := range corpusStatements(t) {
		if _, err := policy.Parse(`{"Statement":` + text + `}`); err == nil {
			statements = append(statements, text)
		}
	}
	slices.Sort(statements)
	rapid.Check(t, func(t *rapid.T) {
		pick := func(label string) policy.Statement {
			d, err := policy.Parse(`{"Statement":` + rapid.SampledFrom(statements).Draw(t, label) + `}`)
			if err != nil {
				t.Fatal(err)
			}
			return d.Statements[0]
		}
		list := rapid.SliceOfN(rapid.SampledFrom(statements), 1, 4).Draw(t, "statements")
		separator := rapid.SampledFrom([]string{",", ", ", ",\n    "}).Draw(t, "separator")
		d, err := policy.Parse(`{"Version": "2012-10-17", "Statement": [` + strings.Join(list, separator) + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		var want []policy.Statement
		revisions := map[int]policy.Revision{}
		for i, st := range d.Statements {
			switch rapid.IntRange(0, 3).Draw(t, "fate") {
			case 0:
				want = append(want, st)
				continue
			case 1:
				revisions[i] = policy.Revision{}
			case 2:
				to := pick("to")
				revisions[i] = policy.Revision{Statement: &to}
				want = append(want, to)
			default:
				st.Actions = policy.Values("kms:Sign")
				after := pick("after")
				revisions[i] = policy.Revision{Statement: &st, After: []policy.Statement{after}}
				want = append(want, st, after)
			}
		}
		got, err := d.Revise(revisions)
		if len(want) == 0 {
			if err == nil {
				t.Fatal("a document without a statement")
			}
			return
		}
		if err != nil {
			t.Fatalf("%v, revising %s", err, d.Text())
		}
		expected := policy.Document{Set: policy.Set{Version: d.Version, Statements: want}, ID: d.ID}
		if got.Canonical("aws") != expected.Canonical("aws") {
			t.Fatalf("of %s\nwant %s\ngot %s", d.Text(), expected.Canonical("aws"), got.Text())
		}
		for i, st := range d.Statements {
			if _, revised := revisions[i]; !revised && !strings.Contains(got.Text(), d.Text()[st.Offset:st.End]) {
				t.Fatalf("statement %d was not revised and changed in %s", i, got.Text())
			}
		}
	})
}

// FuzzRevise looks for a spelling of a policy with which a revision says something else
// than was asked.
func FuzzRevise(f *testing.F) {
	for _, text := range corpusStatements(f) {
		f.Add(`{"Version": "2012-10-17", "Statement": [` + text + `, ` + text + `]}`)
	}
	f.Add(indented)
	f.Add(generated)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.Parse(text)
		if err != nil {
			return
		}
		st := d.Statements[0]
		st.SID = "new"
		st.Actions = policy.Values(append(slices.Clone(st.Actions.Values), "kms:Sign")...)
		if len(st.Principals.Entries) > 1 {
			st.Principals.Entries = without(st.Principals.Entries, 0)
		}
		got, err := d.Revise(map[int]policy.Revision{0: {Statement: &st, After: d.Statements[:1]}})
		if err != nil {
			var problem *policy.Error
			if !errors.As(err, &problem) || problem.Code != policy.TooLarge {
				t.Fatalf("%v in %q", err, text)
			}
			return
		}
		want := policy.Document{Set: policy.Set{Version: d.Version, Statements: slices.Insert(slices.Clone(d.Statements[1:]), 0, st, d.Statements[0])}, ID: d.ID}
		if got.Canonical("aws") != want.Canonical("aws") {
			t.Fatalf("of %q\nwant %s\ngot %q", text, want.Canonical("aws"), got.Text())
		}
	})
}
