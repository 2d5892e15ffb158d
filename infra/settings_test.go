package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

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
