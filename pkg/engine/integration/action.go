package integration

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
)

// expandActions returns the names, without "kms:", of the actions of key policies that a list
// of actions with wildcards has.
func expandActions(patterns []string) []string {
	return slices.DeleteFunc(catalog.KeyPolicyActions(), func(name string) bool {
		return !slices.ContainsFunc(patterns, func(pattern string) bool {
			return matches(strings.ToLower(pattern), "kms:"+strings.ToLower(name))
		})
	})
}

// matches tells whether a text has the form of a pattern with * and ?. At a mismatch, the last
// * takes one more letter.
func matches(pattern, text string) bool {
	p, t, star, used := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, used = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			used++
			p, t = star+1, used
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
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
