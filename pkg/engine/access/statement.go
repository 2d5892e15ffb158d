package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// statement is a policy statement, read for one comparison.
type statement struct {
	*policy.Statement
	document policy.Set
	from     origin
	actions  Actions
	resource box // not free where it is unknown whether Resource is this key
	// steady are the conditions that mean the same for each principal, and fixed
	// holds where they do; varying are the others.
	steady  []readCondition
	fixed   []box
	varying []readCondition
	// exempt is the doubt about whom a NotPrincipal exempts; its id is to be
	// completed by the subject.
	exempt doubt
}

// readCondition is a condition whose values are read once, where no variable is in
// them; else read is nil.
type readCondition struct {
	*policy.Condition
	read *condition
}

// origin is the place of a statement in a comparison.
type origin struct {
	which     Which
	statement int
}

// reader turns the documents of one comparison into statements over one space.
type reader struct {
	key      policy.Key
	space    *space
	opaque   map[string]int           // what an opaque dimension stands for, to its index
	keys     map[string]*conditionKey // by name in lower case
	keyOrder []*conditionKey
	asSets   map[string]bool // the keys over which a set operator stands, even in a dead statement
	exempts  map[string]int  // what a NotPrincipal lists, to its number
}

// statements returns the statements of a document that can have an effect. Their
// conditions are still to be read, see readConditions.
func (r *reader) statements(d policy.Set, which Which) []statement {
	list := make([]statement, 0, len(d.Statements))
	for i := range d.Statements {
		st := statement{Statement: &d.Statements[i], document: d, from: origin{which, i}}
		for _, c := range st.Conditions {
			if c.Operator.Set != policy.NoSet {
				r.asSets[keyID(c.Key)] = true
			}
		}
		if st.actions = actionsOf(st.Actions); st.actions == 0 || !r.onThisKey(&st) {
			continue
		}
		if st.Actions.Negated && len(st.Actions.Values) == 0 { // everything, or like an empty Action nothing
			st.resource = r.restrictOpaque(st.resource, st.from, doubt{"empty-list", "NotAction", "NotAction is an empty list"})
		}
		for c := range st.Conditions {
			condition := &st.Conditions[c]
			if r.hasVariables(condition, d) {
				st.varying = append(st.varying, readCondition{Condition: condition})
				continue
			}
			read := r.read(condition, d, nil)
			if isDetermined(keyID(condition.Key)) {
				st.varying = append(st.varying, readCondition{condition, &read})
			} else {
				st.steady = append(st.steady, readCondition{condition, &read})
			}
		}
		if st.Principals.Negated {
			st.exempt = r.exemption(&st)
		}
		list = append(list, st)
	}
	return list
}

// registerConditions notes what the statements ask of which keys, for all subjects.
func (r *reader) registerConditions(statements []statement, subjects []subject) error {
	for i := range statements {
		st := &statements[i]
		for _, c := range st.steady {
			r.registerCondition(c.Condition, c.read)
		}
		for _, c := range st.varying {
			if isDetermined(keyID(c.Key)) {
				continue
			}
			for s := range subjects {
				if err := r.space.spend(1 + 40*len(c.Values)); err != nil {
					return err
				}
				read := r.read(c.Condition, st.document, &subjects[s])
				r.registerCondition(c.Condition, &read)
			}
		}
	}
	return nil
}

func (r *reader) registerCondition(c *policy.Condition, read *condition) {
	asked := read.asked
	if c.Operator.Family == policy.NullFamily {
		asked = &predicate{} // Null asks nothing of the value
	}
	r.register(c.Key, c.Operator.Set != policy.NoSet, asked)
}

// readConditions finds the contexts in which the fixed conditions hold.
func (r *reader) readConditions(statements []statement) error {
	for i := range statements {
		st := &statements[i]
		st.fixed = []box{st.resource}
		for _, c := range st.steady {
			if err := r.and(&st.fixed, c.read, st, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// and narrows a list of boxes to those contexts in which a condition holds.
func (r *reader) and(boxes *[]box, c *condition, st *statement, s *subject) error {
	if len(*boxes) == 0 {
		return nil
	}
	var err error
	*boxes, err = r.space.intersectAll(*boxes, r.boxesOf(c, s, st.from))
	return err
}

// actionsOf returns the actions of an Action or NotAction element. An empty Action
// covers nothing (assumption).
func actionsOf(l policy.List) Actions {
	set := actionsOfValues(l.Values)
	if l.Negated {
		return AllActions &^ set
	}
	return set
}

func actionsOfValues(values []string) Actions {
	var set Actions
	for _, value := range values {
		set |= ActionsMatching(value)
	}
	return set
}

// onThisKey tells whether the statement's Resource can be this key, and makes
// it conditional where that cannot be decided.
func (r *reader) onThisKey(st *statement) bool {
	switch match := r.resourceMatch(st); match {
	case matchYes:
		return true
	case matchNo:
		return false
	default:
		st.resource = r.inDoubt(st)
		return true
	}
}

// inDoubt restricts a statement to the contexts in which its Resource is this key, where
// nothing more is known. NotResource is the opposite of the same Resource.
func (r *reader) inDoubt(st *statement) box {
	l := st.Resources
	if len(l.Values) == 0 {
		return r.restrictOpaque(st.resource, st.from, doubt{"empty-list", "NotResource", "NotResource is an empty list"})
	}
	text := strings.Join(l.Values, ", ")
	id := fmt.Sprintf("%q %v", slices.Compact(slices.Sorted(slices.Values(l.Values))), st.document.HasVariables())
	d := doubt{"resource", id, "Resource " + text + " may or may not be this key"}
	if l.Negated {
		return r.excludeOpaque(st.resource, st.from, d)
	}
	return r.restrictOpaque(st.resource, st.from, d)
}

type match uint8

const (
	matchNo match = iota
	matchUnknown
	matchYes
)

// resourceMatch tells whether a Resource element covers the key: "*", the key's
// ARN, or a pattern that matches all of it (assumption: AWS documents only "*").
func (r *reader) resourceMatch(st *statement) match {
	l := st.Resources
	result := matchNo
	for _, value := range l.Values {
		if result = max(result, r.oneResource(value, st.document.HasVariables())); result == matchYes {
			break
		}
	}
	switch {
	case l.Negated && l.Present && len(l.Values) == 0:
		return matchUnknown
	case len(l.Values) == 0, l.Negated && result == matchYes:
		return matchNo
	case l.Negated && result == matchNo:
		return matchYes
	default:
		return result
	}
}

func (r *reader) oneResource(value string, variables bool) match {
	switch {
	case strings.Trim(value, "*") == "" && value != "":
		return matchYes
	case variables && strings.Contains(value, "${"):
		return matchUnknown
	case r.key.ARN == "":
		return matchUnknown
	case policy.IsLike(value, r.key.ARN):
		return matchYes
	default:
		return matchNo
	}
}
