package repair

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// edits says what became of the live policy.
func (p *planner) edits() []Edit {
	var list []Edit
	for i, f := range p.fates {
		if f.changed {
			list = append(list, editsOf(i, &p.Live.Statements[i], &f)...)
		}
	}
	for _, st := range p.added {
		why := "which has to be there"
		if st.Effect == policy.Deny {
			why = "without which others allow more than the ceiling"
		}
		list = append(list, Edit{AddStatement, NoStatement, st.SID, describe(&st) + ", " + why})
	}
	return list
}

// editsOf says what became of one statement.
func editsOf(i int, was *policy.Statement, f *fate) []Edit {
	var list []Edit
	add := func(kind EditKind, format string, args ...any) {
		list = append(list, Edit{kind, i, was.SID, fmt.Sprintf(format, args...) + ": " + f.why})
	}
	if len(f.now) == 0 {
		add(DropStatement, "the statement goes")
		return list
	}
	now := &f.now[0]
	principalEdits(was, f, add)
	actionEdits(was, now, add)
	var more []policy.Condition
	for _, c := range now.Conditions {
		if !slices.ContainsFunc(was.Conditions, func(o policy.Condition) bool { return sameCondition(o, c) }) {
			more = append(more, c)
		}
	}
	if len(more) > 0 {
		add(NarrowCondition, "only where %s", conditionWords(more))
	} else if !sameConditions(*was, *now) {
		add(NarrowCondition, "other conditions")
	}
	for n := range f.now[1:] {
		list = append(list, Edit{SplitStatement, i, was.SID, "what else of it may stay, in a statement behind it: " + describe(&f.now[n+1])})
	}
	return list
}

func sameCondition(a, b policy.Condition) bool {
	return policy.CanonicalConditions([]policy.Condition{a}) == policy.CanonicalConditions([]policy.Condition{b})
}

// principalEdits says which principals went or came. One that stands in a statement that
// was split off has not gone.
func principalEdits(was *policy.Statement, f *fate, add func(EditKind, string, ...any)) {
	var dead, gone, come []string
	for _, p := range was.Principals.Entries {
		stays := slices.ContainsFunc(f.now, func(st policy.Statement) bool { return slices.Contains(st.Principals.Entries, p) })
		switch {
		case isDeleted(p):
			dead = append(dead, quote(p.Text))
		case !stays:
			gone = append(gone, quote(p.Text))
		}
	}
	for _, p := range f.now[0].Principals.Entries {
		if !slices.Contains(was.Principals.Entries, p) {
			come = append(come, quote(p.Text))
		}
	}
	if len(dead) > 0 {
		add(DropDeadPrincipal, "without the deleted %s", shortened(dead))
	}
	switch {
	case len(come) > 0 && len(gone) > 0:
		add(NarrowPrincipal, "%s in place of %s", shortened(come), shortened(gone))
	case len(gone) > 0 && was.Effect == policy.Deny:
		add(DropDenyPrincipal, "without %s", shortened(gone))
	case len(gone) > 0:
		add(DropPrincipal, "without %s", shortened(gone))
	}
}

// actionEdits says which actions went.
func actionEdits(was, now *policy.Statement, add func(EditKind, string, ...any)) {
	if slices.Equal(was.Actions.Values, now.Actions.Values) && was.Actions.Negated == now.Actions.Negated {
		return
	}
	gone, come := beyond(was.Actions.Values, now.Actions.Values), beyond(now.Actions.Values, was.Actions.Values)
	if was.Actions.Negated {
		gone = []string{"NotAction"}
	}
	switch {
	case was.Effect == policy.Deny && len(come) > 0:
		add(DropDenyAction, "%s in place of %s", shortened(come), shortened(gone))
	case was.Effect == policy.Deny:
		add(DropDenyAction, "without %s", shortened(gone))
	case len(come) > 0:
		add(NarrowAction, "%s in place of %s", shortened(come), shortened(gone))
	case len(gone) > 0:
		add(DropAction, "without %s", shortened(gone))
	}
}

// beyond returns what of a is not in b, quoted.
func beyond(a, b []string) []string {
	var list []string
	for _, v := range a {
		if !slices.Contains(b, v) {
			list = append(list, quote(v))
		}
	}
	return list
}

// describe says what a statement does.
func describe(st *policy.Statement) string {
	var principals, actions []string
	for _, p := range st.Principals.Entries {
		principals = append(principals, quote(p.Text))
	}
	for _, v := range st.Actions.Values {
		actions = append(actions, quote(v))
	}
	text := fmt.Sprintf("%s %s for %s", st.Effect, shortened(actions), shortened(principals))
	if len(st.Conditions) > 0 {
		text += " where " + conditionWords(st.Conditions)
	}
	return text
}

func conditionWords(conditions []policy.Condition) string {
	var list []string
	for _, c := range conditions {
		var values []string
		for _, v := range c.Values {
			values = append(values, quote(v))
		}
		list = append(list, fmt.Sprintf("%s %s %s", c.Operator, quote(c.Key), shortened(values)))
	}
	return strings.Join(list, " and ")
}

// shortened lists a few values and counts the others.
func shortened(values []string) string {
	const most = 8
	if len(values) > most {
		values = append(values[:most:most], fmt.Sprintf("%d more", len(values)-most))
	}
	return strings.Join(values, ", ")
}

// quote returns text of a policy fit for one line.
func quote(s string) string { return policy.Quote(s, 120) }

// explain says what stands first in a result.
func explain(r access.Result) string {
	for _, list := range [][]access.Difference{r.Excess, r.Missing} {
		for _, d := range list {
			return fmt.Sprintf("%s may %s by statement %d of the %s policy",
				shortened(d.Principals), shortened(access.ActionPatterns(d.Actions)), d.Statement, d.Policy)
		}
	}
	for _, open := range r.Inconclusive {
		return fmt.Sprintf("%s in statement %d of the %s policy: %s", open.Reason, open.Statement, open.Policy, quote(open.Detail))
	}
	return string(r.Verdict)
}
