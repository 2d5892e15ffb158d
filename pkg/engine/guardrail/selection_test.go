package guardrail_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// labelled is a key's labels, both known.
func labelled(alias string, tags map[string]string) guardrail.Labels {
	l := guardrail.Labels{Aliases: []string{}, Tags: tags}
	if alias != "" {
		l.Aliases = append(l.Aliases, alias)
	}
	if l.Tags == nil {
		l.Tags = map[string]string{}
	}
	return l
}

func inUnits(units ...string) guardrail.Key {
	k := symmetric
	k.OrganizationalUnits = append([]string{}, units...)
	return k
}

func TestTheFirstRuleThatMatchesCounts(t *testing.T) {
	c := guardrail.DefaultConfiguration()
	for _, name := range []string{"strict", "loose"} {
		b := guardrail.DefaultBaseline()
		b.Name = name
		c.Baselines = append(c.Baselines, b)
	}
	tests := []struct {
		match  guardrail.Match
		key    guardrail.Key
		labels guardrail.Labels
		want   string // rule
		why    string
	}{
		{guardrail.Match{}, symmetric, guardrail.Labels{}, "r", "an empty match fits every key"},
		{guardrail.Match{Accounts: []string{foreign, account}}, symmetric, guardrail.Labels{}, "r", "one of a list is enough"},
		{guardrail.Match{Accounts: []string{foreign}}, symmetric, guardrail.Labels{}, "default", "another account"},
		{guardrail.Match{Regions: []string{"us-east-1"}}, symmetric, guardrail.Labels{}, "r", "the Region"},
		{guardrail.Match{Regions: []string{"eu-west-1"}}, symmetric, guardrail.Labels{}, "default", "another Region"},
		{guardrail.Match{KeySpecs: []defaultpolicy.KeySpec{defaultpolicy.HMAC256}}, hmac, guardrail.Labels{}, "r", "the key spec"},
		{guardrail.Match{KeySpecs: []defaultpolicy.KeySpec{defaultpolicy.HMAC256}}, symmetric, guardrail.Labels{}, "default", "another key spec"},
		{guardrail.Match{KeyUsages: []defaultpolicy.KeyUsage{defaultpolicy.GenerateVerifyMAC}}, hmac, guardrail.Labels{}, "r", "the key usage"},
		{guardrail.Match{Origins: []defaultpolicy.Origin{defaultpolicy.External}}, symmetric, guardrail.Labels{}, "default", "another origin"},
		{guardrail.Match{Aliases: []string{"alias/pay*"}}, symmetric, labelled("alias/payments", nil), "r", "an alias by pattern"},
		{guardrail.Match{Aliases: []string{"alias/pay"}}, symmetric, labelled("alias/payments", nil), "default", "a pattern is for the whole alias"},
		{guardrail.Match{Aliases: []string{"alias/*"}}, symmetric, labelled("", nil), "default", "no alias is known not to fit"},
		{guardrail.Match{Tags: map[string]string{"team": "pay?ents"}}, symmetric, labelled("", map[string]string{"team": "payments"}), "r", "a tag by pattern"},
		{guardrail.Match{Tags: map[string]string{"team": "*", "env": "prod"}}, symmetric, labelled("", map[string]string{"team": "payments"}), "default", "all tags must be there"},
		{guardrail.Match{OrganizationalUnits: []string{"ou-1"}}, inUnits("r-1", "ou-1"), guardrail.Labels{}, "r", "one of the units above the account"},
		{guardrail.Match{OrganizationalUnits: []string{"ou-1"}}, inUnits(), guardrail.Labels{}, "default", "an account in no unit"},
		{guardrail.Match{Accounts: []string{account}, Regions: []string{"eu-west-1"}}, symmetric, guardrail.Labels{}, "default", "every field must fit"},
		{guardrail.Match{Accounts: []string{foreign}, Tags: map[string]string{"a": "b"}}, symmetric, guardrail.Labels{}, "default", "what is known not to fit counts before unknown tags"},
	}
	for _, test := range tests {
		c.Rules = []guardrail.Rule{{Name: "r", Match: test.match, Baseline: "strict"}, {Name: "never", Match: guardrail.Match{Accounts: []string{"999999999999"}}, Baseline: "loose"}}
		got := c.Select(test.key, test.labels, now)
		want := map[string]string{"r": "strict", "default": "default"}[test.want]
		if got.RuleName() != test.want || got.Baseline == nil || got.Baseline.Name != want {
			t.Errorf("rule %s, baseline %+v, want rule %s: %s; %q", got.RuleName(), got.Baseline, test.want, test.why, got.Why)
		}
		if len(got.Why) == 0 {
			t.Errorf("no reason is given: %s", test.why)
		}
	}
}

