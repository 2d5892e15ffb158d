package pkg_test

import (
	"os"
	"path"
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
		"pkg/engine/policy", "pkg/engine/catalog", "pkg/engine/defaultpolicy", "pkg/engine/integration", "pkg/engine/evaluation", "pkg/engine/access",
		"pkg/engine/spelling", "pkg/engine/lint", "pkg/engine/recognition", "pkg/engine/rules", "pkg/engine/guardrail", "pkg/engine/repair", "pkg/engine/prevention", "pkg/engine/trail",
	}

	sdk      = library{"SDK", []string{"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"}}
	cdk      = library{"CDK", []string{"github.com/aws/aws-cdk-go", "github.com/aws/constructs-go", "github.com/aws/jsii-runtime-go", "github.com/cdklabs"}}
	runtime  = library{"aws-lambda-go", []string{"github.com/aws/aws-lambda-go"}}
	cobra    = library{"cobra", []string{"github.com/spf13/cobra", "github.com/spf13/pflag"}}
	fakeS3   = library{"gofakes3", []string{"github.com/johannesboyne/gofakes3"}}
	quamina  = library{"quamina", []string{"github.com/timbray/quamina"}}
	limiter  = library{"x/time", []string{"golang.org/x/time"}}
	terminal = library{"x/term", []string{"golang.org/x/term"}}
	yaml     = library{"a YAML library", []string{"go.yaml.in/yaml/v4"}}
	plans    = library{"terraform-json", []string{"github.com/hashicorp/terraform-json"}}

	// notInLambda is what must not travel into a deployed function.
	notInLambda = slices.Concat(cdk.paths, quamina.paths, fakeS3.paths, []string{
		module + "pkg/local", module + "pkg/desk", module + "infra", module + "events",
		"pgregory.net/rapid", "github.com/google/go-cmp", "testing",
	})
)

const (
	pure    = "the engine decides and does nothing else: with the standard library only, it can be read, fuzzed and trusted on its own"
	adapter = "an adapter serves the enforcer's interfaces and knows no other edge of the program, so that it can be replaced alone"
	desk    = "the tool builds without the CDK and without Node: it has to run where only Go is"
	lambda  = "a deployed function carries no test server, test library or CDK: less to load, less to attack"
)

