package repair

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// weigher finds the faults of the Allows.
type weigher struct{ *planner }

// fault is what is wrong with one principal of an Allow: its actions beyond the ceiling that
// are as bad as repair.from, or worse.
type fault struct {
	critical, lesser access.Actions
	// kept are lesser actions that a hold keeps. See [Hold].
	kept access.Actions
}

func (f fault) any() bool { return f.critical|f.lesser != 0 }

// view is one reading of an Allow: the statement, the Denies that count, and the ceiling.
type view struct {
	st      policy.Statement
	denies  []policy.Statement
	ceiling policy.Set
}

// set returns the part of a view that is about some of the statement's principals. The
// statement has index 0.
func (v *view) set(version string, entries []policy.Principal) policy.Set {
	st := v.st
	if !st.Principals.Negated {
		st.Principals.Entries = entries
	}
	return policy.Set{Version: version, Statements: append([]policy.Statement{st}, v.denies...)}
}

// weigh finds the faults of an Allow of the live policy, under the Denies of the live policy
// and of the ceiling. A statement that cannot be decided is murky: it is then read as if
// its undecided parts were met, and only what is critical in that reading is a fault.
func (p weigher) weigh(i int) error {
	st, f := &p.live.Statements[i], &p.fates[i]
	f.faults = make([]fault, max(1, len(st.Principals.Entries)))
	if p.isLinear() && p.left < 0 {
		f.murky = true
		return p.weighMurky(st, f)
	}
	v := view{*st, p.denies, p.ceiling}
	found, open, err := p.look(&v, st.Principals.Entries)
	if err == nil && len(p.required) > 0 && (open || found.any()) {
		before := found
		v = view{*st, slices.Concat(p.denies, p.required), p.allows}
		found, open, err = p.look(&v, st.Principals.Entries)
		p.lacksDeny = p.lacksDeny || (before.critical|before.lesser)&^(found.critical|found.lesser) != 0
	}
	if err == nil && found.any() {
		err = p.search(&v, f.faults, 0, len(f.faults), false)
	}
	if err != nil || !open {
		return err
	}
	f.murky = true
	return p.weighMurky(st, f)
}

// weighMurky finds what is critical in an Allow that is not decided, in the first reading of
// readings that is.
func (p weigher) weighMurky(st *policy.Statement, f *fate) error {
	for _, reading := range p.readings(st) {
		v, err := reading()
		if err != nil {
			return err
		}
		found, open, err := p.look(&v, v.st.Principals.Entries)
		if err != nil {
			return err
		}
		if !open {
			if found.critical != 0 {
				return p.search(&v, f.faults, 0, len(f.faults), true)
			}
			return nil
		}
	}
	v, err := p.bare(st)
	if err != nil {
		return err
	}
	return p.search(&v, f.faults, 0, len(f.faults), true)
}

// readings are views of an Allow in which less and less is undecided, because it counts as
// met: first undecided Denies do not count, then undecided conditions of the Allow, then no
// Deny counts, then no condition. A linear plan tries the last two, and the last alone where
// its budget is used up.
func (p weigher) readings(st *policy.Statement) []func() (view, error) {
	bare := func() (view, error) { return p.bare(st) }
	var decided policy.Statement
	withoutDenies := func() (v view, err error) {
		decided, err = p.decided(st)
		return view{decided, nil, p.allows}, err
	}
	switch {
	case p.isLinear() && p.left < 0:
		return []func() (view, error){bare}
	case p.isLinear():
		return []func() (view, error){withoutDenies, bare}
	}
	denies := slices.Concat(p.clear, p.required)
	return []func() (view, error){
		func() (view, error) { return view{*st, denies, p.allows}, nil },
		func() (v view, err error) {
			decided, err = p.decided(st)
			return view{decided, denies, p.allows}, err
		},
		func() (view, error) { return view{decided, nil, p.allows}, nil },
		bare,
	}
}

