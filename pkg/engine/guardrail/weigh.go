package guardrail

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// ExcessSeverity says how bad a difference beyond the ceiling is. d is about a statement of
// set, which is a key policy or a part of one: package repair asks it of one Allow beside
// the Denies of its policy.
func ExcessSeverity(k rules.Key, d access.Difference, set policy.Set) rules.Severity {
	_, severity := judgeExcess(k, d, &policy.Document{Set: set})
	return severity
}
