package guardrail_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// readLines decodes a file of JSON lines.
func readLines[T any](t *testing.T, name string) []T {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	for text := range bytes.Lines(text) {
		var line T
		if err := json.Unmarshal(text, &line); err != nil {
			t.Fatal(err)
		}
		list = append(list, line)
	}
	return list
}

// ofOrganization is the configuration without a file, for an account whose organization is known.
func ofOrganization() *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Organization.ID = "o-a1b2c3d4e5"
	return c
}

// TestTroubleCasesOfPeople judges policies of public questions and bug reports. Each has the
// right answer in words; here it is the worst severity, and a code that must be there.
func TestTroubleCasesOfPeople(t *testing.T) {
	want := map[string]struct {
		severity rules.Severity
		code     guardrail.Code
	}{
		"t01-default-root":             {rules.NoSeverity, ""},
		"t02-star-describekey":         {rules.Medium, guardrail.CodePublicAccess},
		"t03-star-caller-via":          {rules.NoSeverity, ""},
		"t06-caller-star":              {rules.Low, "lint-dead-statement"},
		"t08-star-principalarn":        {rules.Info, ""},
		"t10-root-user-only":           {rules.Medium, guardrail.CodeAccountStatementMissing},
		"t12c-wrong-resource":          {rules.Low, "lint-dead-statement"},
		"t13-aroa":                     {rules.Low, "lint-dead-principal"},
		"t15-reencrypt-typo":           {rules.Low, "lint-unknown-action"},
		"t18-control-tower":            {rules.Medium, guardrail.CodeServiceAccess},
		"t19-lza-central-logs":         {rules.High, guardrail.CodeServiceAccess},
		"t24-creategrant-open":         {rules.NoSeverity, ""},                    // a named role, so it is for the baseline, which permits grants to administrators
		"t24b-role-kms-star":           {rules.Info, guardrail.CodeAccountAccess}, // only what no symmetric key can do is beyond the default
		"t25-secrets-xacct":            {rules.High, guardrail.CodeForeignAccess},
		"t28-service-other-region":     {rules.High, "lint-foreign-region-principal"}, // the comparison does not know that the service calls in its Region only
		"t30-equals-wildcard":          {rules.Low, "lint-dead-statement"},
		"t31b-viaservice-other-region": {rules.Low, "lint-dead-statement"},
		"t32b-deny-outside-org-good":   {rules.Info, guardrail.CodeHardeningDeny},
		"t33-cdk-bootstrap-key":        {rules.Low, guardrail.CodeAccessMissing},
		"t35-enclave":                  {rules.NoSeverity, ""},
		"t37-admin-in-other-account":   {rules.Critical, guardrail.CodeForeignAccess},
		"t39-sourceaccount-on-role":    {rules.Info, ""},
		"t41-sourceorgpaths":           {rules.Medium, guardrail.CodeServiceAccess},
	}
	cases := readLines[struct {
		Name, Right string
		Statements  json.RawMessage
	}](t, "field-cases.jsonl")
	if len(cases) != len(want) {
		t.Errorf("%d cases, %d answers", len(cases), len(want))
	}
	for _, c := range cases {
		text := `{"Version":"2012-10-17","Statement":` + string(c.Statements) + `}`
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy}, ofOrganization(), now)
		row := want[c.Name]
		has := slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool { return f.Code == row.code })
		if j.Severity != row.severity || row.code != "" && !has {
			t.Errorf("%s: %s, want %s with %q: %s: %+v", c.Name, j.Severity, row.severity, row.code, c.Right, j.Findings)
		}
	}
}

// TestAttacks judges policies by which somebody could get at a key. Where the table of
// severities says something else than the attack's own answers, the reason stands here.
func TestAttacks(t *testing.T) {
	const (
		wholeAccount = "direct access of a whole account is not compliant: people and roles are to be named"
		administer   = "administration is worse than use"
		undecided    = "it is not decided, so it cannot be judged; high all the same"
	)
	otherwise := map[string]struct{ severity, reason string }{
		"e13 deny filter acct":              {"high", wholeAccount},
		"e16 deny filter arnnotlike":        {"high", wholeAccount},
		"e22 deny ForAllValues not acct":    {"high", wholeAccount},
		"e28 key case":                      {"medium", wholeAccount},
		"k07 CallerAccount own":             {"medium", wholeAccount},
		"e18 deny filter orgID own unknown": {"critical", administer},
		"e21 deny ForAnyValue account":      {"critical", administer},
		"e37 lambda edge old service":       {"critical", administer},
		"e57 foreign, SLR of own":           {"critical", administer},
		"e58 foreign + undecided own":       {"critical", administer},
		"e38 describe only public":          {"medium", "metadata is no use"},
		"k14 SourceArn own svc":             {"compliant", "a service that is bound to the account is permitted without a file"},
		"s14 grantee service own role":      {"compliant", "what a named role may do is for the baseline, and that permits grants to administrators"},
		"p07 SAML":                          {"low", "no request to KMS has such a principal"},
		"e70 lockout resource aliases":      {"low", "KMS refuses the policy"},
		"e71 lockout ResourceTag":           {"low", "KMS refuses the policy"},
		"e45 role of own in other case":     {"high", "KMS refuses the policy, which cannot be read"},
		"d20 account statement w/ var":      {"high", undecided},
		"v08 2008 version var":              {"high", "that no user id is like this is not known"},
	}
	for _, a := range readLines[struct {
		Name, Why string
		Expect    []string
		Policy    json.RawMessage
	}](t, "attacks.jsonl") {
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: string(a.Policy), Evidence: guardrail.LivePolicy}, rules.DefaultConfiguration(), now)
		got := []string{string(j.Severity)}
		if j.Verdict == guardrail.Compliant {
			got = append(got, "compliant")
		}
		expect := a.Expect
		if other, ok := otherwise[a.Name]; ok {
			if slices.ContainsFunc(got, func(s string) bool { return slices.Contains(expect, s) }) {
				t.Errorf("%s is as it should be; it needs no exception", a.Name)
			}
			expect = []string{other.severity}
		}
		if !slices.ContainsFunc(got, func(s string) bool { return slices.Contains(expect, s) }) {
			t.Errorf("%s: %s %s, want %v: %s: %+v", a.Name, j.Verdict, j.Severity, expect, a.Why, j.Findings)
		}
	}
}
