package repair

import (
	"errors"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Decision is a plan, and whether it is to be written.
type Decision struct {
	// Plan is the repair. Where some of it is held, Plan is the rest.
	Plan Plan
	// Held is true where Plan is to be reported and not written, because holds keep all of it.
	Held bool
	// Holds say why Plan is held, or where it is not, what else is left for a person and why.
	Holds []Hold
	// Work is what the comparisons took, in the units of [access.WithinWork]. An error has it, too.
	Work int
}

// linearBudget is how much work a linear plan is worth. What is not decided within it counts
// as met, which takes no more than a small comparison for each principal.
const linearBudget = 2_000_000

// Decide plans the repair of a judged key and says whether it is to be written: an edit for
// each finding of repair.from or worse, see the package documentation.
//
// writer is the ARN of the role that will write the policy, "" where it is not known.
// previous is the last policy of the key that was judged and recorded, nil where nothing
// is recorded: a hold keeps what it had. If the configuration holds the keys of stacks and the
// snapshot has no tags (nil), the key counts as one of a stack.
//
// Where it is not known which rule applies, the plan is [Excess].
//
// Where no whole plan can be made, for whatever reason, the plan takes away what is critical
// statement by statement, and Holds says why the rest is left. With the strategy reset, or a
// baseline that wants exactly a default, the plan is that default. The error is a [*Refusal];
// it is NothingToDo where no finding is to be repaired, and Undecided where none is proved.
func Decide(s guardrail.Snapshot, j guardrail.Judgement, c *rules.Configuration, writer string, previous *policy.Document) (d Decision, err error) {
	if j.Selection.IsUncertain() {
		plan, err := Excess(s, j, writer)
		return Decision{Plan: plan, Holds: []Hold{{HoldUnplanned, "only what is critical is repaired, because it is not known which rule applies"}}}, err
	}
	p, err := newPlanner(s, &j, c.Repair.From, writer)
	if err != nil {
		return Decision{}, err
	}
	defer func() { d.Work = *p.work }()
	if isReset(&j, c) {
		d, err = p.decideReset(s, c, previous)
	} else {
		d, err = p.decide(s, c, previous)
	}
	var refusal *Refusal
	if err == nil || errors.As(err, &refusal) && (refusal.Reason == NothingToDo || refusal.Reason == Undecided) {
		return d, err
	}
	plan, lerr := linearPlan(s, &j, c.Repair.From, writer, p.work)
	if lerr != nil {
		return Decision{}, err
	}
	return Decision{Plan: plan, Holds: append(d.Holds, Hold{HoldUnplanned, "only what is critical is repaired, and the rest is left: " + refusal.Detail})}, nil
}

// isReset tells whether a repair is always the generated default. A default would take what an
// exemption excuses.
func isReset(j *guardrail.Judgement, c *rules.Configuration) bool {
	return len(j.Selection.Exemptions) == 0 && (c.Repair.Strategy == rules.Reset || j.Selection.Baseline.Match == rules.ExactDefault)
}

// decide plans edits, and leaves what is held.
func (p *planner) decide(s guardrail.Snapshot, c *rules.Configuration, previous *policy.Document) (Decision, error) {
	if err := p.judge(); err != nil {
		return Decision{}, err
	}
	holds, err := holder{p}.hold(s, c.Repair, previous)
	if err != nil {
		return Decision{}, err
	}
	part := p.again(all, true)
	if slices.ContainsFunc(holds, func(h Hold) bool { return h.Reason == rules.HoldCloudFormation }) {
		part = p.again(urgent, true)
	}
	plan, err := part.plan()
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Reason != NothingToDo {
		return Decision{Plan: plan, Holds: holds}, err
	}
	if plan, err = p.again(all, false).plan(); err == nil {
		return Decision{Plan: plan, Held: true, Holds: holds}, nil
	}
	if isMurky := slices.ContainsFunc(p.fates, func(f fate) bool { return f.murky }); isMurky && errors.As(err, &refusal) && refusal.Reason == NothingToDo {
		return Decision{}, refuse(Undecided, "nothing that is to be repaired is proved, and not everything is decided")
	}
	return Decision{}, err
}

// again returns a planner that knows the same faults and has planned nothing yet.
func (p *planner) again(s scope, holds bool) *planner {
	next := *p
	next.scope, next.murkyReader = s, nil
	next.fates = slices.Clone(p.fates)
	for i := range next.fates {
		f := &next.fates[i]
		f.now = []policy.Statement{p.live.Statements[i]}
		f.faults = slices.Clone(f.faults)
		for e := range f.faults {
			if !holds {
				f.faults[e].kept = 0
			}
		}
	}
	return &next
}

// linearPlan takes away what is critical, statement by statement. Where the policy is too large
// then, because what is left of each statement takes more text than "kms:*", whoever has critical
// access in a statement loses all of it there. It adds its work to work.
func linearPlan(s guardrail.Snapshot, j *guardrail.Judgement, from rules.Severity, writer string, work *int) (Plan, error) {
	p, err := newPlanner(s, j, from, writer)
	if err != nil {
		return Plan{}, err
	}
	p.scope, p.left, p.isFree, p.work = linear, linearBudget, true, work
	if err := p.judge(); err != nil {
		return Plan{}, err
	}
	plan, err := p.again(linear, true).plan()
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.Reason == TooLarge {
		p.dropsWhole = true
		return p.plan()
	}
	return plan, err
}

// decideReset plans to write the generated default in place of the policy. All of it is held
// where a hold keeps a part, unless something is critical.
func (p *planner) decideReset(s guardrail.Snapshot, c *rules.Configuration, previous *policy.Document) (Decision, error) {
	wanted, err := p.judgement.Limits.ResetDocument()
	if err != nil {
		return Decision{}, refuse(TooLarge, "the default of guardrail.yaml: %v", err)
	}
	switch access.Equivalent(p.key, wanted.Set, p.live.Set) {
	case access.Equal:
		return Decision{}, refuse(NothingToDo, "the live policy allows what the wanted one does")
	case access.Different:
	default:
		isProved := func(f guardrail.Finding) bool { return f.Difference != nil && f.Severity.AtLeast(p.from) }
		if p.judgement.Severity != rules.Critical && !slices.ContainsFunc(p.judgement.Findings, isProved) {
			return Decision{}, refuse(Undecided, "it is not decided whether the live policy allows what the wanted one does")
		}
	}
	if err := p.judge(); err != nil {
		return Decision{}, err
	}
	holds, err := holder{p}.hold(s, c.Repair, previous)
	if err != nil {
		return Decision{}, err
	}
	plan, err := p.replace(wanted)
	if err != nil {
		return Decision{}, err
	}
	if p.judgement.Severity == rules.Critical || p.isCritical() {
		return Decision{Plan: plan}, nil
	}
	return Decision{Plan: plan, Held: len(holds) > 0, Holds: holds}, nil
}

// isCritical tells whether an Allow has a critical fault.
func (p *planner) isCritical() bool {
	return slices.ContainsFunc(p.fates, func(f fate) bool {
		return slices.ContainsFunc(f.faults, func(o fault) bool { return o.critical != 0 })
	})
}

// replace makes a plan of a given document, which is proved to lie between floor and ceiling.
func (p *planner) replace(wanted *policy.Document) (Plan, error) {
	plan := Plan{
		Document: wanted, Before: p.live.Hash(p.key.Partition), After: wanted.Hash(p.key.Partition),
		Edits: []Edit{{ReplaceDocument, NoStatement, "", "Replaced the whole policy by the default of guardrail.yaml: each access that is not in it is gone."}},
	}
	above, err := p.excess(wanted.Set, p.ceiling)
	if err != nil {
		return Plan{}, err
	}
	below, err := p.missing(p.judgement.Limits.Floor, wanted.Set)
	if err != nil {
		return Plan{}, err
	}
	plan.Proof = Proof{Ceiling: above.Verdict, Floor: below.Verdict}
	if above.Verdict != access.Inside || below.Verdict != access.Inside {
		return Plan{}, refuse(NotProved, "the default of guardrail.yaml is not proved to lie within its own limits: %s", explain(above))
	}
	return plan, prover{p}.checkDocument(wanted, wanted.Statements)
}

// Excess plans to take away what is critical in a judged key's policy, and nothing else. It
// is for a policy to which KMS refuses to add a principal: the plan names no user, role or
// session that the live policy does not name. It adds access only if KMS would refuse the
// policy without that access. writer is as in [Decide]. The error is a [*Refusal].
func Excess(s guardrail.Snapshot, j guardrail.Judgement, writer string) (Plan, error) {
	p, err := newPlanner(s, &j, rules.Critical, writer)
	if err != nil {
		return Plan{}, err
	}
	p.scope, p.removesOnly = urgent, true
	if err = p.judge(); err == nil {
		var plan Plan
		if plan, err = p.plan(); err == nil {
			return plan, nil
		}
	}
	if plan, lerr := linearPlan(s, &j, rules.Critical, writer, p.work); lerr == nil && len(Unnamed(j.Live, plan.Document)) == 0 {
		return plan, nil
	}
	return Plan{}, err
}

// Unnamed returns the users, roles and sessions that a new policy names and the live one does
// not. KMS looks them up and refuses the policy if one does not exist. Each is named once, as written.
func Unnamed(live, planned *policy.Document) []string {
	var names []string
	for _, st := range planned.Statements {
		for _, q := range st.Principals.Entries {
			if isUnnamed(live, q) && !slices.Contains(names, q.Text) {
				names = append(names, q.Text)
			}
		}
	}
	return names
}

// isUnnamed tells whether KMS has to look a principal up that the live policy does not name.
// Accounts and services are no names that somebody forgot to create.
func isUnnamed(live *policy.Document, q policy.Principal) bool {
	if slices.Contains([]policy.PrincipalKind{policy.Anyone, policy.Account, policy.Service}, q.Kind) {
		return false
	}
	return !slices.ContainsFunc(live.Statements, func(st policy.Statement) bool { return slices.Contains(st.Principals.Entries, q) })
}
