package config

import (
	"go.yaml.in/yaml/v4"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// The functions of this file are the tables of the keys of guardrail.yaml, each bound to
// the variables that they set. What these hold at first is the default.

// file is guardrail.yaml.
func file(c *rules.Configuration, d *Deployment) value {
	return object([]field{
		{key: "version", required: true, doc: "The version of this file's schema.", value: version()},
		{key: "mode", doc: "What the guardrail may do with keys whose rule does not say.", value: mode(&c.Mode)},
		{key: "default", doc: "The baseline of keys that no rule names. It may be left out where there is one baseline.", value: baselineName(&c.Default)},
		{key: "baselines", required: true, doc: "What key policies are held against, by name.", value: named(&c.Baselines, "baseline", baseline)},
		{key: "rules", doc: "Which keys have which baseline and mode. The first rule that matches counts.", value: list(&c.Rules, rule)},
		{key: "exemptions", doc: "Keys that may be as they are, until a day.", value: list(&c.Exemptions, exemption)},
		{key: "allowTagExemptions", doc: "Exemptions may match by tag. Whoever may tag a key can then exempt it.", value: truth(&c.AllowTagExemptions)},
		{key: "repair", doc: "What may be repaired, and how.", value: repair(&c.Repair)},
		{key: "grants", doc: "Whether grants that somebody makes are looked at: a grant for another account, which no repair of the policy takes back, is reported. Grants that an AWS service makes for itself are not.", value: enum(&c.Grants, "way to look at grants", rules.GrantEvents, rules.NoGrants)},
		{key: "notices", doc: "Calls that people are told of whenever somebody makes them. They put a key out of use, and change no policy.", value: list(&c.Notices, func(p *string) value { return enum(p, "call", rules.NoticeCalls()...) })},
		{key: "organization", doc: "The organization of the accounts that own the keys. An account that it does not name is foreign.", value: object([]field{
			{key: "id", doc: "The id of the organization.", value: text(&c.Organization.ID, organizationFormat)},
			{key: "accounts", doc: "Member accounts.", value: list(&c.Organization.Accounts, formatted(accountFormat))},
		}, nil)},
		{key: "notify", doc: "What people are told of, by the topic of the deployment.", value: object([]field{
			{key: "from", doc: "The lowest severity that people are told of. Of repairs they always are; of the repairs that somebody undoes, at growing intervals.", value: severity(&c.Notify.From, rules.Info)},
		}, nil)},
		{key: "deployment", doc: "What is built around the functions.", value: deployment(d)},
	}, nil)
}

// version must be 1: a file of another version may mean something else.
func version() value {
	return value{
		words: "`1`",
		read: func(r *reader, n *yaml.Node) {
			if got, ok := r.scalar(n, "1"); ok && (got != "1" || !isPlain(n)) {
				r.fail(n, "version %s is not known; this kms-guardrail reads version 1", quoted(got))
			}
		},
		schema: func() schema { return schema{"const": 1} },
	}
}

func mode(p *rules.Mode) value { return enum(p, "mode", rules.Report, rules.Repair) }

// severity is one that a finding can have; more are some that only tell.
func severity(p *rules.Severity, more ...rules.Severity) value {
	names := []rules.Severity{rules.Critical, rules.High, rules.Medium, rules.Low}
	return enum(p, "severity", append(names, more...)...)
}

func baselineName(p *string) value {
	return text(p, format{words: "the name of a baseline", pattern: namePattern, example: "standard"})
}

func baseline(b *rules.Baseline, name string) value {
	*b = rules.DefaultBaseline()
	b.Name = name
	return object([]field{
		{key: "style", required: true, doc: "Which generated default: that of the API, which names nobody, or that of the console.", value: enum(&b.Style, "style", defaultpolicy.API, defaultpolicy.Console)},
		{key: "match", doc: "How near the policy must be: `bounds` between floor and ceiling, or `exact`ly a generated default.", value: enum(&b.Match, "match", rules.WithinBounds, rules.ExactDefault)},
		{key: "edition", doc: "The edition of the console default.", value: enum(&b.Edition, "edition", editions()...)},
		{key: "administrators", doc: "Who administers keys.", value: principals(&b.Administrators, "ARNs of users and roles of the key's account, each of which must have the access.")},
		{key: "users", doc: "Who uses keys.", value: principals(&b.Users, "ARNs of users and roles of the key's account, or of another account's root, each of which must have the access.")},
		{key: "administratorsMayDelete", doc: "Administrators may schedule a key's deletion.", value: truth(&b.AdministratorsMayDelete)},
		{key: "integrations", doc: "What a policy may carry for AWS services; [integrations.md](integrations.md) describes each.", value: list(&b.Integrations, integrationName)},
		{key: "permit", doc: "Further statements that a policy may carry.", value: permitted(b)},
		{key: "require", doc: "Further statements that a policy must carry.", value: list(&b.Require, statement)},
		{key: "hardeningDenies", doc: "Deny statements that only narrow: `permit` them, or `report` them.", value: enum(&b.HardeningDenies, "way", rules.PermitDenies, rules.ReportDenies)},
		{key: "guardrailAccess", doc: "The ARN of the guardrail's own role, which every policy must let read and repair it, so that a key stays in reach when its policy loses the account statement. Off where it is left out.", value: templated(&b.GuardrailAccess, "the ARN of a role")},
	}, nil)
}

// integrationName is one of those that package integration has.
func integrationName(p *string) value {
	var names []string
	for _, i := range integration.All() {
		names = append(names, i.Name)
	}
	return enum(p, "integration", names...)
}

// editions are the names that a baseline may give.
func editions() []defaultpolicy.Edition {
	names := []defaultpolicy.Edition{rules.AnyEdition, defaultpolicy.Latest}
	for _, e := range defaultpolicy.Editions() {
		names = append(names, e.Name)
	}
	return names
}

func principals(p *rules.Principals, required string) value {
	arn := func(p *string) value { return templated(p, "an ARN") }
	pattern := func(p *string) value { return templated(p, "an ARN pattern") }
	return object([]field{
		{key: "required", doc: required, value: list(&p.Required, arn)},
		{key: "permitted", doc: "Who else may have it, with `*` and `?` as in the condition operator ArnLike.", value: list(&p.Permitted, pattern)},
	}, nil)
}

func rule(p *rules.Rule) value {
	p.Match = anyKey()
	return object([]field{
		{key: "name", required: true, doc: "A name of its own, which outcomes repeat; not `default`, which they have where no rule matches.", value: uniqueName(&p.Name, "rule")},
		{key: "match", required: true, doc: "Which keys. Each list that is not empty must have an entry that fits; `{}` is every key.", value: ruleMatch(&p.Match)},
		{key: "baseline", doc: "Their baseline; that of `default` where it is left out.", value: baselineName(&p.Baseline)},
		{key: "mode", doc: "Their mode; that of the file where it is left out.", value: mode(&p.Mode)},
	}, nil)
}

func exemption(p *rules.Exemption) value {
	p.Match = anyKey()
	p.Principals, p.Codes, p.Findings = []string{}, []string{}, []string{}
	return object([]field{
		{key: "name", required: true, doc: "A name of its own, which outcomes repeat.", value: uniqueName(&p.Name, "exemption")},
		{key: "match", required: true, doc: "Which keys. Each list that is not empty must have an entry that fits, and one must have an entry.", value: exemptionMatch(&p.Match)},
		{key: "owner", required: true, doc: "Who answers for it.", value: words(&p.Owner)},
		{key: "reason", required: true, doc: "Why.", value: words(&p.Reason)},
		{key: "expires", required: true, doc: "Its last day, which ends at midnight UTC.", value: dayAfter(&p.Expires)},
		{key: "principals", doc: "Excuses findings about these only: ARNs with `*` and `?`, but not for the account, account ids, and AWS services. Each principal of a finding must fit.", value: list(&p.Principals, func(p *string) value { return templated(p, "an ARN pattern, an account id or an AWS service") })},
		{key: "codes", doc: "Excuses findings of these codes only, such as `foreign-access`.", value: list(&p.Codes, findingCode)},
		{key: "findings", doc: "Excuses the findings with these ids only, as outcomes have them.", value: list(&p.Findings, words)},
		{key: "critical", doc: "Excuses critical findings, too. It needs one of the lists, and lasts for at most 30 days.", value: truth(&p.Critical)},
	}, nil)
}

// findingCode is the code of a finding that an exemption can name.
func findingCode(p *string) value {
	v := enum(p, "code of a finding", rules.ExcusableCodes()...)
	v.words = "the code of a finding about a key policy"
	return v
}

func repair(p *rules.RepairSettings) value {
	const most = 9999 // as the archive counts them
	return object([]field{
		{key: "strategy", doc: "`trim` mends finding by finding: it narrows or drops what a finding is about, and adds what is missing; `reset` writes the generated default with the required principals.", value: enum(&p.Strategy, "strategy", rules.Trim, rules.Reset)},
		{key: "from", doc: "A finding that is at least this bad is repaired; what is less bad stays as it is. A key whose worst finding is below it is only reported.", value: severity(&p.From)},
		{key: "budget", doc: "How often one key is repaired, for what is not critical.", value: object([]field{
			{key: "repairs", doc: "Repairs of a key within the window.", value: whole(&p.Budget.Repairs, most)},
			{key: "window", doc: "The time in which they count.", value: duration(&p.Budget.Window)},
		}, nil)},
		{key: "maxPerHour", doc: "The breaker: beyond it, repairs are held, with an alarm. Those of critical findings count apart, and on the first day of a version or a configuration only.", value: object([]field{
			{key: "account", doc: "Repairs of one account's keys.", value: whole(&p.MaxPerHour.Account, most)},
			{key: "total", doc: "Repairs of all keys.", value: whole(&p.MaxPerHour.Total, most)},
		}, nil)},
		{key: "settle", doc: "How long aliases and tags of a new key may still come; `0s` for not at all. Until then a rule that asks for them and does not find them may yet apply: the key is judged again, and before that only what is critical is told and repaired.", value: orNone(&p.Settle, duration(&p.Settle))},
		{key: "sweep", doc: "A sweep may repair, too, not only events.", value: truth(&p.Sweep)},
		{key: "holdWhen", doc: "Whose access keeps an edit from being written, unless it is critical.", value: list(&p.HoldWhen, func(p *rules.HoldReason) value {
			return enum(p, "reason to hold", rules.HoldReasons()...)
		})},
	}, nil)
}
