package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// checkPublic checks the public policy from standard input.
func checkPublic(t *testing.T, args ...string) result {
	t.Helper()
	return kmsguard(t, publicPolicy, slices.Concat([]string{"check", "--default-config", "--account", account}, args, []string{"-"})...)
}

func TestSeveralOutputsOfOneRun(t *testing.T) {
	folder := t.TempDir()
	array, lines := filepath.Join(folder, "a.json"), filepath.Join(folder, "a.jsonl")
	got := checkPublic(t, "--output", "text", "--output", "json="+array, "--output", "JSONL="+lines)
	got.check(t, exitDifferent, "critical  public-access", "")
	if list := decode[[]guardrail.Outcome](t, read(t, array)); len(list) != 1 || list[0].Severity != "critical" {
		t.Errorf("%s has %+v", array, list)
	}
	if one := decode[guardrail.Outcome](t, read(t, lines)); one.Severity != "critical" {
		t.Errorf("%s has %+v", lines, one)
	}
	if names := namesIn(t, folder); !slices.Equal(names, []string{"a.json", "a.jsonl"}) {
		t.Errorf("the folder has %q", names)
	}
}

func TestOutputIntoAFileOnlyLeavesStandardOutputEmpty(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.json")
	checkPublic(t, "--output", "json="+file).check(t, exitDifferent, "", "")
	if list := decode[[]guardrail.Outcome](t, read(t, file)); len(list) != 1 {
		t.Errorf("it has %+v", list)
	}
}

func TestWrongOutputsAreRefused(t *testing.T) {
	folder := t.TempDir()
	tests := []struct {
		because string
		args    []string
		want    string
	}{
		{"no such format", []string{"--output", "yaml"}, "must be " + wordsOf(reportFormats) + " (see kmsguard check --help)"},
		{"a typo", []string{"--output", "jsom"}, "; did you mean json? (see"},
		{"it comes later", []string{"--output", "html=report.html"}, "html is not there yet; must be text, "},
		{"no file", []string{"--output", "json="}, "json= names no file; for standard output leave the = out (see"},
		{"a file called -", []string{"--output", "json=-"}, "for standard output write json without a file (see"},
		{"two on standard output", []string{"--output", "text", "--output", "json"}, "text goes to standard output already; give one of them a file, such as json=FILE (see"},
		{"two in one file", []string{"--output", "json=a", "--output", "jsonl=./a"}, "json goes to ./a already (see"},
		{"no folder", []string{"--output", "json=" + folder + "/none/a.json"}, "kmsguard: writing " + folder + "/none/a.json: there is no folder " + folder + "/none; make it first\n"},
		{"a folder", []string{"--output", "json=" + folder}, "kmsguard: " + folder + " is a folder, not a file\n"},
		{"a device", []string{"--output", "json=/dev/null"}, "kmsguard: /dev/null is not a regular file, so it cannot be replaced as a whole\n"},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			checkPublic(t, test.args...).check(t, exitError, "", test.want)
			if names := namesIn(t, folder); len(names) > 0 {
				t.Errorf("it left %q", names)
			}
		})
	}
}

// TestOtherCommandsTakeThreeOutputs: they write one answer, to standard output.
func TestOtherCommandsTakeThreeOutputs(t *testing.T) {
	for _, value := range []string{"sarif", "text=a", "table"} {
		kmsguard(t, "", "version", "--output", value).check(t, exitError, "", "must be text, json or jsonl")
	}
	kmsguard(t, "", "version", "--output", "JSON").check(t, exitFine, `{`, "")
}

func TestAFileIsReplacedAsAWhole(t *testing.T) {
	folder := t.TempDir()
	file, link := filepath.Join(folder, "a.json"), filepath.Join(folder, "link")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	checkPublic(t, "--output", "json="+link).check(t, exitDifferent, "", "")
	decode[[]guardrail.Outcome](t, read(t, file))
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its permissions are those that it had: %v, %v", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link is one still: %v, %v", info.Mode(), err)
	}
}

// TestARunThatIsEndedWritesNoFile: a file of half a scan would pass for the whole.
func TestARunThatIsEndedWritesNoFile(t *testing.T) {
	h := newHome(t)
	for range mostFailures + 5 {
		h.key(t, publicPolicy)
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "a.json")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	scan, out, errs := h.scanning(t, []target{{format: textOutput}, {jsonOutput, file}}, scanOptions{concurrency: 1})
	if err := scan.run(t.Context(), map[string]accountReader{"us-east-1": broken{accountReader: h.reader()}}); err == nil {
		t.Error("it ended without an error")
	}
	if !strings.Contains(out.String(), "20 not judged") || !strings.Contains(errs.String(), file+" was not written, because not everything was looked at\n") {
		t.Errorf("it says %s\n%s", out, errs)
	}
	if text := read(t, file); text != "old" {
		t.Errorf("it has %q", text)
	}
	if names := namesIn(t, folder); !slices.Equal(names, []string{"a.json"}) {
		t.Errorf("the folder has %q", names)
	}
}

// TestStandardOutputThatFailsWritesNoFile, whichever comes first.
func TestStandardOutputThatFailsWritesNoFile(t *testing.T) {
	folder := t.TempDir()
	file := "json=" + filepath.Join(folder, "a.json")
	for _, outputs := range [][]string{{"--output", "text", "--output", file}, {"--output", file, "--output", "text"}} {
		errs := &strings.Builder{}
		args := slices.Concat([]string{"check", "--default-config", "--account", account}, outputs, []string{"-"})
		code := run(t.Context(), args, streams{in: strings.NewReader(publicPolicy), out: fullDisk{}, err: errs})
		if names := namesIn(t, folder); code != exitError || len(names) > 0 || !strings.Contains(errs.String(), "disk full") {
			t.Errorf("exit code %d, files %q: %s", code, names, errs)
		}
	}
}

func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
