package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

// comparison is the public JSON of one.
type comparison struct {
	Verdict         string
	Excess, Missing []struct {
		Policy     string
		Statement  *int
		Principals []string
		Actions    []string
		Delegated  *bool
		Witness    struct {
			Principal, PrincipalType, Action, Resource string
			IdentityPolicyAllows                       *bool
			Context                                    map[string]any
		}
	}
	Inconclusive []struct {
		Policy, Reason, Detail string
		Statement              *int
	}
}

func TestExitCodeOfDiffIsItsVerdict(t *testing.T) {
	tests := []struct {
		reason           string
		baseline, actual string
		code             int
		text, verdict    string
	}{
		{"the same text", accountPolicy, accountPolicy, exitFine, "actual.json and baseline.json allow the same\n", "equal"},
		{"order and spelling make no difference", accountPolicy, respelled, exitFine, "actual.json and baseline.json allow the same\n", "equal"},
		{"more", accountPolicy, publicPolicy, exitDifferent, "actual.json allows more than baseline.json: ", "different"},
		{"less", publicPolicy, accountPolicy, exitDifferent, "actual.json allows less than baseline.json: ", "different"},
		{"a Deny takes away", accountPolicy, deniedPolicy, exitDifferent, "actual.json allows less than baseline.json: ", "different"},
		{"more and less", deniedPolicy, publicPolicy, exitDifferent, "actual.json allows more than baseline.json: ", "different"},
		{"other", publicPolicy, deniedPolicy, exitDifferent, "actual.json allows less than baseline.json: ", "different"},
		{"two readings", accountPolicy, undecidedPolicy, exitInconclusive, "whether actual.json and baseline.json allow the same is not decided: ", "inconclusive"},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			baseline, actual := write(t, "baseline.json", test.baseline), write(t, "actual.json", test.actual)
			got := kmsguard(t, "", "diff", "--key-arn", someKey, baseline, actual)
			got.out = strings.NewReplacer(baseline, "baseline.json", actual, "actual.json").Replace(got.out)
			got.check(t, test.code, test.text, "")
			if !strings.HasPrefix(got.out, test.text) {
				t.Errorf("the short answer should come first:\n%s", got.out)
			}
			for _, format := range []string{"json", "jsonl"} {
				got := kmsguard(t, "", "diff", "--key-arn", someKey, "--output", format, baseline, actual)
				got.check(t, test.code, `"verdict"`, "")
				if c := decode[comparison](t, got.out); c.Verdict != test.verdict {
					t.Errorf("%s: verdict %q, want %q", format, c.Verdict, test.verdict)
				}
				if oneLine := strings.Count(got.out, "\n") == 1; oneLine != (format == "jsonl") {
					t.Errorf("%s has %d lines", format, strings.Count(got.out, "\n"))
				}
			}
		})
	}
}

func TestJSONOfADifference(t *testing.T) {
	baseline, actual := write(t, "baseline.json", accountPolicy), write(t, "actual.json", publicPolicy)
	got := kmsguard(t, "", "diff", "--key-arn", someKey, "--output", "json", baseline, actual)
	for _, empty := range []string{`"missing": []`, `"inconclusive": []`} { // not null: a script indexes them
		got.check(t, exitDifferent, empty, "")
	}
	c := decode[comparison](t, got.out)
	if len(c.Excess) == 0 {
		t.Fatalf("no excess in\n%s", got.out)
	}
	for _, d := range c.Excess {
		w := d.Witness
		if d.Policy != "actual" || d.Statement == nil || *d.Statement != 1 || len(d.Principals) == 0 || len(d.Actions) != 1 || d.Actions[0] != "kms:Decrypt" || d.Delegated == nil {
			t.Errorf("got %+v", d)
		}
		if w.Principal == "" || w.PrincipalType == "" || w.Action != "kms:Decrypt" || w.Resource != someKey || w.IdentityPolicyAllows == nil {
			t.Errorf("got witness %+v", w)
		}
		// Keys that the principal determines included.
		if _, ok := w.Context["aws:PrincipalType"]; !ok && w.PrincipalType != "service" {
			t.Errorf("no aws:PrincipalType in the context of %s: %v", w.Principal, w.Context)
		}
	}
}

func TestTextOfADifferenceNamesThePlace(t *testing.T) {
	actual := write(t, "actual.json", publicPolicy)
	got := kmsguard(t, accountPolicy, "diff", "--key-arn", someKey, "-", actual)
	got.check(t, exitDifferent, "\n+ every principal of any other account\n    may      kms:Decrypt\n", "")
	place := actual + `:2:2, statement 2 "for the partners"`
	if flat := strings.Join(strings.Fields(got.out), " "); !strings.Contains(flat, "because "+place) {
		t.Errorf("want %q in\n%s", place, got.out)
	}
	got.check(t, exitDifferent, "allows more than standard input", "")
	swapped := kmsguard(t, accountPolicy, "diff", "--key-arn", someKey, actual, "-")
	swapped.check(t, exitDifferent, "\n- every principal of any other account\n    may not  kms:Decrypt\n", "")
}

