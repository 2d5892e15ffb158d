package corpus

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
)

//go:embed documented.jsonl
var documentedLines string

// Policy is the statements that a page of AWS or of a vendor documents for a key, with account
// ids, ARNs and Regions filled in.
type Policy struct {
	Name string
	// Kind is S for a service with a bound, U for a service without one, L for a role of a
	// service, V for anyone through a service, X for another account, R for a role.
	Kind, Source string
	Statements   []json.RawMessage
}

// Text returns the policy document. The statements have no account statement with them.
func (p Policy) Text() string {
	texts := make([]string, len(p.Statements))
	for i, s := range p.Statements {
		texts[i] = string(s)
	}
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(texts, ",") + `]}`
}

// Documented returns all of them, in the order of the file. The caller owns the slice.
func Documented(t testing.TB) []Policy {
	t.Helper()
	var list []Policy
	for line := range strings.Lines(documentedLines) {
		var p Policy
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}
