package report

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

// changes says what a change of a policy lets happen, and what it ends: one sentence for each
// difference between the policy before it, the baseline, and after it.
func changes(r access.Result) []string {
	var list []string
	for _, d := range r.Excess {
		list = append(list, "lets "+strings.Join(d.Principals, ", ")+" call "+calls(d))
	}
	for _, d := range r.Missing {
		list = append(list, "no longer lets "+strings.Join(d.Principals, ", ")+" call "+calls(d))
	}
	for _, questions := range openQuestions(Result{Result: r}) {
		list = append(list, "whether it changes access is not decided: "+questions[0].Detail)
	}
	if list == nil {
		return []string{"the policy allows the same as before"}
	}
	return list
}

// calls names the actions of a difference, with what else must hold.
func calls(d access.Difference) string {
	words := strings.Join(access.ActionPatterns(d.Actions), ", ")
	if d.Conditions != "" {
		words += " when " + d.Conditions
	}
	if d.Delegated {
		words += ", if an IAM policy of their account allows it"
	}
	return words
}
