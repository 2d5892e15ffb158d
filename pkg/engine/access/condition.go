package access

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/predicate"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
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
	always = []box.Box{nil}
	never  []box.Box
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
		return truthOf(c.asked.Holds(wanted))
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

// boxesOf returns the contexts in which a condition holds for requests of a kind of caller.
// A subject is given where a key or a value depends on it.
func (r *reader) boxesOf(c *condition, caller callerKind, s *subject, from origin) []box.Box {
	value, present, determined := r.determined(c.key, s)
	presence := r.presence(keyID(c.key), caller)
	switch {
	case determined:
		return r.onDetermined(c, value, present, s, from)
	case presence == catalog.Never:
		return r.onAbsent(c, from)
	case presence == catalog.Foreign:
		return r.onForeign(c, from)
	case r.keys[keyID(c.key)].multi:
		return r.onMulti(c, from)
	default:
		return r.onFree(c, from)
	}
}

// onDetermined decides a condition on a key that the principal or the key determines.
func (r *reader) onDetermined(c *condition, text string, present bool, s *subject, from origin) []box.Box {
	holds := present && c.asked.Holds(text)
	known := holds || len(c.unknown) == 0 || !present
	if present && s != nil && !c.textOnly() && !s.sameForAll(keyID(c.key)) {
		known = false // the values of the group were told apart as text only
	}
	result := c.onSingle(present, holds)
	switch {
	case !known || result == isUnknown:
		id := c.id()
		if s != nil {
			id += " for " + s.arn
		}
		return []box.Box{r.restrictOpaque(nil, from, c.doubtAbout(id))}
	case result == isTrue:
		return always
	default:
		return never
	}
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
func (r *reader) onFree(c *condition, from origin) []box.Box {
	k := r.keys[keyID(c.key)]
	if len(c.unknown) > 0 && c.operator.Set != policy.NoSet {
		return r.inDoubtIfPresent(c, k.in(k.present()), k.in(k.all.AndNot(k.present())), from)
	}
	asked := k.index[c.asked.ID]
	yes, open := box.None(len(k.classes)+1), box.None(len(k.classes)+1)
	for class := range len(k.classes) + 1 {
		if !k.all.Has(class) {
			continue
		}
		holds := class != absent && k.classes[class-1].Holds[asked]
		switch c.onSingle(class != absent, holds) {
		case isTrue:
			yes.Add(class)
		case isUnknown:
			open.Add(class)
		case isFalse:
		}
	}
	var list []box.Box
	list = append(list, k.in(yes)...)
	for _, b := range k.in(open) {
		list = append(list, r.restrictOpaque(b, from, c.doubtAbout(c.id())))
	}
	return r.withUnknownValues(c, k, list, from)
}

// withUnknownValues adds the values that are not known: each is one opaque
// predicate. A positive operator may hold because of them; a negated one only
// holds where none of them matches.
func (r *reader) withUnknownValues(c *condition, k *conditionKey, list []box.Box, from origin) []box.Box {
	for _, value := range c.unknown {
		text := c.valueID(value)
		if !c.operator.Negated {
			for _, b := range k.in(k.present()) {
				list = append(list, r.restrictOpaque(b, from, c.doubtAbout(text)))
			}
			continue
		}
		for i := range list {
			list[i] = r.excludeOpaque(list[i], from, c.doubtAbout(text))
		}
	}
	return list
}

// onMulti decides a condition on a multi-valued key.
func (r *reader) onMulti(c *condition, from origin) []box.Box {
	k := r.keys[keyID(c.key)]
	o := c.operator
	switch {
	case o.Family == policy.NullFamily:
		return r.nullOnMulti(c, k, from)
	case c.empty && o.Set == policy.ForAllValues:
		return []box.Box{k.absence()}
	}
	asked := k.index[c.asked.ID]
	fits := func(class int) bool { return !c.empty && k.classes[class].Holds[asked] != o.Negated }
	if o.Set == policy.NoSet || len(c.unknown) > 0 {
		// Without a set operator there are two readings: it never holds, or it
		// is taken as on a single-valued key.
		const few = 8 // with many classes, presence is many boxes; the doubt then covers absence too
		if len(k.classes) > few {
			return r.inDoubtIfPresent(c, always, []box.Box{k.absence()}, from)
		}
		if len(c.unknown) > 0 || c.empty && !o.IfExists {
			fits = func(int) bool { return true }
		}
		return r.inDoubtIfPresent(c, k.presence(fits), []box.Box{k.absence()}, from)
	}
	if o.Set == policy.ForAllValues {
		var all box.Box // also where the key is absent
		for class := range k.classes {
			if !fits(class) {
				all, _ = all.Restrict(k.dimension+class, box.Single(without, 2))
			}
		}
		return []box.Box{all}
	}
	list := k.presence(fits)
	if o.IfExists {
		list = append(list, r.restrictOpaque(k.absence(), from, c.doubtAbout(c.id())))
	}
	return list
}

// inDoubtIfPresent returns the boxes of a condition that is not decided where the key
// is present, and decided by the operator alone where it is absent.
func (r *reader) inDoubtIfPresent(c *condition, present, absence []box.Box, from origin) []box.Box {
	var list []box.Box
	for _, b := range present {
		list = append(list, r.restrictOpaque(b, from, c.doubtAbout(c.id())))
	}
	switch c.onSingle(false, false) {
	case isTrue:
		list = append(list, absence...)
	case isUnknown:
		for _, b := range absence {
			list = append(list, r.restrictOpaque(b, from, c.doubtAbout(c.id())))
		}
	case isFalse:
	}
	return list
}

func (r *reader) nullOnMulti(c *condition, k *conditionKey, from origin) []box.Box {
	var list []box.Box
	switch c.onNull(true) {
	case isTrue:
		list = k.presence(func(int) bool { return true })
	case isUnknown:
		return []box.Box{r.restrictOpaque(nil, from, c.doubtAbout(c.id()))}
	case isFalse:
	}
	if c.onNull(false) == isTrue {
		list = append(list, k.absence())
	}
	return list
}

// absence is the box in which a multi-valued key has no value.
func (k *conditionKey) absence() box.Box {
	b := make(box.Box, len(k.classes))
	for class := range k.classes {
		b[class] = box.Side{Dimension: k.dimension + class, In: box.Single(without, 2)}
	}
	return b
}

// presence returns boxes that do not overlap, in which a multi-valued key has a
// value of a class that fits.
func (k *conditionKey) presence(fits func(class int) bool) []box.Box {
	var list []box.Box
	var none box.Box
	for class := range k.classes {
		if !fits(class) {
			continue
		}
		b, _ := none.Restrict(k.dimension+class, box.Single(with, 2))
		list = append(list, b)
		none, _ = none.Restrict(k.dimension+class, box.Single(without, 2))
	}
	return list
}

// doubtAbout returns a doubt about the condition.
func (c *condition) doubtAbout(id string) doubt {
	return doubt{"conditions", id, "what " + c.operator.String() + " asks of " + c.key + " is not decided"}
}

// id is the same for conditions that mean the same.
func (c *condition) id() string {
	return c.operator.String() + " " + c.valueID(c.asked.ID+fmt.Sprintf("%q", slices.Compact(slices.Sorted(slices.Values(c.unknown)))))
}

// valueID is the same for the same value under the same operator, whether it is
// negated or not.
func (c *condition) valueID(value string) string {
	id := predicate.OperatorID(c.operator) + strconv.Quote(keyID(c.key)) + value
	if c.literal {
		id = "literal " + id
	}
	return id
}
