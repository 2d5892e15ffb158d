package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

// FuzzRead looks for a text that Read panics at, half reads, or reads as something
// that has another hash the next time.
func FuzzRead(f *testing.F) {
	f.Add(least)
	f.Add(full(f))
	for _, b := range append(allBad(), badTexts...) {
		f.Add(b.text)
	}
	for _, path := range examplePaths(f) {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := config.Read("g.yaml", []byte(text))
		if err != nil {
			checkErrors(t, text, err)
			if c != nil {
				t.Fatalf("a configuration and problems: %v", err)
			}
			return
		}
		for _, b := range c.Baselines {
			for _, statement := range append(b.Permit, b.Require...) {
				if !json.Valid([]byte(statement)) {
					t.Fatalf("the statement %s is no JSON", statement)
				}
			}
		}
		again, err := config.Read("another.yaml", []byte("# why\n"+strings.TrimPrefix(text, "\uFEFF")))
		if err != nil || again.Hash() != c.Hash() {
			t.Fatalf("read again: %v, %+v, %+v", err, c, again)
		}
	})
}

// checkErrors fails unless every problem stands in the text and takes one line.
func checkErrors(t *testing.T, text string, err error) {
	t.Helper()
	var problems *config.Errors
	if !errors.As(err, &problems) || len(problems.Problems) == 0 {
		t.Fatalf("%T: %v", err, err)
	}
	lines := 2 + strings.Count(text, "\n") // a problem may be the end, after the last line
	for _, p := range problems.Problems {
		if p.Line < 1 || p.Column < 1 || p.Line > lines || p.Detail == "" || strings.ContainsAny(p.Detail, "\r\n") {
			t.Fatalf("the problem %+v of %q", p, text)
		}
	}
}
