package repair

import (
	"errors"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Decision is a plan, and whether it is to be written.
type Decision struct {
	// Plan is the repair; where what is critical is repaired alone, only that.
	Plan Plan
	// Held is true where Plan is to be reported and not written.
	Held bool
	// Holds say why Plan is held, or where it is not, why all else that the key needs is.
	Holds []Hold
}

// Decide plans the repair of a judged key as [For] does, and says whether it is to be
// written. What would be held and has no critical finding is not. A critical finding is
// never held; but one that somebody adds to a policy must not let through what else would
// be held. So where the whole repair would be, the plan is the urgent one: it takes away
// what the critical findings are about, and leaves the rest of the policy as it is. That
// has no critical finding any more, and its repair is held when the guardrail looks again.
//
// The whole repair is written, unheld, where there is no urgent plan: with the strategy
// Reset or a baseline that wants exactly a default, where it cannot be made, and where its
// rest would not be held. Tags of the snapshot that are nil hold where the configuration
// asks for them. The error is a [*Refusal].
func Decide(s guardrail.Snapshot, j guardrail.Judgement, c *rules.Configuration, writer string) (Decision, error) {
	whole, err := For(s, j, c, writer)
	if err != nil {
		return Decision{}, err
	}
	holds := Holds(whole, s, j, c.Repair)
	switch {
	case len(holds) == 0:
		return Decision{Plan: whole}, nil
	case j.Severity != rules.Critical:
		return Decision{Plan: whole, Held: true, Holds: holds}, nil
	case resets(j, c):
		return Decision{Plan: whole}, nil
	}
	urgent, err := urgentPlan(s, j, writer)
	if err != nil {
		return Decision{Plan: whole}, nil //nolint:nilerr // what is critical is repaired all the same
	}
	// What will the guardrail say when it sees what it wrote?
	s.Policy, s.BypassedLockoutCheck = urgent.Document.Text(), false
	j = guardrail.Judge(s, c, j.At)
	rest, err := For(s, j, c, writer)
	if err != nil || j.Severity == rules.Critical {
		return Decision{Plan: whole}, nil //nolint:nilerr // there is no rest, or none that could be held
	}
	holds = Holds(rest, s, j, c.Repair)
	for i := range holds {
		holds[i].Detail = "only what is critical is repaired, and the rest is held: " + holds[i].Detail
	}
	if len(holds) == 0 {
		return Decision{Plan: whole}, nil
	}
	return Decision{Plan: urgent, Holds: holds}, nil
}

// urgentPlan trims a policy to the ceiling and to what its own statements allow that cause
// no critical finding. Nothing has to be there but what KMS wants: where it would refuse
// the policy without the floor, the floor is added.
func urgentPlan(s guardrail.Snapshot, j guardrail.Judgement, writer string) (Plan, error) {
	raised := policy.Set{Version: j.Limits.Ceiling.Version, Statements: slices.Clone(j.Limits.Ceiling.Statements)}
	for i, st := range j.Live.Statements {
		if st.Effect == policy.Allow && !st.Incomplete() && !causesCritical(j, i) {
			raised.Statements = append(raised.Statements, st)
		}
	}
	r := request(s, j, writer)
	r.Bounds = Bounds{Ceiling: raised}
	p, err := Trim(r)
	var refusal *Refusal
	if errors.As(err, &refusal) && (refusal.Reason == Lockout || refusal.Reason == NothingLeft) {
		r.Bounds.Floors = j.Floors
		return Trim(r)
	}
	return p, err
}

// causesCritical tells whether a statement of the judged policy causes a critical finding.
func causesCritical(j guardrail.Judgement, statement int) bool {
	return slices.ContainsFunc(j.Findings, func(f guardrail.Finding) bool {
		return f.Severity == rules.Critical && f.Statement != nil && *f.Statement == statement
	})
}

// trimBudget is less than [DefaultBudget]: the function has a third of a processor, and
// other messages wait.
const trimBudget = 2_000

// For plans the repair of a judged key by the configuration's strategy: Trim, or Replace
// by the generated default with what the baseline requires. A baseline that wants exactly
// a generated default is always reset: a trimmed policy need not be one. So is a policy
// with a critical finding that is too much to trim: whoever opens a key to everybody must
// not be able to keep it open by making its policy large. writer is the guardrail's role, or ""
// for any role of the account. The error is a [*Refusal]. Whether the plan is to be written
// is what [Decide] says.
func For(s guardrail.Snapshot, j guardrail.Judgement, c *rules.Configuration, writer string) (Plan, error) {
	switch {
	case s.Evidence != guardrail.LivePolicy && s.Evidence != guardrail.FilePolicy:
		return Plan{}, refuse(NotLive, "the judged policy is neither the key's nor a file")
	case !j.HasLimits():
		return Plan{}, refuse(Incomplete, "the key was not held against a baseline")
	}
	r := request(s, j, writer)
	if resets(j, c) {
		return reset(r, j)
	}
	p, err := Trim(r)
	var refusal *Refusal
	if j.Severity == rules.Critical && errors.As(err, &refusal) && slices.Contains(tooMuchToTrim, refusal.Reason) {
		return reset(r, j)
	}
	return p, err
}

// reset plans to write the generated default with what the baseline requires.
func reset(r Request, j guardrail.Judgement) (Plan, error) {
	wanted, err := j.Limits.ResetDocument()
	if err != nil {
		return Plan{}, refuse(TooLarge, "the generated default with what the baseline requires: %v", err)
	}
	return Replace(r, wanted)
}

// request asks for a repair within the limits of a judgement.
func request(s guardrail.Snapshot, j guardrail.Judgement, writer string) Request {
	if writer == "" {
		writer = "arn:" + s.Key.Partition + ":iam::" + s.Key.Account + ":role/kms-guardrail" // some role of the account
	}
	return Request{
		Key: s.Key.PolicyKey(), Live: j.Live, Writer: writer, Budget: trimBudget, Context: guardrail.OrdinaryContext(s.Key, j.At),
		Bounds: Bounds{Floors: j.Floors, Ceiling: j.Limits.Ceiling},
	}
}

// resets tells whether a repair is always the generated default.
func resets(j guardrail.Judgement, c *rules.Configuration) bool {
	return c.Repair.Strategy == rules.Reset || j.Selection.Baseline.Match == rules.ExactDefault
}

// tooMuchToTrim are the reasons that a policy's author can bring about.
var tooMuchToTrim = []Reason{OverBudget, TooLarge, Undecided, NotProved}
