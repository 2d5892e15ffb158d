package guardrail_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// elsewhere are the codes that Judge does not give, with where the test is that gives them.
var elsewhere = map[string]string{
	"more-findings":          "TestAnOutcomeStaysReadableHoweverManyDifferencesThereAre",
	"exempt-by-tag":          "TestAnExemptionHoldsUntilItExpires",
	"exemption-expired":      "TestAnExemptionHoldsUntilItExpires",
	"rule-undecided":         "TestARuleThatMayMatchLeavesTheKeyUnjudged",
	"lockout-check-bypassed": "TestARepairIsWantedWhereModeSeverityAndEvidenceAllow",
	"guardrail-denied":       "TestWhatTheGuardrailMayNotSeeIsAFindingOfItsOwn",
	"foreign-grant":          "TestGrantsThatNobodyPermitted",
	"notice":                 "pkg/guard/enforcer",
	"bad-baseline":           "TestARequiredPrincipalThatFitsNoKeyOfTheAccountIsABadBaseline",

	"locked-out": "pkg/guard/enforcer", "access-denied": "pkg/guard/enforcer", "key-gone": "pkg/guard/enforcer", "bad-event": "pkg/guard/enforcer",
	"unexpected-error": "pkg/guard/enforcer", "repair-refused": "pkg/guard/enforcer", "plan-refused": "pkg/guard/enforcer", "repair-held": "pkg/guard/enforcer",
	"budget-exhausted": "pkg/guard/enforcer", "tug-of-war": "pkg/guard/enforcer", "breaker-open": "pkg/guard/enforcer", "archive-unusable": "pkg/guard/enforcer",

	"unknown-until-deployment": "pkg/desk/cli",
}

// codesOf reads the typed constants of finding.go, each with whether it has a comment.
func codesOf(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "finding.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes[text] = spec.Doc.Text() != ""
		}
		return true
	})
	return codes
}

// Whoever is on call finds each finding in docs/operations.md.
func TestEveryCodeHasItsPlaceInTheOperationsManual(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	for code := range codesOf(t) {
		if !strings.Contains(string(text), "`"+code+"`") {
			t.Errorf("docs/operations.md does not say what to do about %s", code)
		}
	}
}

func TestEveryCodeIsExplainedAndGivenByATest(t *testing.T) {
	given := map[string]bool{}
	for _, row := range judgements {
		for _, f := range row.findings {
			given[string(f.code)] = true
		}
	}
	codes := codesOf(t)
	if len(codes) < 20 {
		t.Fatalf("only %d codes were read", len(codes))
	}
	for code, explained := range codes {
		if !explained {
			t.Errorf("%s has no comment that says what it means", code)
		}
		if !given[code] && elsewhere[code] == "" {
			t.Errorf("no row of the tables gives %s", code)
		}
		if given[code] && elsewhere[code] != "" {
			t.Errorf("%s is in the tables: it need not be said where else it is tested", code)
		}
	}
	for code := range elsewhere {
		if _, known := codes[code]; !known {
			t.Errorf("there is no code %s", code)
		}
	}
	if !slices.ContainsFunc(judgements, func(j judgement) bool { return len(j.findings) == 0 }) {
		t.Error("no row is without findings")
	}
}
