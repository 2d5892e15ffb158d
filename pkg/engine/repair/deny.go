package repair

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// relaxer takes out of Denies what the floor requires.
type relaxer struct{ *planner }

// relaxDenies takes out of the Denies what takes access of the floor, by the findings that
// say so: their actions, for the principals whom the floor requires.
func (p relaxer) relaxDenies() error {
	wanted := map[int]access.Actions{}
	for _, f := range adder(p).lacking() {
		if f.Difference.Policy == access.Actual {
			wanted[f.Difference.Statement] |= actionsOf(*f.Difference)
		}
	}
	for i := range p.fates {
		if wanted[i] != 0 && len(p.fates[i].now) > 0 {
			if err := p.relax(i, wanted[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// relax takes actions out of one Deny. First it tries without them; where that would open
// what the floor does not require, those whom the floor requires are exempt from the Deny.
func (p relaxer) relax(i int, actions access.Actions) error {
	st, f := &p.live.Statements[i], &p.fates[i]
	if f.murky {
		actions &= access.ActionsMatching("kms:PutKeyPolicy") | access.ActionsMatching("kms:GetKeyPolicy") | access.ActionsMatching("kms:DescribeKey")
	}
	gone, from, err := p.deniedFromFloor(i, actions)
	if err != nil || len(from) == 0 {
		return err
	}
	f.changed = true
	exempt := p.exempting(st, gone, from)
	for _, try := range []struct {
		now   []policy.Statement
		from  []policy.Principal // for whom the Deny is gone; nil for everyone
		bound policy.Set
	}{
		{without(st, gone), nil, p.judgement.Limits.Floor},
		{exempt, from, p.judgement.Limits.Floor},
		{exempt, from, p.allows},
	} {
		f.now, f.gone = try.now, p.goneFor(st, gone, try.from)
		inside, err := p.isInside(p.opened(), allowsOf(try.bound))
		if err != nil {
			return err
		}
		if inside {
			f.edits = append(f.edits, p.edit(RelaxDeny, i, "Took %s out of the Deny of %s: it kept %s from that, whom guardrail.yaml requires.", actionWords(allOf(gone), st.Actions.Values...), p.place(i), principals(from)))
			return nil
		}
	}
	return refuse(NotProved, "statement %d denies what has to be there, and without it more is open than may be", i+1)
}

// deniedFromFloor returns, for each principal of a Deny, which of some actions it takes from
// the floor, and from whom. An undecided condition of the Deny counts as met.
func (p relaxer) deniedFromFloor(i int, actions access.Actions) (gone []access.Actions, from []policy.Principal, err error) {
	st := &p.live.Statements[i]
	deny := *st
	if p.fates[i].murky {
		decided, err := p.reader().Decided(st)
		if err != nil {
			return nil, nil, err
		}
		deny.Conditions, deny.Resources = decided.Conditions, decided.Resources
	}
	gone = make([]access.Actions, max(1, len(st.Principals.Entries)))
	for e := range gone {
		one := oneOf(&deny, e)
		for _, floor := range p.judgement.Floors {
			for _, allow := range floor.Statements {
				for _, q := range allow.Principals.Entries {
					denied, err := p.takes(&one, floor, &allow, q)
					if err != nil {
						return nil, nil, err
					}
					if denied &= actions; denied != 0 {
						gone[e] |= denied
						from = union(from, []policy.Principal{q})
					}
				}
			}
		}
	}
	return gone, from, nil
}

// takes returns the actions that a Deny takes, or may take, from one principal of an Allow
// of a floor.
func (p relaxer) takes(deny *policy.Statement, floor policy.Set, allow *policy.Statement, q policy.Principal) (access.Actions, error) {
	if allow.Effect != policy.Allow || covered(allow.Actions)&covered(deny.Actions) == 0 {
		return 0, nil
	}
	one := *allow
	one.Principals.Entries = []policy.Principal{q}
	part := policy.Set{Version: p.live.Version, Statements: []policy.Statement{one}}
	for _, st := range floor.Statements {
		if st.Effect == policy.Deny {
			part.Statements = append(part.Statements, st)
		}
	}
	with := policy.Set{Version: p.live.Version, Statements: append(slices.Clone(part.Statements), *deny)}
	result, err := p.missing(part, with)
	if err != nil {
		return 0, err
	}
	if len(result.Inconclusive) > 0 {
		return covered(allow.Actions) & covered(deny.Actions), nil
	}
	return actionsOf(result.Missing...), nil
}

// exempting returns a Deny as it was but for the actions that are gone, which it denies
// to all but those from whom it took them.
func (p relaxer) exempting(st *policy.Statement, gone []access.Actions, from []policy.Principal) []policy.Statement {
	list := without(st, gone)
	for e, actions := range gone {
		isForAll := st.Principals.Negated || st.Principals.Entries[e].Kind == policy.Anyone
		if actions == 0 || !isForAll {
			continue
		}
		rest := oneOf(st, e)
		rest.Actions = policy.Values(spelled(actions, st.Actions.Values...)...)
		var clash bool
		if rest.Conditions, clash = conjoin(st.Conditions, othersThan(from)); !clash {
			list = append(list, rest)
		}
	}
	return merged(list)
}

// othersThan are conditions that hold for all but some principals.
func othersThan(exempt []policy.Principal) (conditions []policy.Condition) {
	var accounts, arns []string
	for _, q := range exempt {
		if q.Kind == policy.Account {
			accounts = append(accounts, q.AccountID)
		} else {
			arns = append(arns, q.Text)
		}
	}
	if len(accounts) > 0 {
		conditions = append(conditions, policy.Condition{Operator: operator("StringNotEquals"), Key: "aws:PrincipalAccount", Values: accounts})
	}
	if len(arns) > 0 {
		conditions = append(conditions, policy.Condition{Operator: operator("ArnNotEquals"), Key: "aws:PrincipalArn", Values: arns})
	}
	return conditions
}

// goneFor returns what is taken out of a Deny: for everyone, or for those who are exempt.
func (p relaxer) goneFor(st *policy.Statement, gone []access.Actions, exempt []policy.Principal) (list []policy.Statement) {
	for e, actions := range gone {
		if actions == 0 {
			continue
		}
		one := oneOf(st, e)
		one.Actions = policy.Values(actions.Names()...)
		if exempt == nil {
			list = append(list, one)
			continue
		}
		for _, q := range exempt {
			for _, m := range meet(p.k.Account, &policy.Statement{Actions: one.Actions}, q, &one) {
				part := m.statement(m.conditions)
				part.Effect = policy.Deny
				list = append(list, part)
			}
		}
	}
	return list
}

// opened is what the Allows of the plan give that the live policy denied and the plan does
// not.
func (p *planner) opened() policy.Set {
	set := policy.Set{Version: p.live.Version}
	var allows []policy.Statement
	for i, f := range p.fates {
		if p.live.Statements[i].Effect == policy.Allow {
			allows = append(allows, f.now...)
		} else if !f.murky {
			set.Statements = append(set.Statements, f.now...)
		}
	}
	for _, st := range slices.Concat(allows, p.added) {
		if st.Effect == policy.Deny {
			set.Statements = append(set.Statements, st)
			continue
		}
		if st.Principals.Negated {
			st.Principals = policy.Principals{Entries: []policy.Principal{everyone}}
		}
		for _, f := range p.fates {
			for g := range f.gone {
				for _, q := range st.Principals.Entries {
					for _, m := range meet(p.k.Account, &st, q, &f.gone[g]) {
						set.Statements = append(set.Statements, m.statement(m.conditions))
					}
				}
			}
		}
	}
	return set
}

// allowsOf returns the Allows of a policy.
func allowsOf(set policy.Set) policy.Set {
	list := policy.Set{Version: set.Version}
	for _, st := range set.Statements {
		if st.Effect == policy.Allow {
			list.Statements = append(list.Statements, st)
		}
	}
	return list
}

func allOf(list []access.Actions) (all access.Actions) {
	for _, a := range list {
		all |= a
	}
	return all
}
