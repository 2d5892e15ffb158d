package repair

import (
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// relaxDenies takes out of the Denies what takes access of a floor, or may do so: that
// access has to be there for sure.
func (p *planner) relaxDenies() error {
	for i := range p.fates {
		f := &p.fates[i]
		if len(f.now) == 0 || f.now[0].Effect != policy.Deny {
			continue
		}
		st := f.now[0]
		taken := make([]access.Actions, max(1, len(st.Principals.Entries)))
		for _, floor := range p.Bounds.Floors {
			if err := p.takenFrom(floor, &st, taken); err != nil {
				return err
			}
		}
		var all access.Actions
		for _, actions := range taken {
			all |= actions
		}
		if all == 0 {
			continue
		}
		f.changed, f.why = true, "it takes access that has to be there"
		f.now = split(&st, taken)
		if st.Principals.Negated {
			f.now = nil
			if keep := covered(st.Actions) &^ all; keep != 0 {
				st.Actions = reduced(st.Actions, keep)
				f.now = []policy.Statement{st}
			}
		}
	}
	return nil
}

// takenFrom adds, for each principal of a Deny, the actions that the Deny takes from a
// floor. NotPrincipal counts as one principal.
func (p *planner) takenFrom(floor policy.Set, deny *policy.Statement, taken []access.Actions) error {
	judge := func(st policy.Statement) (access.Result, error) {
		return p.missing(floor, behind(floor, st))
	}
	whole, err := judge(*deny)
	if err != nil || whole.Verdict == access.Inside {
		return err
	}
	if deny.Principals.Negated {
		all := actionsOf(whole.Missing)
		if len(whole.Inconclusive) > 0 {
			all, err = doubtful(deny, judge)
		}
		for i := range taken {
			taken[i] |= all
		}
		return err
	}
	list, err := faults(deny, judge)
	for i := range list {
		taken[i] |= list[i]
	}
	return err
}

// behind returns statements with one more at their end.
func behind(s policy.Set, st policy.Statement) policy.Set {
	s.Statements = append(s.Statements[:len(s.Statements):len(s.Statements)], st)
	return s
}

// addFloors adds what the floors have and the policy lacks.
func (p *planner) addFloors() error {
	for _, floor := range p.Bounds.Floors {
		for i := range floor.Statements {
			if st := &floor.Statements[i]; st.Effect != policy.Allow || st.Principals.Negated {
				continue
			}
			if err := p.addLacking(floor, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// addLacking adds what the policy lacks of one statement of a floor.
func (p *planner) addLacking(floor policy.Set, i int) error {
	now := p.soFar()
	judge := func(st policy.Statement) (access.Result, error) {
		return p.missing(only(floor, i, st), now)
	}
	st := &floor.Statements[i]
	if result, err := judge(*st); err != nil || result.Verdict == access.Inside {
		return err
	}
	lacking, err := faults(st, judge)
	if err != nil {
		return err
	}
	all := covered(st.Actions)
	for i := range lacking {
		lacking[i] = all &^ lacking[i] // split keeps the rest
	}
	for _, part := range split(st, lacking) {
		if len(part.Actions.Values) > len(st.Actions.Values) {
			part.Actions = st.Actions // shorter, and the floor has it all
		}
		p.added = append(p.added, part)
	}
	return nil
}

// only returns statements with another one in place of one Allow, and without the other
// Allows.
func only(s policy.Set, i int, st policy.Statement) policy.Set {
	part := policy.Set{Version: s.Version}
	for j, other := range s.Statements {
		switch {
		case j == i:
			part.Statements = append(part.Statements, st)
		case other.Effect != policy.Allow:
			part.Statements = append(part.Statements, other)
		}
	}
	return part
}

// addDenies adds the Denies of the ceiling that the policy needs to be within it.
func (p *planner) addDenies() error {
	for _, deny := range p.denies {
		now := p.soFar()
		if inside, err := p.inside(now, p.Bounds.Ceiling); err != nil || inside {
			return err
		}
		if result, err := p.missing(now, behind(now, deny)); err != nil {
			return err
		} else if result.Verdict != access.Inside {
			p.added = append(p.added, deny)
		}
	}
	return nil
}

// nameStatements gives new statements Sids that are not taken: KMS's console may refuse a
// policy with one twice. https://repost.aws/knowledge-center/kms-policy-error-invalid-principals
func (p *planner) nameStatements() {
	taken := map[string]bool{}
	for _, f := range p.fates {
		if len(f.now) > 0 {
			taken[f.now[0].SID] = true
		}
	}
	name := func(list []policy.Statement) {
		for i := range list {
			if list[i].SID != "" {
				list[i].SID = fresh(list[i].SID, taken)
			}
		}
	}
	for i := range p.fates {
		if now := p.fates[i].now; len(now) > 1 {
			name(now[1:])
		}
	}
	name(p.added)
}

// fresh returns a Sid that is not taken, by a number behind it where it is.
func fresh(sid string, taken map[string]bool) string {
	for n := 1; taken[sid]; n++ {
		sid = strings.TrimRight(sid, "0123456789") + strconv.Itoa(n+1)
	}
	taken[sid] = true
	return sid
}