func TestARuleThatMayMatchLeavesTheKeyUnjudged(t *testing.T) {
	c := configured(func(*guardrail.Baseline) {})
	for name, match := range map[string]guardrail.Match{
		"aliases": {Aliases: []string{"alias/*"}}, "tags": {Tags: map[string]string{"a": "b"}}, "organizational units": {OrganizationalUnits: []string{"ou-1"}},
	} {
		c.Rules = []guardrail.Rule{{Name: "r", Match: match}}
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(accountStatement), Evidence: guardrail.LivePolicy}, c, now)
		if j.Verdict != guardrail.CannotJudge || j.Findings[0].Code != guardrail.CodeRuleUndecided || !strings.Contains(j.Findings[0].Message, name) || j.Decision.Repair {
			t.Errorf("%s are not known: %+v", name, j)
		}
	}
}

// exemption is one for all keys of the account, until a moment.
func exemption(change func(*guardrail.Exemption)) guardrail.Exemption {
	e := guardrail.Exemption{
		Name: "migration", Owner: "team payments", Reason: "moves out in January",
		Match: guardrail.Match{Accounts: []string{account}}, Expires: now.Add(time.Hour),
	}
	change(&e)
	return e
}

func TestAnExemptionHoldsUntilItExpires(t *testing.T) {
	public := document(accountStatement, statement("Allow", everyone, "kms:Decrypt"))
	for _, row := range []struct {
		exemption guardrail.Exemption
		labels    guardrail.Labels
		policy    string
		verdict   guardrail.Verdict
		code      guardrail.Code // one that is among the findings
		reason    string
	}{
		{exemption(func(*guardrail.Exemption) {}), guardrail.Labels{}, public, guardrail.Exempt, guardrail.CodePublicAccess, "what it is exempt from is listed"},
		{exemption(func(*guardrail.Exemption) {}), guardrail.Labels{}, "{", guardrail.Exempt, guardrail.CodeMalformedPolicy, "the key is exempt, whatever is wrong"},
		{exemption(func(e *guardrail.Exemption) { e.Expires = now }), guardrail.Labels{}, public, guardrail.NonCompliant, guardrail.CodeExemptionExpired, "the first moment without effect"},
		{exemption(func(e *guardrail.Exemption) { e.Expires = now }), guardrail.Labels{}, document(accountStatement), guardrail.Compliant, guardrail.CodeExemptionExpired, "an expired one makes nothing worse"},
		{exemption(func(e *guardrail.Exemption) { e.Match.Accounts = []string{foreign} }), guardrail.Labels{}, public, guardrail.NonCompliant, guardrail.CodePublicAccess, "another account's"},
		{
			exemption(func(e *guardrail.Exemption) {
				e.Match = guardrail.Match{Keys: []string{"1234abcd-12ab-34cd-56ef-1234567890ab"}}
			}),
			guardrail.Labels{}, public, guardrail.Exempt, guardrail.CodePublicAccess, "by key id",
		},
		{exemption(func(e *guardrail.Exemption) { e.Match = guardrail.Match{Keys: []string{symmetric.ARN}} }), guardrail.Labels{}, public, guardrail.Exempt, guardrail.CodePublicAccess, "by key ARN"},
		{exemption(func(e *guardrail.Exemption) { e.Match = guardrail.Match{Keys: []string{"90ab"}} }), guardrail.Labels{}, public, guardrail.NonCompliant, guardrail.CodePublicAccess, "the end of an id is no id"},
		{
			exemption(func(e *guardrail.Exemption) { e.Match = guardrail.Match{Tags: map[string]string{"exempt": "yes"}} }),
			labelled("", map[string]string{"exempt": "yes"}), document(accountStatement), guardrail.Exempt, guardrail.CodeExemptByTag, "every use of a tag is told",
		},
		{
			exemption(func(e *guardrail.Exemption) {
				e.Name, e.Match = "off", guardrail.Match{Tags: map[string]string{"exempt": "yes"}}
			}),
			labelled("", map[string]string{"exempt": "yes"}), public, guardrail.NonCompliant, guardrail.CodePublicAccess, "exemptions by tag have to be switched on",
		},
		{
			exemption(func(e *guardrail.Exemption) { e.Match = guardrail.Match{Tags: map[string]string{"exempt": "yes"}} }),
			guardrail.Labels{}, public, guardrail.NonCompliant, guardrail.CodePublicAccess, "tags that are not known exempt nobody",
		},
	} {
		c := configured(func(b *guardrail.Baseline) { b.Style = defaultpolicy.API })
		c.Exemptions, c.AllowTagExemptions = []guardrail.Exemption{row.exemption}, row.exemption.Name != "off"
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Labels: row.labels, Policy: row.policy, Evidence: guardrail.LivePolicy}, c, now)
		if j.Verdict != row.verdict || !slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool { return f.Code == row.code }) {
			t.Errorf("%s with %+v, want %s with %s: %s", j.Verdict, j.Findings, row.verdict, row.code, row.reason)
		}
		if j.Verdict == guardrail.Exempt && j.Decision.Repair {
			t.Errorf("an exempt key is to be repaired: %s", row.reason)
		}
	}
}

