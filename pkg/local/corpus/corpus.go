// Package corpus has key policy statements that somebody has really written, for the tests
// of every package that reads, compares, judges or repairs policies. statements.jsonl has one
// a line: a name, the statement, and a note that says what is special about it. A statement
// that JSON values cannot hold, such as one with an element twice, stands there as text, in
// "__raw__". Account ids and names are made up.
package corpus

import (
	_ "embed"
	"encoding/json"
	"strings"
	"testing"
)

//go:embed statements.jsonl
var lines string

// Statement is one statement.
type Statement struct {
	Name string
	// Text is its JSON object. It need not be one that KMS takes, or that parses.
	Text string
}

// Statements returns all of them, in the order of the file. The caller owns the slice.
func Statements(t testing.TB) []Statement {
	t.Helper()
	var list []Statement
	for line := range strings.Lines(lines) {
		var entry struct {
			Name      string
			Statement json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		var raw struct {
			Text string `json:"__raw__"`
		}
		if json.Unmarshal(entry.Statement, &raw) == nil && raw.Text != "" {
			list = append(list, Statement{entry.Name, raw.Text})
			continue
		}
		list = append(list, Statement{entry.Name, string(entry.Statement)})
	}
	return list
}
