package app_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

const (
	admin  = "arn:aws:iam::111122223333:role/Admin"
	worker = "arn:aws:iam::111122223333:user/ops/Worker"
)

// getenv reads a made-up environment.
func getenv(environment map[string]string) func(string) string {
	return func(name string) string { return environment[name] }
}

func TestSettingsThatCanBeRead(t *testing.T) {
	report := guardrail.Yardstick{Mode: guardrail.Report, Style: defaultpolicy.API}
	with := func(change func(*guardrail.Yardstick)) guardrail.Yardstick {
		y := report
		change(&y)
		return y
	}
	console := func(administrators, users []string) guardrail.Yardstick {
		return with(func(y *guardrail.Yardstick) {
			y.Style, y.Administrators, y.Users = defaultpolicy.Console, administrators, users
		})
	}
	for _, row := range []struct {
		name        string
		environment map[string]string
		want        guardrail.Yardstick
		reason      string
	}{
		{"nothing", nil, report, "without settings nothing is written, and the one default that every key can have is asked for"},
		{"report", map[string]string{app.EnvMode: "report"}, report, ""},
		{"the kill switch", map[string]string{app.EnvMode: "repair", app.EnvModeMax: "report"}, report, "it lowers"},
		{"the kill switch cannot raise", map[string]string{app.EnvMode: "report", app.EnvModeMax: "repair"}, report, "it can only lower"},
		{"repair", map[string]string{app.EnvMode: "repair"}, with(func(y *guardrail.Yardstick) { y.Mode = guardrail.Repair }), "only when asked for"},
		{"api", map[string]string{app.EnvStyle: "api"}, report, ""},
		{"console for nobody", map[string]string{app.EnvStyle: "console"}, console(nil, nil), "the console default may name nobody"},
		{
			"administrators and users", map[string]string{app.EnvStyle: "console", app.EnvAdministrators: admin, app.EnvUsers: worker + "," + admin},
			console([]string{admin}, []string{worker, admin}), "a list is separated by commas",
		},
		{
			"blanks and empty entries", map[string]string{app.EnvStyle: "console", app.EnvAdministrators: " " + admin + " ,, " + worker + "\n,"},
			console([]string{admin, worker}, nil), "as people write lists",
		},
		{
			"another account uses the key", map[string]string{app.EnvStyle: "console", app.EnvUsers: "444455556666,arn:aws:iam::777788889999:root"},
			console(nil, []string{"444455556666", "arn:aws:iam::777788889999:root"}), "the console allows it",
		},
		{
			"another account in China", map[string]string{app.EnvStyle: "console", app.EnvUsers: "arn:aws-cn:iam::444455556666:root"},
			console(nil, []string{"arn:aws-cn:iam::444455556666:root"}), "the partition is that of the principals",
		},
		{
			"an account before the role that tells whose keys they are", map[string]string{app.EnvStyle: "console", app.EnvUsers: "444455556666," + worker},
			console(nil, []string{"444455556666", worker}), "order does not matter",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := app.Settings(getenv(row.environment))
			if err != nil {
				t.Fatalf("%v: %s", err, row.reason)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", row.reason, diff)
			}
		})
	}
}

func TestASettingThatCannotBeReadIsAnErrorThatNamesTheVariable(t *testing.T) {
	console := func(variable, value string) map[string]string {
		return map[string]string{app.EnvStyle: "console", variable: value}
	}
	for _, row := range []struct {
		name        string
		environment map[string]string
		says        []string
		reason      string
	}{
		{"an unknown mode", map[string]string{app.EnvMode: "enforce"}, []string{app.EnvMode, `"enforce"`, "report or repair"}, "no guess"},
		{"an unknown kill switch", map[string]string{app.EnvModeMax: "off"}, []string{app.EnvModeMax, `"off"`}, "whoever sets it means to stop something"},
		{"a mode in capitals", map[string]string{app.EnvMode: "REPAIR"}, []string{app.EnvMode, `"REPAIR"`}, "one spelling"},
		{"a mode with a blank", map[string]string{app.EnvMode: "repair "}, []string{app.EnvMode, `"repair "`}, "one spelling, and the message shows the blank"},
		{"an unknown style", map[string]string{app.EnvStyle: "cli"}, []string{app.EnvStyle, `"cli"`, "api or console"}, "no guess"},
		{"administrators of the API default", map[string]string{app.EnvAdministrators: admin}, []string{app.EnvAdministrators, app.EnvStyle + "=console"}, "it names nobody"},
		{"users of the API default", map[string]string{app.EnvStyle: "api", app.EnvUsers: admin}, []string{app.EnvUsers, app.EnvStyle + "=console"}, "it names nobody"},
		{"a name", console(app.EnvAdministrators, "Admin"), []string{app.EnvAdministrators, `"Admin"`, "ARN"}, "of which account?"},
		{"a second entry that is none", console(app.EnvUsers, worker+",x"), []string{app.EnvUsers, `"x"`}, "every entry is read"},
		{"other separators", console(app.EnvUsers, worker+" "+admin), []string{app.EnvUsers}, "not one long ARN"},
		{"a wildcard", console(app.EnvAdministrators, "arn:aws:iam::111122223333:role/*"), []string{app.EnvAdministrators, "wildcard"}, "KMS takes none"},
		{"everyone administers", console(app.EnvAdministrators, "*"), []string{app.EnvAdministrators, "everyone"}, "no default says that"},
		{"everyone uses", console(app.EnvUsers, "*"), []string{app.EnvUsers, "everyone"}, "no default says that"},
		{"an account administers", console(app.EnvAdministrators, "444455556666"), []string{app.EnvAdministrators, "an account cannot administer"}, "the console has no such choice"},
		{"a session", console(app.EnvUsers, "arn:aws:sts::111122223333:assumed-role/Admin/ana"), []string{app.EnvUsers, "session"}, "it ends"},
		{"a group", console(app.EnvUsers, "arn:aws:iam::111122223333:group/Ops"), []string{app.EnvUsers, "group"}, "KMS takes none"},
		{"a deleted role", console(app.EnvUsers, "AROA1234567890EXAMPLE"), []string{app.EnvUsers, "deleted"}, "KMS refuses it"},
		{
			"administrators of two accounts", console(app.EnvAdministrators, admin+",arn:aws:iam::444455556666:role/Admin"),
			[]string{app.EnvAdministrators, "another account"}, "no key has both",
		},
		{"a user of another partition", map[string]string{
			app.EnvStyle: "console", app.EnvAdministrators: admin, app.EnvUsers: "arn:aws-cn:iam::111122223333:user/Ana",
		}, []string{app.EnvUsers, "partition"}, "no key has both"},
		{"a partition that does not exist", console(app.EnvUsers, "arn:awz:iam::111122223333:user/Ana"), []string{app.EnvUsers, "awz"}, "the account's own ARN would name nobody"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := app.Settings(getenv(row.environment))
			if err == nil {
				t.Fatalf("no error: %s", row.reason)
			}
			for _, part := range row.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q: %s", err, part, row.reason)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q is more than a line", err)
			}
		})
	}
}

func TestABadSettingIsAnErrorAtTheStart(t *testing.T) {
	log := slog.New(slog.NewJSONHandler(&bytes.Buffer{}, nil))
	handler, err := app.NewEnforceWith(aws.Config{}, getenv(map[string]string{app.EnvMode: "no"}), log)
	if err == nil || handler != nil || !strings.Contains(err.Error(), "reading the settings: "+app.EnvMode) {
		t.Errorf("%v, %v", handler, err)
	}
}
