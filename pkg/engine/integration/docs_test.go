package integration_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
)

const page = "../../../docs/integrations.md"

// generated is what stands between two comments of the page.
var generated = regexp.MustCompile(`(?s)<!-- (table|not found) -->\n.*?<!-- end -->\n`)

// TestTheDocumentIsGenerated holds docs/integrations.md against the table.
func TestTheDocumentIsGenerated(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	parts := 0
	want := generated.ReplaceAllStringFunc(string(text), func(part string) string {
		parts++
		name := generated.FindStringSubmatch(part)[1]
		body := documentTable()
		if name == "not found" {
			body = documentNotFound()
		}
		return "<!-- " + name + " -->\n" + body + "<!-- end -->\n"
	})
	if parts != 2 {
		t.Errorf("%d generated parts, want the table and what was not found", parts)
	}
	checkGolden(t, page, want)
}

func documentTable() string {
	var b strings.Builder
	b.WriteString("\n| name | what it lets a key carry | bounds, auxiliary, printed without a bound | source |\n|---|---|---|---|\n")
	for _, r := range integration.All() {
		fmt.Fprintf(&b, "| `%s` | %s: %s. %s | %s | %s (%s) |\n", r.Name, r.Title, r.Description, r.Note, documentBounds(r), documentSources(r), r.Date)
	}
	return b.String() + "\n"
}

// documentBounds is the third column: each part where the row has it.
func documentBounds(r *integration.Row) string {
	var parts []string
	add := func(name string, list []string) {
		if len(list) > 0 {
			parts = append(parts, name+"`"+strings.Join(list, "`, `")+"`")
		}
	}
	add("", r.Services)
	for _, c := range r.Bounds {
		add(c.Operator+" `"+c.Key+"` ", c.Values)
	}
	add("roles ", r.Roles)
	add("through ", r.Via)
	add("use: ", r.Use)
	add("grants: ", r.Grants)
	add("auxiliary: ", r.Auxiliary)
	add("printed without a bound: ", r.Unbound)
	for _, key := range []string{"aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID"} {
		if r.SendsKey(key) == integration.No {
			parts = append(parts, "does not send `"+key+"`")
		}
	}
	add("and what these permit: ", r.Includes)
	return strings.Join(parts, "<br>")
}

func documentSources(r *integration.Row) string {
	var links []string
	for _, source := range r.Sources {
		if !strings.HasPrefix(source, "not found") {
			links = append(links, fmt.Sprintf("[%d](%s)", len(links)+1, source))
		}
	}
	return strings.Join(links, ", ")
}

func documentNotFound() string {
	var b strings.Builder
	b.WriteString("\n")
	for _, r := range integration.All() {
		for _, source := range r.Sources {
			if what, ok := strings.CutPrefix(source, "not found: "); ok {
				fmt.Fprintf(&b, "- `%s`: %s.\n", r.Name, what)
			}
		}
	}
	return b.String() + "\n"
}
