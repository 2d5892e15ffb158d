package guardrail_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// labelled is a key's labels, both known.
func labelled(alias string, tags map[string]string) rules.Labels {
	l := rules.Labels{Aliases: []string{}, Tags: tags}
	if alias != "" {
		l.Aliases = append(l.Aliases, alias)
	}
	if l.Tags == nil {
		l.Tags = map[string]string{}
	}
	return l
}

func TestARuleThatMayMatchLeavesTheKeyUnjudged(t *testing.T) {
	c := configured(func(*rules.Baseline) {})
	for name, match := range map[string]rules.Match{
		"aliases": {Aliases: []string{"alias/*"}}, "tags": {Tags: map[string]string{"a": "b"}}, "organizational units": {OrganizationalUnits: []string{"ou-1"}},
	} {
		c.Rules = []rules.Rule{{Name: "r", Match: match}}
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(accountStatement), Evidence: guardrail.LivePolicy}, c, now)
		if j.Verdict != guardrail.CannotJudge || j.Findings[0].Code != guardrail.CodeRuleUndecided || !strings.Contains(j.Findings[0].Message, name) || j.Decision.Repair {
			t.Errorf("%s are not known: %+v", name, j)
		}
	}
}

// Somebody who denies the guardrail the labels must not keep a public key open.
func TestWhatIsCriticalCountsWhicheverRuleApplies(t *testing.T) {
	public := document(accountStatement, statement("Allow", everyone, "kms:Decrypt"))
	for _, row := range []struct {
		policy          string
		first, last, of rules.Mode // of the rule that may match, of one behind it, and of the configuration
		verdict         guardrail.Verdict
		codes           []guardrail.Code
		mode            rules.Mode
		reason          string
	}{
		{public, rules.Repair, rules.Repair, rules.Repair, guardrail.NonCompliant, []guardrail.Code{guardrail.CodePublicAccess, guardrail.CodeRuleUndecided}, rules.Repair, "each rule repairs"},
		{public, "", "", rules.Repair, guardrail.NonCompliant, []guardrail.Code{guardrail.CodePublicAccess, guardrail.CodeRuleUndecided}, rules.Repair, "so does the configuration"},
		{public, rules.Report, "", rules.Repair, guardrail.NonCompliant, []guardrail.Code{guardrail.CodePublicAccess, guardrail.CodeRuleUndecided}, rules.Report, "the rule that may match reports"},
		{public, rules.Repair, rules.Report, rules.Repair, guardrail.NonCompliant, []guardrail.Code{guardrail.CodePublicAccess, guardrail.CodeRuleUndecided}, rules.Report, "the next one reports"},
		{public, rules.Repair, rules.Repair, rules.Report, guardrail.NonCompliant, []guardrail.Code{guardrail.CodePublicAccess, guardrail.CodeRuleUndecided}, rules.Repair, "the configuration's mode does not count where the last rule matches for certain"},
		{
			document(statement("Allow", `{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt"), accountStatement), rules.Repair, rules.Repair, rules.Repair, guardrail.CannotJudge,
			[]guardrail.Code{guardrail.CodeRuleUndecided}, rules.Repair, "a foreign account is high, and a rule may permit it",
		},
	} {
		c := configured(func(*rules.Baseline) {})
		c.Mode = row.of
		c.Rules = []rules.Rule{
			{Name: "a", Match: rules.Match{Tags: map[string]string{"a": "b"}}, Mode: row.first},
			{Name: "b", Match: rules.Match{Regions: []string{"elsewhere-1"}}, Mode: rules.Report},
			{Name: "c", Match: rules.Match{Accounts: []string{account}}, Mode: row.last},
		}
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: row.policy, Evidence: guardrail.LivePolicy}, c, now)
		var codes []guardrail.Code
		for _, f := range j.Findings {
			codes = append(codes, f.Code)
		}
		if j.Verdict != row.verdict || !slices.Equal(codes, row.codes) || j.Selection.Mode != row.mode || j.Decision.Repair != (row.mode == rules.Repair && row.verdict == guardrail.NonCompliant) {
			t.Errorf("%s %v, mode %s, repair %v: %s", j.Verdict, codes, j.Selection.Mode, j.Decision.Repair, row.reason)
		}
	}
}

// exemption is one for all keys of the account, until a moment.
func exemption(change func(*rules.Exemption)) rules.Exemption {
	e := rules.Exemption{
		Name: "migration", Owner: "team payments", Reason: "moves out in January",
		Match: rules.Match{Accounts: []string{account}}, Expires: now.Add(time.Hour),
	}
	change(&e)
	return e
}

func TestAnExemptionHoldsUntilItExpires(t *testing.T) {
	shared := document(accountStatement, statement("Allow", `{"AWS":"`+foreign+`"}`, "kms:Decrypt"))
	for _, row := range []struct {
		exemption rules.Exemption
		labels    rules.Labels
		policy    string
		verdict   guardrail.Verdict
		code      guardrail.Code // one that is among the findings
		reason    string
	}{
		{exemption(func(*rules.Exemption) {}), rules.Labels{}, shared, guardrail.Exempt, guardrail.CodeForeignAccess, "what it is exempt from is listed"},
		{exemption(func(*rules.Exemption) {}), rules.Labels{}, "{", guardrail.Exempt, guardrail.CodeMalformedPolicy, "the key is exempt, whatever is wrong"},
		{exemption(func(e *rules.Exemption) { e.Expires = now }), rules.Labels{}, shared, guardrail.NonCompliant, guardrail.CodeExemptionExpired, "the first moment without effect"},
		{exemption(func(e *rules.Exemption) { e.Expires = now }), rules.Labels{}, document(accountStatement), guardrail.Compliant, guardrail.CodeExemptionExpired, "an expired one makes nothing worse"},
		{exemption(func(e *rules.Exemption) { e.Match.Accounts = []string{foreign} }), rules.Labels{}, shared, guardrail.NonCompliant, guardrail.CodeForeignAccess, "another account's"},
		{
			exemption(func(e *rules.Exemption) {
				e.Match = rules.Match{Keys: []string{"1234abcd-12ab-34cd-56ef-1234567890ab"}}
			}),
			rules.Labels{}, shared, guardrail.Exempt, guardrail.CodeForeignAccess, "by key id",
		},
		{exemption(func(e *rules.Exemption) { e.Match = rules.Match{Keys: []string{symmetric.ARN}} }), rules.Labels{}, shared, guardrail.Exempt, guardrail.CodeForeignAccess, "by key ARN"},
		{exemption(func(e *rules.Exemption) { e.Match = rules.Match{Keys: []string{"90ab"}} }), rules.Labels{}, shared, guardrail.NonCompliant, guardrail.CodeForeignAccess, "the end of an id is no id"},
		{
			exemption(func(e *rules.Exemption) { e.Match = rules.Match{Tags: map[string]string{"exempt": "yes"}} }),
			labelled("", map[string]string{"exempt": "yes"}), document(accountStatement), guardrail.Exempt, guardrail.CodeExemptByTag, "every use of a tag is told",
		},
		{
			exemption(func(e *rules.Exemption) {
				e.Name, e.Match = "off", rules.Match{Tags: map[string]string{"exempt": "yes"}}
			}),
			labelled("", map[string]string{"exempt": "yes"}), shared, guardrail.NonCompliant, guardrail.CodeForeignAccess, "exemptions by tag have to be switched on",
		},
		{
			exemption(func(e *rules.Exemption) { e.Match = rules.Match{Tags: map[string]string{"exempt": "yes"}} }),
			rules.Labels{}, shared, guardrail.NonCompliant, guardrail.CodeForeignAccess, "tags that are not known exempt nobody",
		},
	} {
		c := configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
		c.Exemptions, c.AllowTagExemptions = []rules.Exemption{row.exemption}, row.exemption.Name != "off"
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
		change func(*rules.Configuration, *guardrail.Snapshot)
		want   guardrail.Decision
		reason string
	}{
		{func(*rules.Configuration, *guardrail.Snapshot) {}, guardrail.Decision{Repair: true, Reason: "public-access"}, "a critical finding in repair mode"},
		{func(c *rules.Configuration, _ *guardrail.Snapshot) { c.Mode = rules.Report }, guardrail.Decision{Reason: guardrail.ReasonReportMode}, "report mode"},
		{
			func(c *rules.Configuration, _ *guardrail.Snapshot) {
				c.Rules = []rules.Rule{{Name: "r", Mode: rules.Report}}
			},
			guardrail.Decision{Reason: guardrail.ReasonReportMode}, "the rule's mode counts",
		},
		{func(_ *rules.Configuration, s *guardrail.Snapshot) { s.Evidence = guardrail.EventPolicy }, guardrail.Decision{Reason: guardrail.ReasonNotLive}, "an event is a hint"},
		{
			func(_ *rules.Configuration, s *guardrail.Snapshot) {
				s.Policy = document(accountStatement, statement("Allow", adminRole, "kms:Encrypt"))
			},
			guardrail.Decision{Reason: guardrail.ReasonBelow}, "medium is below high",
		},
		{
			func(c *rules.Configuration, s *guardrail.Snapshot) {
				c.Repair.From = rules.Medium
				s.Policy = document(accountStatement, statement("Allow", adminRole, "kms:Encrypt"))
			},
			guardrail.Decision{Repair: true, Reason: "account-access"}, "from medium on",
		},
		{func(_ *rules.Configuration, s *guardrail.Snapshot) { s.Trigger = guardrail.BySweep }, guardrail.Decision{Reason: guardrail.ReasonSweep}, "sweeps report"},
		{
			func(c *rules.Configuration, s *guardrail.Snapshot) {
				s.Trigger, c.Repair.Sweep = guardrail.BySweep, true
			},
			guardrail.Decision{Repair: true, Reason: "public-access"}, "unless they may repair",
		},
		{
			func(c *rules.Configuration, s *guardrail.Snapshot) {
				s.Trigger, s.FirstSweep, c.Repair.Sweep = guardrail.BySweep, true, true
			},
			guardrail.Decision{Reason: guardrail.ReasonFirstSweep}, "the first one under a configuration reports",
		},
		{
			func(_ *rules.Configuration, s *guardrail.Snapshot) {
				s.Trigger, s.FirstSweep = guardrail.BySweep, true
			},
			guardrail.Decision{Reason: guardrail.ReasonSweep}, "no later one would repair it either",
		},
		{
			func(c *rules.Configuration, s *guardrail.Snapshot) {
				s.Trigger, s.FirstSweep, c.Repair.Sweep = guardrail.BySweep, true, true
				s.Policy = document(accountStatement, statement("Allow", adminRole, "kms:Encrypt"))
			},
			guardrail.Decision{Reason: guardrail.ReasonBelow}, "no later one would repair it either",
		},
		{func(_ *rules.Configuration, s *guardrail.Snapshot) { s.Policy = "{" }, guardrail.Decision{Reason: "malformed-policy"}, "what is not understood is not overwritten"},
		{func(_ *rules.Configuration, s *guardrail.Snapshot) { s.Policy = document(accountStatement) }, guardrail.Decision{}, "nothing to do"},
		{
			func(_ *rules.Configuration, s *guardrail.Snapshot) {
				s.Policy, s.BypassedLockoutCheck = document(accountStatement), true
			},
			guardrail.Decision{Repair: true, Reason: "lockout-check-bypassed"}, "high; that nothing differs is the plan's to find",
		},
	} {
		c := configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
		s := guardrail.Snapshot{Key: symmetric, Policy: public, Evidence: guardrail.LivePolicy, Trigger: guardrail.ByEvent}
		row.change(c, &s)
		if got := guardrail.Judge(s, c, now).Decision; got != row.want {
			t.Errorf("%+v, want %+v: %s", got, row.want, row.reason)
		}
	}
}

// What keeps the guardrail from changing a policy is told before it tries.
func TestAKeyThatTheGuardrailMayNotChangeIsAFindingOfItsOwn(t *testing.T) {
	const writer = "arn:aws:iam::111122223333:role/kms-guardrail"
	public := statement("Allow", everyone, "kms:Decrypt")
	for _, row := range []struct {
		policy string
		writer string
		mode   rules.Mode
		want   bool
		reason string
	}{
		{document(accountStatement, public), writer, rules.Repair, false, "the account lets it"},
		{document(accountStatement, public, mine("Deny", writer, `"kms:PutKeyPolicy"`)), writer, rules.Repair, true, "it is denied by name"},
		{document(accountStatement, public, mine("Deny", writer, `"kms:PutKeyPolicy"`)), "", rules.Repair, false, "who it is, is not known"},
		{document(accountStatement, public, mine("Deny", writer, `"kms:PutKeyPolicy"`)), writer, rules.Report, false, "it does not want to"},
		{document(public, mine("Allow", admin, `"kms:*"`)), writer, rules.Repair, true, "neither the account nor the policy lets it"},
		{document(public, mine("Allow", writer, `["kms:GetKeyPolicy","kms:PutKeyPolicy"]`)), writer, rules.Repair, false, "the policy names it"},
	} {
		c := configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
		c.Mode = row.mode
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: row.policy, Evidence: guardrail.LivePolicy, Writer: row.writer}, c, now)
		at := slices.IndexFunc(j.Findings, func(f guardrail.Finding) bool { return f.Code == guardrail.CodeLockedOut })
		if (at >= 0) != row.want || j.Decision.Repair == (row.want || row.mode == rules.Report) {
			t.Errorf("%+v, %+v: %s", j.Findings, j.Decision, row.reason)
		}
		if at >= 0 && j.Decision.Reason != "locked-out" {
			t.Errorf("reason %s: %s", j.Decision.Reason, row.reason)
		}
	}
}

// A Deny that blinds the guardrail is told in every mode; labels matter less.
func TestWhatTheGuardrailMayNotSeeIsAFindingOfItsOwn(t *testing.T) {
	const writer = "arn:aws:iam::111122223333:role/kms-guardrail"
	for _, row := range []struct {
		policy string
		writer string
		want   rules.Severity
		reason string
	}{
		{document(accountStatement, mine("Deny", writer, `"kms:GetKeyPolicy"`)), writer, rules.High, "it is denied by name"},
		{document(accountStatement, statement("Deny", everyone, "kms:DescribeKey")), writer, rules.High, "everyone is denied"},
		{document(accountStatement, mine("Deny", writer, `["kms:Get*","kms:List*"]`)), writer, rules.High, "one finding for all"},
		{document(accountStatement, mine("Deny", writer, `"kms:ListResourceTags"`)), writer, rules.Medium, "what is critical counts without the tags"},
		{document(accountStatement, mine("Deny", writer+"-2", `"kms:GetKeyPolicy"`)), writer, "", "a role that resembles the guardrail's is another one"},
		{document(accountStatement, mine("Deny", writer, `"kms:GetKeyPolicy"`)), "arn:aws:iam::444455556666:role/kms-guardrail", "", "a role of another account"},
		{document(accountStatement, mine("Deny", writer, `"kms:GetKeyPolicy"`)), "", "", "who it is, is not known"},
		{document(mine("Allow", admin, `"kms:*"`)), writer, "", "no Deny: that the account statement is missing is told as such"},
	} {
		for _, mode := range []rules.Mode{rules.Report, rules.Repair} {
			c := configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
			c.Mode = mode
			j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: row.policy, Evidence: guardrail.LivePolicy, Writer: row.writer}, c, now)
			var got []rules.Severity
			for _, f := range j.Findings {
				if f.Code == guardrail.CodeGuardrailDenied {
					got = append(got, f.Severity)
				}
			}
			if row.want == "" && got != nil || row.want != "" && !slices.Equal(got, []rules.Severity{row.want}) {
				t.Errorf("%s mode: %v, want %s: %s", mode, got, row.want, row.reason)
			}
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
		c := rules.DefaultConfiguration()
		c.Exemptions = []rules.Exemption{exemption(func(e *rules.Exemption) { e.Expires = row.expires })}
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

// A required ARN of one account is right for the keys of that account only; a
// configuration for several writes ${AccountId}.
func TestARequiredPrincipalThatFitsNoKeyOfTheAccountIsABadBaseline(t *testing.T) {
	k := symmetric
	k.Account, k.ARN = foreign, strings.ReplaceAll(symmetric.ARN, account, foreign)
	text := strings.ReplaceAll(document(accountStatement), account, foreign)
	for _, row := range []struct {
		admin string
		want  guardrail.Code
	}{{admin, guardrail.CodeBadBaseline}, {"arn:${Partition}:iam::${AccountId}:role/Admin", guardrail.CodeRequiredAccessMissing}} {
		c := configured(func(b *rules.Baseline) { b.Administrators.Required = []string{row.admin} })
		j := guardrail.Judge(guardrail.Snapshot{Key: k, Policy: text, Evidence: guardrail.LivePolicy}, c, now)
		if j.Findings[0].Code != row.want || j.Findings[0].Code == guardrail.CodeBadBaseline && j.Verdict != guardrail.CannotJudge {
			t.Errorf("%s: %+v", row.admin, j)
		}
	}
	needs := configured(func(b *rules.Baseline) {
		b.Permit = []rules.Template{`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"${OrganizationId}"}}}`}
	})
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(accountStatement), Evidence: guardrail.LivePolicy}, needs, now)
	if j.Verdict != guardrail.CannotJudge || j.Findings[0].Code != guardrail.CodeBadBaseline {
		t.Errorf("an organization that is not known: %+v", j)
	}
}

// TestSeveralExemptionsExcuseTogether: each excuses what it lists, and the rest counts.
func TestSeveralExemptionsExcuseTogether(t *testing.T) {
	narrow := func(name string, principals ...string) rules.Exemption {
		return exemption(func(e *rules.Exemption) { e.Name, e.Principals = name, principals })
	}
	policy := document(accountStatement, statement("Allow", `{"AWS":"444455556666"}`, "kms:Decrypt"), statement("Allow", `{"AWS":"777788889999"}`, "kms:Decrypt"),
		statement("Allow", `{"Service":"s3.amazonaws.com"}`, "kms:Decrypt"))
	for _, row := range []struct {
		exemptions []rules.Exemption
		verdict    guardrail.Verdict
		severity   rules.Severity
		excused    []string // by which, in the order of the findings
		reason     string
	}{
		{[]rules.Exemption{narrow("a", "444455556666")}, guardrail.NonCompliant, rules.High, []string{"", "", "a"}, "two are left, and come first"},
		{[]rules.Exemption{narrow("a", "444455556666"), narrow("b", "777788889999")}, guardrail.NonCompliant, rules.Medium, []string{"", "a", "b"}, "the service is left"},
		{[]rules.Exemption{narrow("a", "444455556666"), narrow("b", "777788889999", "s3.amazonaws.com")}, guardrail.Exempt, rules.High, []string{"a", "b", "b"}, "all are excused, and the worst is shown"},
		{[]rules.Exemption{exemption(func(e *rules.Exemption) { e.Name, e.Codes = "c", []string{"foreign-access"} })}, guardrail.NonCompliant, rules.Medium, []string{"", "c", "c"}, "by the code"},
	} {
		c := configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
		c.Exemptions = row.exemptions
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: policy, Evidence: guardrail.LivePolicy}, c, now)
		var excused []string
		for _, f := range j.Findings {
			if f.Severity.AtLeast(rules.Low) {
				excused = append(excused, f.Exemption)
			}
		}
		if j.Verdict != row.verdict || j.Severity != row.severity || !slices.Equal(excused, row.excused) {
			t.Errorf("%s %s, excused by %q, want %s %s by %q: %s: %+v", j.Verdict, j.Severity, excused, row.verdict, row.severity, row.excused, row.reason, j.Findings)
		}
	}
}

func TestManyExcusedFindingsRaiseNothing(t *testing.T) {
	list := []string{accountStatement}
	for i := range 70 {
		list = append(list, statement("Allow", fmt.Sprintf(`{"AWS":"arn:aws:iam::444455556666:role/r%d"}`, i), "kms:Decrypt"))
	}
	c := configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
	c.Exemptions = []rules.Exemption{exemption(func(e *rules.Exemption) { e.Principals = []string{"444455556666"} })}
	j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(list...), Evidence: guardrail.LivePolicy}, c, now)
	if j.Verdict != guardrail.Exempt || j.Decision.Repair || j.Findings[len(j.Findings)-1].Code != guardrail.CodeMoreFindings {
		t.Errorf("%s %+v", j.Verdict, j.Decision)
	}
	list = append(list, statement("Allow", `{"Service":"s3.amazonaws.com"}`, "kms:Decrypt"))
	j = guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(list...), Evidence: guardrail.LivePolicy}, c, now)
	if j.Verdict != guardrail.NonCompliant || j.Severity != rules.Medium || j.Findings[0].Code != guardrail.CodeServiceAccess {
		t.Errorf("%s %s %+v", j.Verdict, j.Severity, j.Findings[0])
	}
}
