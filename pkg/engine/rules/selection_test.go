package rules_test

import (
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
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

func inUnits(units ...string) rules.Key {
	k := symmetric
	k.OrganizationalUnits = append([]string{}, units...)
	return k
}

func TestTheFirstRuleThatMatchesCounts(t *testing.T) {
	c := rules.DefaultConfiguration()
	for _, name := range []string{"strict", "loose"} {
		b := rules.DefaultBaseline()
		b.Name = name
		c.Baselines = append(c.Baselines, b)
	}
	tests := []struct {
		match  rules.Match
		key    rules.Key
		labels rules.Labels
		want   string // rule
		why    string
	}{
		{rules.Match{}, symmetric, rules.Labels{}, "r", "an empty match fits every key"},
		{rules.Match{Accounts: []string{foreign, account}}, symmetric, rules.Labels{}, "r", "one of a list is enough"},
		{rules.Match{Accounts: []string{foreign}}, symmetric, rules.Labels{}, "default", "another account"},
		{rules.Match{Regions: []string{"us-east-1"}}, symmetric, rules.Labels{}, "r", "the Region"},
		{rules.Match{Regions: []string{"eu-west-1"}}, symmetric, rules.Labels{}, "default", "another Region"},
		{rules.Match{KeySpecs: []defaultpolicy.KeySpec{defaultpolicy.HMAC256}}, hmac, rules.Labels{}, "r", "the key spec"},
		{rules.Match{KeySpecs: []defaultpolicy.KeySpec{defaultpolicy.HMAC256}}, symmetric, rules.Labels{}, "default", "another key spec"},
		{rules.Match{KeyUsages: []defaultpolicy.KeyUsage{defaultpolicy.GenerateVerifyMAC}}, hmac, rules.Labels{}, "r", "the key usage"},
		{rules.Match{Origins: []defaultpolicy.Origin{defaultpolicy.External}}, symmetric, rules.Labels{}, "default", "another origin"},
		{rules.Match{Aliases: []string{"alias/pay*"}}, symmetric, labelled("alias/payments", nil), "r", "an alias by pattern"},
		{rules.Match{Aliases: []string{"alias/pay"}}, symmetric, labelled("alias/payments", nil), "default", "a pattern is for the whole alias"},
		{rules.Match{Aliases: []string{"alias/*"}}, symmetric, labelled("", nil), "default", "no alias is known not to fit"},
		{rules.Match{Tags: map[string]string{"team": "pay?ents"}}, symmetric, labelled("", map[string]string{"team": "payments"}), "r", "a tag by pattern"},
		{rules.Match{Tags: map[string]string{"team": "*", "env": "prod"}}, symmetric, labelled("", map[string]string{"team": "payments"}), "default", "all tags must be there"},
		{rules.Match{OrganizationalUnits: []string{"ou-1"}}, inUnits("r-1", "ou-1"), rules.Labels{}, "r", "one of the units above the account"},
		{rules.Match{OrganizationalUnits: []string{"ou-1"}}, inUnits(), rules.Labels{}, "default", "an account in no unit"},
		{rules.Match{Accounts: []string{account}, Regions: []string{"eu-west-1"}}, symmetric, rules.Labels{}, "default", "every field must fit"},
		{rules.Match{Accounts: []string{foreign}, Tags: map[string]string{"a": "b"}}, symmetric, rules.Labels{}, "default", "what is known not to fit counts before unknown tags"},
	}
	for _, test := range tests {
		c.Rules = []rules.Rule{{Name: "r", Match: test.match, Baseline: "strict"}, {Name: "never", Match: rules.Match{Accounts: []string{"999999999999"}}, Baseline: "loose"}}
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

func TestTheKillSwitchLowersEveryMode(t *testing.T) {
	c := configured(func(*rules.Baseline) {})
	c.Rules = []rules.Rule{{Name: "a", Mode: rules.Repair}, {Name: "b"}}
	if lowered := c.ReportOnly(); lowered.Repairs() || c.Mode != rules.Repair || c.Rules[0].Mode != rules.Repair {
		t.Errorf("lowered to %+v, from %+v", lowered, c)
	}
	if c.Mode = rules.Report; !c.Repairs() {
		t.Error("a rule that repairs is not seen")
	}
}

// TestLabelsOfANewKeyMayStillCome: for five minutes, a rule that asks for a label which is not there may
// apply.
func TestLabelsOfANewKeyMayStillCome(t *testing.T) {
	byAlias, byTag := rules.Match{Aliases: []string{"alias/pay*"}}, rules.Match{Tags: map[string]string{"team": "payments"}}
	for _, row := range []struct {
		match   rules.Match
		labels  rules.Labels
		age     time.Duration
		change  func(*rules.Key, *rules.Configuration)
		rule    string
		settles bool
		reason  string
	}{
		{byAlias, labelled("", nil), time.Minute, nil, "r", true, "the alias may still come"},
		{byAlias, labelled("alias/payments", nil), time.Minute, nil, "r", false, "the alias is there"},
		{byTag, labelled("", map[string]string{"team": "payments"}), 0, nil, "r", false, "a tag of CreateKey counts at once"},
		{byTag, labelled("", nil), 0, nil, "r", true, "the tag may still come"},
		{byAlias, labelled("", nil), 5 * time.Minute, nil, "default", false, "the key is no longer new"},
		{rules.Match{Aliases: []string{"alias/pay*"}, Accounts: []string{foreign}}, labelled("", nil), 0, nil, "default", false, "whatever its aliases, the account is another one"},
		{rules.Match{}, labelled("", nil), 0, nil, "r", false, "the rule asks for no label"},
		{byAlias, labelled("", nil), 0, func(k *rules.Key, _ *rules.Configuration) { k.Type.MultiRegion = defaultpolicy.Replica }, "default", false, "a replica waits for nothing"},
		{byAlias, labelled("", nil), 0, func(k *rules.Key, _ *rules.Configuration) { k.Type.Origin = defaultpolicy.External }, "default", false, "nor does a key of another origin"},
		{byAlias, labelled("", nil), 0, func(k *rules.Key, _ *rules.Configuration) { k.Created = time.Time{} }, "default", false, "how old it is is not known"},
		{byAlias, labelled("", nil), 0, func(_ *rules.Key, c *rules.Configuration) { c.Repair.Settle = 0 }, "default", false, "the configuration waits for nothing"},
	} {
		c, k := rules.DefaultConfiguration(), symmetric
		c.Rules, k.Created = []rules.Rule{{Name: "r", Match: row.match}}, now.Add(-row.age)
		if row.change != nil {
			row.change(&k, c)
		}
		s := c.Select(k, row.labels, now)
		if s.RuleName() != row.rule || s.IsUncertain() != row.settles || s.Settles.IsZero() == row.settles {
			t.Errorf("rule %s, in doubt %q, settles %v, want %s, %v: %s", s.RuleName(), s.Doubt, s.Settles, row.rule, row.settles, row.reason)
		}
	}
}
