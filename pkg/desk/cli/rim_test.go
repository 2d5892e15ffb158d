package cli

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestOnlyTheRimKnowsCobra: what a command does can be called and tested without a command
// line. Flags are declared in files of their own.
func TestOnlyTheRimKnowsCobra(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	rim, inside := 0, 0
	for _, file := range files {
		name := file.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		var imports []string
		for _, i := range parsed.Imports {
			imports = append(imports, i.Path.Value)
		}
		knows := slices.Contains(imports, `"github.com/spf13/cobra"`) || slices.Contains(imports, `"github.com/spf13/pflag"`)
		isRim := name == "root.go" || strings.HasSuffix(name, "_command.go") || strings.HasSuffix(name, "_flags.go")
		switch {
		case isRim:
			rim++
		case knows:
			t.Errorf("%s imports cobra: declare flags in a file that ends in _command.go or _flags.go", name)
		default:
			inside++
		}
	}
	if rim < 10 || inside < 10 {
		t.Fatalf("%d files of the rim and %d inside were looked at", rim, inside)
	}
}
