package guardrail

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// JudgeUnread judges the policy text that an event carries, for the report only. Where
// the key's type could not be read either, the policy is held against the account
// statement, which the defaults of all types share. Then only three kinds of findings
// count: control that is missing, access that no default gives to anybody, and a policy that
// cannot be read.
func JudgeUnread(s Snapshot, c *rules.Configuration, now time.Time) Judgement {
	selection := c.Select(s.Key, s.Labels, now)
	b := selection.Baseline
	if selection.IsUncertain() || s.Key.Type != (defaultpolicy.KeyType{}) || b.Style == defaultpolicy.API {
		return Judge(s, c, now)
	}
	shared := *b
	shared.Style, shared.Administrators, shared.Users = defaultpolicy.API, rules.Principals{}, rules.Principals{}
	shared.Match = rules.WithinBounds
	alone := *c
	alone.Rules, alone.Baselines, alone.Default, alone.Exemptions = nil, []rules.Baseline{shared}, shared.Name, nil
	j := Judge(s, &alone, now)
	telling := []Code{CodeAccountStatementMissing, CodeNoAdministrator, CodeOnlyDeadPrincipals, CodeMalformedPolicy, CodePublicAccess, CodeServiceAccess}
	if !usersAbroad(b, s.Key) {
		telling = append(telling, CodeForeignAccess)
	}
	j.Findings = slices.DeleteFunc(j.Findings, func(f Finding) bool { return !slices.Contains(telling, f.Code) })
	j.Selection = selection
	return j
}

// usersAbroad tells whether a baseline permits another account access.
func usersAbroad(b *rules.Baseline, k rules.Key) bool {
	return slices.ContainsFunc(b.Users.All(k), func(user string) bool {
		if p, err := policy.ParseAWSPrincipal(user); err == nil {
			return p.AccountID != k.Account
		}
		return rules.AccountOf(user) != k.Account
	})
}