// decided returns an Allow without the conditions that are not decided by themselves. All
// else in it that is not decided covers everything.
func (p weigher) decided(st *policy.Statement) (policy.Statement, error) {
	rest := bared(st)
	for _, c := range st.Conditions {
		one := bared(st)
		one.Conditions = []policy.Condition{c}
		if isClear, err := p.isClear(one); err != nil {
			return rest, err
		} else if isClear {
			rest.Conditions = append(rest.Conditions, c)
		}
	}
	return rest, nil
}

// bare is the view of an Allow without any condition or Deny, beside what is decided of the
// ceiling.
func (p weigher) bare(st *policy.Statement) (view, error) {
	if p.decidedCeiling == nil {
		p.decidedCeiling = &policy.Set{Version: p.allows.Version}
		for _, share := range p.allows.Statements {
			if isClear, err := p.isClear(share); err != nil {
				return view{}, err
			} else if isClear {
				p.decidedCeiling.Statements = append(p.decidedCeiling.Statements, share)
			}
		}
	}
	return view{st: bared(st), ceiling: *p.decidedCeiling}, nil
}

// bared returns an Allow without conditions; NotPrincipal is everyone, and an element that
// names nothing names everything.
func bared(st *policy.Statement) policy.Statement {
	one := *st
	one.Conditions, one.Resources = nil, policy.Values("*")
	if one.Actions.Negated && len(one.Actions.Values) == 0 {
		one.Actions = policy.Values("kms:*")
	}
	if one.Principals.Negated {
		one.Principals = policy.Principals{Entries: []policy.Principal{everyone}}
	}
	return one
}

// isClear tells whether it is decided what a statement by itself covers.
func (p *planner) isClear(st policy.Statement) (bool, error) {
	st.Effect = policy.Allow
	result, err := p.excess(policy.Set{Version: p.live.Version, Statements: []policy.Statement{st}}, policy.Set{})
	return len(result.Inconclusive) == 0, err
}

// look returns the faults of some principals in a view together, and whether something is
// not decided.
func (p weigher) look(v *view, entries []policy.Principal) (found fault, open bool, err error) {
	set := v.set(p.live.Version, entries)
	result, err := p.excess(set, v.ceiling)
	if err != nil {
		return found, false, err
	}
	for _, d := range result.Excess {
		switch severity := p.judgement.ExcessSeverity(p.k, d, set); {
		case severity == rules.Critical:
			found.critical |= p.critical(d, set)
			found.lesser |= actionsOf(d)
		case severity.AtLeast(p.from):
			found.lesser |= actionsOf(d)
		}
	}
	found.lesser &^= found.critical
	return found, len(result.Inconclusive) > 0, nil
}

// critical returns what of a critical difference is critical: of what a service has, administration
// must not take use with it, which a hold may keep.
func (p weigher) critical(d access.Difference, set policy.Set) access.Actions {
	if d.Scope != access.AWSService || d.Unnamed {
		return actionsOf(d)
	}
	var list access.Actions
	for _, name := range actionsOf(d).Names() {
		d.Actions = []string{name}
		if p.judgement.ExcessSeverity(p.k, d, set) == rules.Critical {
			list |= actionsOf(d)
		}
	}
	return list
}

// search finds which of some principals of a view are at fault, by halves.
func (p weigher) search(v *view, faults []fault, from, to int, onlyCritical bool) error {
	var entries []policy.Principal
	if len(v.st.Principals.Entries) > 0 {
		entries = v.st.Principals.Entries[from:to]
	}
	found, open, err := p.look(v, entries)
	if err != nil || !found.any() && !open {
		return err
	}
	if to-from > 1 {
		middle := (from + to) / 2
		if err := p.search(v, faults, from, middle, onlyCritical); err != nil {
			return err
		}
		return p.search(v, faults, middle, to, onlyCritical)
	}
	f := &faults[from]
	f.critical |= found.critical
	if !onlyCritical {
		f.lesser |= found.lesser
	}
	f.lesser &^= f.critical
	return nil
}
