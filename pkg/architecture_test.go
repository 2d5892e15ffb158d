// Package pkg_test holds the rules of ARCHITECTURE.md that a machine can check: which
// package may import which, and that every package explains itself.
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

// row is one line of the folder table: what the packages of a folder may import, and
// what they may not even reach through others. The row of the nearest parent folder
// holds for a folder without one of its own. The standard library and the folder's own
// packages are always allowed; tests may import what they like.
type row struct {
	folder    string
	imports   []string // folders of this module
	libraries []string // import path prefixes of other modules
	never     []string // import path prefixes not to be reached, through others either
	reason    string
}

var (
	engine = []string{
		"pkg/policy", "pkg/catalog", "pkg/defaultpolicy", "pkg/evaluation", "pkg/access", "pkg/lint",
		"pkg/guardrail", "pkg/repair", "pkg/trail",
	}
	sdk    = []string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"}
	cdk    = []string{"github.com/aws/aws-cdk-go", "github.com/aws/constructs-go", "github.com/aws/jsii-runtime-go", "github.com/cdklabs"}

	// notInLambda is what must not travel into a deployed function.
	notInLambda = slices.Concat(cdk, []string{
		module + "pkg/localaws", module + "infra", module + "events",
		"github.com/timbray/quamina", "github.com/johannesboyne/gofakes3", "pgregory.net/rapid", "github.com/google/go-cmp", "testing",
	})
)

const (
	pure    = "the engine decides and does nothing else: with the standard library only, it can be read, fuzzed and trusted on its own"
	adapter = "an adapter serves the enforcer's interfaces and does not know the other adapters, so that each can be replaced alone"
	lambda  = "a deployed function carries no test server, test library or CDK: less to load, less to attack"
)

// table follows the folder table of ARCHITECTURE.md.
var table = []row{
	{folder: "events", reason: "samples and the pattern are data that every side reads; they lean on none"},
	{folder: "pkg/policy", reason: pure},
	{folder: "pkg/defaultpolicy", imports: []string{"pkg/policy"}, reason: pure},
	{folder: "pkg/catalog", reason: "tables of AWS's names are data that the engine reads; they lean on none of it"},
	{folder: "pkg/evaluation", imports: []string{"pkg/policy", "pkg/catalog"}, reason: "the evaluator confirms what the comparison finds, so it must not share the comparison's code"},
	{folder: "pkg/access", imports: []string{"pkg/policy", "pkg/catalog", "pkg/evaluation"}, reason: pure},
	{folder: "pkg/lint", imports: []string{"pkg/policy", "pkg/catalog"}, reason: pure},
	{folder: "pkg/guardrail", imports: []string{"pkg/policy", "pkg/defaultpolicy", "pkg/evaluation", "pkg/access", "pkg/lint"}, reason: pure},
	{folder: "pkg/repair", imports: []string{"pkg/policy", "pkg/access", "pkg/guardrail"}, reason: pure},
	{folder: "pkg/trail", reason: pure},
	{folder: "pkg/config", imports: engine, libraries: []string{"go.yaml.in/yaml"}, reason: "configuration becomes the guardrail's types; nothing of AWS is needed to read a file"},
	{folder: "pkg/enforcer", imports: engine, reason: "the enforcer owns the interfaces it needs: it knows no adapter and no SDK"},
	{folder: "pkg/awskms", imports: append([]string{"pkg/enforcer"}, engine...), libraries: sdk, never: notInLambda, reason: adapter},
	{folder: "pkg/archive", imports: append([]string{"pkg/enforcer"}, engine...), libraries: sdk, never: notInLambda, reason: adapter},
	{folder: "pkg/notify", imports: append([]string{"pkg/enforcer"}, engine...), libraries: sdk, never: notInLambda, reason: adapter},
	{folder: "pkg/report", imports: append([]string{"pkg/enforcer"}, engine...), reason: "a renderer shows findings; it does not find or fetch them"},
	{folder: "pkg/localaws", libraries: append([]string{"github.com/timbray/quamina"}, sdk...), reason: "embedded AWS stands for AWS: it must not share the code that it is there to test"},
	{folder: "pkg/localaws/lambdahost", reason: "the host of a built binary knows the Lambda Runtime API only"},
	{
		folder:    "pkg/app",
		imports:   append([]string{"pkg/config", "pkg/enforcer", "pkg/awskms", "pkg/archive", "pkg/notify"}, engine...),
		libraries: append([]string{"github.com/aws/aws-lambda-go"}, sdk...),
		never:     notInLambda,
		reason:    lambda,
	},
	{folder: "functions/enforce", imports: []string{"pkg/app"}, libraries: []string{"github.com/aws/aws-lambda-go"}, never: notInLambda, reason: lambda},
	{folder: "functions/sweep", imports: []string{"pkg/app"}, libraries: []string{"github.com/aws/aws-lambda-go"}, never: notInLambda, reason: lambda},
	{
		folder:    "functions/kmsguard",
		imports:   append([]string{"events", "pkg/app", "pkg/config", "pkg/enforcer", "pkg/awskms", "pkg/report", "pkg/localaws"}, engine...),
		libraries: append([]string{"github.com/spf13", "github.com/timbray/quamina"}, sdk...),
		never:     append([]string{module + "infra"}, cdk...),
		reason:    "the tool builds without the CDK and without Node: it has to run where only Go is",
	},
	{folder: "infra", imports: []string{"events", "pkg/config"}, libraries: cdk, reason: "infra describes resources: the pattern and the configuration are all it shares with what runs in them"},
}

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
		return inside || slices.Contains(r.imports, folder) || slices.Contains(r.imports, path.Dir(folder))
	}
	return isStandard(imported) || hasPrefix(imported, r.libraries)
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

