package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

func TestSettingsAreReadFromTheContext(t *testing.T) {
	plain := settings{Regions: []string{}, NotifyEmail: []string{}, ArchiveRetentionDays: 90, ObjectLock: config.Governance, ArchiveWriters: []string{}, ArchiveDeployers: []string{config.BootstrapRole}, Concurrency: 5, FunctionAsset: "build/enforce", SweepHours: 24, SweepAsset: "build/sweep"}
	with := func(change func(*settings)) settings {
		s := plain
		change(&s)
		return s
	}
	for _, row := range []struct {
		reason  string
		context map[string]any
		want    settings
	}{
		{"nothing chosen: the file in the working directory, if there is one", nil, plain},
		{"a file", map[string]any{"guardrail:config": "docs/x.yaml"}, with(func(s *settings) { s.Config = "docs/x.yaml" })},
		{"the kill switch", map[string]any{"guardrail:modeMax": "report"}, with(func(s *settings) { s.ModeMax = "report" })},
		{"an organization", map[string]any{"guardrail:organizationId": "o-a1b2c3d4e5"}, with(func(s *settings) { s.OrganizationID = "o-a1b2c3d4e5" })},
		{
			"units, as the command line has them", map[string]any{"guardrail:organizationalUnits": "ou-ab12-11111111, r-ab12"},
			with(func(s *settings) { s.OrganizationalUnits = []string{"ou-ab12-11111111", "r-ab12"} }),
		},
		{
			"units, as cdk.json has them", map[string]any{"guardrail:organizationalUnits": []any{"ou-ab12-11111111"}},
			with(func(s *settings) { s.OrganizationalUnits = []string{"ou-ab12-11111111"} }),
		},
		{
			"addresses, as the command line has them", map[string]any{"guardrail:notifyEmail": "ana@example.com, ops+kms@example.com"},
			with(func(s *settings) { s.NotifyEmail = []string{"ana@example.com", "ops+kms@example.com"} }),
		},
		{"days, as the command line has them", map[string]any{"guardrail:archiveRetentionDays": "365"}, with(func(s *settings) { s.ArchiveRetentionDays = 365 })},
		{"days, as cdk.json has them", map[string]any{"guardrail:archiveRetentionDays": 36500.0}, with(func(s *settings) { s.ArchiveRetentionDays = 36500 })},
		{"other code", map[string]any{"guardrail:functionAsset": "x"}, with(func(s *settings) { s.FunctionAsset = "x" })},
		{"another sweep", map[string]any{"guardrail:sweepHours": "1", "guardrail:sweepAsset": "y"}, with(func(s *settings) { s.SweepHours, s.SweepAsset = 1, "y" })},
		{"no sweep", map[string]any{"guardrail:sweepHours": 0.0}, with(func(s *settings) { s.SweepHours = 0 })},
		{"what is not ours is not looked at", map[string]any{"@aws-cdk/core:other": 1}, plain},
	} {
		t.Run(row.reason, func(t *testing.T) {
			got, err := readSettings(row.context, config.DefaultDeployment())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettingsRefuseWhatTheyCannotMean(t *testing.T) {
	for _, row := range []struct {
		reason string
		key    string
		value  any
		want   string
	}{
		{"a misspelt key must not become the default", "guardrail:configuration", "x.yaml", "context guardrail:configuration: no such setting; there are guardrail:config, "},
		{"an empty path is not the default", "guardrail:config", "", "want a string"},
		{"a boolean is no path", "guardrail:config", true, "want a string, got true"},
		{"nothing is raised to repair", "guardrail:modeMax", "repair", `want report, or leave it out; got "repair"`},
		{"a kill switch that is misspelt would not switch", "guardrail:modeMax", "Report", `got "Report"`},
		{"an account is no organization", "guardrail:organizationId", "111122223333", "want the id of an organization"},
		{"a name is no unit", "guardrail:organizationalUnits", "Security", "want ids of organizational units"},
		{"a trailing comma hides a forgotten unit", "guardrail:organizationalUnits", "r-ab12,", `got ""`},
		{"no unit is said by leaving it out", "guardrail:organizationalUnits", "", `got ""`},
		{"a number is no list", "guardrail:organizationalUnits", 3.0, "want a list, got 3"},
		{"a name is no address", "guardrail:notifyEmail", "security", "want addresses such as security@example.com"},
		{"nor is a name with an address", "guardrail:notifyEmail", "Ana <ana@example.com>", "want addresses"},
		{"a trailing comma hides a forgotten address", "guardrail:notifyEmail", "ana@example.com,", `got ""`},
		{"S3 has no retention of no days", "guardrail:archiveRetentionDays", "0", "from 1 to 36500, got 0"},
		{"nor of more than a hundred years", "guardrail:archiveRetentionDays", 36501.0, "from 1 to 36500"},
		{"nor of half a day", "guardrail:archiveRetentionDays", 0.5, "whole number of days"},
		{"a sweep is not switched off by a word", "guardrail:sweepHours", "off", "want a whole number of hours from 0 to 720, got off"},
		{"time does not go back", "guardrail:sweepHours", -1.0, "from 0 to 720"},
		{"a year is not a number of days", "guardrail:archiveRetentionDays", "1y", "got 1y"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			_, err := readSettings(map[string]any{row.key: row.value}, config.DefaultDeployment())
			if err == nil || !strings.Contains(err.Error(), "context "+row.key+": ") || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error of %s with %q", err, row.key, row.want)
			}
		})
	}
}

func TestSettingsNameEveryErrorAtOnce(t *testing.T) {
	_, err := readSettings(map[string]any{"guardrail:mode": "x", "guardrail:modeMax": "y"}, config.DefaultDeployment())
	for _, key := range []string{"guardrail:mode:", "guardrail:modeMax:"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("error %v does not name %s", err, key)
		}
	}
}
