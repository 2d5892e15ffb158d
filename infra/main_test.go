package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

// TestMain stops the Node process that runs the CDK: one serves all tests, and they run
// one after the other.
func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// repairing is the least configuration that repairs.
const repairing = `version: 1
mode: repair
baselines: {standard: {style: api}}
`

// newStack makes the stack as `cdk synth` would: the context is cdk.json's, which a test
// has to load itself, under the given values. The function's code is a made-up file.
func newStack(t *testing.T, context map[string]any) awscdk.Stack {
	t.Helper()
	_, stack := newApp(t, context)
	return stack
}

// newApp is newStack with the application that the stack is in.
func newApp(t *testing.T, context map[string]any) (awscdk.App, awscdk.Stack) {
	t.Helper()
	app := awscdk.NewApp(appProps(t, context))
	d, err := describe(app, "Test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return app, d.Home
}

func appProps(t *testing.T, context map[string]any) *awscdk.AppProps {
	t.Helper()
	merged := cdkJSONContext(t)
	merged["guardrail:functionAsset"] = bundle(t)
	merged["guardrail:sweepHours"] = 0 // most tests are about the one other function
	maps.Copy(merged, context)
	return &awscdk.AppProps{Context: &merged, Outdir: jsii.String(t.TempDir())}
}

func newTemplate(t *testing.T, context map[string]any) assertions.Template {
	t.Helper()
	return assertions.Template_FromStack(newStack(t, context), nil)
}

// configured is the context of a deployment with a configuration of this text.
func configured(t *testing.T, text string) map[string]any {
	t.Helper()
	path := filepath.Join(t.TempDir(), "configuration.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"guardrail:config": path}
}

// bundle makes a folder with something in the place of the function's binary.
func bundle(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "bootstrap"), []byte("not a binary"), 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

func cdkJSONContext(t *testing.T) map[string]any {
	t.Helper()
	var file struct {
		Context map[string]any `json:"context"`
	}
	text, err := os.ReadFile(filepath.Join("..", "cdk.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Context
}

// expect runs an assertion of the CDK, which panics where it does not hold, and turns
// the panic into a failure of this one test.
func expect(t *testing.T, assertion func()) {
	t.Helper()
	defer func() {
		if failure := recover(); failure != nil {
			t.Errorf("%v", failure)
		}
	}()
	assertion()
}

// decodeResources returns the properties of all resources of a type, by logical id.
func decodeResources[T any](t *testing.T, template assertions.Template, kind string) map[string]T {
	t.Helper()
	text, err := json.Marshal(template.FindResources(&kind, nil))
	if err != nil {
		t.Fatal(err)
	}
	var resources map[string]struct{ Properties T }
	if err := json.Unmarshal(text, &resources); err != nil {
		t.Fatal(err)
	}
	if len(resources) == 0 {
		t.Fatalf("the template has no %s", kind)
	}
	properties := map[string]T{}
	for id, resource := range resources {
		properties[id] = resource.Properties
	}
	return properties
}
