package access

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// statement is a policy statement, read for one comparison.
type statement struct {
	*policy.Statement
	index   int
	actions Actions
	when    box // the conditions under which it holds
}

// reader turns the documents of one comparison into statements over one space.
type reader struct {
	key    Key
	space  *space
	opaque map[string]int // what an opaque dimension stands for, to its index
}

// statements returns the statements of a document that can have an effect.
func (r *reader) statements(d *policy.Document, which Which) []statement {
	list := make([]statement, 0, len(d.Statements))
	for i := range d.Statements {
		st := statement{Statement: &d.Statements[i], index: i}
		st.actions = actionsOf(st.Actions)
		origin := origin{which, i}
		live := st.actions != 0 && r.onThisKey(&st, origin)
		if live && r.conditions(&st, d, origin) {
			list = append(list, st)
		}
	}
	return list
}

// actionsOf returns the actions of an Action or NotAction element. An empty
// Action list covers nothing; so does an empty NotAction (assumption: AWS
// documents an empty list for neither).
func actionsOf(l policy.List) Actions {
	if len(l.Values) == 0 {
		return 0
	}
	var set Actions
	for _, value := range l.Values {
		set |= ActionsMatching(value)
	}
	if l.Negated {
		return AllActions &^ set
	}
	return set
}

// onThisKey tells whether the statement's Resource can be this key, and makes
// it conditional where that cannot be decided.
func (r *reader) onThisKey(st *statement, from origin) bool {
	switch match := r.resourceMatch(st.Resources); match {
	case matchYes:
		return true
	case matchNo:
		return false
	default:
		st.when = r.restrictOpaque(st.when, from, "resource", "Resource "+strings.Join(st.Resources.Values, ", ")+" may or may not be this key")
		return true
	}
}

type match uint8

const (
	matchNo match = iota
	matchUnknown
	matchYes
)

// resourceMatch tells whether a Resource element covers the key: "*", the key's
// ARN, or a pattern that matches all of it (assumption: AWS documents only "*").
func (r *reader) resourceMatch(l policy.List) match {
	result := matchNo
	for _, value := range l.Values {
		if result = max(result, r.oneResource(value)); result == matchYes {
			break
		}
	}
	switch {
	case len(l.Values) == 0, l.Negated && result == matchYes:
		return matchNo
	case l.Negated && result == matchNo:
		return matchYes
	default:
		return result
	}
}

func (r *reader) oneResource(value string) match {
	switch {
	case strings.Trim(value, "*") == "" && value != "":
		return matchYes
	case strings.Contains(value, "${"):
		return matchUnknown
	case r.key.ARN == "":
		return matchUnknown
	case globMatch(value, r.key.ARN):
		return matchYes
	default:
		return matchNo
	}
}

// conditions restricts the statement to its condition block. It returns false
// where the block can never hold.
//
// The block as a whole is one opaque predicate: nothing is known about it but
// that the same canonical block means the same.
func (r *reader) conditions(st *statement, d *policy.Document, from origin) bool {
	if len(st.Conditions) == 0 {
		return true
	}
	text := policy.CanonicalConditions(st.Conditions)
	if !d.HasVariables() && strings.Contains(text, "${") {
		text = "literal " + text // another meaning than under 2012-10-17
	}
	st.when = r.restrictOpaque(st.when, from, "conditions", text)
	return true
}

// restrictOpaque narrows a box to the contexts in which an opaque predicate
// holds. Predicates of the same kind and text are the same one.
func (r *reader) restrictOpaque(b box, from origin, reason, text string) box {
	id := reason + " " + text
	index, ok := r.opaque[id]
	if !ok {
		index = len(r.space.dimensions)
		r.opaque[id] = index
		r.space.dimensions = append(r.space.dimensions, dimension{
			all: classes{holds | fails}, opaque: true,
			cause: Inconclusive{Policy: from.which, Statement: from.statement, Reason: reason, Detail: text},
		})
	}
	restricted, ok := b.restrict(index, classes{holds})
	if !ok {
		return b // not reached: a statement meets a predicate once
	}
	return restricted
}

// The two classes of an opaque dimension.
const (
	fails uint64 = 1 << iota
	holds
)

// origin is the place of a statement in a comparison.
type origin struct {
	which     Which
	statement int
}

// reach returns what a statement covers of a subject's requests, and under
// which further conditions.
func (r *reader) reach(st *statement, s *subject, which Which) (coverage, box) {
	if st.Principals.Negated {
		return r.reachNegated(st, s, origin{which, st.index})
	}
	covered := coversNothing
	for i := range st.Principals.Entries {
		covered = max(covered, s.covers(&st.Principals.Entries[i], r.key))
	}
	if st.Effect == policy.Deny && covered != coversNothing {
		covered = coversDirect // a Deny covers both halves
	}
	return covered, st.when
}

// reachNegated is reach for NotPrincipal. A Deny is decided where the literal
// and the pessimistic reading agree; an Allow is not supported by AWS and never
// decided.
func (r *reader) reachNegated(st *statement, s *subject, from origin) (coverage, box) {
	entries := st.Principals.Entries
	listed := slices.ContainsFunc(entries, func(p policy.Principal) bool { return s.matchedBy(&p, r.key.Partition) })
	decided := st.Effect == policy.Deny && len(entries) > 0
	if decided && !listed {
		return coversDirect, st.when
	}
	if decided && s.layersListed(entries, r.key.Partition) {
		return coversNothing, nil
	}
	detail := "NotPrincipal with " + st.Effect.String() + " for " + s.arn + ": " + principalTexts(entries)
	return coversDirect, r.restrictOpaque(st.when, from, "not-principal", detail)
}

func principalTexts(entries []policy.Principal) string {
	texts := make([]string, len(entries))
	for i, p := range entries {
		texts[i] = p.Text
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ", ")
}
