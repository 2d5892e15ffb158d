package demo

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// What differs from one demo to the next: the time that it took, and the id of the record.
var (
	seconds = regexp.MustCompile(`in \d+\.\d s`)
	record  = regexp.MustCompile(`kmsguard restore .*`)
)

var update = flag.Bool("update", false, "write the golden files")

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run go test with -update to write it", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestTheDemoTellsTheStory(t *testing.T) {
	d := performed(t)
	for name, tell := range map[string]func(io.Writer, report.Style) error{"demo.txt": d.Tell, "demo-all.txt": d.TellAll} {
		var out strings.Builder
		if err := tell(&out, report.Style{}); err != nil {
			t.Fatal(err)
		}
		checkGolden(t, name, record.ReplaceAllString(seconds.ReplaceAllString(out.String(), "in X.X s"), "kmsguard restore RECORD"))
		for text := range strings.Lines(out.String()) {
			if len(strings.TrimSuffix(text, "\n")) > report.Width && !strings.Contains(text, "kmsguard restore ") {
				t.Errorf("%s: wider than %d columns: %s", name, report.Width, text)
			}
		}
		if err := tell(fullDisk{}, report.Style{}); !errors.Is(err, errDiskFull) {
			t.Errorf("%s: on a full disk: %v", name, err)
		}
	}
}

var errDiskFull = errors.New("disk full")

// fullDisk is a writer that fails.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errDiskFull }

func TestTheShortStoryFitsAScreen(t *testing.T) {
	var out strings.Builder
	if err := performed(t).Tell(&out, report.Style{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n > 25 {
		t.Errorf("%d lines, want at most 25:\n%s", n, out.String())
	}
}

// performed is the demo as the command plays it, once for all tests.
var performance = sync.OnceValues(func() (*Demo, error) { return Play(context.Background()) })

func performed(t *testing.T) *Demo {
	t.Helper()
	d, err := performance()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.CheckPromises(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheDemoHasEveryTypeOfKey(t *testing.T) {
	var out strings.Builder
	if err := performed(t).TellAll(&out, report.Style{}); err != nil {
		t.Fatal(err)
	}
	check := func(keyType defaultpolicy.KeyType) {
		if text := keyType.WithDefaults().String() + " "; !strings.Contains(out.String(), text) {
			t.Errorf("no key of type %s", text)
		}
	}
	for _, spec := range defaultpolicy.KeySpecs() {
		for _, usage := range defaultpolicy.UsagesOf(spec) {
			check(defaultpolicy.KeyType{Spec: spec, Usage: usage})
		}
	}
	for _, origin := range defaultpolicy.Origins() {
		check(defaultpolicy.KeyType{Origin: origin})
	}
	for _, part := range defaultpolicy.MultiRegions() {
		check(defaultpolicy.KeyType{MultiRegion: part})
	}
}

// TestTheOutcomesOfTheDemo needs no words of the report: good keys are left alone, the
// others are repaired or reported.
func TestTheOutcomesOfTheDemo(t *testing.T) {
	list := performed(t).Outcomes()
	actions := map[string]int{}
	for _, o := range list {
		actions[string(o.Verdict)+" "+string(o.Action)]++
	}
	repaired := len(repairedKeys())
	// The exempt key has an event when it is made, and one when it drifts.
	if actions["non-compliant repaired"] != repaired || actions["non-compliant held"] != 2 || actions["cannot-judge reported"] != 2 || actions["exempt none"] != 2 {
		t.Errorf("got %v", actions)
	}
	if actions["compliant none"] < len(goodKeys())+repaired {
		t.Errorf("got %v; each repair is followed by its own compliant event", actions)
	}
	if total := repaired + 6 + actions["compliant none"]; total != len(list) {
		t.Errorf("got %v of %d outcomes", actions, len(list))
	}
}

// played is a demo that has been performed.
func played(t *testing.T) (*world, []story) {
	t.Helper()
	w, err := newWorld()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	stories := driftedKeys()
	for i := range stories {
		if err := w.play(t.Context(), &stories[i]); err != nil {
			t.Fatal(err)
		}
	}
	return w, stories
}

func TestBrokenPromiseOfTheDemoIsAnError(t *testing.T) {
	w, stories := played(t)
	if err := checkPromises(t.Context(), w, stories); err != nil {
		t.Fatalf("all promises are kept, but %v", err)
	}
	repaired := slices.IndexFunc(stories, func(s story) bool { return s.action == guardrail.Repaired })
	tests := []struct {
		reason     string
		breakIt    func(stories []story)
		complaints string
	}{
		{"another action", func(s []story) { s[repaired].action = guardrail.Reported }, `answered "repaired" in place of "reported"`},
		{"another verdict", func(s []story) { s[repaired].verdict = guardrail.Exempt }, `called it "non-compliant" in place of "exempt"`},
		{"another severity", func(s []story) { s[repaired].severity = rules.Low }, `called it "critical" in place of "low"`},
		{"no event arrived", func(s []story) { s[repaired].outcomes = nil }, `answered "" in place of "repaired"`},
		{"what was wrong is still there", func(s []story) { s[repaired].after = s[repaired].before }, "the repaired key policy has 5 statements"},
		{"no policy", func(s []story) { s[repaired].after = "" }, "the repaired key policy has 0 statements"},
		{"a statement that was right is another", func(s []story) {
			s[repaired].after = strings.Replace(s[repaired].after, "kms:Encrypt", "kms:encrypt", 1)
		}, "the repair changed statement 3, which was as it should be"},
		{"the archive has another policy", func(s []story) { s[repaired].before = s[repaired].after }, "has other policies than the key had"},
		{"another key's archive", func(s []story) { s[repaired].arn = s[len(s)-1].arn }, "the archive has 0 records of the repair"},
		{"the guardrail would repair again", func(s []story) { s[repaired].outcomes = s[repaired].outcomes[:2] }, "calls its own repair"},
		{"a write that nobody promised", func(s []story) { s[repaired] = s[len(s)-1] }, "policies for"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			broken := slices.Clone(stories)
			test.breakIt(broken)
			if err := checkPromises(t.Context(), w, broken); err == nil || !strings.Contains(err.Error(), test.complaints) {
				t.Errorf("got %v, want %q", err, test.complaints)
			}
		})
	}
}

func TestMarkedPolicy(t *testing.T) {
	const before = `{
  "Statement" : [ {
    "Effect" : "Allow",
    "Principal" : "*",
    "Action" : "kms:\u0044ecrypt",
    "Resource" : "*"
  }, {
    "Effect" : "Deny",
    "Principal" : "*",
    "Action" : "kms:Encrypt",
    "Resource" : "*"
  } ]
}`
	const after = `{
  "Statement" : [ {
    "Effect" : "Deny",
    "Principal" : "*",
    "Action" : "kms:Encrypt",
    "Resource" : "*"
  } ]
}`
	const want = `    {
      "Statement" : [ {
  -     "Effect" : "Allow",
  -     "Principal" : "*",
  -     "Action" : "kms:\u0044ecrypt",
  -     "Resource" : "*"
  -   }, {
        "Effect" : "Deny",
        "Principal" : "*",
        "Action" : "kms:Encrypt",
        "Resource" : "*"
      } ]
    }`
	if got := marked(report.Style{}, "-", before, after); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := marked(report.Style{}, "+", after, before); strings.Contains(got, "+") {
		t.Errorf("nothing was added, got\n%s", got)
	}
	if got := marked(report.Style{}, "-", "not a policy\x1b[2J", after); got != `    not a policy\x1b[2J` {
		t.Errorf("got %q", got)
	}
}
