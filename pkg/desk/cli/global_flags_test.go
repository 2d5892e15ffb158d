package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

func TestFlagsThatCannotApplyAreErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	readers := "which reads no configuration; check, config explain, config prevent, config validate, permit, replay, restore, scan do (see kmsguard "
	judges := "which judges nothing; check, config explain, permit, replay, restore, scan do (see kmsguard "
	callers := "which calls no AWS; check, config explain, history, pause, permit, redrive, replay, restore, resume, scan do (see kmsguard "
	tests := []struct {
		because string
		args    []string
		err     string
	}{
		{"the demo has its own configuration", []string{"demo", "--config", "x"}, "--config says nothing to kmsguard demo, " + readers + "demo --help)"},
		{"a default is AWS's", []string{"default", "--account", account, "--config", "x"}, "kmsguard default, " + readers},
		{"a version is none of it", []string{"--config", "x", "version"}, "kmsguard version, " + readers},
		{"two policies need no third", []string{"diff", "--config", "x", "a", "b"}, "kmsguard diff, " + readers},
		{"nor does one request", []string{"eval", "--config", "x", "a", "b"}, "kmsguard eval, " + readers},
		{"a generated default is recognised without one", []string{"identify", "--config", "x", "--account", account, "a"}, "kmsguard identify, " + readers},
		{"the archive is what it is", []string{"history", "--config", "x", "--key-id", "a"}, "kmsguard history, " + readers},
		{"a default is generated here", []string{"default", "--account", account, "--profile", "p"}, "--profile says nothing to kmsguard default, " + callers + "default --help)"},
		{"embedded AWS has its own endpoint", []string{"demo", "--endpoint-url", "http://x"}, "--endpoint-url says nothing to kmsguard demo, " + callers},
		{"two files are of no Region", []string{"diff", "--region", "us-east-1", "a", "b"}, "--region says nothing to kmsguard diff, " + callers},
		{"a request names its own", []string{"eval", "--region", "us-east-1", "a", "b"}, "--region says nothing to kmsguard eval, " + callers},
		{"identify reads a file", []string{"identify", "--profile", "p", "--account", account, "a"}, "--profile says nothing to kmsguard identify, " + callers},
		{"a configuration is a file", []string{"config", "validate", "--profile", "p"}, "--profile says nothing to kmsguard config validate, " + callers},
		{"a schema needs no AWS", []string{"config", "schema", "--profile", "p"}, "--profile says nothing to kmsguard config schema, " + callers},
		{"a version needs no AWS", []string{"version", "--region", "us-east-1"}, "--region says nothing to kmsguard version, " + callers},
		{"nor does completion", []string{"completion", "bash", "--profile", "p"}, "--profile says nothing to kmsguard completion, " + callers},
		{"a file is not fetched", []string{"check", "--default-config", "--account", account, "--profile", "p", "a"}, "--profile says how AWS is called, and without --key-id it is not called; leave it out (see kmsguard check --help)"},
		{"nor is a key that is described", []string{"config", "explain", "--account", account, "--endpoint-url", "http://x"}, "--endpoint-url says how AWS is called, and without --key-id"},
		{"two files are judged by each other", []string{"diff", "--default-config", "a", "b"}, "--default-config says nothing to kmsguard diff, " + judges},
		{"a file to check is named", []string{"config", "validate", "--default-config"}, "--default-config says nothing to kmsguard config validate, " + judges},
		{"an archive is only read", []string{"history", "--default-config", "--key-id", "a"}, "--default-config says nothing to kmsguard history, " + judges},
		{"one configuration counts", []string{"check", "--default-config", "--config", "x", "--account", account, "a"}, "--config names a configuration, and --default-config asks for the built-in one; give one of them (see kmsguard check --help)"},
		{"a schema is that of every file", []string{"config", "schema", "--config", "x"}, "kmsguard config schema, " + readers},
		{"an unknown command is told first", []string{"--config", "x", "chekc"}, `unknown command "chekc"; did you mean check?`},
		{"a Region is checked before it is called", []string{"history", "--region", "us-east-1/", "--key-id", "a"}, `--region: "us-east-1/" is not a Region`},
		{"a number is one", []string{"history", "--limit", "foo"}, `--limit: "foo" is not a whole number (see kmsguard history --help)`},
		{"so is a truth value", []string{"restore", "--yes=foo", "a"}, `--yes: "foo" is not true or false (see kmsguard restore --help)`},
		{"an id is checked before AWS is asked", []string{"restore", "--organizational-unit", "foo", "a"}, `--organizational-unit: "foo" is not the id of a unit or root`},
		{"also beside a live key", []string{"config", "explain", "--key-id", "a", "--organization-id", "foo"}, `--organization-id: "foo" is not the id of an organization`},
		{"an account is checked before it is explained", []string{"config", "explain", "--account", "12"}, `--account: "12" is not an account id of twelve digits`},
		{"an event is read once", []string{"replay", "-", "-"}, "only one of the files can be standard input (see kmsguard replay --help)"},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			got := kmsguard(t, "", test.args...)
			got.check(t, exitError, "", test.err)
			if strings.Contains(got.err, "strconv") {
				t.Errorf("it speaks Go: %s", got.err)
			}
		})
	}
}

// TestTheOrderOfConfigurations: --config, the environment, the working directory.
func TestTheOrderOfConfigurations(t *testing.T) {
	t.Chdir(t.TempDir())
	named := func(name string) string { return "version: 1\nbaselines: {" + name + ": {style: api}}\n" }
	if err := os.WriteFile(configFile, []byte(named("here")), 0o600); err != nil {
		t.Fatal(err)
	}
	environment, flag, policyFile := write(t, "e.yaml", named("environment")), write(t, "f.yaml", named("flag")), write(t, "policy.json", accountPolicy)
	check := func(want string, flags ...string) {
		t.Helper()
		kmsguard(t, "", append([]string{"check", "--account", account, policyFile}, flags...)...).check(t, exitFine, "  baseline  "+want+"\n", "")
		kmsguard(t, "", append([]string{"config", "explain", "--account", account}, flags...)...).check(t, exitFine, "baseline   "+want+": ", "")
		kmsguard(t, "", append([]string{"config", "validate"}, flags...)...).check(t, exitFine, "baselines: "+want+" (", "")
	}
	check("here")
	t.Setenv(app.EnvConfig, environment)
	check("environment")
	check("flag", "--config", flag)
	kmsguard(t, "", "config", "validate", flag).check(t, exitFine, "baselines: flag (", "") // a file that is named is meant
	t.Setenv(app.EnvConfig, "nowhere.yaml")
	kmsguard(t, "", "check", "--account", account, policyFile).check(t, exitError, "", "there is no configuration file nowhere.yaml")
	kmsguard(t, "", "restore", "--archive", "b", "a").check(t, exitError, "", "there is no configuration file nowhere.yaml")
}

func TestFixedValuesAreCompletedWithoutFiles(t *testing.T) {
	for _, words := range []string{"default --key-usage", "identify --key-usage", "check --key-usage", "config explain --key-usage", "check --fail-on", "check --output"} {
		args := append([]string{"__complete"}, strings.Fields(words)...)
		got := kmsguard(t, "", append(args, "")...)
		if !strings.HasSuffix(got.out, "\n:4\n") { // cobra.ShellCompDirectiveNoFileComp
			t.Errorf("%s completes\n%s", words, got.out)
		}
	}
}
