package config

import (
	"strings"
	"testing"
)

// TestPlacesOfContradictions holds the places that Configuration.Check names against lines
// and columns.
func TestPlacesOfContradictions(t *testing.T) {
	const text = `version: 1
baselines:
  standard:
    style: console
    users: {required: [a, b]}
    permit:
      - Effect: Allow
        Action: [kms:Decrypt]
rules:
  - name: a
    baseline: other
`
	tests := []struct {
		place        string
		line, column int
		because      string
	}{
		{"rules 0 baseline", 11, 15, "a value has its own place"},
		{"baselines standard users required 1", 5, 27, "an entry of a list has its own place"},
		{"baselines standard", 3, 3, "a block that starts below its key is called by the key"},
		{"baselines standard users", 5, 12, "an object on the line of its key has its own place"},
		{"baselines standard permit 0", 7, 9, "an entry that is an object has the place of its first key"},
		{"baselines standard permit 0 Action 0", 8, 18, "a place may lead into a statement"},
		{"baselines standard edition", 3, 3, "what is not there has the place of what it should stand in"},
		{"rules 7 name", 9, 1, "an entry that is not there has the place of the list"},
		{"rules first", 9, 1, "a list has no names"},
		{"version x", 1, 10, "a scalar has nothing in it"},
		{"", 1, 1, "the file starts at its start"},
	}
	p := &problems{file: "g.yaml"}
	root := document(p, []byte(text))
	if err := p.err(); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if n := locate(root, strings.Fields(test.place)); n.Line != test.line || n.Column != test.column {
			t.Errorf("%q is at %d:%d, want %d:%d, because %s", test.place, n.Line, n.Column, test.line, test.column, test.because)
		}
	}
}
