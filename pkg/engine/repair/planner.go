package repair

import (
	"errors"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// scope says how much a plan mends.
type scope uint8

const (
	// all: every finding from repair.from on that no hold keeps.
	all scope = iota
	// urgent: only critical access, with the proofs of a whole plan.
	urgent
	// linear: only critical access, statement by statement, where no whole plan can be made.
	linear
)

// planner is the state of one plan.
type planner struct {
	comparer
	k         rules.Key
	judgement *guardrail.Judgement
	live      *policy.Document
	from      rules.Severity
	writer    string
	scope     scope
	// removesOnly is true where the plan may name nobody whom the live policy does not.
	removesOnly bool
	// dropsWhole is true where a principal with critical actions loses all actions of its statement:
	// the list of those that are left would make the policy too large.
	dropsWhole bool

	// ceiling is access that may be there, allows its Allows and required its Denies.
	// shares are the Allows that a new statement may be made of.
	ceiling, allows policy.Set
	shares          []policy.Statement
	murkyReader     *guardrail.Reader // see weighMurky
	bareFaults      map[string]fault  // of a principal without conditions, by it and the actions
	required        []policy.Statement
	// denies are those of the live policy, and clear are those of them that are decided.
	denies, clear []policy.Statement
	// lacksDeny is true where Allows are as the ceiling wants, but for a Deny of it.
	lacksDeny bool

	fates []fate // by statement of the live policy
	added []policy.Statement
}

// fate is what becomes of one statement of the live policy.
type fate struct {
	// now is the statement itself, or what stands in its place: the first keeps what
	// bytes it can, the others follow it.
	now     []policy.Statement
	changed bool
	edits   []Edit

	faults []fault // of an Allow, by principal; one for NotPrincipal
	murky  bool    // what it allows or denies is not decided
	// left is what the plan does not take away of a changed Allow.
	left []policy.Statement
	// gone is what is taken out of a Deny.
	gone []policy.Statement
}

func newPlanner(s guardrail.Snapshot, j *guardrail.Judgement, from rules.Severity, writer string) (*planner, error) {
	switch {
	case s.Evidence != guardrail.LivePolicy && s.Evidence != guardrail.FilePolicy:
		return nil, refuse(NotLive, "the judged policy was neither read from the key nor from a file")
	case !j.HasLimits():
		return nil, refuse(Incomplete, "the key was not held against a baseline")
	}
	p := &planner{
		comparer: comparer{key: s.Key.PolicyKey(), left: wholeBudget, work: new(int)}, k: s.Key, judgement: j, live: j.Live, from: from, writer: writer,
		ceiling: j.Limits.Ceiling, allows: policy.Set{Version: j.Limits.Ceiling.Version}, fates: make([]fate, len(j.Live.Statements)), bareFaults: map[string]fault{},
	}
	for _, st := range p.ceiling.Statements {
		if st.Effect == policy.Allow {
			p.allows.Statements = append(p.allows.Statements, st)
		} else if st = withoutDeleted(st); !st.Incomplete() {
			p.required = append(p.required, st)
		}
	}
	for i, st := range j.Live.Statements {
		p.fates[i].now = []policy.Statement{st}
		if st.Effect == policy.Deny {
			p.denies = append(p.denies, st)
		}
	}
	return p, nil
}

func (p *planner) isLinear() bool { return p.scope == linear }

// judge finds what is wrong: the faults of the Allows, and which Denies are not decided.
func (p *planner) judge() error {
	for i := range p.live.Statements {
		st, f := &p.live.Statements[i], &p.fates[i]
		if st.Effect != policy.Deny || p.isLinear() {
			continue
		}
		decided, isWhole, err := p.reader().DecidedDenies(*st)
		if err != nil {
			return err
		}
		f.murky = !isWhole
		p.clear = append(p.clear, decided...)
	}
	for _, i := range p.order() {
		if st := &p.live.Statements[i]; st.Effect == policy.Allow && !st.Incomplete() {
			if err := (weigher{p}).weigh(i); err != nil {
				return err
			}
		}
	}
	return nil
}

// order returns the statements, those first that are surely quick to compare where the
// budget may not last for all.
func (p *planner) order() []int {
	order := make([]int, len(p.live.Statements))
	for i := range order {
		order[i] = i
	}
	if p.isLinear() {
		slices.SortStableFunc(order, func(a, b int) int { return wildcards(&p.live.Statements[a]) - wildcards(&p.live.Statements[b]) })
	}
	return order
}

// wildcards counts what makes the conditions of a statement slow to compare.
func wildcards(st *policy.Statement) int {
	count := 0
	for _, c := range st.Conditions {
		for _, v := range c.Values {
			for i := range len(v) {
				if v[i] == '*' || v[i] == '?' {
					count++
				}
			}
		}
	}
	return count
}

// plan makes the plan of what was judged. It is refused where nothing is to be done.
func (p *planner) plan() (Plan, error) {
	if err := (narrower{p}).readShares(); err != nil {
		return Plan{}, err
	}
	steps := []func() error{narrower{p}.narrow, adder{p}.addFloors, relaxer{p}.relaxDenies, adder{p}.addDenies}
	if p.isLinear() {
		steps = []func() error{narrower{p}.narrow}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return Plan{}, err
		}
	}
	if !p.isChanged() {
		return Plan{}, refuse(NothingToDo, "no finding that is to be repaired is about access")
	}
	p.clean()
	return p.finish()
}

