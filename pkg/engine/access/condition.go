package access

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// truth is the value of a condition in one case.
type truth uint8

const (
	isFalse truth = iota
	isTrue
	isUnknown // AWS does not say, or two readings differ
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// always and never are the boxes of a condition that always and never holds.
var (
	always = []box{nil}
	never  []box
)

// onSingle decides a condition for one case of a single-valued key: absent, or
// a value of which holds tells whether it matches. The order of the rules is
// that of the IAM evaluation: set operators and Null before IfExists before
// negation.
func (c *condition) onSingle(present, holds bool) truth {
	o := c.operator
	switch {
	case o.Family == policy.NullFamily:
		return c.onNull(present)
	case c.empty:
		return c.onEmptyList(present)
	case present && o.Negated:
		return truthOf(!holds)
	case present:
		return truthOf(holds)
	case o.Set == policy.ForAllValues:
		return isTrue
	case o.Set == policy.ForAnyValue && o.IfExists:
		return isUnknown
	case o.Set == policy.ForAnyValue:
		return isFalse
	default:
		return truthOf(o.IfExists || o.Negated)
	}
}

// onNull decides a Null condition. Its values, true for absent and false for
// present, are alternatives.
func (c *condition) onNull(present bool) truth {
	switch {
	case c.operator.Set == policy.ForAllValues && c.empty && present:
		return isUnknown // Null under ForAllValues is true, an empty list under it false
	case c.operator.Set == policy.ForAllValues:
		return isTrue
	case c.operator.Set == policy.ForAnyValue:
		return isFalse
	case c.empty:
		return isUnknown
	default:
		wanted := "true"
		if present {
			wanted = "false"
		}
		return truthOf(c.asked.holds(&value{text: wanted}))
	}
}

// onEmptyList decides a condition with an empty list of values.
func (c *condition) onEmptyList(present bool) truth {
	switch {
	case c.operator.Set == policy.ForAnyValue && c.operator.IfExists && !present:
		return isUnknown
	case c.operator.Set == policy.ForAnyValue:
		return isFalse
	case c.operator.Set == policy.ForAllValues || c.operator.IfExists:
		return truthOf(!present)
	default:
		return isUnknown
	}
}

// boxesOf returns the contexts in which a condition, read for a subject, holds.
func (r *reader) boxesOf(c *condition, s *subject, from origin) []box {
	value, present, determined := r.determined(c.key, s)
	switch {
	case determined:
		return r.onDetermined(c, value, present, s, from)
	case r.keys[keyID(c.key)].multi:
		return r.onMulti(c, from)
	default:
		return r.onFree(c, from)
	}
}

// onDetermined decides a condition on a key that the principal determines.
func (r *reader) onDetermined(c *condition, text string, present bool, s *subject, from origin) []box {
	holds := present && c.asked.holds(c.value(text))
	known := holds || len(c.unknown) == 0 || !present
	if present && !c.textOnly() && !s.sameForAll(keyID(c.key)) {
		known = false // the values of the group were told apart as text only
	}
	result := c.onSingle(present, holds)
	switch {
	case !known || result == isUnknown:
		return []box{r.restrictOpaque(nil, from, c.doubtAbout(c.id()+" for "+s.arn))}
	case result == isTrue:
		return always
	default:
		return never
	}
}

// value reads a value as far as the condition asks for it.
func (c *condition) value(text string) *value {
	if c.textOnly() {
		return &value{text: text}
	}
	var asked kinds
	for _, a := range c.asked.atoms {
		asked[a.kind] = true
	}
	return newValue(text, asked)
}

// textOnly tells whether the condition reads values as text, so that the
// universe has a subject for each case (Null asks for presence only).
func (c *condition) textOnly() bool {
	switch c.operator.Family {
	case policy.StringFamily, policy.ArnFamily, policy.BoolFamily, policy.NullFamily:
		return true
	default:
		return false
	}
}

// onFree decides a condition on a free single-valued key.
func (r *reader) onFree(c *condition, from origin) []box {
	k := r.keys[keyID(c.key)]
	if len(c.unknown) > 0 && c.operator.Set != policy.NoSet {
		present := box{{k.dimension, full(len(k.classes) + 1).andNot(single(absent, len(k.classes)+1))}}
		return r.inDoubtIfPresent(c, []box{present}, box{{k.dimension, single(absent, len(k.classes)+1)}}, from)
	}
	asked := k.index[c.asked.id]
	yes, open := none(len(k.classes)+1), none(len(k.classes)+1)
	for class := range len(k.classes) + 1 {
		holds := class != absent && k.classes[class-1].holds[asked]
		switch c.onSingle(class != absent, holds) {
		case isTrue:
			yes.add(class)
		case isUnknown:
			open.add(class)
		case isFalse:
		}
	}
	var list []box
	if b, ok := box(nil).restrict(k.dimension, yes); ok {
		list = append(list, b)
	}
	if b, ok := box(nil).restrict(k.dimension, open); ok {
		list = append(list, r.restrictOpaque(b, from, c.doubtAbout(c.id())))
	}
	return r.withUnknownValues(c, k, list, from)
}

// withUnknownValues adds the values that are not known: each is one opaque
// predicate. A positive operator may hold because of them; a negated one only
// holds where none of them matches.
func (r *reader) withUnknownValues(c *condition, k *conditionKey, list []box, from origin) []box {
	for _, value := range c.unknown {
		text := c.valueID(value)
		if !c.operator.Negated {
			present := full(len(k.classes) + 1).andNot(single(absent, len(k.classes)+1))
			b, _ := box(nil).restrict(k.dimension, present)
			list = append(list, r.restrictOpaque(b, from, c.doubtAbout(text)))
			continue
		}
		for i := range list {
			list[i] = r.excludeOpaque(list[i], from, c.doubtAbout(text))
		}
	}
	return list
}

// onMulti decides a condition on a multi-valued key.
func (r *reader) onMulti(c *condition, from origin) []box {
	k := r.keys[keyID(c.key)]
	o := c.operator
	switch {
	case o.Family == policy.NullFamily:
		return r.nullOnMulti(c, k, from)
	case o.Set == policy.NoSet || len(c.unknown) > 0:
		// Without a set operator there are two readings: it never holds, or it
		// is taken as on a single-valued key.
		const few = 8 // with many classes, presence is many boxes; the doubt then covers absence too
		if len(k.classes) > few {
			return r.inDoubtIfPresent(c, always, k.absence(), from)
		}
		return r.inDoubtIfPresent(c, k.presence(func(int) bool { return true }), k.absence(), from)
	case c.empty && o.Set == policy.ForAllValues:
		return []box{k.absence()}
	}
	asked := k.index[c.asked.id]
	fits := func(class int) bool { return !c.empty && k.classes[class].holds[asked] != o.Negated }
	if o.Set == policy.ForAllValues {
		var all box // also where the key is absent
		for class := range k.classes {
			if !fits(class) {
				all, _ = all.restrict(k.dimension+class, single(without, 2))
			}
		}
		return []box{all}
	}
	list := k.presence(fits)
	if o.IfExists {
		list = append(list, r.restrictOpaque(k.absence(), from, c.doubtAbout(c.id())))
	}
	return list
}

// inDoubtIfPresent returns the boxes of a condition that is not decided where the key
// is present, and decided by the operator alone where it is absent.
func (r *reader) inDoubtIfPresent(c *condition, present []box, absence box, from origin) []box {
	var list []box
	for _, b := range present {
		list = append(list, r.restrictOpaque(b, from, c.doubtAbout(c.id())))
	}
	switch c.onSingle(false, false) {
	case isTrue:
		list = append(list, absence)
	case isUnknown:
		list = append(list, r.restrictOpaque(absence, from, c.doubtAbout(c.id())))
	case isFalse:
	}
	return list
}

func (r *reader) nullOnMulti(c *condition, k *conditionKey, from origin) []box {
	var list []box
	switch c.onNull(true) {
	case isTrue:
		list = k.presence(func(int) bool { return true })
	case isUnknown:
		return []box{r.restrictOpaque(nil, from, c.doubtAbout(c.id()))}
	case isFalse:
	}
	if c.onNull(false) == isTrue {
		list = append(list, k.absence())
	}
	return list
}

// absence is the box in which a multi-valued key has no value.
func (k *conditionKey) absence() box {
	b := make(box, len(k.classes))
	for class := range k.classes {
		b[class] = side{k.dimension + class, single(without, 2)}
	}
	return b
}

// presence returns boxes that do not overlap, in which a multi-valued key has a
// value of a class that fits.
func (k *conditionKey) presence(fits func(class int) bool) []box {
	var list []box
	var none box
	for class := range k.classes {
		if !fits(class) {
			continue
		}
		b, _ := none.restrict(k.dimension+class, single(with, 2))
		list = append(list, b)
		none, _ = none.restrict(k.dimension+class, single(without, 2))
	}
	return list
}

// doubtAbout returns a doubt about the condition.
func (c *condition) doubtAbout(id string) doubt {
	return doubt{"conditions", id, "what " + c.operator.String() + " asks of " + c.key + " is not decided"}
}

// id is the same for conditions that mean the same.
func (c *condition) id() string {
	return c.operator.String() + " " + c.valueID(c.asked.id+fmt.Sprintf("%q", slices.Compact(slices.Sorted(slices.Values(c.unknown)))))
}

// valueID is the same for the same value under the same operator, whether it is
// negated or not.
func (c *condition) valueID(value string) string {
	id := operatorID(c.operator) + strconv.Quote(keyID(c.key)) + value
	if c.literal {
		id = "literal " + id
	}
	return id
}
