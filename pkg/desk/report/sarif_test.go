package report_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// sarifSchema is the schema of SARIF 2.1.0, with its formats.
func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(filepath.Join("testdata", "sarif-schema", "sarif-2.1.0-rtm.5.json"))
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func writeSARIF(t *testing.T, list []report.Judged, run report.Run) string {
	t.Helper()
	return writeAll(t, func(w io.Writer) writer { return report.NewSARIF(w, run) }, list, report.Gap{Name: "x", Why: "y"})
}

func TestSARIFIsValidAgainstItsSchema(t *testing.T) {
	schema := sarifSchema(t)
	for because, list := range map[string][]report.Judged{"nothing": nil, "each kind": someResults(), "hostile": evilResults()} {
		text := writeSARIF(t, list, someRun)
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", because, err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v", because, err)
		}
	}
	bad, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(writeSARIF(t, someResults(), someRun), `"level": "note"`, `"level": "low"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if schema.Validate(bad) == nil {
		t.Error("a level that SARIF does not know is valid")
	}
}

// log is what is read back of SARIF.
type log struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Rules []struct {
					ID                   string
					Help                 struct{ Text string }
					DefaultConfiguration struct{ Level string }
					Properties           map[string]any
				}
			}
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Results []struct {
			RuleID, Level       string
			RuleIndex           int
			PartialFingerprints map[string]string
			Suppressions        []struct{ Justification string }
			Locations           []struct {
				PhysicalLocation *struct {
					ArtifactLocation struct{ URI, URIBaseID string }
					Region           struct{ StartLine int }
				}
				LogicalLocations []struct{ FullyQualifiedName string }
			}
		}
	}
}

func TestSARIFSaysWhereEachFindingIs(t *testing.T) {
	var read log
	if err := json.Unmarshal([]byte(writeSARIF(t, someResults(), someRun)), &read); err != nil {
		t.Fatal(err)
	}
	run := read.Runs[0]
	first, stdin, template, live := run.Results[0], run.Results[3], run.Results[6:8], run.Results[8]
	if p := first.Locations[0].PhysicalLocation; p.ArtifactLocation.URI != "keys/a%20b.json" || p.ArtifactLocation.URIBaseID != "%SRCROOT%" || p.Region.StartLine != 4 {
		t.Errorf("a file: %+v", p)
	}
	if p := stdin.Locations[0].PhysicalLocation; p.ArtifactLocation.URI != "infra/guardrail.yaml" || p.Region.StartLine != 1 {
		t.Errorf("standard input is no file: %+v", p)
	}
	if s, k := template[0].Locations[0], template[1].Locations[0]; s.PhysicalLocation.Region.StartLine != 15 || k.PhysicalLocation.Region.StartLine != 7 || s.LogicalLocations[0].FullyQualifiedName != "stack.yaml PaymentsKey" {
		t.Errorf("a key in a template: %+v, %+v", s, k)
	}
	if l := live.Locations[0]; l.PhysicalLocation.ArtifactLocation.URI != "infra/guardrail.yaml" || l.LogicalLocations[0].FullyQualifiedName != "arn:aws:kms:eu-central-1:111122223333:key/open" {
		t.Errorf("a live key: %+v", l)
	}
	if first.PartialFingerprints["kmsguardFinding/v1"] != "id-of-public-access" || len(first.PartialFingerprints) != 1 || first.Level != "error" {
		t.Errorf("got %+v", first)
	}
	if hash := live.PartialFingerprints["primaryLocationLineHash"]; hash != "id-of-public-access:2" {
		t.Errorf("GitHub would take all keys for one: %q", hash)
	}
	rule := run.Tool.Driver.Rules[first.RuleIndex]
	if rule.ID != first.RuleID || rule.Properties["security-severity"] != "9.5" || rule.DefaultConfiguration.Level != "error" || !strings.HasPrefix(rule.Help.Text, "Principals of any AWS account") {
		t.Errorf("the rule is %+v", rule)
	}
	if i := run.Invocations[0]; i.ExecutionSuccessful || len(i.ToolExecutionNotifications) != 1 || i.ToolExecutionNotifications[0].Message.Text != "x: y" {
		t.Errorf("what was not read: %+v", i)
	}
}

func TestSARIFOfNoConfigurationFileAndAnAbsolutePath(t *testing.T) {
	key := liveKey("open", guardrail.NonCompliant, rules.High, finding(guardrail.CodeForeignAccess, rules.High, -1, "m"))
	list := []report.Judged{{Outcome: key}, {Source: report.Source{File: "/a/b:c.json"}, Outcome: key}, {Source: report.Source{File: "b:c.json"}, Outcome: key}}
	var read log
	if err := json.Unmarshal([]byte(writeSARIF(t, list, report.Run{})), &read); err != nil {
		t.Fatal(err)
	}
	results := read.Runs[0].Results
	if p := results[0].Locations[0].PhysicalLocation; p != nil {
		t.Errorf("a live key by the built-in default is in no file: %+v", p)
	}
	if a := results[1].Locations[0].PhysicalLocation.ArtifactLocation; a.URI != "file:///a/b:c.json" || a.URIBaseID != "" {
		t.Errorf("an absolute path: %+v", a)
	}
	if a := results[2].Locations[0].PhysicalLocation.ArtifactLocation; a.URI != "./b:c.json" {
		t.Errorf("no scheme: %+v", a)
	}
}

// TestEveryCodeHasAHelp reads the codes from their declarations, so that none can be forgotten.
func TestEveryCodeHasAHelp(t *testing.T) {
	engine := filepath.Join("..", "..", "engine")
	codes := append(declared(t, filepath.Join(engine, "guardrail", "finding.go"), ""), declared(t, filepath.Join(engine, "lint", "code.go"), "lint-")...)
	if len(codes) < 70 {
		t.Fatalf("only %d codes were read", len(codes))
	}
	var list []report.Judged
	for _, code := range codes {
		list = append(list, report.Judged{Outcome: liveKey("x", guardrail.NonCompliant, rules.Low, finding(code, rules.Low, -1, "m"))})
	}
	var read log
	if err := json.Unmarshal([]byte(writeSARIF(t, list, someRun)), &read); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, rule := range read.Runs[0].Tool.Driver.Rules {
		text := rule.Help.Text
		if strings.HasPrefix(text, "This version of kmsguard has no help") || seen[text] != "" {
			t.Errorf("%s: %q, as of %q", rule.ID, text, seen[text])
		}
		seen[text] = rule.ID
	}
	if len(seen) != len(codes) {
		t.Errorf("%d rules of %d codes", len(seen), len(codes))
	}
}

// declared returns the codes that a file of the engine declares.
func declared(t *testing.T, file, prefix string) []guardrail.Code {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := parser.ParseFile(token.NewFileSet(), file, bytes.NewReader(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []guardrail.Code
	ast.Inspect(tree, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, guardrail.Code(prefix+value))
		}
		return true
	})
	return codes
}
