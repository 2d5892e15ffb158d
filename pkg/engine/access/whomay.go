package access

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// WhoMay returns who may perform an action under a policy, in the words of
// [Difference.Principals], in order and without repetition: first those whom the
// policy allows without a condition, then, with "under conditions" behind them,
// those whom it allows in some contexts. unsure tells whether others may, too,
// depending on what could not be decided. action is a name such as kms:PutKeyPolicy.
// Principals of other accounts and services are only named for actions that AWS
// documents for use across accounts.
func WhoMay(key policy.Key, d policy.Set, action string) (principals []string, unsure bool) {
	result := Compare(key, policy.Set{}, d)
	var sometimes []string
	abroad := usableAbroad(action)
	for _, difference := range result.Excess {
		if difference.Scope != OwnAccount && !abroad {
			continue
		}
		if !slices.ContainsFunc(difference.Actions, func(name string) bool { return ActionsMatching(name)&ActionsMatching(action) != 0 }) {
			continue
		}
		for _, principal := range difference.Principals {
			if difference.Conditions == "" {
				principals = append(principals, principal)
			} else {
				sometimes = append(sometimes, principal)
			}
		}
	}
	always := unique(principals)
	for _, principal := range unique(sometimes) {
		if !slices.Contains(always, principal) {
			always = append(always, principal+" under conditions")
		}
	}
	return always, len(result.Inconclusive) > 0
}

func usableAbroad(action string) bool {
	return slices.ContainsFunc(catalog.Actions(), func(a catalog.Action) bool { return "kms:"+a.Name == action && a.CrossAccount })
}

// unique returns a list without repetitions, in its order.
func unique(list []string) []string {
	var result []string
	for _, item := range list {
		if !slices.Contains(result, item) {
			result = append(result, item)
		}
	}
	return result
}
