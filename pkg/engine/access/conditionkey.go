package access

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/predicate"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// conditionKey is a condition key that requests are free to have, with what the
// two policies ask of it.
type conditionKey struct {
	name       string // as first written
	multi      bool   // has several values
	predicates []*predicate.Predicate
	index      map[string]int // predicate id to index
	classes    []predicate.Class
	holding    []box.Classes // by predicate: the classes of a single-valued key for which it holds
	// dimension is the first one of the key. A single-valued key has one
	// dimension, whose class 0 is absence and class i+1 is classes[i]. A
	// multi-valued key has one dimension per class of values: does the request
	// have a value of it? It is absent where it has none.
	dimension int
	all       box.Classes // of a single-valued key: the classes that it may be in
}

// present returns the classes in which a single-valued key is there.
func (k *conditionKey) present() box.Classes {
	return k.all.AndNot(box.Single(absent, len(k.classes)+1))
}

// in returns the contexts in which a single-valued key is in some classes: all of them,
// one box, or none.
func (k *conditionKey) in(some box.Classes) []box.Box {
	if k.all.AndNot(some).Empty() {
		return always
	}
	if b, ok := box.Box(nil).Restrict(k.dimension, some); ok {
		return []box.Box{b}
	}
	return never
}

// register notes that a policy asks something of a key. name is the key as
// written; usedAsSet tells whether a set operator does.
func (r *reader) register(name string, usedAsSet bool, p *predicate.Predicate) {
	id := keyID(name)
	k := r.keys[id]
	if k == nil {
		k = &conditionKey{name: name, index: map[string]int{}}
		r.keys[id] = k
		r.keyOrder = append(r.keyOrder, k)
	}
	_, known := catalog.LookupConditionKey(name)
	k.multi = k.multi || catalog.MultiValued(name) || !known && (usedAsSet || r.asSets[id])
	if _, ok := k.index[p.ID]; !ok {
		k.index[p.ID] = len(k.predicates)
		k.predicates = append(k.predicates, p)
	}
}

// layOut gives every registered key its classes and dimensions.
func (r *reader) layOut() error {
	for _, k := range r.keyOrder {
		var err error
		if documented, _ := catalog.LookupConditionKey(k.name); documented.Type == catalog.Bool {
			k.classes, err = predicate.ClassifyBool(k.predicates, &r.space.Budget)
		} else {
			k.classes, err = predicate.Classify(k.predicates, &r.space.Budget)
		}
		if err != nil {
			return err
		}
		k.dimension = len(r.space.about)
		if !k.multi {
			k.all = box.Full(len(k.classes) + 1)
			if r.neverAbsent(keyID(k.name)) {
				k.all = k.present()
			}
			r.space.addDimension(k.all, false, dimension{key: k})
			k.findHolding()
			continue
		}
		for i := range k.classes {
			r.space.addDimension(box.Full(2), false, dimension{key: k, element: i})
		}
	}
	return nil
}

// findHolding sets holding.
func (k *conditionKey) findHolding() {
	k.holding = make([]box.Classes, len(k.predicates))
	for i := range k.predicates {
		k.holding[i] = box.None(len(k.classes) + 1)
		for class, c := range k.classes {
			if c.Holds[i] {
				k.holding[i].Add(class + 1)
			}
		}
	}
}

// absent is the class of a single-valued key that the request does not have.
const absent = 0

// The two classes of a dimension of a multi-valued key.
const (
	without = iota
	with
)

// condition is a policy condition with its values resolved for a subject.
type condition struct {
	operator policy.Operator
	key      string
	asked    *predicate.Predicate
	// unknown holds the values whose meaning is not known, as their text.
	unknown []string
	// literal is true where ${ in a value is literal text.
	literal bool
	// empty: the policy lists no value at all.
	empty bool
}

// read resolves a condition for a subject, which may be nil where no value and
// no key depends on one.
func (r *reader) read(c *policy.Condition, d policy.Set, s *subject) condition {
	result := condition{operator: c.Operator, key: c.Key, literal: !d.HasVariables(), empty: len(c.Values) == 0}
	var values []pattern.Value
	for _, v := range c.Values {
		text, what := r.resolve(v, c.Operator, d, s)
		switch what {
		case resolved:
			values = append(values, text)
		case unknown:
			result.unknown = append(result.unknown, v)
		case unresolvable:
		}
	}
	var undecided []string
	result.asked, undecided = predicate.New(c.Operator, values)
	result.unknown = append(result.unknown, undecided...)
	return result
}

// hasVariables tells whether a value of a condition may differ by principal.
func (r *reader) hasVariables(c *policy.Condition, d policy.Set) bool {
	return d.HasVariables() && slices.ContainsFunc(c.Values, func(v string) bool { return strings.Contains(v, "${") })
}
