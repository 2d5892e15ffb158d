package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTheReadmeListsEveryCommand: its table is the reference of the commands.
func TestTheReadmeListsEveryCommand(t *testing.T) {
	readme := read(t, filepath.Join("..", "..", "..", "README.md"))
	listed := map[string]bool{}
	for line := range strings.Lines(readme) {
		if cell, ok := strings.CutPrefix(line, "| `"); ok && strings.HasPrefix(cell, "kmsguard ") {
			name, _, _ := strings.Cut(cell, "`")
			listed[name] = true
		}
	}
	for _, cmd := range commands(t) {
		path := cmd.CommandPath()
		if cmd.HasSubCommands() || path == "kmsguard help" {
			continue
		}
		if !listed[path] {
			t.Errorf("the table has no row for %s", path)
		}
		delete(listed, path)
	}
	for name := range listed {
		t.Errorf("the table has a row for %s, which is no command", name)
	}
}

// TestTheExamplesOfTheDocumentationAreCommandLines parses the lines that begin with a prompt.
func TestTheExamplesOfTheDocumentationAreCommandLines(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range append(files, filepath.Join("..", "..", "..", "README.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			arguments, ok := strings.CutPrefix(strings.TrimSpace(line), "$ kmsguard ")
			if !ok {
				continue
			}
			found++
			root := commands(t)[0] // another one each time: flags remember
			arguments, _, _ = strings.Cut(arguments, " |")
			target, rest, err := root.Find(strings.Fields(arguments))
			if err == nil {
				err = target.ParseFlags(rest)
			}
			if err != nil || target == root {
				t.Errorf("%s: %q is no command line of the tool: %v", file, strings.TrimSpace(line), err)
			}
		}
	}
	if found < 4 {
		t.Errorf("only %d command lines were found", found)
	}
}

// partnersPolicy is the policy.json of the sessions in the README.
const partnersPolicy = `{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
   "Action": "kms:*", "Resource": "*"},

  {"Sid": "partners", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/App", "444455556666"]},
   "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*"}]}`

// TestTheSessionsOfTheReadmeAreTrue runs the command lines that judge policy.json, and compares
// what they print. A hash is written as … there.
func TestTheSessionsOfTheReadmeAreTrue(t *testing.T) {
	readme := read(t, filepath.Join("..", "..", "..", "README.md"))
	t.Chdir(t.TempDir())
	if err := os.WriteFile("policy.json", []byte(partnersPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, part := range strings.Split(readme, "\n$ kmsguard ")[1:] {
		part, _, _ = strings.Cut(part, "\n```")
		line, want, _ := strings.Cut(part, "\n")
		if !strings.HasSuffix(line, " policy.json") {
			continue
		}
		found++
		got := kmsguard(t, "", strings.Fields(line)...)
		if text := configurationHash.ReplaceAllString("configuration: "+got.used+"\n"+got.err+got.out, "(hash …)"); text != want+"\n" {
			t.Errorf("kmsguard %s prints\n%s\nthe README says\n%s", line, text, want)
		}
	}
	if found < 2 {
		t.Errorf("only %d sessions were found", found)
	}
}

var configurationHash = regexp.MustCompile(`\(hash [0-9a-f]+\)`)

// TestTheReadmesSessionsWithExamplesAreAsPrinted runs the command lines that name a file of
// examples, and compares what they print with what the README shows.
func TestTheReadmesSessionsWithExamplesAreAsPrinted(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", ".."))
	found := 0
	for _, block := range strings.Split(read(t, "README.md"), "```") {
		arguments, want, ok := strings.Cut(strings.TrimPrefix(block, "\n"), "\n")
		arguments, isCommand := strings.CutPrefix(arguments, "$ kmsguard ")
		if !ok || !isCommand || !strings.Contains(arguments, "examples/") {
			continue
		}
		found++
		got := kmsguard(t, "", strings.Fields(arguments)...)
		printed := "configuration: " + configurationHash.ReplaceAllString(got.used, "(hash …)") + "\n" + got.err + got.out
		if diff := cmp.Diff(want, printed); diff != "" {
			t.Errorf("kmsguard %s: the README (-) and what it prints (+):\n%s", arguments, diff)
		}
	}
	if found == 0 {
		t.Error("the README has no session with an example")
	}
}
