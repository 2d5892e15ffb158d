// Package pkg_test holds the rules of ARCHITECTURE.md that a machine can check: which
// package may import which, as its folder table says, and that every package explains
// itself.
package pkg_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kms-guardrail/kms-guardrail/"

// node is one package of the import graph.
type node struct {
	ImportPath string
	Imports    []string
	doc        string
}

// TestPackagesImportOnlyWhatTheTableAllows reads the sources itself, so that the test
// cache notices a change in any of them; `go list` adds what other modules import.
func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	own := readModule(t)
	graph := readLibraries(t)
	for _, n := range own {
		graph[n.ImportPath] = n
	}
	for _, n := range own {
		for _, problem := range brokenArrows(graph, n) {
			t.Error(problem)
		}
	}
}

func TestEveryPackageExplainsItself(t *testing.T) {
	for _, n := range readModule(t) {
		for _, problem := range unexplained(n) {
			t.Error(problem)
		}
	}
}

func TestEveryRowOfTheTableIsOfAFolderWithGoCode(t *testing.T) {
	found := map[string]bool{}
	for _, n := range readModule(t) {
		found[strings.TrimPrefix(n.ImportPath, module)] = true
	}
	for _, r := range table {
		if !found[r.folder] {
			t.Errorf("%s has a row, and no package", r.folder)
		}
	}
}

// brokenArrows returns what the table forbids and n does, each with the reason.
func brokenArrows(graph map[string]node, n node) []string {
	r, ok := rowOf(n.ImportPath)
	if !ok {
		return []string{fmt.Sprintf("%s has no row in the table: add one here and in ARCHITECTURE.md", n.ImportPath)}
	}
	var problems []string
	for _, imported := range n.Imports {
		if !r.allows(imported) {
			problems = append(problems, fmt.Sprintf("%s imports %s: %s", n.ImportPath, imported, r.reason))
		}
	}
	for _, chain := range reach(graph, n.ImportPath) {
		if hasPrefix(chain[len(chain)-1], r.never) {
			problems = append(problems, fmt.Sprintf("%s: %s", strings.Join(chain, " -> "), r.reason))
		}
	}
	return problems
}

// rowOf returns the row of a package of this module, or of its nearest parent folder.
func rowOf(importPath string) (row, bool) {
	for folder := strings.TrimPrefix(importPath, module); folder != "."; folder = path.Dir(folder) {
		if i := slices.IndexFunc(table, func(r row) bool { return r.folder == folder }); i >= 0 {
			return table[i], true
		}
	}
	return row{}, false
}

func (r row) allows(imported string) bool {
	folder, own := strings.CutPrefix(imported, module)
	if own {
		inside := folder == r.folder || strings.HasPrefix(folder, r.folder+"/")
		return inside || slices.Contains(r.imports, folder)
	}
	return isStandard(imported) || slices.ContainsFunc(r.libraries, func(l library) bool { return hasPrefix(imported, l.paths) })
}

// isStandard tells the standard library by its paths, which have no dot in front.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func hasPrefix(importPath string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool {
		return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
	})
}

// reach returns one shortest chain of imports to every package that from depends on.
func reach(graph map[string]node, from string) [][]string {
	chains := [][]string{{from}}
	seen := map[string]bool{from: true}
	for i := 0; i < len(chains); i++ {
		chain := chains[i]
		for _, next := range graph[chain[len(chain)-1]].Imports {
			if !seen[next] {
				seen[next] = true
				chains = append(chains, append(slices.Clone(chain), next))
			}
		}
	}
	return chains[1:]
}

// unexplained returns what hides the purpose of a package.
func unexplained(n node) []string {
	var problems []string
	if n.doc == "" {
		problems = append(problems, n.ImportPath+" has no package doc: it is the package's manual")
	}
	for _, name := range strings.Split(strings.TrimPrefix(n.ImportPath, module), "/") {
		if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc", "manager", "shared", "base"}, name) {
			problems = append(problems, fmt.Sprintf("%s: the name %q says nothing about what is in it", n.ImportPath, name))
		}
	}
	return problems
}

