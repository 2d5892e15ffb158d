package guardrail

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Decision is what to do about a key.
type Decision struct {
	// Repair is true where a repair is wanted. It is written only if it can be planned
	// and proved, and nothing holds it.
	Repair bool
	// Reason says why there is none, or the code of the worst finding.
	Reason string
}

// The reasons for not repairing a key that is not compliant.
const (
	ReasonReportMode = "report-mode" // the key's mode is report
	ReasonNotLive    = "policy-not-live"
	ReasonBelow      = "below-repair-severity" // no finding is as bad as repair.from
	ReasonSweep      = "sweep"                 // a sweep found it, and sweeps only report
	ReasonFirstSweep = "first-sweep"           // the first sweep after a change of the configuration found it, and only reports
	ReasonExempt     = "exempt"
)

// decide says what to do: first what forbids a repair, then what asks for one.
func (j *Judgement) decide(s Snapshot, c *rules.Configuration) Decision {
	switch {
	case j.Verdict == Exempt:
		return Decision{Reason: ReasonExempt}
	case j.Verdict != NonCompliant:
		return Decision{Reason: j.worstCode()}
	case j.Selection.Mode != rules.Repair:
		return Decision{Reason: ReasonReportMode}
	case !s.Evidence.mayPlan():
		return Decision{Reason: ReasonNotLive}
	case !j.HasLimits():
		return Decision{Reason: j.worstCode()}
	case slices.ContainsFunc(j.Findings, func(f Finding) bool { return f.Code == CodeLockedOut }):
		return Decision{Reason: string(CodeLockedOut)}
	case !j.Severity.AtLeast(c.Repair.From):
		return Decision{Reason: ReasonBelow}
	case s.Trigger == BySweep && !c.Repair.Sweep:
		return Decision{Reason: ReasonSweep}
	case s.FirstSweep:
		return Decision{Reason: ReasonFirstSweep}
	default:
		return Decision{Repair: true, Reason: j.worstCode()}
	}
}

func (j *Judgement) worstCode() string {
	if len(j.Findings) == 0 {
		return ""
	}
	return string(j.Findings[0].Code)
}
