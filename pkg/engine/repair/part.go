package repair

import (
	"cmp"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// covered returns the actions of an Action or NotAction element.
func covered(l policy.List) access.Actions {
	var set access.Actions
	for _, value := range l.Values {
		set |= access.ActionsMatching(value)
	}
	if l.Negated {
		return access.AllActions &^ set
	}
	return set
}

// actionsOf returns the actions that differences are about.
func actionsOf(differences ...access.Difference) access.Actions {
	var set access.Actions
	for _, d := range differences {
		for _, name := range d.Actions {
			set |= access.ActionsMatching(name)
		}
	}
	return set
}

// without takes actions out of a statement, for each principal others. Principals that
// lose the same stay together; the statement with most principals comes first. A principal
// with no other action left goes. Kinds of principals that have no access go where most go.
// New patterns of actions are of those given, where one fits. Of a statement with
// NotPrincipal, all principals lose what the first does.
func without(st *policy.Statement, gone []access.Actions, patterns ...string) []policy.Statement {
	all := covered(st.Actions)
	if st.Principals.Negated {
		if all &^= gone[0]; all == 0 {
			return nil
		}
		rest := *st
		rest.Actions = reduced(st.Actions, all, patterns...)
		return []policy.Statement{rest}
	}
	groups := map[access.Actions][]int{}
	var order []access.Actions
	for i, p := range st.Principals.Entries {
		keep := all &^ gone[i]
		if keep == 0 && gone[i] != 0 || hasNoAccess(p) {
			continue
		}
		if groups[keep] == nil {
			order = append(order, keep)
		}
		groups[keep] = append(groups[keep], i)
	}
	slices.SortStableFunc(order, func(a, b access.Actions) int { return cmp.Compare(len(groups[b]), len(groups[a])) })
	if slices.ContainsFunc(st.Principals.Entries, hasNoAccess) && len(order) == 0 {
		order = []access.Actions{all}
	}
	list := make([]policy.Statement, len(order))
	for n, keep := range order {
		list[n] = *st
		list[n].Actions = reduced(st.Actions, keep, patterns...)
		list[n].Principals.Entries = nil
		for i, p := range st.Principals.Entries {
			if slices.Contains(groups[keep], i) || n == 0 && hasNoAccess(p) {
				list[n].Principals.Entries = append(list[n].Principals.Entries, p)
			}
		}
	}
	return list
}

// hasNoAccess tells the kinds of principals that a key policy gives nothing.
func hasNoAccess(p policy.Principal) bool {
	return p.Kind == policy.IdentityProvider || p.Kind == policy.CanonicalUser
}

// reduced returns a list of actions that covers, of what it did, the actions to keep. Values
// stay where they cover no others, and become narrower ones in their place where they do.
func reduced(l policy.List, keep access.Actions, patterns ...string) policy.List {
	if covered(l)&^keep == 0 {
		return l
	}
	if l.Negated {
		return policy.Values(spelled(keep, patterns...)...)
	}
	var values []string
	var said access.Actions // in narrower values
	for _, value := range l.Values {
		matching := access.ActionsMatching(value)
		if matching&^keep == 0 {
			values = append(values, value)
			continue
		}
		values = append(values, spelled(matching&keep&^said, patterns...)...)
		said |= matching
	}
	return policy.Values(values...)
}

// spelled says a set of actions, in the values given as far as they fit.
func spelled(set access.Actions, values ...string) []string {
	var list []string
	var said access.Actions
	for _, value := range values {
		if matching := access.ActionsMatching(value); matching&^set == 0 && matching&^said != 0 {
			list = append(list, value)
			said |= matching
		}
	}
	return append(list, access.ActionPatterns((set &^ said).Names())...)
}

// union returns a new list of a, and of b what is not in a.
func union[T comparable](a, b []T) []T {
	list := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}
