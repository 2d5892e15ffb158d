package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/report"
)

var seconds = regexp.MustCompile(`in \d+\.\d s`)

func TestDemoTellsTheStory(t *testing.T) {
	start := time.Now()
	got := kmsguard(t, "", "demo")
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the demo took %s", took)
	}
	got.check(t, exitFine, "The key policy of", "")
	checkGolden(t, "demo.txt", seconds.ReplaceAllString(got.out, "in X.X s"))
	for text := range strings.Lines(got.out) {
		if len(strings.TrimSuffix(text, "\n")) > report.Width {
			t.Errorf("wider than %d columns: %s", report.Width, text)
		}
	}
}

func TestDemoHasEveryTypeOfKey(t *testing.T) {
	out := kmsguard(t, "", "demo").out
	check := func(keyType defaultpolicy.KeyType) {
		if text := keyType.WithDefaults().String() + " "; !strings.Contains(out, text) {
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

// TestDemoAsJSON needs no words of the report: good keys are left alone, the
// others are repaired or reported.
func TestDemoAsJSON(t *testing.T) {
	got := kmsguard(t, "", "demo", "--output", "json")
	got.check(t, exitFine, "[\n  {\n", "")
	list := decode[[]event](t, got.out)
	actions := map[string]int{}
	for _, o := range list {
		actions[o.Verdict+" "+o.Action]++
	}
	repaired, reported := actions["non-compliant repaired"], actions["cannot-judge reported"]
	if repaired == 0 || reported == 0 || actions["compliant none"] < len(goodKeys())+repaired {
		t.Errorf("got %v; each repair is followed by its own compliant event", actions)
	}
	if total := repaired + reported + actions["compliant none"]; total != len(list) {
		t.Errorf("got %v of %d outcomes", actions, len(list))
	}
	lines := kmsguard(t, "", "demo", "--output", "jsonl")
	if n := strings.Count(lines.out, "\n"); lines.code != exitFine || n != len(list) {
		t.Errorf("jsonl has %d lines, json %d outcomes", n, len(list))
	}
}

// played is a demo that has been performed.
func played(t *testing.T) (*world, []story) {
	t.Helper()
	w, err := newWorld()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.cloud.Close)
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
	if err := checkPromises(w, stories); err != nil {
		t.Fatalf("all promises are kept, but %v", err)
	}
	repaired := slices.IndexFunc(stories, func(s story) bool { return s.promise == guardrail.Repaired })
	tests := []struct {
		reason     string
		breakIt    func(stories []story)
		complaints string
	}{
		{"another action", func(s []story) { s[repaired].promise = guardrail.Reported }, `answered "repaired" in place of "reported"`},
		{"no event arrived", func(s []story) { s[repaired].outcomes = nil }, `answered "" in place of "repaired"`},
		{"another policy than the default", func(s []story) { s[repaired].after = s[repaired].before }, "does not have the generated default"},
		{"no policy", func(s []story) { s[repaired].after = "" }, "does not have the generated default"},
		{"the guardrail would repair again", func(s []story) { s[repaired].outcomes = s[repaired].outcomes[:2] }, "calls its own repair"},
		{"a write that nobody promised", func(s []story) { s[repaired] = s[len(s)-1] }, "policies for"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			broken := slices.Clone(stories)
			test.breakIt(broken)
			if err := checkPromises(w, broken); err == nil || !strings.Contains(err.Error(), test.complaints) {
				t.Errorf("got %v, want %q", err, test.complaints)
			}
		})
	}
}

func TestWriterErrorOfDemoIsAnError(t *testing.T) {
	for _, format := range []string{"text", "json", "jsonl"} {
		code := run(t.Context(), []string{"demo", "--output", format}, streams{in: strings.NewReader(""), out: fullDisk{}, err: &strings.Builder{}})
		if code != exitError {
			t.Errorf("%s: exit code %d", format, code)
		}
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
	if got := marked("-", before, after); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := marked("+", after, before); strings.Contains(got, "+") {
		t.Errorf("nothing was added, got\n%s", got)
	}
	if got := marked("-", "not a policy\x1b[2J", after); got != `    not a policy\x1b[2J` {
		t.Errorf("got %q", got)
	}
}
