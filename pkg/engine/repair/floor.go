package repair

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// adder adds what the policy lacks of floor and ceiling.
type adder struct{ *planner }

// lacking returns the findings to mend about access that has to be there and is not.
func (p adder) lacking() []guardrail.Finding {
	if p.scope != all || p.removesOnly {
		return nil
	}
	var list []guardrail.Finding
	for _, f := range p.judgement.Findings {
		if d := f.Difference; d != nil && !f.IsExcused() && f.Severity.AtLeast(p.from) && (d.Policy == access.Floor || p.isByDeny(*d)) {
			list = append(list, f)
		}
	}
	return list
}

// isByDeny tells whether a Deny of the live policy causes a difference.
func (p adder) isByDeny(d access.Difference) bool {
	return d.Policy == access.Actual && p.live.Statements[d.Statement].Effect == policy.Deny
}

// addFloors adds what the floor has and the policy lacks, by the findings that say so. What
// the Denies of the policy take is not lacking here; see relaxDenies.
func (p adder) addFloors() error {
	var statements []int
	for _, f := range p.lacking() {
		if f.Difference.Policy == access.Floor && !slices.Contains(statements, f.Difference.Statement) {
			statements = append(statements, f.Difference.Statement)
		}
	}
	slices.Sort(statements)
	for _, i := range statements {
		if err := p.addLacking(&p.judgement.Limits.Floor.Statements[i]); err != nil {
			return err
		}
	}
	return nil
}

// addLacking adds what the policy lacks of one Allow of the floor, for the principals that
// lack it.
func (p adder) addLacking(st *policy.Statement) error {
	all := covered(st.Actions)
	has := make([]access.Actions, max(1, len(st.Principals.Entries)))
	for e := range has {
		one := oneOf(st, e)
		result, err := p.missing(p.under(one), p.soFar())
		if err != nil {
			return err
		}
		lacks := actionsOf(result.Missing...)
		if len(result.Inconclusive) > 0 {
			lacks = all
		}
		has[e] = all &^ lacks
	}
	for _, part := range without(st, has) {
		if len(part.Actions.Values) > len(st.Actions.Values) {
			part.Actions = st.Actions // shorter, and the floor has it all
		}
		p.added = append(p.added, part)
	}
	return nil
}

// addWholeFloor adds the Allows of the floor, for whom the plan may name.
func (p adder) addWholeFloor() {
	for _, st := range p.judgement.Limits.Floor.Statements {
		st.Principals.Entries = slices.DeleteFunc(slices.Clone(st.Principals.Entries), func(q policy.Principal) bool { return !p.mayName(q) })
		if st.Effect == policy.Allow && len(st.Principals.Entries) > 0 {
			p.added = append(p.added, st)
		}
	}
}

// addDenies adds the Denies of the ceiling without which Allows of the plan are outside.
func (p adder) addDenies() error {
	if len(p.required) == 0 || p.scope != all || p.removesOnly {
		return nil
	}
	if !p.lacksDeny {
		part := policy.Set{Version: p.live.Version, Statements: slices.Concat(p.added, p.clear)}
		inside, err := p.isInside(part, p.ceiling)
		if err != nil {
			return err
		}
		p.lacksDeny = !inside
		for i := range p.fates {
			if f := &p.fates[i]; f.changed && !f.murky && p.live.Statements[i].Effect == policy.Allow {
				part := policy.Set{Version: p.live.Version, Statements: slices.Concat(f.now, p.clear)}
				inside, err := p.isInside(part, p.withLeft(f))
				if err != nil {
					return err
				}
				p.lacksDeny = p.lacksDeny || !inside
			}
		}
	}
	if !p.lacksDeny {
		return nil
	}
	for _, deny := range p.required {
		now := p.soFar()
		with := policy.Set{Version: now.Version, Statements: append(slices.Clone(now.Statements), deny)}
		if result, err := p.missing(now, with); err != nil {
			return err
		} else if result.Verdict != access.Inside {
			p.added = append(p.added, deny)
		}
	}
	return nil
}

// withLeft is the ceiling without its Denies, with what the plan leaves of a statement.
func (p adder) withLeft(f *fate) policy.Set {
	return policy.Set{Version: p.allows.Version, Statements: slices.Concat(p.allows.Statements, f.left)}
}

// nameStatements gives new statements Sids that no other has: KMS's console may refuse a
// policy with one twice. https://repost.aws/knowledge-center/kms-policy-error-invalid-principals
func (p adder) nameStatements() {
	used := map[string]bool{}
	for _, f := range p.fates {
		if len(f.now) > 0 {
			used[f.now[0].SID] = true
		}
	}
	name := func(list []policy.Statement) {
		for i := range list {
			if list[i].SID != "" {
				list[i].SID = fresh(list[i].SID, used)
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

// fresh returns a Sid that is not used, by a number behind it where it is.
func fresh(sid string, used map[string]bool) string {
	for n := 1; used[sid]; n++ {
		sid = strings.TrimRight(sid, "0123456789") + strconv.Itoa(n+1)
	}
	used[sid] = true
	return sid
}
