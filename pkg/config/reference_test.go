package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is generated in docs")

const docs = "../../docs"

// generated is what stands between two comments of a page.
var generated = regexp.MustCompile(`(?s)<!-- (keys of|example) ([^ ]+|the file) -->\n(.*?)<!-- end -->\n`)

// TestTheReferenceIsGenerated holds the tables and examples of the page against the tables
// of keys and the files of examples.
func TestTheReferenceIsGenerated(t *testing.T) {
	page := readFile(t, "configuration.md")
	parts := 0
	want := generated.ReplaceAllStringFunc(page, func(part string) string {
		parts++
		m := generated.FindStringSubmatch(part)
		var body string
		if m[1] == "example" {
			body = "```yaml\n" + readFile(t, filepath.Join("examples", m[2])) + "```\n"
		} else {
			body = keyTable(t, m[2])
		}
		return fmt.Sprintf("<!-- %s %s -->\n%s<!-- end -->\n", m[1], m[2], body)
	})
	if parts != 11 {
		t.Errorf("%d generated parts, want 11: seven tables and four examples", parts)
	}
	checkGenerated(t, "configuration.md", want)
}

func TestTheSchemaIsGenerated(t *testing.T) {
	checkGenerated(t, "guardrail.schema.json", string(Schema()))
}

func TestEveryExampleIsInTheDocumentation(t *testing.T) {
	page := readFile(t, "configuration.md")
	for _, path := range examples(t) {
		if !strings.Contains(page, "<!-- example "+filepath.Base(path)+" -->") {
			t.Errorf("%s is not in configuration.md", path)
		}
	}
}

func examples(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(docs, "examples", "*.yaml"))
	if err != nil || len(paths) < 4 {
		t.Fatalf("examples: %q, %v", paths, err)
	}
	return paths
}

// keyTable is the table of the keys below one key of the file, or of the file.
func keyTable(t *testing.T, of string) string {
	t.Helper()
	deployment := DefaultDeployment()
	root := file(defaults(), &deployment)
	var b strings.Builder
	b.WriteString("\n| key | value | default | meaning |\n|---|---|---|---|\n")
	if of == "the file" {
		for _, f := range root.fields {
			writeRow(t, &b, "", f)
		}
		return b.String() + "\n"
	}
	for _, f := range root.fields {
		if f.key == of {
			writeRows(t, &b, "", f.fields)
			return b.String() + "\n"
		}
	}
	t.Fatalf("the file has no key %q", of)
	return ""
}

func writeRows(t *testing.T, b *strings.Builder, prefix string, fields []field) {
	t.Helper()
	for _, f := range fields {
		writeRow(t, b, prefix, f)
		writeRows(t, b, prefix+f.key+".", f.fields)
	}
}

func writeRow(t *testing.T, b *strings.Builder, prefix string, f field) {
	t.Helper()
	preset := ""
	switch {
	case f.required:
		preset = "required"
	case f.preset != nil:
		text, err := json.Marshal(f.preset)
		if err != nil {
			t.Fatal(err)
		}
		preset = "`" + strings.NewReplacer(`"`, "", ",", ", ").Replace(string(text)) + "`"
	}
	fmt.Fprintf(b, "| `%s%s` | %s | %s | %s |\n", prefix, f.key, f.words, preset, f.doc)
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, name))
	if err != nil {
		t.Fatalf("%v; run go test with -update to write what is generated", err)
	}
	return string(text)
}

func checkGenerated(t *testing.T, name, want string) {
	t.Helper()
	path := filepath.Join(docs, name)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, readFile(t, name)); diff != "" {
		t.Errorf("%s; run go test ./pkg/config -update (-generated +file):\n%s", name, diff)
	}
}
