package access

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/predicate"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// statement is a policy statement, read for one comparison.
type statement struct {
	*policy.Statement
	document policy.Set
	from     origin
	actions  Actions
	resource box.Box // not free where it is unknown whether Resource is this key
	// steady are the conditions that mean the same for each principal of a kind of
	// caller, and fixed holds where they do; varying are the others.
	steady  []readCondition
	fixed   [callerKinds][]box.Box
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

	// askedConstants are keys that the KMS key determines, as first written.
	askedConstants []string
	presences      map[string]presences // of condition keys, once asked for
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
			r.askConstant(condition.Key)
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
			if _, constant := r.constant(keyID(c.Key)); !constant {
				r.registerCondition(c.Condition, c.read)
			}
		}
		for _, c := range st.varying {
			if _, constant := r.constant(keyID(c.Key)); constant || isDetermined(keyID(c.Key)) {
				continue
			}
			for s := range subjects {
				if err := r.space.Spend(1 + 40*len(c.Values)); err != nil {
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
		asked = &predicate.Predicate{} // Null asks nothing of the value
	}
	r.register(c.Key, c.Operator.Set != policy.NoSet, asked)
}

// readConditions finds the contexts in which the steady conditions hold.
func (r *reader) readConditions(statements []statement) error {
	for i := range statements {
		st := &statements[i]
		alike := true
		for _, c := range st.steady {
			alike = alike && !r.dependsOnCaller(keyID(c.Key))
		}
		for caller := range callerKinds {
			if alike && caller > 0 {
				st.fixed[caller] = st.fixed[0]
				continue
			}
			if err := r.readFixed(st, caller); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) readFixed(st *statement, caller callerKind) error {
	st.fixed[caller] = []box.Box{st.resource}
	for _, c := range st.steady {
		if err := r.and(&st.fixed[caller], c.read, st, caller, nil); err != nil {
			return err
		}
	}
	return nil
}

// and narrows a list of boxes to those contexts in which a condition holds.
func (r *reader) and(boxes *[]box.Box, c *condition, st *statement, caller callerKind, s *subject) error {
	if len(*boxes) == 0 {
		return nil
	}
	var err error
	*boxes, err = r.space.IntersectAll(*boxes, r.boxesOf(c, caller, s, st.from))
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
