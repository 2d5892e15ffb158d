package repair

import (
	"fmt"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
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

// weigh finds the faults of an Allow of the live policy, under the Denies of the live policy
// and of the ceiling. A statement that cannot be decided is murky: it is then read as if
// its undecided parts were met, and only what is critical in that reading is a fault.
func (p weigher) weigh(i int) error {
	st, f := &p.live.Statements[i], &p.fates[i]
	f.faults = make([]fault, 1) // NotPrincipal is one fault: all whom it covers lose the same
	if !st.Principals.Negated {
		f.faults = make([]fault, max(1, len(st.Principals.Entries)))
	}
	if p.isLinear() && p.judgement.IsExcused(i) {
		return nil // without its conditions it may look worse than it is
	}
	if p.isLinear() && p.left < 0 {
		f.murky = true
		return p.weighBare(st, f)
	}
	v := guardrail.Reading{Allows: []policy.Statement{*st}, Denies: p.denies, Ceiling: guardrail.RelevantTo(p.ceiling, st, false)}
	found, open, err := p.look(&v, st.Principals.Entries)
	if err == nil && len(p.required) > 0 && (open || found.any()) {
		before := found
		v = guardrail.Reading{Allows: []policy.Statement{*st}, Denies: slices.Concat(p.denies, p.required), Ceiling: guardrail.RelevantTo(p.allows, st, false)}
		found, open, err = p.look(&v, st.Principals.Entries)
		p.lacksDeny = p.lacksDeny || (before.critical|before.lesser)&^(found.critical|found.lesser) != 0
	}
	if err == nil && found.any() {
		err = p.search(&v, f.faults, 0, len(f.faults), false)
	}
	if err != nil || !open && !slices.ContainsFunc(st.Conditions, guardrail.IsHollow) {
		return err
	}
	f.murky = true
	return p.weighMurky(st, f)
}

// weighMurky finds what is critical in an Allow that is not decided, in the first reading of
// [guardrail.Reader] that is. A linear plan reads it without Denies.
func (p weigher) weighMurky(st *policy.Statement, f *fate) error {
	r := p.reader()
	readings := r.Readings(st)
	if p.isLinear() {
		readings = readings[1:]
	}
	var v guardrail.Reading
	for _, reading := range readings {
		var err error
		if v, err = reading(); err != nil {
			return err
		}
		found, open, err := p.look(&v, v.Principals())
		if err != nil || !open && found.critical == 0 {
			return err
		}
		if !open {
			break
		}
	}
	return p.search(&v, f.faults, 0, len(f.faults), true)
}

// weighBare finds what is critical in an Allow without its conditions. It is for a linear plan
// that has used up its budget. A principal is weighed once for the same actions: nothing of the
// other principals counts there.
func (p weigher) weighBare(st *policy.Statement, f *fate) error {
	one := guardrail.Bared(st)
	id := func(entry policy.Principal) string { return fmt.Sprint(entry, one.Actions) }
	entries := one.Principals.Entries
	one.Principals.Entries = slices.DeleteFunc(slices.Clone(entries), func(entry policy.Principal) bool {
		_, ok := p.bareFaults[id(entry)]
		return ok
	})
	if rest := one.Principals.Entries; len(rest) > 0 {
		v, err := p.reader().Bare(&one)
		if err != nil {
			return err
		}
		faults := make([]fault, len(rest))
		if err := p.search(&v, faults, 0, len(rest), true); err != nil {
			return err
		}
		for i, entry := range rest {
			p.bareFaults[id(entry)] = faults[i]
		}
	}
	for i, entry := range entries {
		f.faults[i] = p.bareFaults[id(entry)]
	}
	return nil
}

// reader reads Allows that are not decided.
func (p *planner) reader() *guardrail.Reader {
	if p.murkyReader == nil {
		p.murkyReader = &guardrail.Reader{Version: p.live.Version, Ceiling: p.allows, Ask: p.excess}
	}
	if !p.isLinear() {
		p.murkyReader.Denies = slices.Concat(p.clear, p.required)
	}
	return p.murkyReader
}

// look returns the faults of some principals in a view together, and whether something is
// not decided.
func (p weigher) look(v *guardrail.Reading, entries []policy.Principal) (found fault, open bool, err error) {
	set := v.Set(p.live.Version, entries)
	result, err := p.excess(set, v.Ceiling)
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
func (p weigher) search(v *guardrail.Reading, faults []fault, from, to int, onlyCritical bool) error {
	var entries []policy.Principal
	if len(v.Principals()) > 0 {
		entries = v.Principals()[from:to]
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