// table is the folder table of ARCHITECTURE.md, row by row.
var table = []row{
	{folder: "events", reason: "samples and the pattern are data that every side reads; they lean on none"},
	{folder: "functions/enforce", imports: []string{"pkg/app"}, never: notInLambda, reason: lambda},
	{folder: "functions/sweep", imports: []string{"pkg/app"}, never: notInLambda, reason: lambda},
	{folder: "functions/kmsguard", imports: []string{"pkg/desk/cli"}, never: append([]string{module + "infra"}, cdk.paths...), reason: desk},
	{folder: "pkg/engine/policy", reason: pure},
	{folder: "pkg/engine/catalog", reason: "tables of AWS's names are data that the engine reads; they lean on none of it"},
	{folder: "pkg/engine/defaultpolicy", imports: []string{"pkg/engine/policy"}, reason: pure},
	{folder: "pkg/engine/integration", imports: []string{"pkg/engine/policy", "pkg/engine/catalog", "pkg/engine/spelling"}, reason: pure},
	{folder: "pkg/engine/evaluation", imports: []string{"pkg/engine/policy", "pkg/engine/catalog"}, reason: "the evaluator confirms what the comparison finds, so it must not share the comparison's code"},
	{folder: "pkg/engine/access", imports: []string{"pkg/engine/policy", "pkg/engine/catalog", "pkg/engine/evaluation"}, reason: pure},
	{folder: "pkg/engine/recognition", imports: []string{"pkg/engine/policy", "pkg/engine/catalog", "pkg/engine/defaultpolicy", "pkg/engine/evaluation", "pkg/engine/access"}, reason: pure},
	{folder: "pkg/engine/spelling", reason: pure},
	{folder: "pkg/engine/lint", imports: []string{"pkg/engine/policy", "pkg/engine/catalog", "pkg/engine/spelling"}, reason: pure},
	{
		folder:  "pkg/engine/rules",
		imports: []string{"pkg/engine/policy", "pkg/engine/defaultpolicy", "pkg/engine/integration", "pkg/engine/evaluation", "pkg/engine/access", "pkg/engine/spelling", "pkg/engine/lint"}, reason: "what the configuration wants of a key stands before any judgement: it knows no finding and no verdict",
	},
	{
		folder:  "pkg/engine/guardrail",
		imports: []string{"pkg/engine/policy", "pkg/engine/catalog", "pkg/engine/defaultpolicy", "pkg/engine/integration", "pkg/engine/evaluation", "pkg/engine/access", "pkg/engine/lint", "pkg/engine/recognition", "pkg/engine/rules"}, reason: pure,
	},
	{folder: "pkg/engine/repair", imports: []string{"pkg/engine/policy", "pkg/engine/catalog", "pkg/engine/integration", "pkg/engine/evaluation", "pkg/engine/access", "pkg/engine/rules", "pkg/engine/guardrail"}, reason: pure},
	{folder: "pkg/engine/prevention", imports: []string{"pkg/engine/policy", "pkg/engine/evaluation", "pkg/engine/rules"}, reason: pure},
	{folder: "pkg/engine/trail", reason: pure},
	{
		folder: "pkg/config", imports: []string{"pkg/engine/catalog", "pkg/engine/defaultpolicy", "pkg/engine/spelling", "pkg/engine/integration", "pkg/engine/rules"}, libraries: []library{yaml}, never: notInLambda,
		reason: "the reader of guardrail.yaml knows its types and YAML; what the file means is for the engine",
	},
	{
		folder:  "pkg/guard/inspect",
		imports: []string{"pkg/engine/policy", "pkg/engine/defaultpolicy", "pkg/engine/access", "pkg/engine/rules", "pkg/engine/guardrail", "pkg/engine/repair"},
		reason:  "the one path from a key to its outcome reads and decides; it knows no adapter, no archive and nothing that writes",
	},
	{folder: "pkg/guard/ledger", imports: []string{"pkg/engine/rules", "pkg/engine/guardrail"}, reason: "the rules of the ledger are pure, so that a test can enumerate them: values in, values out"},
	{folder: "pkg/guard/killswitch", imports: []string{"pkg/engine/rules"}, reason: "the rules of the kill switch need a clock and a text, wherever that stands"},
	{folder: "pkg/guard/enforcer", imports: append([]string{"pkg/guard/inspect", "pkg/guard/ledger"}, engine...), reason: "the enforcer owns the interfaces it needs: it knows no adapter and no SDK"},
	{folder: "pkg/aws/awskms", imports: []string{"pkg/engine/defaultpolicy", "pkg/engine/rules", "pkg/guard/inspect"}, libraries: []library{limiter, sdk}, never: notInLambda, reason: adapter},
	{folder: "pkg/aws/archive", imports: []string{"pkg/guard/ledger"}, libraries: []library{sdk}, never: notInLambda, reason: adapter},
	{folder: "pkg/guard/sweeper", imports: []string{"pkg/engine/guardrail", "pkg/engine/trail"}, reason: "the sweeper owns the interfaces it needs: it knows no adapter and no SDK, and how a key is judged only as a function"},
	{folder: "pkg/aws/awssqs", libraries: []library{sdk}, never: notInLambda, reason: "the queue carries texts: what they say is for the package that writes and reads them"},
	{folder: "pkg/aws/awsssm", libraries: []library{sdk}, never: notInLambda, reason: "the parameter carries a text: what it says is for package killswitch"},
	{folder: "pkg/aws/notify", imports: []string{"pkg/guard/enforcer", "pkg/engine/rules", "pkg/engine/guardrail"}, libraries: []library{sdk}, never: notInLambda, reason: adapter},
	{
		folder:  "pkg/desk/report",
		imports: []string{"pkg/engine/policy", "pkg/engine/evaluation", "pkg/engine/access", "pkg/engine/lint", "pkg/engine/rules", "pkg/engine/guardrail"},
		reason:  "a renderer shows findings; it does not find or fetch them",
	},
	{
		folder: "pkg/desk/template", imports: []string{"pkg/engine/policy", "pkg/engine/defaultpolicy"}, libraries: []library{plans, yaml},
		reason: "a template is read, not judged: bytes in, keys out, without files, configuration or AWS",
	},
	{
		folder:    "pkg/desk/cli",
		imports:   slices.Concat([]string{"pkg/app", "pkg/desk/demo", "pkg/desk/report", "pkg/desk/template", "pkg/config", "pkg/guard/inspect", "pkg/guard/ledger", "pkg/guard/enforcer", "pkg/guard/killswitch", "pkg/aws/awskms", "pkg/aws/archive", "pkg/aws/awssqs", "pkg/aws/awsssm"}, engine),
		libraries: []library{cobra, limiter, terminal, sdk},
		never:     append([]string{module + "infra"}, cdk.paths...),
		reason:    desk,
	},
	{
		folder: "pkg/desk/demo",
		imports: []string{
			"events", "pkg/app", "pkg/desk/report", "pkg/local/localaws", "pkg/local/objectstore", "pkg/config", "pkg/guard/ledger", "pkg/aws/archive",
			"pkg/engine/policy", "pkg/engine/defaultpolicy", "pkg/engine/rules", "pkg/engine/guardrail",
		},
		libraries: []library{sdk},
		never:     append([]string{module + "infra"}, slices.Concat(cdk.paths, cobra.paths)...),
		reason:    "the demo is the one part of the desk that carries an AWS of its own; it knows nothing of the command line",
	},
	{folder: "pkg/local/localaws", imports: []string{"pkg/local/localaws/internal/authz"}, libraries: []library{quamina, sdk}, reason: "embedded AWS stands for AWS: it must not share the code that it is there to test"},
	{folder: "pkg/local/localaws/internal/authz", reason: "the IAM of embedded AWS must not share the reading of policies that it is there to test"},
	{folder: "pkg/local/guardtest", imports: []string{"pkg/local/localaws", "pkg/local/messagequeue", "pkg/local/objectstore"}, libraries: []library{sdk}, reason: "the world of the tests is AWS as the guardrail finds it: any package's tests may start it, so it imports none of them"},
	{folder: "pkg/local/lambdahost", reason: "the host of a built binary knows the Lambda Runtime API only"},
	{folder: "pkg/local/messagequeue", reason: "the SQS of embedded AWS knows its protocol only, so that it can stand for AWS in any test"},
	{folder: "pkg/local/parameterstore", reason: "the Parameter Store of embedded AWS knows its protocol only, so that it can stand for AWS in any test"},
	{folder: "pkg/local/objectstore", libraries: []library{fakeS3}, reason: "the S3 of embedded AWS knows its protocol only, so that it can stand for AWS in any test"},
	{folder: "pkg/local/corpus", reason: "statements of real policies are data that the tests of any package read"},
	{folder: "pkg/local/mutation", reason: "the mutants' mechanism serves the tests of any package"},
	{
		folder:    "pkg/app",
		imports:   slices.Concat([]string{"pkg/config", "pkg/guard/inspect", "pkg/guard/enforcer", "pkg/guard/killswitch", "pkg/guard/sweeper", "pkg/aws/awskms", "pkg/aws/archive", "pkg/aws/awssqs", "pkg/aws/awsssm", "pkg/aws/notify"}, engine),
		libraries: []library{runtime, sdk},
		never:     notInLambda,
		reason:    lambda,
	},
	{
		folder: "infra", imports: []string{"events", "pkg/config", "pkg/engine/rules"}, libraries: []library{cdk},
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
		for folder := range strings.SplitSeq(imports, ", ") {
			words = append(words, path.Base(folder))
		}
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
