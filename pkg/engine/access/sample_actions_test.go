package access_test

import (
	"regexp"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// allActions returns every action that a key policy decides, as kms:Name.
func allActions() []string {
	var list []string
	for _, name := range catalog.KeyPolicyActions() {
		list = append(list, "kms:"+name)
	}
	return list
}

// actionsApart returns the first of each set of actions that no statement tells apart.
func actionsApart(documents []*policy.Document) []string {
	var lists []*regexp.Regexp
	for _, d := range documents {
		for i := range d.Statements {
			lists = append(lists, actionsRegexp(d.Statements[i].Actions.Values))
		}
	}
	seen := map[string]bool{}
	var apart []string
	for _, action := range allActions() {
		var id strings.Builder
		for _, list := range lists {
			if list.MatchString(action) {
				id.WriteByte('1')
			} else {
				id.WriteByte('0')
			}
		}
		if !seen[id.String()] {
			seen[id.String()] = true
			apart = append(apart, action)
		}
	}
	return apart
}

// actionsRegexp returns an expression for the actions of a list, negated or not.
func actionsRegexp(values []string) *regexp.Regexp {
	var alternatives []string
	for _, v := range values {
		alternatives = append(alternatives, strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(v)))
	}
	return regexp.MustCompile(`(?is)^(?:` + strings.Join(alternatives, "|") + `)$`)
}
