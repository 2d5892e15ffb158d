package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

const (
	someConfiguration = `version: 1
mode: report
default: b
baselines: {b: {style: console}, a: {style: api}}
rules:
  - {name: one, match: {regions: [eu-west-1]}, baseline: a, mode: repair}
  - {name: rest, match: {}}
exemptions:
  - {name: old, match: {regions: [eu-west-1]}, owner: me, reason: why, expires: 2026-01-31}
  - {name: tagged, match: {tags: {a: b}}, owner: you, reason: why, expires: 2026-02-01}
`
	badConfiguration = "version: 1\nbaselines: {a: {style: apl}}\nmode: repiar\n"
)

func TestConfigValidate(t *testing.T) {
	file := write(t, "guardrail.yaml", badConfiguration)
	for _, args := range [][]string{{"config", "validate", file}, {"config", "validate", "--config", file}, {"--config", file, "config", "validate", file}} {
		got := kmsguard(t, "", args...)
		got.check(t, exitError, "", file+":2:24: unknown style `apl`; known: `api` or `console`\n"+
			file+":3:7: unknown mode `repiar`; did you mean `repair`?\nkmsguard: the configuration cannot be used\n")
	}
	got := kmsguard(t, "", "config", "validate", file, "--output", "json")
	got.check(t, exitError, `"column": 24`, "")
	v := decode[validation](t, got.out)
	if v.Valid || v.File != file || len(v.Problems) != 2 || v.Problems[1].Line != 3 {
		t.Errorf("got %+v", v)
	}
	got = kmsguard(t, someConfiguration, "config", "validate", "-")
	got.check(t, exitFine, "standard input is valid: mode report, hash ", `the exemption "tagged" matches by tag and has no effect`)
	got.check(t, exitFine, "baselines: a, b (default: b)\nrule one: baseline a, mode repair\nrule rest: baseline b, mode report\nexemption old: me, EXPIRED at the end of 2026-01-31 (UTC)\n", "kmsguard: warning: ")
	kmsguard(t, someConfiguration, "config", "validate", "-", "--output", "jsonl").check(t, exitFine, `{"file":"standard input","valid":true,"problems":[],`, "")
}

func TestValidationTellsWhatHasNoEffect(t *testing.T) {
	c, err := config.Read("g", []byte(someConfiguration))
	if err != nil {
		t.Fatal(err)
	}
	tagWarning := `the exemption "tagged" matches by tag and has no effect, because allowTagExemptions is not true`
	expired := `the exemption "old" of me expired at the end of 2026-01-31 (UTC) and has no effect`
	tests := []struct {
		now, because string
		want         []string
	}{
		{"2026-01-31T23:59:59Z", "an exemption has its last day to the end", []string{tagWarning}},
		{"2026-01-31T23:30:00-01:00", "the day ends in UTC", []string{expired, tagWarning}},
		{"2026-02-01T00:00:00Z", "the next day it is over", []string{expired, tagWarning}},
	}
	for _, test := range tests {
		now, err := time.Parse(time.RFC3339, test.now)
		if err != nil {
			t.Fatal(err)
		}
		v := validated("g", c, now)
		if diff := cmp.Diff(test.want, v.Warnings); diff != "" {
			t.Errorf("at %s, because %s (-want +got):\n%s", test.now, test.because, diff)
		}
		if v.Exemptions[0].Expired != (len(test.want) == 2) || v.Exemptions[0].LastDay != "2026-01-31" {
			t.Errorf("at %s: %+v", test.now, v.Exemptions[0])
		}
	}
}

func TestTheConfigurationOfTheWorkingDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	kmsguard(t, "", "config", "validate").check(t, exitError, "", "there is no guardrail.yaml in the working directory or above it; name a file (see kmsguard config validate --help)")
	if err := os.WriteFile("guardrail.yaml", []byte(someConfiguration), 0o600); err != nil {
		t.Fatal(err)
	}
	kmsguard(t, "", "config", "validate", "--output", "json").check(t, exitFine, `"file": "guardrail.yaml"`, "")
	kmsguard(t, "", "config", "validate", "--config", filepath.Join("no", "such.yaml")).check(t, exitError, "", "there is no configuration file no/such.yaml")
	kmsguard(t, "", "config", "validate", "--config", "a.yaml", "b.yaml").check(t, exitError, "", "two files to check: b.yaml and --config a.yaml")
	kmsguard(t, "", "config", "validate", "a", "b").check(t, exitError, "", "expected one file, got 2")
}

func TestConfigHasCommands(t *testing.T) {
	kmsguard(t, "", "config").check(t, exitFine, "validate", "")
	kmsguard(t, "", "config", "valid").check(t, exitError, "", `unknown command "valid"; did you mean validate? (see kmsguard config --help)`)
	got := kmsguard(t, "", "config", "schema")
	if got.code != exitFine || got.out != string(config.Schema()) || !strings.HasPrefix(got.out, "{\n") {
		t.Errorf("exit code %d, %q", got.code, got.out)
	}
}

// TestProblemsCannotForgeLines: a file may come from a pull request, and its text from anybody.
func TestProblemsCannotForgeLines(t *testing.T) {
	got := kmsguard(t, "version: \"\\e[2J\\nguardrail.yaml is valid\"\nbaselines: {a: {style: api}}\n", "config", "validate", "-")
	got.check(t, exitError, "", "standard input:1:10: version \"\\x1b[2J\\nguardrail.yaml is valid\" is not known")
	if strings.Count(got.err, "\n") != 2 {
		t.Errorf("want two lines, got %q", got.err)
	}
}
