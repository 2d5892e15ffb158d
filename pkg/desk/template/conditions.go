package template

import "slices"

// choose computes Fn::If: the name of a condition, and two values.
func choose(r *resolver, at, argument *node) *node {
	if argument.kind != list || len(argument.items) != 3 || argument.items[0].kind != word {
		return r.broken(at.fail("Fn::If takes the name of a condition and two values"))
	}
	holds := r.holds(argument.items[0], argument.items[0].text)
	switch {
	case holds == nil:
		return r.unknown(at, "the condition is not known")
	case *holds:
		return r.value(argument.items[1])
	default:
		return r.value(argument.items[2])
	}
}

// holds tells whether a condition of the template holds; nil where that is not known. The
// condition of the resource itself holds, because the resource is made only then.
func (r *resolver) holds(at *node, name string) *bool {
	if name == r.condition {
		yes := true
		return &yes
	}
	if decided, ok := r.decided[name]; ok {
		return decided
	}
	condition, ok := r.conditions[name]
	if !ok {
		r.broken(at.fail("%s is no condition of the template", quoted(name)))
		return nil
	}
	if r.evaluating[name] {
		r.broken(condition.fail("the condition %s refers to itself", quoted(name)))
		return nil
	}
	r.evaluating[name] = true
	r.decided[name] = r.isTrue(condition)
	return r.decided[name]
}

// isTrue evaluates the functions of conditions.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
func (r *resolver) isTrue(n *node) *bool {
	if n.kind != mapping || len(n.entries) != 1 {
		r.broken(n.fail("expected a condition function, such as Fn::Equals"))
		return nil
	}
	function, argument := n.entries[0].name.text, n.entries[0].value
	switch {
	case function == "Condition" && argument.kind == word:
		return r.holds(n, argument.text)
	case function == "Fn::Equals" && argument.kind == list && len(argument.items) == 2:
		a, b := r.resolve(argument.items[0]), r.resolve(argument.items[1])
		if a == nil || b == nil {
			return nil
		}
		return truthOf(isSame(a, b))
	case function == "Fn::Not" && argument.kind == list && len(argument.items) == 1:
		if v := r.isTrue(argument.items[0]); v != nil {
			return truthOf(!*v)
		}
		return nil
	case (function == "Fn::And" || function == "Fn::Or") && argument.kind == list:
		return r.combined(argument.items, function == "Fn::Or")
	default:
		r.unknown(n, "the condition is not known")
		return nil
	}
}

// isSame compares two values as Fn::Equals does: scalars by their text.
func isSame(a, b *node) bool {
	textA, okA := a.scalar()
	textB, okB := b.scalar()
	if okA && okB {
		return textA == textB
	}
	return okA == okB && textOf(a, maxWork) == textOf(b, maxWork)
}

// combined evaluates Fn::Or, where one that is end decides, or Fn::And.
func (r *resolver) combined(items []*node, end bool) *bool {
	before := len(r.unknowns)
	values := make([]*bool, len(items))
	for i, item := range items {
		values[i] = r.isTrue(item)
	}
	if slices.ContainsFunc(values, func(v *bool) bool { return v != nil && *v == end }) {
		r.unknowns = r.unknowns[:before] // they do not matter
		return truthOf(end)
	}
	if slices.Contains(values, nil) {
		return nil
	}
	return truthOf(!end)
}

func truthOf(b bool) *bool { return &b }
