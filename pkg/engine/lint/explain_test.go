package lint_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
)

// declaredCodes reads the codes from their declarations, so that none can be forgotten.
func declaredCodes(t *testing.T) []lint.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var list []lint.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, lint.Code(text))
		return false
	})
	return list
}

func TestEveryCodeHasAnExplanationOfItsOwn(t *testing.T) {
	codes := declaredCodes(t)
	if len(codes) < 20 {
		t.Fatalf("only %d codes were found", len(codes))
	}
	seen := map[string]lint.Code{}
	for _, code := range codes {
		text := code.Explain()
		if text == "" || strings.ContainsAny(text, "\n<>&`") || strings.HasSuffix(text, ".") {
			t.Errorf("%s: %q is no neutral half sentence", code, text)
		}
		if other, twice := seen[text]; twice {
			t.Errorf("%s and %s have the same explanation", code, other)
		}
		seen[text] = code
	}
	if text := lint.Code("none").Explain(); text != "" {
		t.Errorf("an unknown code is explained: %q", text)
	}
}
