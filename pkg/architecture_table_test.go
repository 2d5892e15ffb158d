package pkg_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// row is one line of the folder table: what the packages of a folder may import, and
// what they may not even reach through others. The row of the nearest parent folder
// holds for a folder without one of its own. The standard library and the folder's own
// packages are always allowed; tests may import what they like.
type row struct {
	folder    string
	imports   []string // folders of this module
	libraries []library
	never     []string // import path prefixes not to be reached, through others either
	reason    string
}

// library is code of other modules under the name that ARCHITECTURE.md has for it.
type library struct {
	name  string
	paths []string // import path prefixes
}

var (
	engine = []string{
		"pkg/policy", "pkg/catalog", "pkg/defaultpolicy", "pkg/integration", "pkg/evaluation", "pkg/access",
		"pkg/spelling", "pkg/lint", "pkg/recognition", "pkg/guardrail", "pkg/repair", "pkg/trail",
	}

	sdk     = library{"SDK", []string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"}}
	cdk     = library{"CDK", []string{"github.com/aws/aws-cdk-go", "github.com/aws/constructs-go", "github.com/aws/jsii-runtime-go", "github.com/cdklabs"}}
	runtime = library{"aws-lambda-go", []string{"github.com/aws/aws-lambda-go"}}
	cobra   = library{"cobra", []string{"github.com/spf13/cobra", "github.com/spf13/pflag"}}
	fakeS3  = library{"gofakes3", []string{"github.com/johannesboyne/gofakes3"}}
	quamina = library{"quamina", []string{"github.com/timbray/quamina"}}
	limiter = library{"x/time", []string{"golang.org/x/time"}}
	yaml    = library{"a YAML library", []string{"go.yaml.in/yaml/v4"}}

	// notInLambda is what must not travel into a deployed function.
	notInLambda = slices.Concat(cdk.paths, quamina.paths, fakeS3.paths, []string{
		module + "pkg/localaws", module + "pkg/mutation", module + "pkg/corpus", module + "infra", module + "events",
		"pgregory.net/rapid", "github.com/google/go-cmp", "testing",
	})
)

const (
	pure    = "the engine decides and does nothing else: with the standard library only, it can be read, fuzzed and trusted on its own"
	adapter = "an adapter serves the enforcer's interfaces and knows no other edge of the program, so that it can be replaced alone"
	lambda  = "a deployed function carries no test server, test library or CDK: less to load, less to attack"
)

// table is the folder table of ARCHITECTURE.md, row by row.
var table = []row{
	{folder: "events", reason: "samples and the pattern are data that every side reads; they lean on none"},
	{folder: "functions/enforce", imports: []string{"pkg/app"}, libraries: []library{runtime}, never: notInLambda, reason: lambda},
	{folder: "functions/sweep", imports: []string{"pkg/app"}, libraries: []library{runtime}, never: notInLambda, reason: lambda},
	{
		folder:    "functions/kmsguard",
		imports:   slices.Concat([]string{"events", "pkg/app", "pkg/report", "pkg/localaws", "pkg/config", "pkg/enforcer", "pkg/awskms", "pkg/archive"}, engine),
		libraries: []library{cobra, sdk},
		never:     append([]string{module + "infra"}, cdk.paths...),
		reason:    "the tool builds without the CDK and without Node: it has to run where only Go is",
	},
	{folder: "pkg/policy", reason: pure},
	{folder: "pkg/catalog", reason: "tables of AWS's names are data that the engine reads; they lean on none of it"},
	{folder: "pkg/defaultpolicy", imports: []string{"pkg/policy"}, reason: pure},
	{folder: "pkg/integration", imports: []string{"pkg/policy"}, reason: pure},
	{folder: "pkg/evaluation", imports: []string{"pkg/policy", "pkg/catalog"}, reason: "the evaluator confirms what the comparison finds, so it must not share the comparison's code"},
	{folder: "pkg/access", imports: []string{"pkg/policy", "pkg/catalog", "pkg/evaluation"}, reason: pure},
	{folder: "pkg/recognition", imports: []string{"pkg/policy", "pkg/defaultpolicy", "pkg/evaluation", "pkg/access"}, reason: pure},
	{folder: "pkg/spelling", reason: pure},
	{folder: "pkg/lint", imports: []string{"pkg/policy", "pkg/catalog", "pkg/spelling"}, reason: pure},
	{
		folder:  "pkg/guardrail",
		imports: []string{"pkg/policy", "pkg/defaultpolicy", "pkg/integration", "pkg/evaluation", "pkg/access", "pkg/lint", "pkg/spelling", "pkg/recognition"}, reason: pure,
	},
	{folder: "pkg/repair", imports: []string{"pkg/policy", "pkg/catalog", "pkg/evaluation", "pkg/access", "pkg/guardrail"}, reason: pure},
	{folder: "pkg/trail", reason: pure},
	{
		folder: "pkg/config", imports: []string{"pkg/defaultpolicy", "pkg/spelling", "pkg/integration", "pkg/guardrail"}, libraries: []library{yaml}, never: notInLambda,
		reason: "the reader of guardrail.yaml knows its types and YAML; what the file means is for the engine",
	},
	{folder: "pkg/enforcer", imports: engine, reason: "the enforcer owns the interfaces it needs: it knows no adapter and no SDK"},
	{folder: "pkg/awskms", imports: []string{"pkg/defaultpolicy", "pkg/guardrail", "pkg/enforcer"}, libraries: []library{limiter, sdk}, never: notInLambda, reason: adapter},
	{folder: "pkg/archive", imports: []string{"pkg/enforcer"}, libraries: []library{sdk}, never: notInLambda, reason: adapter},
	{folder: "pkg/sweeper", imports: []string{"pkg/guardrail", "pkg/trail"}, reason: "the sweeper owns the interfaces it needs: it knows no adapter and no SDK, and how a key is judged only as a function"},
	{folder: "pkg/awssqs", libraries: []library{sdk}, never: notInLambda, reason: "the queue carries texts: what they say is for the package that writes and reads them"},
	{folder: "pkg/notify", imports: []string{"pkg/enforcer", "pkg/guardrail"}, libraries: []library{sdk}, never: notInLambda, reason: adapter},
	{
		folder:  "pkg/report",
		imports: []string{"pkg/policy", "pkg/evaluation", "pkg/access", "pkg/lint", "pkg/guardrail"},
		reason:  "a renderer shows findings; it does not find or fetch them",
	},
	{folder: "pkg/localaws", libraries: []library{quamina, sdk}, reason: "embedded AWS stands for AWS: it must not share the code that it is there to test"},
	{folder: "pkg/localaws/authz", reason: "the IAM of embedded AWS must not share the reading of policies that it is there to test"},
	{folder: "pkg/localaws/lambdahost", reason: "the host of a built binary knows the Lambda Runtime API only"},
	{folder: "pkg/localaws/messagequeue", reason: "the SQS of embedded AWS knows its protocol only, so that it can stand for AWS in any test"},
	{folder: "pkg/localaws/objectstore", libraries: []library{fakeS3}, reason: "the S3 of embedded AWS knows its protocol only, so that it can stand for AWS in any test"},
	{folder: "pkg/corpus", reason: "statements of real policies are data that the tests of any package read"},
	{folder: "pkg/mutation", reason: "the mutants' mechanism serves the tests of any package"},
	{
		folder:    "pkg/app",
		imports:   slices.Concat([]string{"pkg/config", "pkg/enforcer", "pkg/sweeper", "pkg/awskms", "pkg/archive", "pkg/awssqs", "pkg/notify"}, engine),
		libraries: []library{runtime, sdk},
		never:     notInLambda,
		reason:    lambda,
	},
	{
		folder: "infra", imports: []string{"events", "pkg/config", "pkg/guardrail"}, libraries: []library{cdk},
		reason: "infra describes resources: it shares the pattern and the configuration with what runs in them, and none of the code that does",
	},
}

// TestArchitectureDocumentHasTheSameTable compares folders and imports, in their order.
func TestArchitectureDocumentHasTheSameTable(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range table {
		want = append(want, "`"+r.folder+"/` may import "+r.words())
	}
	if diff := cmp.Diff(want, documented(string(text))); diff != "" {
		t.Errorf("the folder table of ARCHITECTURE.md (-this test +document):\n%s", diff)
	}
}

// words lists what a row allows as the document does.
func (r row) words() string {
	imports := strings.Replace(strings.Join(r.imports, ", "), strings.Join(engine, ", "), "the engine", 1)
	var words []string
	if imports != "" {
		words = append(words, strings.ReplaceAll(imports, "pkg/", ""))
	}
	for _, l := range r.libraries {
		words = append(words, l.name)
	}
	if len(words) == 0 {
		return "std"
	}
	return strings.Join(words, ", ")
}

// documented returns the rows of the document's folder table, without what lives there.
func documented(text string) []string {
	var rows []string
	_, text, _ = strings.Cut(text, "\n| folder | what lives there | may import |\n|---|---|---|\n")
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 5 {
			break
		}
		rows = append(rows, strings.TrimSpace(cells[1])+" may import "+strings.TrimSpace(cells[3]))
	}
	return rows
}
