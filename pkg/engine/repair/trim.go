package repair

import (
	"cmp"
	"errors"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Trim plans to bring a policy within its bounds with as few changes as possible, see the
// package documentation. All errors are of type [*Refusal].
func Trim(r Request) (Plan, error) {
	p, err := newPlanner(r)
	if err != nil {
		return Plan{}, err
	}
	if err := p.needed(); err != nil {
		return Plan{}, err
	}
	p.clean()
	for _, step := range []func() error{p.relaxDenies, p.addFloors, p.narrowAllows, p.addFloors, p.addDenies} {
		if err := step(); err != nil {
			return Plan{}, err
		}
	}
	p.nameStatements()
	d, err := p.document()
	if err != nil {
		return Plan{}, err
	}
	return p.prove(d, p.edits())
}

// Replace plans to write a given document in place of the live policy, such as the
// generated default. The live policy must be proved to differ from it; the rest is proved
// as for [Trim]. All errors are of type [*Refusal].
func Replace(r Request, wanted *policy.Document) (Plan, error) {
	p, err := newPlanner(r)
	if err != nil {
		return Plan{}, err
	}
	if wanted == nil {
		return Plan{}, refuse(Incomplete, "there is no document to write")
	}
	switch access.Equivalent(r.Key, wanted.Set, r.Live.Set) {
	case access.Equal:
		return Plan{}, refuse(NothingToDo, "the live policy allows what the wanted one does")
	case access.Different:
	default:
		return Plan{}, refuse(Undecided, "it is not decided whether the live policy allows what the wanted one does")
	}
	for i := range p.fates {
		p.fates[i] = fate{}
	}
	return p.prove(wanted, []Edit{{Kind: ReplaceDocument, Statement: NoStatement, Detail: "the whole policy is replaced"}})
}

// planner is the state of one plan.
type planner struct {
	comparer
	Request
	// allows is the ceiling without its Denies, shares the Allows in it that have an
	// effect, and denies its Denies.
	allows policy.Set
	shares []policy.Statement
	denies []policy.Statement
	fates  []fate // by statement of the live policy
	added  []policy.Statement
}

// fate is what becomes of one statement of the live policy.
type fate struct {
	// now is the statement itself, or what stands in its place: the first keeps what
	// bytes it can, the others follow it.
	now     []policy.Statement
	changed bool
	why     string
	// unsaid are what a narrowed Allow and the ceiling have in common and what no statement
	// was found for: each as statements that allow that much, or more.
	unsaid [][]policy.Statement
}

func newPlanner(r Request) (*planner, error) {
	if r.Live == nil || len(r.Bounds.Ceiling.Statements) == 0 || !policy.IsAccountID(r.Key.Account) || r.Key.Partition == "" {
		return nil, refuse(Incomplete, "a plan needs the key's partition and account, its policy and a ceiling")
	}
	p := &planner{comparer: comparer{key: r.Key, left: cmp.Or(r.Budget, DefaultBudget)}, Request: r, fates: make([]fate, len(r.Live.Statements))}
	for i, st := range r.Live.Statements {
		p.fates[i].now = []policy.Statement{st}
	}
	return p, p.readBounds()
}

// readBounds takes the ceiling apart, and checks the floors.
func (p *planner) readBounds() error {
	ceiling := p.Bounds.Ceiling
	p.allows.Version = ceiling.Version
	for _, st := range ceiling.Statements {
		if st.Effect != policy.Deny {
			p.allows.Statements = append(p.allows.Statements, st)
			continue
		}
		if st = withoutDeleted(st); !st.Incomplete() {
			p.denies = append(p.denies, st)
		}
	}
	if err := p.readShares(); err != nil {
		return err
	}
	return p.checkFloors()
}

// readShares finds the Allows of the ceiling that have an effect.
func (p *planner) readShares() error {
	for i, st := range p.allows.Statements {
		if without, err := p.inside(only(p.allows, i, st), nobody); err != nil {
			return err
		} else if !without {
			p.shares = append(p.shares, st)
		}
	}
	return nil
}

// checkFloors holds the floors against the ceiling.
func (p *planner) checkFloors() error {
	for i, floor := range p.Bounds.Floors {
		if len(floor.Statements) == 0 {
			return refuse(Incomplete, "floor %d is missing", i)
		}
		result, err := p.excess(floor, p.Bounds.Ceiling)
		if err != nil {
			return err
		}
		if result.Verdict != access.Inside {
			return refuse(BoundsContradict, "floor %d is not within the ceiling: %s", i, explain(result))
		}
	}
	return nil
}

// nobody is a policy that allows nothing.
var nobody policy.Set

// needed refuses a plan where no difference from the bounds is proved.
func (p *planner) needed() error {
	result, err := p.excess(p.Live.Set, p.Bounds.Ceiling)
	if err != nil {
		return err
	}
	results := []access.Result{result}
	for _, floor := range p.Bounds.Floors {
		result, err := p.missing(floor, p.Live.Set)
		if err != nil {
			return err
		}
		results = append(results, result)
	}
	refusal := refuse(NothingToDo, "the policy is within its bounds")
	for _, r := range results {
		switch r.Verdict {
		case access.Different:
			return nil
		case access.Inside, access.Equal:
		default:
			refusal = refuse(Undecided, "it is not decided whether the policy is within its bounds: %s", explain(r))
		}
	}
	if refusal.Reason == Undecided {
		if outside, err := p.anyOutside(); err != nil || outside {
			return err
		}
	}
	return refusal
}

// anyOutside tells whether an Allow by itself is proved to be outside the ceiling: that
// takes less work than the whole policy, which may be made to be too much.
func (p *planner) anyOutside() (bool, error) {
	for i, st := range p.Live.Statements {
		if st.Effect != policy.Allow {
			continue
		}
		result, err := p.excess(p.alone(i, true, st), p.Bounds.Ceiling)
		if err != nil || len(result.Excess) > 0 {
			return true, err
		}
	}
	return false, nil
}

// document returns the live policy as far as it is trimmed. One without a statement is
// the refusal NothingLeft.
func (p *planner) document() (*policy.Document, error) {
	revisions := map[int]policy.Revision{}
	for i, f := range p.fates {
		if f.changed {
			revisions[i] = revisionTo(f.now)
		}
	}
	if last := len(p.fates) - 1; len(p.added) > 0 {
		r, changed := revisions[last]
		if !changed {
			r.Statement = &p.Live.Statements[last]
		}
		r.After = append(r.After[:len(r.After):len(r.After)], p.added...)
		revisions[last] = r
	}
	return p.revise(revisions)
}

func revisionTo(statements []policy.Statement) policy.Revision {
	if len(statements) == 0 {
		return policy.Revision{}
	}
	return policy.Revision{Statement: &statements[0], After: statements[1:]}
}

func (p *planner) revise(revisions map[int]policy.Revision) (*policy.Document, error) {
	d, err := p.Live.Revise(revisions)
	var problem *policy.Error
	switch {
	case err == nil:
		return d, nil
	case errors.As(err, &problem) && problem.Code == policy.TooLarge:
		return nil, refuse(TooLarge, "%s", problem.Detail)
	case errors.As(err, &problem) && problem.Code == policy.MissingElement:
		return nil, refuse(NothingLeft, "no statement of the policy may stay, and nothing has to be there")
	default:
		return nil, refuse(NotProved, "%v", err)
	}
}

// soFar returns the statements of the live policy as far as it is trimmed.
func (p *planner) soFar() policy.Set {
	now := policy.Set{Version: p.Live.Version}
	for _, f := range p.fates {
		now.Statements = append(now.Statements, f.now...)
	}
	now.Statements = append(now.Statements, p.added...)
	return now
}

// alone returns the live policy with statements in place of one of its Allows, and no
// other Allow. Its Denies are as they are now, or, with original, as they were.
func (p *planner) alone(i int, original bool, statements ...policy.Statement) policy.Set {
	rest := policy.Set{Version: p.Live.Version}
	for j, st := range p.Live.Statements {
		switch {
		case j == i:
			rest.Statements = append(rest.Statements, statements...)
		case st.Effect != policy.Deny:
		case original:
			rest.Statements = append(rest.Statements, st)
		default:
			rest.Statements = append(rest.Statements, p.fates[j].now...)
		}
	}
	return rest
}
