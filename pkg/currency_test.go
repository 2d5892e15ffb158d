package pkg_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAJudgementParsesThePolicyInOnePlace holds the rule that statements are the engine's
// currency: the packages that compare, evaluate, judge and repair take statements, and only
// the judgement reads the text of the key's policy, in one call.
func TestAJudgementParsesThePolicyInOnePlace(t *testing.T) {
	var found []string
	for _, folder := range []string{"access", "evaluation", "recognition", "guardrail", "repair", "lint"} {
		files, err := filepath.Glob(filepath.Join("engine", folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), "policy.Parse(") {
				found = append(found, filepath.ToSlash(file))
			}
		}
	}
	if len(found) != 1 || found[0] != "engine/guardrail/checks.go" {
		t.Errorf("policy.Parse is called in %v, want engine/guardrail/checks.go only", found)
	}
}
