package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// infra spells the names and values of the function's environment itself, because it
// imports nothing of what runs there; this test may, and reads them as the function does.
func TestFunctionReadsTheSettingsAsTheyWereMeant(t *testing.T) {
	const admin, user = "arn:aws:iam::111122223333:role/ops/KeyAdmin", "arn:aws:iam::111122223333:user/ann@example.com"
	const partner = "arn:aws:iam::444455556666:root"
	for _, row := range []struct {
		reason  string
		context map[string]any
		want    guardrail.Yardstick
	}{
		{"the default of a deployment is harmless", nil, guardrail.Yardstick{Mode: guardrail.Report, Style: defaultpolicy.API}},
		{
			"each default, said aloud", map[string]any{"guardrail:mode": string(ModeReport), "guardrail:style": string(StyleAPI)},
			guardrail.Yardstick{Mode: guardrail.Report, Style: defaultpolicy.API},
		},
		{"a choice of the mode only", map[string]any{"guardrail:mode": string(ModeRepair)}, guardrail.Yardstick{Mode: guardrail.Repair, Style: defaultpolicy.API}},
		{"a choice of the style only", map[string]any{"guardrail:style": string(StyleConsole)}, guardrail.Yardstick{Mode: guardrail.Report, Style: defaultpolicy.Console}},
		{
			"administrators and users are not mixed up, and keep their order",
			map[string]any{
				"guardrail:mode": string(ModeRepair), "guardrail:style": string(StyleConsole),
				"guardrail:administrators": admin, "guardrail:users": user + ", " + partner + "," + admin,
			},
			guardrail.Yardstick{
				Mode: guardrail.Repair, Style: defaultpolicy.Console,
				Administrators: []string{admin}, Users: []string{user, partner, admin},
			},
		},
		{
			"as a list of JSON", map[string]any{"guardrail:style": string(StyleConsole), "guardrail:administrators": []any{admin, user}},
			guardrail.Yardstick{Mode: guardrail.Report, Style: defaultpolicy.Console, Administrators: []string{admin, user}},
		},
	} {
		t.Run(row.reason, func(t *testing.T) {
			settings, err := readSettings(row.context)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, understood(t, settings.environment())); diff != "" {
				t.Errorf("the function understands (-want +got):\n%s", diff)
			}
		})
	}
}

// understood reads an environment as the function does, which has to read all of it.
func understood(t *testing.T, environment map[string]string) guardrail.Yardstick {
	t.Helper()
	asked := map[string]bool{}
	yardstick, err := app.Settings(func(name string) string {
		asked[name] = true
		return environment[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range environment {
		if !asked[name] {
			t.Errorf("the function does not read %s", name)
		}
	}
	return yardstick
}

func TestSettingsRefuseWhatTheyCannotMean(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/KeyAdmin"
	console := func(key string, value any) map[string]any {
		return map[string]any{"guardrail:style": "console", key: value}
	}
	var many []any
	for i := range 100 {
		many = append(many, fmt.Sprintf("arn:aws:iam::111122223333:role/service/team-%03d", i))
	}
	for _, row := range []struct {
		reason  string
		context map[string]any
		want    string
	}{
		{"an unknown mode is not report", map[string]any{"guardrail:mode": "Repair"}, `context guardrail:mode: want report or repair, got "Repair"`},
		{"an empty mode is not the default", map[string]any{"guardrail:mode": ""}, "context guardrail:mode: want a string"},
		{"a boolean is not a mode", map[string]any{"guardrail:mode": true}, "context guardrail:mode: want a string, got true"},
		{"a misspelt key must not become the default", map[string]any{"guardrail:modus": "repair"}, "context guardrail:modus: no such setting"},
		{"the API default has nobody to name", map[string]any{"guardrail:users": role}, "context guardrail:style: the API default names no administrators or users"},
		{"a wildcard is no principal of a key policy", console("guardrail:administrators", "arn:aws:iam::111122223333:role/*"), "is not the ARN"},
		{"a session is not what the console names", console("guardrail:users", "arn:aws:sts::111122223333:assumed-role/R/s"), "is not the ARN"},
		{"a group is no principal", console("guardrail:users", "arn:aws:iam::111122223333:group/g"), "is not the ARN"},
		{"an account is not an administrator", console("guardrail:administrators", "arn:aws:iam::111122223333:root"), "is not the ARN"},
		{"a comma in a name would be cut in two", console("guardrail:users", []any{"arn:aws:iam::111122223333:role/a,b"}), "comma"},
		{"a trailing comma hides a forgotten name", console("guardrail:users", role+","), `"" is not the ARN`},
		{"twice is a slip", console("guardrail:users", role+","+role), "listed twice"},
		{"a number is no list", console("guardrail:users", 3.0), "want a list of ARNs"},
		{"Lambda would refuse the deployment later", console("guardrail:users", many), "Lambda allows 4096"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			_, err := readSettings(row.context)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
}

func TestSettingsNameEveryErrorAtOnce(t *testing.T) {
	_, err := readSettings(map[string]any{"guardrail:mode": "x", "guardrail:style": "y", "@aws-cdk/core:other": 1})
	for _, key := range []string{"guardrail:mode", "guardrail:style"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("error %v does not name %s", err, key)
		}
	}
}

func TestPrincipalsOfEveryPartitionAreAccepted(t *testing.T) {
	for _, arn := range []string{
		"arn:aws:iam::111122223333:user/ann@example.com",
		"arn:aws-cn:iam::111122223333:role/path/KeyAdmin",
		"arn:aws-us-gov:iam::111122223333:role/aws-reserved/sso.amazonaws.com/us-gov-west-1/AWSReservedSSO_A_0123",
	} {
		s, err := readSettings(map[string]any{"guardrail:style": "console", "guardrail:administrators": arn})
		if err != nil || len(s.Administrators) != 1 {
			t.Errorf("%s: %v, %v", arn, s.Administrators, err)
		}
	}
}

func TestMissingBundleSaysHowToBuildIt(t *testing.T) {
	err := requireBundle(t.TempDir())
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "make build") {
		t.Errorf("got %v, want a missing file and the command that makes it", err)
	}
	if err := requireBundle(bundle(t)); err != nil {
		t.Errorf("a folder with bootstrap: %v", err)
	}
}
