package recognition_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
)

var update = flag.Bool("update", false, "write the golden files")

// TestTheCorpusBesideADefault shows what each statement makes of a console default,
// and of the API default. A statement that adds nothing leaves it, every other does
// not. Read a change of the golden file before you accept it with -update.
func TestTheCorpusBesideADefault(t *testing.T) {
	console := consoleDefault(t, symmetric, nil)
	account := documentOf(t, statementsOf(t, console)[:1])
	var b strings.Builder
	for _, s := range corpus.Statements(t) {
		if _, err := policy.Parse(`{"Statement":` + s.Text + `}`); err != nil {
			fmt.Fprintf(&b, "%s: refused by the parser\n", s.Name)
			continue
		}
		for _, whole := range []*policy.Document{console, account} {
			beside := with(t, whole, s.Text)
			r := identify(t, symmetric, beside, recognition.Options{})
			if access.Compare(key, whole.Set, beside.Set).Verdict == access.Equal && r.Verdict != recognition.Default {
				t.Errorf("%s adds nothing, but %s", s.Name, explain(r))
			}
			fmt.Fprintf(&b, "%s: %s\n", s.Name, summary(r))
		}
	}
	file := filepath.Join("testdata", "corpus.golden")
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run go test with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func summary(r recognition.Result) string {
	var f recognition.Form
	switch {
	case r.Nearest != nil:
		f = *r.Nearest
	case len(r.Forms) > 0:
		f = r.Forms[0]
	default:
		return string(r.Verdict) + " " + string(r.Reason)
	}
	return strings.TrimSpace(fmt.Sprintf("%s, %s %s, %s | %s %s", r.Verdict, f.Style, f.Edition, shortNames(f.Administrators), shortNames(f.Users), r.Reason))
}

// FuzzIdentify looks for a policy at which Identify panics, answers once this and once
// that, or claims a default that the comparison does not prove (see identify).
func FuzzIdentify(f *testing.F) {
	whole := consoleDefault(f, symmetric, nil)
	f.Add(whole.Text())
	for _, r := range respellings {
		f.Add(r.rewrite(f, whole).Text())
	}
	for _, drift := range drifts {
		f.Add(drift.rewrite(f, whole).Text())
	}
	for i, s := range corpus.Statements(f) {
		if i%4 == 0 { // enough seeds; the comparison's own fuzz target has them all
			f.Add(`{"Statement":` + s.Text + `}`)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.Parse(text)
		if err != nil {
			return
		}
		r := identify(t, symmetric, d, recognition.Options{})
		if again := identify(t, symmetric, d, recognition.Options{}); !reflect.DeepEqual(r, again) {
			t.Errorf("first %s\nthen %s\n%s", explain(r), explain(again), text)
		}
		if r.Verdict != recognition.Default {
			return
		}
		written := identify(t, symmetric, r.Forms[0].Document, recognition.Options{})
		if written.Verdict != recognition.Default || !slices.Equal(written.Forms[0].Administrators, r.Forms[0].Administrators) || !sameNames(written.Forms[0].Users, r.Forms[0].Users) {
			t.Errorf("as AWS writes it, it is another: %s\n%s", explain(written), text)
		}
	})
}