// readModule returns the packages of this module, from their sources. Packages that do
// not exist yet are not missed.
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
	add(module+"pkg/localaws", "net/http")
	for _, c := range []struct {
		reason string
		node   node
		want   string // part of the one problem; empty: none
	}{
		{"the standard library is open to all", add(module+"pkg/policy", "encoding/json", "unicode/utf8"), ""},
		{"a sibling in the row", add(module+"pkg/access", module+"pkg/policy"), ""},
		{"a sibling that is not", add(module+"pkg/trail", module+"pkg/policy"), "pkg/trail imports " + module + "pkg/policy: the engine"},
		{"a library in the engine", add(module+"pkg/defaultpolicy", "golang.org/x/exp/maps"), "imports golang.org/x/exp/maps"},
		{"a folder below has its parent's row", add(module+"pkg/policy/internal/scan", "github.com/aws/smithy-go"), "imports github.com/aws/smithy-go"},
		{"a folder's own packages", add(module+"pkg/repair/internal/edit", module+"pkg/repair"), ""},
		{"a row of its own wins over the parent's", add(module+"pkg/localaws/lambdahost", "github.com/aws/aws-sdk-go-v2/service/kms"), "the Lambda Runtime API only"},
		{"the SDK in an adapter", add(module+"pkg/awskms", "github.com/aws/aws-sdk-go-v2/service/kms", module+"pkg/enforcer"), ""},
		{"one adapter in another", add(module+"pkg/notify", module+"pkg/awskms"), "does not know the other adapters"},
		{"a path that only begins alike", add(module+"pkg/archive", "github.com/aws/aws-sdk-go-v2extra"), "imports github.com/aws/aws-sdk-go-v2extra"},
		{"the CDK through a library", add(module+"functions/enforce", "github.com/aws/aws-lambda-go/lambda"), "enforce -> github.com/aws/aws-lambda-go/lambda -> github.com/aws/jsii-runtime-go: a deployed"},
		{"test code in a function", add(module+"functions/sweep", "testing"), "functions/sweep -> testing"},
		{"an adapter in infra", add(module+"infra", module+"events", module+"pkg/awskms"), "imports " + module + "pkg/awskms"},
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
	if got := unexplained(node{ImportPath: module + "pkg/policy", doc: "Package policy reads."}); len(got) > 0 {
		t.Errorf("a good package: %q", got)
	}
	if got := unexplained(node{ImportPath: module + "pkg/common"}); len(got) != 2 {
		t.Errorf("a package without doc in a folder named common: %q, want both said", got)
	}
}
