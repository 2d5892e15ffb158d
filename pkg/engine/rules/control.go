package rules

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

// PutKeyPolicy is the action that changes a key policy. Who may perform it controls the key.
const PutKeyPolicy = "kms:PutKeyPolicy"

// IsAboutControl tells whether a difference is about the account's control of the policy.
func IsAboutControl(d access.Difference) bool {
	return d.Delegated && d.Unnamed && slices.ContainsFunc(d.Actions, func(name string) bool {
		return access.ActionsMatching(name)&access.ActionsMatching(PutKeyPolicy) != 0
	})
}
