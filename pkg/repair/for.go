package repair

import "github.com/kms-guardrail/kms-guardrail/pkg/guardrail"

// For plans the repair of a judged key by the configuration's strategy: Trim, or Replace
// by the generated default with what the baseline requires. A baseline that wants exactly
// a generated default is always reset: a trimmed policy need not be one. writer is as in
// [Request]. The error is a [*Refusal].
func For(s guardrail.Snapshot, j guardrail.Judgement, c *guardrail.Configuration, writer string) (Plan, error) {
	switch {
	case s.Evidence != guardrail.LivePolicy:
		return Plan{}, refuse(NotLive, "the judged policy was not read from the key")
	case j.Live == nil || len(j.Floors) == 0 || j.Limits.Ceiling == nil:
		return Plan{}, refuse(Incomplete, "the key was not held against a baseline")
	}
	r := Request{
		Key: s.Key.PolicyKey(), Live: j.Live, Writer: writer,
		Bounds: Bounds{Floors: j.Floors, Ceiling: j.Limits.Ceiling},
	}
	if c.Repair.Strategy == guardrail.Reset || j.Selection.Baseline.Match == guardrail.ExactDefault {
		return Replace(r, j.Limits.Reset)
	}
	return Trim(r)
}
