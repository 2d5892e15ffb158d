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
func (p *planner) takenFrom(floor *policy.Document, deny *policy.Statement, taken []access.Actions) error {
	judge := func(st policy.Statement) (access.Result, error) {
		with, err := behind(floor, st)
		if err != nil {
			return access.Result{}, err
		}
		return p.missing(floor, with)
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

// behind returns a document with a statement more.
func behind(d *policy.Document, st policy.Statement) (*policy.Document, error) {
	last := len(d.Statements) - 1
	with, err := d.Revise(map[int]policy.Revision{last: {Statement: &d.Statements[last], After: []policy.Statement{st}}})
	if err != nil {
		return nil, refuse(TooLarge, "%v", err)
	}
	return with, nil
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
func (p *planner) addLacking(floor *policy.Document, i int) error {
	now, err := p.soFar()
	if err != nil {
		return err
	}
	judge := func(st policy.Statement) (access.Result, error) {
		part, err := only(floor, i, st)
		if err != nil {
			return access.Result{}, err
		}
		return p.missing(part, now)
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

// only returns a document with another statement in place of one Allow, and without the
// other Allows.
func only(d *policy.Document, i int, st policy.Statement) (*policy.Document, error) {
	revisions := map[int]policy.Revision{i: {Statement: &st}}
	for j := range d.Statements {
		if j != i && d.Statements[j].Effect == policy.Allow {
			revisions[j] = policy.Revision{}
		}
	}
	part, err := d.Revise(revisions)
	if err != nil {
		return nil, refuse(TooLarge, "%v", err)
	}
	return part, nil
}

// addDenies adds the Denies of the ceiling that the policy needs to be within it.
func (p *planner) addDenies() error {
	for _, deny := range p.denies {
		now, err := p.soFar()
		if err != nil {
			return err
		}
		if inside, err := p.inside(now, p.Bounds.Ceiling); err != nil || inside {
			return err
		}
		with, err := behind(now, deny)
		if err != nil {
			return err
		}
		if result, err := p.missing(now, with); err != nil {
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
