package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// least is the shortest file that says something.
const least = "version: 1\nbaselines: {standard: {style: console}}\n"

func read(t testing.TB, text string) *rules.Configuration {
	t.Helper()
	c, err := config.Read("guardrail.yaml", []byte(text))
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	return c
}

func full(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func examplePaths(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("../../docs/examples/*.yaml")
	if err != nil || len(paths) < 4 {
		t.Fatalf("examples: %q, %v", paths, err)
	}
	return paths
}

func TestWhatIsLeftOutHasItsDefault(t *testing.T) {
	want := rules.DefaultConfiguration()
	b := rules.DefaultBaseline()
	b.Name = "standard"
	want.Baselines, want.Default = []rules.Baseline{b}, "standard"
	if diff := cmp.Diff(want, read(t, least)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestListsThatAreLeftOutAreEmptyNotNil(t *testing.T) {
	c := read(t, least+"rules: [{name: all, match: {}}]\nexemptions: [{name: a, match: {regions: [eu-west-1]}, owner: a, reason: a, expires: 2027-01-31}]\n")
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					walk(path+"."+v.Type().Field(i).Name, v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(path, v.Index(i))
			}
			fallthrough
		case reflect.Map:
			if v.IsNil() {
				t.Errorf("%s is nil: it would have another hash than an empty one", path)
			}
		default:
		}
	}
	walk("Configuration", reflect.ValueOf(*c))
}

// TestEveryFieldCanBeSet fails when a field of the Go types has no key, or full.yaml lacks it.
func TestEveryFieldCanBeSet(t *testing.T) {
	c := read(t, full(t))
	c.Baselines[0].Match = c.Baselines[1].Match // exactly a default has no more statements, as "full" has
	c.Baselines = c.Baselines[:1]
	defaults := rules.DefaultConfiguration()
	defaults.Rules, defaults.Exemptions = []rules.Rule{{}}, []rules.Exemption{{}}
	defaults.Baselines[0].Style = "" // it has no default
	leaves := 0
	var compare func(path string, got, preset reflect.Value)
	compare = func(path string, got, preset reflect.Value) {
		if got.Kind() == reflect.Struct && got.Type() != reflect.TypeFor[time.Time]() {
			for i := range got.NumField() {
				compare(path+"."+got.Type().Field(i).Name, got.Field(i), preset.Field(i))
			}
			return
		}
		if got.Kind() == reflect.Slice && got.Type().Elem().Kind() == reflect.Struct && got.Type().Elem() != reflect.TypeFor[time.Time]() {
			compare(path, got.Index(0), preset.Index(0))
			return
		}
		leaves++
		onlyExemptions := path == "Configuration.Rules.Match.Keys"
		onlyRules := strings.HasPrefix(path, "Configuration.Exemptions.Match.Key") && path != "Configuration.Exemptions.Match.Keys" ||
			path == "Configuration.Exemptions.Match.Origins"
		if reflect.DeepEqual(got.Interface(), preset.Interface()) || !onlyExemptions && !onlyRules && (got.Kind() == reflect.Slice || got.Kind() == reflect.Map) && got.Len() == 0 {
			t.Errorf("%s is not set by full.yaml: it is %v", path, got)
		}
	}
	compare("Configuration", reflect.ValueOf(*c), reflect.ValueOf(*defaults))
	if leaves < 50 {
		t.Errorf("only %d fields were compared", leaves)
	}
}

func TestValuesOfTheFullFile(t *testing.T) {
	c := read(t, full(t))
	b, r, e := c.Baselines[0], c.Rules[0], c.Exemptions[0]
	tests := []struct {
		because   string
		got, want any
	}{
		{"a quoted edition is one", b.Edition, defaultpolicy.Edition2017},
		{"a plain account id keeps its leading zero", r.Match.Accounts, []string{"111122223333", "012345678901"}},
		{"tag values are their text", r.Match.Tags, map[string]string{"team": "payments", "tier": "1", "legacy": "on", "empty": ""}},
		{"an exemption has its last day to the end", e.Expires, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)},
		{"a statement is permitted on its last day", b.PermitUntil, []time.Time{time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC)}},
		{"a folded text is one line", e.Reason, "The vendor reads it until the end of the contract."},
		{"days and hours add up", c.Repair.Budget.Window, 6*24*time.Hour + 12*time.Hour},
		{"a list replaces its default", c.Repair.HoldWhen, []rules.HoldReason{rules.HoldCrossAccountAccess}},
		{"a statement keeps order and the text of numbers and truth values; Null is a key like others", b.Permit, []rules.Template{
			`{"Sid":"Logs","Effect":"Allow","Principal":{"AWS":"arn:${Partition}:iam::${AccountId}:role/logs-${Region}"},"Action":["kms:Encrypt*","kms:Decrypt"],"Resource":["*"],` +
				`"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:${Partition}:logs:${Region}:${AccountId}:*"},"Null":{"aws:PrincipalTag/team":"false"},"NumericLessThan":{"aws:MultiFactorAuthAge":"0300"},"StringEquals":{"kms:EncryptionContext:a":"${aws:PrincipalTag/a}<${*}>"}}}`,
		}},
		{"a statement without a resource is about the key; policy variables and escapes stay", b.Require, []rules.Template{
			`{"Effect":"Allow","Principal":{"AWS":"012345678901"},"Action":"kms:Describe*","Resource":"*",` +
				`"Condition":{"StringEquals":{"aws:PrincipalOrgID":"${OrganizationId}"}}}`,
		}},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.because, diff)
		}
	}
}