func TestARepairIsWantedWhereModeSeverityAndEvidenceAllow(t *testing.T) {
	public := document(accountStatement, statement("Allow", everyone, "kms:Decrypt"))
	for _, row := range []struct {
		change func(*guardrail.Configuration, *guardrail.Snapshot)
		want   guardrail.Decision
		reason string
	}{
		{func(*guardrail.Configuration, *guardrail.Snapshot) {}, guardrail.Decision{Repair: true, Reason: "public-access"}, "a critical finding in repair mode"},
		{func(c *guardrail.Configuration, _ *guardrail.Snapshot) { c.Mode = guardrail.Report }, guardrail.Decision{Reason: guardrail.ReasonReportMode}, "report mode"},
		{
			func(c *guardrail.Configuration, _ *guardrail.Snapshot) {
				c.Rules = []guardrail.Rule{{Name: "r", Mode: guardrail.Report}}
			},
			guardrail.Decision{Reason: guardrail.ReasonReportMode}, "the rule's mode counts",
		},
		{func(_ *guardrail.Configuration, s *guardrail.Snapshot) { s.Evidence = guardrail.EventPolicy }, guardrail.Decision{Reason: guardrail.ReasonNotLive}, "an event is a hint"},
		{
			func(_ *guardrail.Configuration, s *guardrail.Snapshot) {
				s.Policy = document(accountStatement, statement("Allow", adminRole, "kms:Sign"))
			},
			guardrail.Decision{Reason: guardrail.ReasonBelow}, "medium is below high",
		},
		{
			func(c *guardrail.Configuration, s *guardrail.Snapshot) {
				c.Repair.From = guardrail.Medium
				s.Policy = document(accountStatement, statement("Allow", adminRole, "kms:Sign"))
			},
			guardrail.Decision{Repair: true, Reason: "account-access"}, "from medium on",
		},
		{func(_ *guardrail.Configuration, s *guardrail.Snapshot) { s.Trigger = guardrail.BySweep }, guardrail.Decision{Reason: guardrail.ReasonSweep}, "sweeps report"},
		{
			func(c *guardrail.Configuration, s *guardrail.Snapshot) {
				s.Trigger, c.Repair.Sweep = guardrail.BySweep, true
			},
			guardrail.Decision{Repair: true, Reason: "public-access"}, "unless they may repair",
		},
		{
			func(c *guardrail.Configuration, s *guardrail.Snapshot) {
				s.Trigger, s.FirstSweep, c.Repair.Sweep = guardrail.BySweep, true, true
			},
			guardrail.Decision{Reason: guardrail.ReasonFirstSweep}, "the first one under a configuration reports",
		},
		{
			func(_ *guardrail.Configuration, s *guardrail.Snapshot) {
				s.Trigger, s.FirstSweep = guardrail.BySweep, true
			},
			guardrail.Decision{Reason: guardrail.ReasonSweep}, "no later one would repair it either",
		},
		{
			func(c *guardrail.Configuration, s *guardrail.Snapshot) {
				s.Trigger, s.FirstSweep, c.Repair.Sweep = guardrail.BySweep, true, true
				s.Policy = document(accountStatement, statement("Allow", adminRole, "kms:Sign"))
			},
			guardrail.Decision{Reason: guardrail.ReasonBelow}, "no later one would repair it either",
		},
		{func(_ *guardrail.Configuration, s *guardrail.Snapshot) { s.Policy = "{" }, guardrail.Decision{Reason: "malformed-policy"}, "what is not understood is not overwritten"},
		{func(_ *guardrail.Configuration, s *guardrail.Snapshot) { s.Policy = document(accountStatement) }, guardrail.Decision{}, "nothing to do"},
		{
			func(_ *guardrail.Configuration, s *guardrail.Snapshot) {
				s.Policy, s.BypassedLockoutCheck = document(accountStatement), true
			},
			guardrail.Decision{Repair: true, Reason: "lockout-check-bypassed"}, "high; that nothing differs is the plan's to find",
		},
	} {
		c := configured(func(b *guardrail.Baseline) { b.Style = defaultpolicy.API })
		s := guardrail.Snapshot{Key: symmetric, Policy: public, Evidence: guardrail.LivePolicy, Trigger: guardrail.ByEvent}
		row.change(c, &s)
		if got := guardrail.Judge(s, c, now).Decision; got != row.want {
			t.Errorf("%+v, want %+v: %s", got, row.want, row.reason)
		}
	}
}