// finish makes a plan of what became of the statements. A plan of what is critical alone that
// KMS would not take without the floor gets the floor.
func (p *planner) finish() (Plan, error) {
	plan, err := prover{p}.prove()
	var refusal *Refusal
	if p.scope != all && errors.As(err, &refusal) && (refusal.Reason == Lockout || refusal.Reason == NothingLeft) {
		adder{p}.addWholeFloor()
		return prover{p}.prove()
	}
	return plan, err
}

func (p *planner) isChanged() bool {
	return len(p.added) > 0 || slices.ContainsFunc(p.fates, func(f fate) bool { return f.changed })
}

// clean takes out what KMS refuses when a policy is written again: principals that were
// deleted, and statements without an Action, a Resource or a principal.
// https://repost.aws/knowledge-center/kms-policy-error-invalid-principals
func (p *planner) clean() {
	for i := range p.fates {
		f := &p.fates[i]
		for n := len(f.now) - 1; n >= 0; n-- {
			st := f.now[n]
			if dead := deletedOf(&st); len(dead) > 0 {
				f.now[n] = withoutDeleted(st)
				f.changed, f.edits = true, append(f.edits, p.edit(DropDeleted, i, "Took %s out of %s: KMS refuses a policy that names a deleted user or role.", enumerate(dead), p.place(i)))
			}
			if f.now[n].Incomplete() {
				f.changed, f.edits = true, append(f.edits, p.edit(DropStatement, i, "Removed %s: KMS refuses a statement without an action, a resource or a principal.", p.place(i)))
				f.now = slices.Delete(f.now, n, n+1)
			}
		}
	}
}

func deletedOf(st *policy.Statement) (names []string) {
	for _, p := range st.Principals.Entries {
		if isDeleted(p) {
			names = append(names, quote(p.Text))
		}
	}
	return names
}

// withoutDeleted returns a statement without its deleted principals. All but a deleted
// principal is everyone.
func withoutDeleted(st policy.Statement) policy.Statement {
	alive := slices.DeleteFunc(slices.Clone(st.Principals.Entries), isDeleted)
	if len(alive) == 0 && len(st.Principals.Entries) > 0 && st.Principals.Negated {
		st.Principals.Negated = false
		alive = []policy.Principal{everyone}
	}
	st.Principals.Entries = alive
	return st
}

func isDeleted(p policy.Principal) bool { return p.Kind == policy.UniqueID }

// soFar is what the plan allows as far as it is decided, under the Denies that are. Access
// in it is in the plan.
func (p *planner) soFar() policy.Set {
	set := policy.Set{Version: p.live.Version}
	for _, f := range p.fates {
		if !f.murky {
			set.Statements = append(set.Statements, f.now...)
		}
	}
	set.Statements = append(set.Statements, p.added...)
	return set
}

// under returns a part of a policy under the Denies that the live policy and the ceiling have.
func (p *planner) under(statements ...policy.Statement) policy.Set {
	return policy.Set{Version: p.live.Version, Statements: slices.Concat(statements, p.clear, p.required)}
}
