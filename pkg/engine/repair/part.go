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

// judgement compares a document with one of the bounds; only one side of the result is
// filled.
type judgement func(st policy.Statement) (access.Result, error)

// faults returns, for each principal of a statement, the actions for which it is at fault,
// or may be.
func faults(st *policy.Statement, judge judgement) ([]access.Actions, error) {
	list := make([]access.Actions, len(st.Principals.Entries))
	for i, principal := range st.Principals.Entries {
		one := *st
		one.Principals.Entries = []policy.Principal{principal}
		result, err := judge(one)
		if err != nil {
			return nil, err
		}
		list[i] = actionsOf(result.Excess) | actionsOf(result.Missing)
		if len(result.Inconclusive) == 0 {
			continue
		}
		if list[i], err = doubtful(&one, judge); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// doubtful returns the actions of which it is not proved that they are without fault, by
// the values that cover them.
func doubtful(st *policy.Statement, judge judgement) (access.Actions, error) {
	if st.Actions.Negated || len(st.Actions.Values) == 1 {
		return covered(st.Actions), nil
	}
	var set access.Actions
	for _, value := range st.Actions.Values {
		one := *st
		one.Actions = policy.Values(value)
		result, err := judge(one)
		if err != nil {
			return 0, err
		}
		if result.Verdict != access.Inside {
			set |= access.ActionsMatching(value)
		}
	}
	return set, nil
}

// split takes faults out of a statement. Principals with the same faults stay together;
// the statement with most principals comes first. A principal with no other action left
// goes. Kinds of principals that have no access go where most go. New patterns of actions
// are of those given, where one fits.
func split(st *policy.Statement, faults []access.Actions, patterns ...string) []policy.Statement {
	all := covered(st.Actions)
	groups := map[access.Actions][]int{}
	var order []access.Actions
	for i, p := range st.Principals.Entries {
		keep := all &^ faults[i]
		if keep == 0 || hasNoAccess(p) {
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
