package recognition_test

import (
	"encoding/json"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

const (
	admin   = "arn:aws:iam::111122223333:role/KeyAdmin"
	admin2  = "arn:aws:iam::111122223333:user/ops/alice"
	app     = "arn:aws:iam::111122223333:role/service/App"
	partner = "arn:aws:iam::444455556666:root"
)

var key = policy.Key{ARN: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", Partition: "aws", Account: "111122223333"}

// element is a JSON object, such as a statement.
type element = map[string]any

func parse(t rapid.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return d
}

// consoleDefault generates the console default for an administrator, a role and
// another account as users, unless change says otherwise.
func consoleDefault(t rapid.TB, keyType defaultpolicy.KeyType, change func(*defaultpolicy.Options)) *policy.Document {
	t.Helper()
	o := defaultpolicy.Options{
		Style: defaultpolicy.Console, Account: key.Account, Partition: "aws",
		Administrators: []string{admin}, Users: []string{app, partner},
	}
	if change != nil {
		change(&o)
	}
	return generate(t, keyType, o)
}

func generate(t rapid.TB, keyType defaultpolicy.KeyType, o defaultpolicy.Options) *policy.Document {
	t.Helper()
	d, err := defaultpolicy.Generate(keyType, o)
	if err != nil {
		t.Fatalf("%s: %v", keyType, err)
	}
	return d
}

// changed replaces a text that must stand in a policy.
func changed(t rapid.TB, d *policy.Document, old, replacement string) *policy.Document {
	t.Helper()
	if !strings.Contains(d.Text(), old) {
		t.Fatalf("no %q in\n%s", old, d.Text())
	}
	return parse(t, strings.Replace(d.Text(), old, replacement, 1))
}

// statementsOf returns the statements of a generated policy as JSON objects.
func statementsOf(t rapid.TB, d *policy.Document) []element {
	t.Helper()
	var whole struct{ Statement []element }
	if err := json.Unmarshal([]byte(d.Text()), &whole); err != nil {
		t.Fatal(err)
	}
	return whole.Statement
}

func documentOf(t rapid.TB, statements []element) *policy.Document {
	t.Helper()
	text, err := json.Marshal(element{"Version": policy.Version2012, "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(text))
}

// with returns a policy with further statements.
func with(t rapid.TB, d *policy.Document, statements ...string) *policy.Document {
	t.Helper()
	list := statementsOf(t, d)
	for _, text := range statements {
		var st element
		if err := json.Unmarshal([]byte(text), &st); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		list = append(list, st)
	}
	return documentOf(t, list)
}

// identify is Identify, with the rules that hold for every answer.
func identify(t rapid.TB, keyType defaultpolicy.KeyType, d *policy.Document, o recognition.Options) recognition.Result {
	t.Helper()
	return identifyAs(t, key, keyType, d, o)
}

func identifyAs(t rapid.TB, k policy.Key, keyType defaultpolicy.KeyType, d *policy.Document, o recognition.Options) recognition.Result {
	t.Helper()
	r, err := recognition.Identify(k, keyType, d.Set, o)
	if err != nil {
		t.Fatalf("%s: %v", keyType, err)
	}
	switch r.Verdict {
	case recognition.Default:
		if len(r.Forms) == 0 || r.Nearest != nil || r.Reason != "" {
			t.Errorf("a default without a form, or with a nearest one: %+v", r)
		}
		for _, f := range r.Forms {
			if got := access.Compare(k, f.Document.Set, d.Set); got.Verdict != access.Equal {
				t.Errorf("recognised as %+v, but the comparison says %s\n%s", f, got.Verdict, d.Text())
			}
		}
	case recognition.NotDefault:
		if len(r.Forms) > 0 || r.Nearest == nil || r.Comparison.Verdict != access.Different || r.Reason != "" {
			t.Errorf("no default, and no difference from the nearest: %+v", r)
		}
	case recognition.Undecided:
		if len(r.Forms) > 0 || r.Reason == "" || r.Detail == "" {
			t.Errorf("undecided without a reason: %+v", r)
		}
	default:
		t.Errorf("unknown verdict %q", r.Verdict)
	}
	return r
}

// explain says what a result is, for messages.
func explain(r recognition.Result) string {
	var words []string
	add := func(f recognition.Form) {
		words = append(words, string(f.Style), string(f.Edition), strings.Join(f.Administrators, ","), strings.Join(f.Users, ","))
	}
	words = append(words, string(r.Verdict), string(r.Reason), r.Detail)
	for _, f := range r.Forms {
		add(f)
	}
	if r.Nearest != nil {
		words = append(words, "nearest")
		add(*r.Nearest)
	}
	for _, d := range slices.Concat(r.Comparison.Excess, r.Comparison.Missing) {
		words = append(words, "\n  ", string(d.Policy), strings.Join(d.Principals, ","), strings.Join(d.Actions, ","), d.Conditions)
	}
	for _, open := range r.Comparison.Inconclusive {
		words = append(words, "\n  ", open.Reason, open.Detail)
	}
	return strings.Join(words, " ")
}

// splitStatements writes one statement for each principal and action, the last first.
func splitStatements(list []element) []element {
	var split []element
	for _, st := range slices.Backward(list) {
		principals, _ := st["Principal"].(element)
		for _, principal := range valuesOf(principals["AWS"]) {
			for _, action := range valuesOf(st["Action"]) {
				one := element{"Effect": st["Effect"], "Principal": element{"AWS": principal}, "Action": action, "Resource": []string{"*"}}
				if st["Condition"] != nil {
					one["Condition"] = st["Condition"]
				}
				split = append(split, one)
			}
		}
	}
	return split
}

func valuesOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}
