package config

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// anyKey matches every key. Its lists are empty, not nil.
func anyKey() rules.Match {
	return rules.Match{
		Keys: []string{}, Accounts: []string{}, OrganizationalUnits: []string{}, Regions: []string{}, Aliases: []string{},
		KeyUsages: []defaultpolicy.KeyUsage{}, KeySpecs: []defaultpolicy.KeySpec{}, Origins: []defaultpolicy.Origin{},
		Tags: map[string]string{},
	}
}

// ruleMatch says which keys a rule is for.
func ruleMatch(m *rules.Match) value {
	return object(slices.Concat(placeFields(m), []field{
		{key: "keyUsages", doc: "Key usages, as KMS spells them.", value: list(&m.KeyUsages, func(p *defaultpolicy.KeyUsage) value {
			return enum(p, "key usage", defaultpolicy.KeyUsages()...)
		})},
		{key: "keySpecs", doc: "Key specs, as KMS spells them.", value: list(&m.KeySpecs, func(p *defaultpolicy.KeySpec) value {
			return enum(p, "key spec", defaultpolicy.KeySpecs()...)
		})},
		{key: "origins", doc: "Origins of the key material, as KMS spells them.", value: list(&m.Origins, func(p *defaultpolicy.Origin) value {
			return enum(p, "origin", defaultpolicy.Origins()...)
		})},
	}, labelFields(m)), map[string]string{
		"keys": "a rule is for a kind of keys; a single key is exempt, or has an alias or a tag",
	})
}

// exemptionMatch says which keys are exempt: some, never all.
func exemptionMatch(m *rules.Match) value {
	const kind = "an exemption names its keys; a kind of keys has a rule with a baseline of its own"
	v := object(slices.Concat([]field{
		{key: "keys", doc: "Key ids or key ARNs.", value: list(&m.Keys, formatted(keyFormat))},
	}, placeFields(m), labelFields(m)), map[string]string{"keyUsages": kind, "keySpecs": kind, "origins": kind})
	read := v.read
	v.read = func(r *reader, n *yaml.Node) {
		before := len(r.list)
		read(r, n)
		named := len(m.Keys) + len(m.Accounts) + len(m.OrganizationalUnits) + len(m.Regions) + len(m.Aliases) + len(m.Tags)
		if named == 0 && len(r.list) == before {
			r.fail(n, "this would exempt every key; name keys, aliases, accounts, organizationalUnits, regions or tags")
		}
	}
	return v
}

// placeFields tell keys by where they are.
func placeFields(m *rules.Match) []field {
	return []field{
		{key: "accounts", doc: "Accounts that own the key.", value: list(&m.Accounts, formatted(accountFormat))},
		{key: "organizationalUnits", doc: "Organizational units or roots above the account, at any height.", value: list(&m.OrganizationalUnits, formatted(unitFormat))},
		{key: "regions", doc: "Regions of the key.", value: list(&m.Regions, formatted(regionFormat))},
	}
}

// labelFields tell keys by what people put on them.
func labelFields(m *rules.Match) []field {
	return []field{
		{key: "aliases", doc: "Aliases, one of which the key must have; `*` and `?` stand for any characters and any one.", value: list(&m.Aliases, formatted(aliasFormat))},
		{key: "tags", doc: "Tags, all of which the key must have; `*` and `?` in a value stand for any characters and any one.", value: texts(&m.Tags, "tag keys, each with a value")},
	}
}

func formatted(f format) func(*string) value {
	return func(p *string) value { return text(p, f) }
}
