package access_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// rewritings change how a policy is written and not what it allows.
var rewritings = []struct {
	rule    string
	rewrite func(statements []element) []element
}{
	{"the same policy, with a blank more so that it is not the same text", slices.Clone[[]element]},
	{"the order of statements makes no difference", func(list []element) []element {
		list = slices.Clone(list)
		slices.Reverse(list)
		return list
	}},
	{"a statement twice is the statement once", func(list []element) []element { return append(slices.Clone(list), list[0]) }},
	{"a statement split by its values is the whole", eachStatement(func(st element) []element { return splitBy(st, "Action", splitBy(st, "Resource", []element{st})) })},
	{"a statement split by its principals is the whole", eachStatement(splitPrincipals)},
	{"values merged into the order of the alphabet, each twice", eachStatement(func(st element) []element { return []element{sortedTwice(st).(element)} })},
	{"an account id is its root ARN", spelledOtherwise(`"111122223333"`, `"arn:aws:iam::111122223333:root"`, "Principal", "NotPrincipal")},
	{"another account's id is its root ARN", spelledOtherwise(`"444455556666"`, `"arn:aws:iam::444455556666:root"`, "Principal")},
	{"the case of actions makes no difference", spelledOtherwise(`kms:`, `KMS:`, "Action", "NotAction")},
	{"the case of condition keys makes no difference", eachStatement(func(st element) []element {
		blocks := element{}
		for operator, keys := range object(st["Condition"]) {
			blocks[operator] = element{}
			for key, values := range object(keys) {
				name := strings.ToUpper(key)
				if _, both := blocks[operator].(element)[name]; both {
					name = strings.ToLower(key)
				}
				blocks[operator].(element)[name] = values
			}
		}
		return []element{with(st, "Condition", blocks)}
	})},
	{"* is {AWS: *}", spelledOtherwise(`"*"`, `{"AWS":"*"}`, "Principal")},
	{"a Sid makes no difference", eachStatement(func(st element) []element { return []element{with(st, "Sid", "Anything")} })},
	{"a statement on another key is dead", added(element{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "arn:aws:kms:us-east-1:111122223333:key/other"})},
	{"a statement for an action that does not exist is dead", added(element{"Effect": "Deny", "Principal": "*", "Action": "kms:Decrpyt", "Resource": "*"})},
	{"a statement for a deleted principal is dead", added(element{"Effect": "Allow", "Principal": element{"AWS": "AROAIIIIIIIIIIIIIIIII"}, "Action": "kms:*", "Resource": "*"})},
	{"a statement that no request can meet is dead", added(element{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*",
		"Condition": element{"Null": element{"test:unused": "true"}, "StringEquals": element{"test:unused": "x"}}})},
}

func TestRewritingAPolicyMakesNoDifference(t *testing.T) {
	t.Parallel()
	names, statements := corpusStatements(t)
	check := func(t rapid.TB, rule, version string, before, after []element) {
		a, b := documentOf(t, version, before...), documentOf(t, version, append(after, element{"Effect": "Allow", "Principal": "*", "Resource": "*"})...) // never the same text
		if got := access.Compare(key, a.Set, b.Set); got.Verdict != access.Equal {
			t.Errorf("%s: %s, %+v, %+v, %+v\n%s\n%s", rule, got.Verdict, got.Excess, got.Missing, got.Inconclusive, a.Text(), b.Text())
		}
	}
	for _, r := range rewritings {
		for _, name := range names {
			whole := parsed(t, "["+consoleDefault+","+statements[name]+"]")
			check(t, r.rule, policy.Version2012, whole, r.rewrite(whole))
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.SliceOfN(statementsDrawn, 1, 3).Draw(r, "statements")
		text, err := json.Marshal(list)
		if err != nil {
			r.Fatal(err)
		}
		whole := parsed(r, string(text))
		version := versions.Draw(r, "version")
		for _, rewriting := range rewritings {
			check(r, rewriting.rule, version, whole, rewriting.rewrite(whole))
		}
	})
}

func TestAnAllowLessIsNoExcessAndOneMoreNothingMissing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		list := rapid.SliceOfN(statementsDrawn, 2, 4).Draw(r, "statements")
		version := versions.Draw(r, "version")
		whole, less := documentOf(r, version, list...), documentOf(r, version, list[1:]...)
		isAllow := list[0]["Effect"] == "Allow"
		if got := access.Compare(key, whole.Set, less.Set); isAllow && len(got.Excess) > 0 || !isAllow && len(got.Missing) > 0 {
			t.Errorf("without its first statement: %d excess, %d missing\n%s", len(got.Excess), len(got.Missing), whole.Text())
		}
		if got := access.Compare(key, less.Set, whole.Set); isAllow && len(got.Missing) > 0 || !isAllow && len(got.Excess) > 0 {
			t.Errorf("with its first statement: %d excess, %d missing\n%s", len(got.Excess), len(got.Missing), whole.Text())
		}
	})
}

// parsed reads statements as JSON objects.
func parsed(t rapid.TB, text string) []element {
	t.Helper()
	var list []element
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

// object returns a JSON object, or an empty one where there is none.
func object(v any) element {
	o, _ := v.(element)
	return o
}

// with returns a statement with one element set.
func with(st element, name string, value any) element {
	copied := element{}
	for n, v := range st {
		copied[n] = v
	}
	copied[name] = value
	return copied
}

func eachStatement(rewrite func(element) []element) func([]element) []element {
	return func(list []element) []element {
		var result []element
		for _, st := range list {
			result = append(result, rewrite(st)...)
		}
		return result
	}
}

func added(st element) func([]element) []element {
	return func(list []element) []element { return append(slices.Clone(list), st) }
}

// spelledOtherwise replaces text in some elements of each statement.
func spelledOtherwise(old, replacement string, elements ...string) func([]element) []element {
	return eachStatement(func(st element) []element {
		for _, name := range elements {
			value, ok := st[name]
			if !ok || name == "Principal" && old == `"*"` && value != "*" {
				continue
			}
			text, err := json.Marshal(value)
			if err != nil {
				panic(err)
			}
			var changed any
			if err := json.Unmarshal([]byte(strings.ReplaceAll(string(text), old, replacement)), &changed); err != nil {
				panic(err)
			}
			st = with(st, name, changed)
		}
		return []element{st}
	})
}

// splitBy splits each of some statements into one for each value of an element.
func splitBy(st element, name string, into []element) []element {
	values, ok := st[name].([]any)
	if !ok || len(values) == 0 {
		return into
	}
	var result []element
	for _, st := range into {
		for _, v := range values {
			result = append(result, with(st, name, v))
		}
	}
	return result
}

// splitPrincipals splits a statement into one for each principal of its Principal.
func splitPrincipals(st element) []element {
	var result []element
	for kind, values := range object(st["Principal"]) {
		list, ok := values.([]any)
		if !ok {
			list = []any{values}
		}
		for _, v := range list {
			result = append(result, with(st, "Principal", element{kind: v}))
		}
	}
	if len(result) == 0 {
		return []element{st}
	}
	return result
}

// sortedTwice returns a JSON value with each list sorted and each of its values twice.
func sortedTwice(v any) any {
	switch v := v.(type) {
	case element:
		result := element{}
		for name, value := range v {
			result[name] = sortedTwice(value)
		}
		return result
	case []any:
		list := append(slices.Clone(v), v...)
		slices.SortFunc(list, func(a, b any) int { return strings.Compare(spelled(a), spelled(b)) })
		return list
	default:
		return v
	}
}

func spelled(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
