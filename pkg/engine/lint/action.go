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
		s.dead(s.whole(), "", "the statement has no Action")
	case len(s.Actions.Values) == 0:
		s.dead(s.whole(), "", "the list of actions is empty")
	case len(s.covered) == 0 && s.Actions.Negated:
		s.dead(s.whole(), "", "NotAction leaves no action")
	case len(s.covered) == 0:
		s.dead(s.whole(), "", "none of the actions has an effect in a key policy")
	}
}

// ineffectiveAction reports a value that covers no action of a key policy.
func (s *statement) ineffectiveAction(i int, value string) {
	name, isKMS := cutPrefixFold(value, "kms:")
	prefix, _, hasPrefix := strings.Cut(value, ":")
	_, isKey := catalog.LookupConditionKey("kms:" + name)
	switch {
	case len(matchingActions(value, iamOnlyActions)) > 0:
		if !s.Actions.Negated { // to leave out what has no effect is no mistake
			s.report(s.action(i), ActionWithoutEffect, "", "%s has no effect in a key policy; only IAM policies control it%s", quote(value), asOf)
		}
	case isKMS && isKey:
		s.report(s.action(i), ConditionKeyAsAction, "", "%s is a condition key, not an action; it belongs under Condition", quote(value))
	case isKMS:
		s.report(s.action(i), UnknownAction, nearestAction(name), "KMS has no action %s%s", quote(value), asOf)
	case hasPrefix && spelling.Nearest(prefix, []string{"kms"}) == "":
		s.report(s.action(i), ForeignAction, "", "%s is an action of the service %s; a key policy controls actions of KMS only", quote(value), quote(prefix))
	default:
		s.report(s.action(i), UnknownAction, nearestAction(value[strings.IndexByte(value, ':')+1:]), "%s is not an action of KMS", quote(value))
	}
}

// nearestAction returns what an unknown name was probably meant to be: one that lacks only
// the prefix, or, like ReEncrypt, a * to cover the names it begins, or one that is spelled
// much like it.
func nearestAction(name string) string {
	if strings.ContainsAny(name, "*?:") || name == "" {
		return ""
	}
	for _, known := range allActions {
		if strings.EqualFold(name, known) {
			return "kms:" + known
		}
	}
	if len(name) >= 4 && len(matchingActions("kms:"+name+"*", keyPolicyActions)) > 0 {
		return "kms:" + name + "*"
	}
	if similar := spelling.Nearest(name, allActions); similar != "" {
		return "kms:" + similar
	}
	return ""
}

// checkKeyType reports actions that keys of this type can never perform. A pattern counts
// only if it covers no other action. kms:RotateKeyOnDemand stands in AWS's own default of
// every key, whatever its type.
func checkKeyType(s *statement) {
	if s.Actions.Negated {
		return
	}
	left := slices.DeleteFunc(slices.Clone(s.covered), func(name string) bool {
		_, never := s.keyType.Cannot(name)
		return never
	})
	if len(s.covered) > 0 && len(left) == 0 {
		who, _ := s.keyType.Cannot(s.covered[0])
		s.dead(s.whole(), "", "this key can perform none of the actions (only %s can perform %s)", who, quote("kms:"+s.covered[0]))
		return
	}
	mayPerform := func(name string) bool { return name == "RotateKeyOnDemand" || slices.Contains(left, name) }
	for i, value := range s.Actions.Values {
		if len(s.matching[i]) == 0 || slices.ContainsFunc(s.matching[i], mayPerform) {
			continue
		}
		who, _ := s.keyType.Cannot(s.matching[i][0])
		s.report(s.action(i), ActionNotOfKeyType, "", "this key can never perform %s; only %s can", quote(value), who)
	}
}

// checkRepeatedActions reports a value beside kms:*, and a value that stands twice. Beside
// other patterns AWS's own policies name actions once more.
func checkRepeatedActions(s *statement) {
	seen := map[string]string{}
	for i, value := range s.Actions.Values {
		name := strings.ToLower(value)
		first, twice := seen[name]
		if !twice && len(s.matching[i]) > 0 {
			first, twice = seen["all"]
		}
		if twice {
			s.report(s.action(i), RepeatedAction, "", "%s covers %s already", quote(first), quote(value))
		}
		seen[name] = value
		if len(s.matching[i]) == len(keyPolicyActions) {
			seen["all"] = value
		}
	}
}

func isSubset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(name string) bool { return !slices.Contains(all, name) })
}

func cutPrefixFold(text, prefix string) (rest string, ok bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}
