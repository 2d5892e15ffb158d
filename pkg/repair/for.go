package repair

import (
	"errors"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// trimBudget is less than [DefaultBudget]: the function has a third of a processor, and
// other messages wait.
const trimBudget = 2_000

// For plans the repair of a judged key by the configuration's strategy: Trim, or Replace
// by the generated default with what the baseline requires. A baseline that wants exactly
// a generated default is always reset: a trimmed policy need not be one. So is a policy
// with a critical finding that is too much to trim: whoever opens a key to everybody must
// not be able to keep it open by making its policy large. writer is the guardrail's role, or ""
// for any role of the account. The error is a [*Refusal].
func For(s guardrail.Snapshot, j guardrail.Judgement, c *guardrail.Configuration, writer string) (Plan, error) {
	switch {
	case s.Evidence != guardrail.LivePolicy:
		return Plan{}, refuse(NotLive, "the judged policy was not read from the key")
	case j.Live == nil || len(j.Floors) == 0 || j.Limits.Ceiling == nil:
		return Plan{}, refuse(Incomplete, "the key was not held against a baseline")
	}
	if writer == "" {
		writer = "arn:" + s.Key.Partition + ":iam::" + s.Key.Account + ":role/kms-guardrail" // some role of the account
	}
	r := Request{
		Key: s.Key.PolicyKey(), Live: j.Live, Writer: writer, Budget: trimBudget, Context: s.Key.OrdinaryContext(j.At),
		Bounds: Bounds{Floors: j.Floors, Ceiling: j.Limits.Ceiling},
	}
	if c.Repair.Strategy == guardrail.Reset || j.Selection.Baseline.Match == guardrail.ExactDefault {
		return Replace(r, j.Limits.Reset)
	}
	p, err := Trim(r)
	var refusal *Refusal
	if j.Severity == guardrail.Critical && errors.As(err, &refusal) && slices.Contains(tooMuchToTrim, refusal.Reason) {
		return Replace(r, j.Limits.Reset)
	}
	return p, err
}

// tooMuchToTrim are the reasons that a policy's author can bring about.
var tooMuchToTrim = []Reason{OverBudget, TooLarge, Undecided, NotProved}
