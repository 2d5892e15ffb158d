package app_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	admin = "arn:aws:iam::111122223333:role/Admin"
	// repairing is a configuration that repairs by the API default, except for one Region.
	repairing = "version: 1\nmode: repair\nbaselines: {strict: {style: api}}\nrules:\n  - {name: there, match: {regions: [eu-west-1]}, mode: repair}\n"
)

// getenv reads a made-up environment.
func getenv(environment map[string]string) func(string) string {
	return func(name string) string { return environment[name] }
}

// configured writes a configuration to a file and returns its path.
func configured(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), app.ConfigurationFile)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, path string) *rules.Configuration {
	t.Helper()
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSettingsThatCanBeRead(t *testing.T) {
	file := configured(t, repairing)
	other := configured(t, "version: 1\nbaselines: {other: {style: api}}\n")
	plain := app.Settings{Configuration: rules.DefaultConfiguration(), Concurrency: 1}
	with := func(change func(*app.Settings)) app.Settings {
		s := plain
		change(&s)
		return s
	}
	of := func(c *rules.Configuration) app.Settings {
		return with(func(s *app.Settings) { s.Configuration = c })
	}
	for _, row := range []struct {
		reason      string
		environment map[string]string
		folder      string
		want        app.Settings
	}{
		{"without settings nothing is written", nil, t.TempDir(), plain},
		{"a configuration beside the binary counts", nil, filepath.Dir(file), of(load(t, file))},
		{"one that is named counts before it", map[string]string{app.EnvConfig: other}, filepath.Dir(file), of(load(t, other))},
		{"the kill switch lowers every rule", map[string]string{app.EnvConfig: file, app.EnvModeMax: "report"}, "", of(load(t, file).ReportOnly())},
		{"it cannot raise", map[string]string{app.EnvConfig: other, app.EnvModeMax: "repair"}, "", of(load(t, other))},
		{
			"everything else", map[string]string{
				app.EnvArchiveBucket: "archive", app.EnvAccount: "012345678901", app.EnvRole: admin, app.EnvConcurrency: "5",
				app.EnvFindingsTopic:  "arn:aws:sns:us-east-1:012345678901:findings",
				app.EnvOrganizationID: "o-a1b2c3d4e5", app.EnvOrganizationalUnits: " ou-ab12-11111111,, r-ab12\n",
			}, t.TempDir(), with(func(s *app.Settings) {
				s.ArchiveBucket, s.Account, s.Role, s.Concurrency = "archive", "012345678901", admin, 5
				s.FindingsTopic = "arn:aws:sns:us-east-1:012345678901:findings"
				s.OrganizationID, s.OrganizationalUnits = "o-a1b2c3d4e5", []string{"ou-ab12-11111111", "r-ab12"}
			}),
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got, err := app.ReadSettings(getenv(row.environment), row.folder)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A setting that is passed over in silence is found when it is too late.
func TestASettingThatCannotBeReadIsAnErrorThatNamesTheVariable(t *testing.T) {
	for _, row := range []struct {
		variable, value, says, reason string
	}{
		{app.EnvModeMax, "off", "it must be report", "whoever sets it means to stop something"},
		{app.EnvModeMax, "REPORT", "it must be report", "one spelling"},
		{app.EnvModeMax, "report ", "it must be report", "one spelling, and the message shows the blank"},
		{app.EnvAccount, "12345678901", "an account id of twelve digits", "no key would be its"},
		{app.EnvRole, "kms-guardrail", "the ARN of a role", "of which account?"},
		{app.EnvRole, "arn:aws:iam::111122223333:user/Ana", "the ARN of a role", "a function has a role"},
		{app.EnvRole, "arn:aws:sts::111122223333:assumed-role/Admin/ana", "the ARN of a role", "a session ends"},
		{app.EnvFindingsTopic, "findings", "the ARN of a standard SNS topic", "of which account?"},
		{app.EnvFindingsTopic, "arn:aws:sns:us-east-1:111122223333:findings.fifo", "the ARN of a standard SNS topic", "nobody can have mail from it"},
		{app.EnvFindingsTopic, "arn:aws:sqs:us-east-1:111122223333:findings", "the ARN of a standard SNS topic", "nobody would hear of anything"},
		{app.EnvConcurrency, "0", "a number from 1", "nobody would write"},
		{app.EnvConcurrency, "many", "a number from 1", "no guess"},
	} {
		t.Run(row.variable+"="+row.value, func(t *testing.T) {
			_, err := app.ReadSettings(getenv(map[string]string{row.variable: row.value}), t.TempDir())
			if err == nil {
				t.Fatalf("no error: %s", row.reason)
			}
			for _, part := range []string{row.variable + ` is "` + row.value + `"`, row.says} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q: %s", err, part, row.reason)
				}
			}
		})
	}
}

func TestWhatTheDeploymentSetMustBeThere(t *testing.T) {
	for _, row := range []struct {
		reason, file string
		environment  map[string]string
		says         string
	}{
		{"all are there", `["GUARDRAIL_ACCOUNT"]`, map[string]string{app.EnvAccount: "012345678901"}, ""},
		{"nothing is required", `[]`, nil, ""},
		{"one is missing", `["ARCHIVE_BUCKET","GUARDRAIL_ACCOUNT"]`, map[string]string{app.EnvAccount: "012345678901"}, "the environment lacks ARCHIVE_BUCKET, which"},
		{"one is empty, which Lambda permits", `["ARCHIVE_BUCKET"]`, map[string]string{app.EnvArchiveBucket: ""}, "the environment lacks ARCHIVE_BUCKET, which"},
		{"a list that cannot be read requires what nobody knows", `ARCHIVE_BUCKET`, nil, "must be a JSON array of the names"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, app.EnvironmentFile), []byte(row.file), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := app.ReadSettings(getenv(row.environment), folder)
			if (row.says == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want %q", err, row.says)
			}
		})
	}
}

func TestAConfigurationThatCannotBeReadIsAnErrorWithItsPlace(t *testing.T) {
	broken := configured(t, "version: 1\nmode: repiar\nbaselines: {a: {style: api}}\n")
	var problems *config.Errors
	for name, read := range map[string]func() (app.Settings, error){
		"named": func() (app.Settings, error) {
			return app.ReadSettings(getenv(map[string]string{app.EnvConfig: broken}), "")
		},
		"beside the binary": func() (app.Settings, error) { return app.ReadSettings(getenv(nil), filepath.Dir(broken)) },
	} {
		if _, err := read(); !errors.As(err, &problems) || err.Error() != broken+":2:7: unknown mode `repiar`; did you mean `repair`?" {
			t.Errorf("%s: %v", name, err)
		}
	}
	missing := filepath.Join(t.TempDir(), "guardrail.yaml")
	if _, err := app.ReadSettings(getenv(map[string]string{app.EnvConfig: missing}), ""); err == nil || !strings.Contains(err.Error(), "there is no configuration file "+missing) {
		t.Errorf("a file that is named and not there: %v", err)
	}
}
