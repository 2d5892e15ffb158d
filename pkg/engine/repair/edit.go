package repair

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// describer says what became of the Allows.
type describer struct{ *planner }

// NoStatement is the place of an edit that is about no statement of the live policy.
const NoStatement = -1

// Edit is one change of the live policy.
type Edit struct {
	Kind EditKind
	// Statement, from 0, is the changed one of the live policy, or NoStatement. SID is its
	// Sid; for an added statement, the new one.
	Statement int
	SID       string
	// Detail is a sentence: who loses or gets what, and why. It counts statements from 1.
	// What it quotes of a policy is escaped and shortened.
	Detail string
}

// String returns the sentence.
func (e Edit) String() string { return e.Detail }

// EditKind names a kind of change. Kinds are stable.
type EditKind string

// The kinds of changes.
const (
	// DropStatement: the statement goes.
	DropStatement EditKind = "drop-statement"
	// DropPrincipal: principals go out of an Allow.
	DropPrincipal EditKind = "drop-principal"
	// DropDeleted: deleted users and roles go.
	DropDeleted EditKind = "drop-dead-principal"
	// DropAction: principals of an Allow lose actions.
	DropAction EditKind = "drop-action"
	// Narrow: what principals of an Allow may do, they may do only under conditions, or fewer
	// of them may.
	Narrow EditKind = "narrow"
	// RelaxDeny: actions go out of a Deny, for some or for everyone.
	RelaxDeny EditKind = "relax-deny"
	// AddStatement: a statement of the floor is added, or a Deny of the ceiling.
	AddStatement EditKind = "add-statement"
	// ReplaceDocument: the whole policy is replaced.
	ReplaceDocument EditKind = "replace-document"
)

func (p *planner) edit(kind EditKind, i int, format string, args ...any) Edit {
	return Edit{kind, i, p.live.Statements[i].SID, words(format, args...)}
}

// place names a statement of the live policy.
func (p *planner) place(i int) string {
	return fmt.Sprintf("statement %d", i+1) + titled(p.live.Statements[i].SID)
}

func titled(sid string) string {
	if sid == "" {
		return ""
	}
	return " " + quote(sid)
}

// describeAllows says what became of the Allows.
func (p describer) describeAllows() {
	for i := range p.fates {
		f, st := &p.fates[i], &p.live.Statements[i]
		if !f.changed || st.Effect != policy.Allow {
			continue
		}
		gone := map[access.Actions][]policy.Principal{}
		var order []access.Actions
		for e, fault := range f.faults {
			if actions := narrower(p).loses(fault); actions != 0 {
				if gone[actions] == nil {
					order = append(order, actions)
				}
				gone[actions] = append(gone[actions], oneOf(st, e).Principals.Entries...)
			}
		}
		for _, actions := range order {
			f.edits = append(f.edits, p.describe(i, gone[actions], actions))
		}
	}
}

// describe says what some principals of an Allow lose.
func (p describer) describe(i int, from []policy.Principal, actions access.Actions) Edit {
	st, f := &p.live.Statements[i], &p.fates[i]
	whom := principals(from)
	if st.Principals.Negated {
		whom = "everyone but " + whom
	}
	why := "guardrail.yaml does not permit " + whom + " to " + doing(actions, st.Actions.Values...) + where(st.Conditions)
	if f.murky {
		why = "it cannot be ruled out that " + whom + " can " + doing(actions, st.Actions.Values...)
	}
	back := backFor(f, from, actions)
	switch {
	case len(back) > 0:
		return p.edit(Narrow, i, "Narrowed %s: guardrail.yaml permits it only as far as %s.", p.place(i), strings.Join(back, " and "))
	case len(f.now) == 0:
		return p.edit(DropStatement, i, "Removed %s: %s.", p.place(i), why)
	case actions == covered(st.Actions):
		return p.edit(DropPrincipal, i, "Took %s out of %s: %s.", principals(from), p.place(i), why)
	case !f.murky:
		return p.edit(DropAction, i, "Took %s for %s out of %s: guardrail.yaml does not permit that.", actionWords(actions, st.Actions.Values...), principals(from), p.place(i))
	default:
		return p.edit(DropAction, i, "Took %s for %s out of %s: %s.", actionWords(actions, st.Actions.Values...), principals(from), p.place(i), why)
	}
}

// backFor says what became of an Allow that principals lost actions of gives back to them, or
// to others whom they cover.
func backFor(f *fate, from []policy.Principal, actions access.Actions) (list []string) {
	isAll := slices.ContainsFunc(from, func(q policy.Principal) bool { return q.Kind == policy.Anyone })
	for _, st := range f.now {
		if isPart(&fate{now: []policy.Statement{st}, left: f.left}) || covered(st.Actions)&actions == 0 {
			continue
		}
		for _, q := range st.Principals.Entries {
			if isAll || slices.ContainsFunc(from, func(o policy.Principal) bool { return isSame(o, q) || o.AccountID != "" && o.AccountID == q.AccountID }) {
				list = append(list, who(&st)+" can "+doing(covered(st.Actions)&actions, st.Actions.Values...)+where(st.Conditions))
				break
			}
		}
	}
	return list
}

// added says what a new statement gives or refuses whom.
func added(st *policy.Statement) Edit {
	kind, can := "statement", "can"
	if st.Effect == policy.Deny {
		kind, can = "Deny statement", "cannot"
	}
	what := doing(covered(st.Actions), st.Actions.Values...) + where(st.Conditions)
	return Edit{AddStatement, NoStatement, st.SID, words("Added %s%s: guardrail.yaml requires that %s %s %s.", kind, titled(st.SID), who(st), can, what)}
}

// quote returns text of a policy fit for one line.
func quote(s string) string { return policy.Quote(s, 120) }