func TestTheKillSwitchLowersEveryMode(t *testing.T) {
	c := configured(func(*guardrail.Baseline) {})
	c.Rules = []guardrail.Rule{{Name: "a", Mode: guardrail.Repair}, {Name: "b"}}
	if lowered := c.ReportOnly(); lowered.Repairs() || c.Mode != guardrail.Repair || c.Rules[0].Mode != guardrail.Repair {
		t.Errorf("lowered to %+v, from %+v", lowered, c)
	}
	if c.Mode = guardrail.Report; !c.Repairs() {
		t.Error("a rule that repairs is not seen")
	}
}

// What keeps the guardrail from changing a policy is told before it tries.
func TestAKeyThatTheGuardrailMayNotChangeIsAFindingOfItsOwn(t *testing.T) {
	const writer = "arn:aws:iam::111122223333:role/kms-guardrail"
	public := statement("Allow", everyone, "kms:Decrypt")
	for _, row := range []struct {
		policy string
		writer string
		mode   guardrail.Mode
		want   bool
		reason string
	}{
		{document(accountStatement, public), writer, guardrail.Repair, false, "the account lets it"},
		{document(accountStatement, public, mine("Deny", writer, `"kms:PutKeyPolicy"`)), writer, guardrail.Repair, true, "it is denied by name"},
		{document(accountStatement, public, mine("Deny", writer, `"kms:PutKeyPolicy"`)), "", guardrail.Repair, false, "who it is, is not known"},
		{document(accountStatement, public, mine("Deny", writer, `"kms:PutKeyPolicy"`)), writer, guardrail.Report, false, "it does not want to"},
		{document(public, mine("Allow", admin, `"kms:*"`)), writer, guardrail.Repair, true, "neither the account nor the policy lets it"},
		{document(public, mine("Allow", writer, `["kms:GetKeyPolicy","kms:PutKeyPolicy"]`)), writer, guardrail.Repair, false, "the policy names it"},
	} {
		c := configured(func(b *guardrail.Baseline) { b.Style = defaultpolicy.API })
		c.Mode = row.mode
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: row.policy, Evidence: guardrail.LivePolicy, Writer: row.writer}, c, now)
		at := slices.IndexFunc(j.Findings, func(f guardrail.Finding) bool { return f.Code == guardrail.CodeLockedOut })
		if (at >= 0) != row.want || j.Decision.Repair == (row.want || row.mode == guardrail.Report) {
			t.Errorf("%+v, %+v: %s", j.Findings, j.Decision, row.reason)
		}
		if at >= 0 && j.Decision.Reason != "locked-out" {
			t.Errorf("reason %s: %s", j.Decision.Reason, row.reason)
		}
	}
}

// TestAnExemptionIsToldWithItsLastDay: Expires is the first moment after it.
func TestAnExemptionIsToldWithItsLastDay(t *testing.T) {
	for _, row := range []struct {
		expires time.Time
		why     string
		message string // of the finding; "" for none
		because string
	}{
		{time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC), "to the end of 2998-12-31 (UTC)", "", "it is in force through that day"},
		{time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC), "it expired at the end of 2025-06-30 (UTC)", "expired at the end of 2025-06-30 (UTC)", "it had its last day to the end"},
		{time.Date(2025, 7, 1, 0, 0, 0, 0, time.FixedZone("", 3600)), "it expired at the end of 2025-06-30 (UTC)", "expired at the end of 2025-06-30 (UTC)", "days are those of UTC"},
	} {
		c := guardrail.DefaultConfiguration()
		c.Exemptions = []guardrail.Exemption{exemption(func(e *guardrail.Exemption) { e.Expires = row.expires })}
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(accountStatement)}, c, now)
		if why := j.Selection.Why[len(j.Selection.Why)-1]; !strings.Contains(why, row.why) {
			t.Errorf("why is %q, want %q: %s", why, row.why, row.because)
		}
		told := slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool {
			return f.Code == guardrail.CodeExemptionExpired && strings.HasSuffix(f.Message, row.message)
		})
		if told != (row.message != "") {
			t.Errorf("findings %+v, want %q: %s", j.Findings, row.message, row.because)
		}
	}
}
