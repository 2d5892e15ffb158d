package config_test

import (
	"bytes"
	"os"
	"strconv"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(config.SchemaID, document); err != nil {
		t.Fatal(err)
	}
	return compiler.MustCompile(config.SchemaID)
}

// asEditor returns a document as YAML 1.2 editors see it: without the timestamps of YAML 1.1.
func asEditor(t testing.TB, text string) any {
	t.Helper()
	var root yaml.Node
	if err := yaml.Load([]byte(text), &root, yaml.WithUniqueKeys(false)); err != nil {
		t.Fatal(err)
	}
	return jsonOf(root.Content[0])
}

func jsonOf(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			if _, twice := object[n.Content[i].Value]; !twice && n.Content[i].Kind == yaml.ScalarNode {
				object[n.Content[i].Value] = jsonOf(n.Content[i+1])
			}
		}
		return object
	case yaml.SequenceNode:
		list := []any{}
		for _, entry := range n.Content {
			list = append(list, jsonOf(entry))
		}
		return list
	default:
		return scalarOf(n)
	}
}

func scalarOf(n *yaml.Node) any {
	number, err := strconv.ParseFloat(n.Value, 64)
	switch {
	case n.Tag == "!!null":
		return nil
	case n.Tag == "!!bool":
		return n.Value == "true"
	case (n.Tag == "!!int" || n.Tag == "!!float") && err == nil:
		return number
	}
	return n.Value
}

func TestTheSchemaAcceptsWhatIsRead(t *testing.T) {
	schema := compiled(t)
	texts := map[string]string{"the shortest file": least, "full.yaml": full(t)}
	for _, path := range examplePaths(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	for name, text := range texts {
		read(t, text)
		if err := schema.Validate(asEditor(t, text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTheSchemaRefusesWhatItCan holds schema and reader together: the schema sees unknown
// keys and values and missing ones, and nothing else.
func TestTheSchemaRefusesWhatItCan(t *testing.T) {
	schema := compiled(t)
	for _, b := range allBad() {
		err := schema.Validate(asEditor(t, b.text))
		if (err != nil) != b.editor {
			t.Errorf("%s: the schema says %v, want a problem: %v, in\n%s", b.because, err, b.editor, b.text)
		}
	}
}
