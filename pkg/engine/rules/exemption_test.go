package rules_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

func TestWhatAnExemptionExcuses(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	soon := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) // the end of 31 December, 30 days away
	const partner, role = "444455556666", "arn:aws:iam::444455556666:role/backup"
	for _, row := range []struct {
		exemption  rules.Exemption
		code       string
		severity   rules.Severity
		principals []string
		want       bool
		reason     string
	}{
		{rules.Exemption{}, "foreign-access", rules.High, []string{role}, true, "without a list it excuses everything up to high"},
		{rules.Exemption{}, "undecided", rules.High, nil, true, "also what is not decided"},
		{rules.Exemption{}, "public-access", rules.Critical, nil, false, "critical is never excused in silence"},
		{rules.Exemption{Critical: true}, "public-access", rules.Critical, nil, false, "critical needs a list"},
		{rules.Exemption{Critical: true, Codes: []string{"public-access"}}, "public-access", rules.Critical, nil, true, "it is named, and the end is near"},
		{rules.Exemption{Critical: true, Codes: []string{"public-access"}, Expires: soon.AddDate(0, 0, 1)}, "public-access", rules.Critical, nil, false, "the end is more than 30 days away"},
		{rules.Exemption{Codes: []string{"public-access"}}, "public-access", rules.Critical, nil, false, "it does not say critical"},
		{rules.Exemption{Codes: []string{"foreign-access"}}, "service-access", rules.High, nil, false, "another code"},
		{rules.Exemption{Findings: []string{"0123456789abcdef"}}, "foreign-access", rules.High, nil, true, "the finding is named"},
		{rules.Exemption{Findings: []string{"fedcba9876543210"}}, "foreign-access", rules.High, nil, false, "another finding"},
		{rules.Exemption{Findings: []string{"0123456789abcdef"}, Codes: []string{"service-access"}}, "foreign-access", rules.High, nil, false, "each list must fit"},
		{rules.Exemption{Principals: []string{role}}, "foreign-access", rules.High, []string{role}, true, "the role is named"},
		{rules.Exemption{Principals: []string{"arn:aws:iam::444455556666:role/*"}}, "foreign-access", rules.High, []string{role}, true, "a pattern for names"},
		{rules.Exemption{Principals: []string{partner}}, "foreign-access", rules.High, []string{role}, true, "the whole account is"},
		{rules.Exemption{Principals: []string{partner}}, "foreign-access", rules.High, []string{"every principal of account 444455556666"}, true, "the whole account is"},
		{rules.Exemption{Principals: []string{partner}}, "account-access", rules.Medium, []string{"every other principal of account 444455556666 but its root user"}, true, "nearly the whole account is"},
		{rules.Exemption{Principals: []string{role}}, "foreign-access", rules.High, []string{"every principal of account 444455556666"}, false, "a role is not its account"},
		{rules.Exemption{Principals: []string{role}}, "foreign-access", rules.High, []string{role, "arn:aws:iam::777788889999:role/x"}, false, "one of them is another"},
		{rules.Exemption{Principals: []string{role}}, "public-access", rules.High, []string{role, "every principal of any other account"}, false, "nobody hides everybody behind a name"},
		{rules.Exemption{Principals: []string{"arn:aws:iam::444455556666:role/*"}}, "foreign-access", rules.High, []string{"roles such as arn:aws:iam::444455556666:role/x"}, false, "a group like an example is no principal"},
		{rules.Exemption{Principals: []string{role}}, "lint-dead-statement", rules.Low, nil, false, "the finding is about nobody"},
	} {
		if row.exemption.Expires.IsZero() {
			row.exemption.Expires = soon
		}
		if got := row.exemption.Excuses(row.code, "0123456789abcdef", row.severity, row.principals, now); got != row.want {
			t.Errorf("%+v excuses %s %s of %q: %v, want %v: %s", row.exemption, row.severity, row.code, row.principals, got, row.want, row.reason)
		}
	}
}

func TestAStatementIsPermittedUntilTheEndOfItsDay(t *testing.T) {
	end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	b := rules.Baseline{Name: "b", Permit: []rules.Template{"for good", "for a time", "for good as well"}, PermitUntil: []time.Time{{}, end}}
	if got := b.At(end.Add(-time.Nanosecond)); got != &b {
		t.Errorf("in its last moment %+v", got)
	}
	if got := b.At(end); !slices.Equal(got.Permit, []rules.Template{"for good", "for good as well"}) || len(got.PermitUntil) > 0 || len(b.Permit) != 3 {
		t.Errorf("after it %+v of %+v", got, b)
	}
}

func TestDatesThatAreTooFarAway(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	day := func(text string) time.Time {
		d, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return d.AddDate(0, 0, 1)
	}
	for _, row := range []struct {
		critical    bool
		expires     string
		until, want string // a part of the problem, "" for none
		reason      string
	}{
		{true, "2026-12-31", "", "", "30 days"},
		{true, "2027-01-01", "", "the last day can be 2026-12-31", "31 days"},
		{false, "2999-12-31", "", "", "what is not critical may be excused for long"},
		{false, "2026-12-31", "2027-12-01", "", "365 days"},
		{false, "2026-12-31", "2027-12-02", "the last day can be 2027-12-01", "366 days"},
		{false, "2026-12-31", "2020-01-01", "", "what is over harms nobody"},
	} {
		c := rules.DefaultConfiguration()
		c.Exemptions = []rules.Exemption{{Name: "e", Critical: row.critical, Codes: []string{"public-access"}, Expires: day(row.expires)}}
		if row.until != "" {
			c.Baselines[0].Permit, c.Baselines[0].PermitUntil = []rules.Template{"{}"}, []time.Time{day(row.until)}
		}
		found := c.CheckDates(now)
		if row.want == "" && len(found) > 0 || row.want != "" && (len(found) != 1 || !strings.Contains(found[0].Detail, row.want)) {
			t.Errorf("%+v, want %q: %s", found, row.want, row.reason)
		}
	}
}