// The key's own account decides who is foreign; what was assumed is said.
func TestOwnerOfTheKey(t *testing.T) {
	tests := []struct {
		reason           string
		baseline, actual string
		flags            []string
		code             int
		note             string
	}{
		{"given: nothing to say", accountPolicy, accountPolicy, []string{"--key-arn", someKey}, exitFine, ""},
		{"the only account", accountPolicy, accountPolicy, nil, exitFine, "note: the key is taken to belong to account 111122223333; say which key it is with --key-arn\n"},
		{"no account at all", nobodysPolicy, nobodysPolicy, nil, exitFine, "note: the policies name no account"},
		{"several accounts", severalAccounts, severalAccounts, nil, exitError, "give the key ARN with --key-arn\n"},
		{"several accounts, but the ARN says", severalAccounts, severalAccounts, []string{"--key-arn", someKey}, exitFine, ""},
		{"not a key ARN", accountPolicy, accountPolicy, []string{"--key-arn", "alias/x"}, exitError, `--key-arn: "alias/x" is not the ARN of a key`},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			args := append([]string{"diff", write(t, "baseline.json", test.baseline), write(t, "actual.json", test.actual)}, test.flags...)
			out := "allow the same"
			if test.code == exitError {
				out = ""
			}
			kmsguard(t, "", args...).check(t, test.code, out, test.note)
		})
	}
}

func TestBadInputOfDiff(t *testing.T) {
	good, bad := write(t, "good.json", accountPolicy), write(t, "bad.json", malformedPolicy)
	tests := []struct {
		reason string
		in     string
		args   []string
		want   string
	}{
		{"a malformed policy has file, line and column", "", []string{bad, good}, bad + ":3:3: "},
		{"the actual one, too", "", []string{good, bad}, bad + ":3:3: "},
		{"on standard input", malformedPolicy, []string{good, "-"}, "standard input:3:3: "},
		{"nothing on standard input", "", []string{"-", good}, "standard input:1:1: "},
		{"no such file", "", []string{"nowhere.json", good}, "nowhere.json: no such file or directory"},
		{"a folder", "", []string{t.TempDir(), good}, "is a directory"},
		{"a file that is no policy at all", "", []string{good, write(t, "large", strings.Repeat(" ", maxFileBytes+1))}, "large: longer than"},
		{"standard input twice", accountPolicy, []string{"-", "-"}, "only one of the two policies can be standard input (see kmsguard diff --help)"},
		{"one file", "", []string{good}, "expected two policy files, BASELINE and ACTUAL, got 1 (see kmsguard diff --help)"},
		{"three files", "", []string{good, good, good}, "got 3"},
		{"a hostile file name is escaped", "", []string{"\x1b[2J\u202e", good}, `kmsguard: \x1b[2J\u202e: no such file`},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			kmsguard(t, test.in, append([]string{"diff"}, test.args...)...).check(t, exitError, "", test.want)
		})
	}
}

// Sids may have characters that a terminal takes for commands; KMS takes them.
func TestHostileSidReachesNoTerminal(t *testing.T) {
	sid := "\u009b2J\u00ad"
	actual := write(t, "actual.json", strings.Replace(publicPolicy, "for the partners", sid, 1))
	for _, format := range []string{"text", "json", "jsonl"} {
		got := kmsguard(t, accountPolicy, "diff", "--key-arn", someKey, "--output", format, "-", actual)
		got.check(t, exitDifferent, `\u009b2J\u00ad`, "")
		if strings.ContainsAny(got.out, sid[:2]+"\u00ad") {
			t.Errorf("%s: raw in %q", format, got.out)
		}
	}
}

func TestWriterErrorOfDiffIsAnError(t *testing.T) {
	file := write(t, "policy.json", accountPolicy)
	for _, args := range [][]string{
		{"diff", "--key-arn", someKey, file, file},
		{"diff", "--key-arn", someKey, "--output", "json", file, file},
		{"diff", "--batch", write(t, "pairs.jsonl", "{}\n")},
		{"diff", "--batch", filepath.Join(t.TempDir(), "nowhere")},
	} {
		if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: fullDisk{}, err: &strings.Builder{}}); code != exitError {
			t.Errorf("%q: exit code %d, want %d", args, code, exitError)
		}
	}
}
