package guardrail

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// ExcessSeverity says how bad a difference beyond the ceiling is. d is about a statement of
// set, which is the judged key policy or a part of it: package repair asks it of one Allow
// beside the Denies of its policy.
func (j *Judgement) ExcessSeverity(k rules.Key, d access.Difference, set policy.Set) rules.Severity {
	e := examination{Judgement: Judgement{Live: &policy.Document{Set: set}, Organization: j.Organization}, snapshot: Snapshot{Key: k}}
	_, severity := e.judgeExcess(d)
	return severity
}
