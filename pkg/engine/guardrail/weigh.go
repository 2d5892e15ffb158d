package guardrail

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// ExcessSeverity says how bad a difference beyond the ceiling is, under the configuration of
// a judgement. d is about a statement of set, which is the key's policy or a part of it:
// package repair asks it of one Allow beside the Denies of its policy.
func (j Judgement) ExcessSeverity(k rules.Key, d access.Difference, set policy.Set) rules.Severity {
	e := examination{Judgement: Judgement{Live: &policy.Document{Set: set}, organization: j.organization}, snapshot: Snapshot{Key: j.organization.Placed(k)}}
	code, severity := e.judgeExcess(d)
	if j.Selection.ExcusedBy(string(code), NewFinding(k, code, severity, "").ID, severity, d.Principals, j.At) != "" {
		return rules.NoSeverity
	}
	return severity
}