func TestHash(t *testing.T) {
	const more = `
repair: {sweep: true, from: low}
rules:
  - {name: a, match: {regions: [eu-west-1]}, mode: repair}
  - {name: b, match: {regions: [eu-west-2]}}
`
	before := read(t, least+more).Hash()
	tests := []struct {
		text, because string
		same          bool
	}{
		{"# why\n" + least + more + "# end\n", "comments do not count", true},
		{strings.ReplaceAll(least+more, "\n", "\r\n"), "line ends do not count", true},
		{"\uFEFF" + least + more, "a byte order mark does not count", true},
		{strings.Replace(more, "{sweep: true, from: low}", "\n  from: 'low'\n  sweep: true", 1) + least, "the order of keys, and style, do not count", true},
		{least + more + "mode: report\nexemptions: []\n", "what the default is need not be said", true},
		{least + strings.Replace(more, "name: a, match: {regions: [eu-west-1]}", "name: a, match: {regions: [eu-west-3]}", 1), "another Region is another configuration", false},
		{least + more + "deployment: {sweep: {every: 1h}, concurrency: 9, archive: {retentionDays: 400, objectLock: off}, notify: {mail: [a@example.com]}}\n", "no judgement reads the deployment", true},
		{least + "mode: repair" + more, "another mode is another configuration", false},
	}
	for _, test := range tests {
		if got := read(t, test.text).Hash(); (got == before) != test.same {
			t.Errorf("the same hash: %v, want %v, because %s", got == before, test.same, test.because)
		}
	}
	one := read(t, "version: 1\ndefault: a\nbaselines: {a: {style: api}, b: {style: console}}\n").Hash()
	if two := read(t, "version: 1\ndefault: a\nbaselines: {b: {style: console}, a: {style: api}}\n").Hash(); one != two {
		t.Error("the order of baselines counts, and it is an order of keys")
	}
}

func TestDurations(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "1h30m": 90 * time.Minute, "90m": 90 * time.Minute,
		"1d12h": 36 * time.Hour, "60s": time.Minute, `"36h"`: 36 * time.Hour, "168h": 7 * 24 * time.Hour,
	} {
		if got := read(t, least+"repair: {budget: {window: "+text+"}}").Repair.Budget.Window; got != want {
			t.Errorf("%s is %v, want %v", text, got, want)
		}
	}
}

func TestExamplesAreRead(t *testing.T) {
	for _, path := range examplePaths(t) {
		if _, err := config.Load(path); err != nil {
			t.Errorf("%v", err)
		}
	}
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	if _, err := config.Load(filepath.Join(folder, "guardrail.yaml")); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "there is no configuration file") {
		t.Errorf("a file that is not there: %v", err)
	}
	var problems *config.Errors
	if _, err := config.Load(folder); err == nil || errors.As(err, &problems) {
		t.Errorf("a folder: %v", err)
	}
	path := filepath.Join(folder, "long.yaml")
	if err := os.WriteFile(path, []byte(least+strings.Repeat("#\n", config.MaxBytes/2)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path); !errors.As(err, &problems) || err.Error() != path+": the file is longer than 1048576 bytes" {
		t.Errorf("a file that is too long: %v", err)
	}
}