// readModule returns the packages of this module, from their sources.
func readModule(t *testing.T) []node {
	t.Helper()
	var nodes []node
	for _, top := range []string{"events", "functions", "pkg", "infra"} {
		err := filepath.WalkDir(filepath.Join("..", top), func(folder string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.IsDir() {
				return err
			}
			if entry.Name() == "testdata" {
				return fs.SkipDir
			}
			n, found, err := readFolder(folder)
			if found {
				nodes = append(nodes, n)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return nodes
}

// readFolder reads the package in a folder. A folder of nothing, or of tests only, has none.
func readFolder(folder string) (node, bool, error) {
	pkg, err := build.ImportDir(folder, 0)
	var none *build.NoGoError
	if errors.As(err, &none) {
		return node{}, false, nil
	}
	if err != nil {
		return node{}, false, err
	}
	importPath := module + strings.TrimPrefix(filepath.ToSlash(folder), "../")
	return node{ImportPath: importPath, Imports: pkg.Imports, doc: pkg.Doc}, len(pkg.GoFiles) > 0, nil
}

// readLibraries returns the packages that functions and pkg depend on. It leaves infra
// out: its dependencies are large, and nothing else may reach them.
func readLibraries(t *testing.T) map[string]node {
	t.Helper()
	if _, err := os.ReadFile(filepath.Join("..", "go.mod")); err != nil { // the test cache must see a new version
		t.Fatal(err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-deps", "-json=ImportPath,Imports", "./events/...", "./functions/...", "./pkg/...")
	list.Dir = ".."
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	graph := map[string]node{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var n node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return graph
		} else if err != nil {
			t.Fatalf("reading go list: %v", err)
		}
		graph[n.ImportPath] = n
	}
}

// TestArrowsOfAMadeUpModule proves that the checks can fail.
func TestArrowsOfAMadeUpModule(t *testing.T) {
	graph := map[string]node{}
	add := func(importPath string, imports ...string) node {
		graph[importPath] = node{ImportPath: importPath, Imports: imports}
		return graph[importPath]
	}
	add("github.com/aws/aws-sdk-go-v2/service/kms", "context")
	add("github.com/aws/aws-lambda-go/lambda", "github.com/aws/jsii-runtime-go")
	add(module+"pkg/local/localaws", "net/http")
	for _, c := range []struct {
		reason string
		node   node
		want   string // part of the one problem; empty: none
	}{
		{"the standard library is open to all", add(module+"pkg/engine/policy", "encoding/json", "unicode/utf8"), ""},
		{"a sibling in the row", add(module+"pkg/engine/access", module+"pkg/engine/policy"), ""},
		{"a sibling that is not", add(module+"pkg/engine/trail", module+"pkg/engine/policy"), "pkg/engine/trail imports " + module + "pkg/engine/policy: the engine"},
		{"a library in the engine", add(module+"pkg/engine/defaultpolicy", "golang.org/x/exp/maps"), "imports golang.org/x/exp/maps"},
		{"a folder below has its parent's row", add(module+"pkg/engine/policy/internal/scan", "github.com/aws/smithy-go"), "imports github.com/aws/smithy-go"},
		{"a folder's own packages", add(module+"pkg/engine/repair/internal/edit", module+"pkg/engine/repair"), ""},
		{"a row of its own wins over the parent's", add(module+"pkg/local/lambdahost", "github.com/aws/aws-sdk-go-v2/service/kms"), "the Lambda Runtime API only"},
		{"the SDK in an adapter", add(module+"pkg/aws/awskms", "github.com/aws/aws-sdk-go-v2/service/kms", module+"pkg/guard/inspect"), ""},
		{"the wiring in an adapter", add(module+"pkg/aws/awskms/internal/wire", module+"pkg/app"), "knows no other edge"},
		{"an adapter in a renderer", add(module+"pkg/desk/report", module+"pkg/aws/awskms"), "does not find or fetch"},
		{"a path that only begins alike", add(module+"pkg/aws/awskms/internal/call", "github.com/aws/aws-sdk-go-v2extra"), "imports github.com/aws/aws-sdk-go-v2extra"},
		{"the CDK through a library", add(module+"pkg/app/internal/start", "github.com/aws/aws-lambda-go/lambda"), "start -> github.com/aws/aws-lambda-go/lambda -> github.com/aws/jsii-runtime-go: a deployed"},
		{"test code in a function", add(module+"functions/enforce/internal/reply", "testing"), "functions/enforce/internal/reply -> testing"},
		{"an adapter in infra", add(module+"infra", module+"events", module+"pkg/aws/awskms"), "imports " + module + "pkg/aws/awskms"},
		{"a package that nobody placed", add(module + "pkg/surprise"), "has no row"},
	} {
		t.Run(c.reason, func(t *testing.T) {
			problems := brokenArrows(graph, c.node)
			switch {
			case c.want == "" && len(problems) > 0:
				t.Errorf("problems %q, want none", problems)
			case c.want != "" && (len(problems) != 1 || !strings.Contains(problems[0], c.want)):
				t.Errorf("problems %q, want one with %q", problems, c.want)
			}
		})
	}
}

func TestMissingDocsAndEmptyNamesAreFound(t *testing.T) {
	if got := unexplained(node{ImportPath: module + "pkg/engine/policy", doc: "Package policy reads."}); len(got) > 0 {
		t.Errorf("a good package: %q", got)
	}
	if got := unexplained(node{ImportPath: module + "pkg/common"}); len(got) != 2 {
		t.Errorf("a package without doc in a folder named common: %q, want both said", got)
	}
}
