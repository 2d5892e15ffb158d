package integration

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// expandActions returns the names, without "kms:", of the actions of key policies that a list
// of actions with wildcards has.
func expandActions(patterns []string) []string {
	list := lowered(patterns)
	return slices.DeleteFunc(catalog.KeyPolicyActions(), func(name string) bool { return !isAmong(name, list) })
}

// isAmong tells whether an action, without "kms:", matches a pattern of a lowered list.
func isAmong(name string, patterns []string) bool {
	action := "kms:" + strings.ToLower(name)
	return slices.ContainsFunc(patterns, func(pattern string) bool { return policy.IsLike(pattern, action) })
}

// lowered returns a list of patterns in small letters: the case of an action does not count.
func lowered(patterns []string) []string {
	list := make([]string, len(patterns))
	for i, pattern := range patterns {
		list[i] = strings.ToLower(pattern)
	}
	return list
}

// isMetadata tells whether an action only looks at the key.
func isMetadata(name string) bool {
	return strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List")
}

// carriesContext tells whether requests for all actions but metadata carry an encryption
// context, and there is one such action.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
func carriesContext(names []string) bool {
	family, _ := catalog.LookupConditionKey("kms:EncryptionContext:name")
	carries := func(name string) bool { return slices.Contains(family.Actions, name) }
	return slices.ContainsFunc(names, carries) && !slices.ContainsFunc(names, func(name string) bool { return !carries(name) && !isMetadata(name) })
}
