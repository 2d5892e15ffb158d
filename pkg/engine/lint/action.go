package lint

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// The actions of the catalog, by what a key policy can do with them.
var (
	keyPolicyActions    = catalog.KeyPolicyActions()
	iamOnlyActions      = namesOf(func(a catalog.Action) bool { return !a.KeyPolicy })
	crossAccountActions = namesOf(func(a catalog.Action) bool { return a.CrossAccount })
	allActions          = namesOf(func(catalog.Action) bool { return true })
)

func namesOf(wanted func(catalog.Action) bool) []string {
	var names []string
	for _, a := range catalog.Actions() {
		if wanted(a) {
			names = append(names, a.Name)
		}
	}
	return names
}

func worksAcrossAccounts(name string) bool { return slices.Contains(crossAccountActions, name) }

// covered returns the actions of a key policy that an Action or NotAction element covers,
// in the order of the catalog. matching is what each of its values does.
func covered(list policy.List, matching [][]string) []string {
	if !list.Present || len(list.Values) == 0 {
		return nil
	}
	named := map[string]bool{}
	for _, names := range matching {
		for _, name := range names {
			named[name] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(keyPolicyActions), func(name string) bool { return named[name] == list.Negated })
}

// matchingActions returns those of some action names that an Action value covers: "*", or
// kms:Name with * and ?, in any case.
func matchingActions(value string, names []string) []string {
	if value == "*" || strings.EqualFold(value, "kms:*") {
		return names
	}
	value = strings.ToLower(value)
	var matching []string
	for _, name := range names {
		if policy.IsLike(value, "kms:"+strings.ToLower(name)) {
			matching = append(matching, name)
		}
	}
	return matching
}

func checkActions(s *statement) {
	for i, value := range s.Actions.Values {
		if len(s.matching[i]) == 0 {
			s.ineffectiveAction(i, value)
		}
	}
	switch {
	case !s.Actions.Present:
		s.report(s.places.start, DeadStatement, "the statement has no Action, so no request matches it")
	case len(s.Actions.Values) == 0:
		s.report(s.places.start, DeadStatement, "the list of actions is empty, so no request matches the statement")
	case len(s.covered) == 0 && s.Actions.Negated:
		s.report(s.places.start, DeadStatement, "NotAction leaves no action, so no request matches the statement")
	case len(s.covered) == 0:
		s.report(s.places.start, DeadStatement, "none of the actions has an effect in a key policy, so no request matches the statement")
	}
}

// ineffectiveAction reports a value that covers no action of a key policy.
func (s *statement) ineffectiveAction(i int, value string) {
	at := s.places.action(i)
	name, isKMS := cutPrefixFold(value, "kms:")
	_, isKey := catalog.LookupConditionKey("kms:" + name)
	switch {
	case len(matchingActions(value, iamOnlyActions)) > 0:
		if !s.Actions.Negated { // to leave out what has no effect is no mistake
			s.report(at, ActionWithoutEffect, "%s has no effect in a key policy; only IAM policies control it%s", quote(value), asOf)
		}
	case isKMS && isKey:
		s.report(at, ConditionKeyAsAction, "%s is a condition key, not an action; it belongs under Condition", quote(value))
	case !isKMS:
		s.report(at, UnknownAction, "%s is not an action of KMS%s", quote(value), suggestAction(value))
	default:
		s.report(at, UnknownAction, "KMS has no action %s%s%s", quote(value), suggestAction(name), asOf)
	}
}

// suggestAction returns a clause that says what an unknown name was probably meant to be:
// one that lacks only the prefix, or, like ReEncrypt, a * to cover the names it begins, or
// one that is spelled much like it.
func suggestAction(name string) string {
	if strings.ContainsAny(name, "*?:") || name == "" {
		return ""
	}
	for _, known := range allActions {
		if strings.EqualFold(name, known) {
			return "; did you mean " + quote("kms:"+known) + "?"
		}
	}
	if len(name) >= 4 && len(matchingActions("kms:"+name+"*", keyPolicyActions)) > 0 {
		return "; did you mean " + quote("kms:"+name+"*") + "?"
	}
	if similar := spelling.Nearest(name, allActions); similar != "" {
		return "; did you mean " + quote("kms:"+similar) + "?"
	}
	return ""
}

func cutPrefixFold(text, prefix string) (rest string, ok bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}
