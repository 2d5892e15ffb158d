package authz

import (
	"fmt"
	"strings"
)

// condition is one operator over one key with its values.
type condition struct {
	set      string // "", "ForAllValues" or "ForAnyValue"
	name     string // operator without prefix and suffix
	operator operator
	ifExists bool
	key      string // lower case
	values   []string
}

// readConditions reads the Condition element.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func readConditions(n node) ([]condition, error) {
	block, ok := n.member("Condition")
	if !ok {
		return nil, nil
	}
	if block.kind != object {
		return nil, fmt.Errorf("the Condition is not an object")
	}
	var all []condition
	for i, spelled := range block.names {
		template, err := readOperator(spelled)
		if err != nil {
			return nil, err
		}
		keys := block.items[i]
		if keys.kind != object {
			return nil, fmt.Errorf("the condition operator %s is not an object of condition keys", spelled)
		}
		for j, key := range keys.names {
			c := template
			c.key = strings.ToLower(key)
			if c.values, err = conditionValues(keys.items[j]); err != nil {
				return nil, fmt.Errorf("condition %s of %s: %w", key, spelled, err)
			}
			if err := c.check(); err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// readOperator takes a spelling such as "ForAnyValue:StringLikeIfExists" apart.
func readOperator(spelled string) (condition, error) {
	c := condition{name: spelled}
	for _, set := range []string{"ForAllValues", "ForAnyValue"} {
		if rest, ok := strings.CutPrefix(spelled, set+":"); ok {
			c.set, c.name = set, rest
		}
	}
	if rest, ok := strings.CutSuffix(c.name, "IfExists"); ok && rest != "Null" {
		c.name, c.ifExists = rest, true
	}
	op, known := operators[c.name]
	if !known {
		return condition{}, fmt.Errorf("unknown condition operator %q", spelled)
	}
	c.operator = op
	return c, nil
}

// conditionValues reads strings, numbers and booleans: quotes are optional.
func conditionValues(n node) ([]string, error) {
	items := n.items
	if n.kind != array {
		items = []node{n}
	}
	values := make([]string, 0, len(items))
	for _, item := range items {
		if item.kind == object || item.kind == array || (item.kind == scalar && item.text == "null") {
			return nil, fmt.Errorf("a value is not a string, number or boolean")
		}
		values = append(values, item.text)
	}
	return values, nil
}

// check refuses a value that the operator cannot read. A value with a policy
// variable is read when it is known.
func (c condition) check() error {
	for _, v := range c.values {
		if c.operator.readable != nil && !c.operator.readable(v) {
			return fmt.Errorf("%q is not a value for %s", v, c.name)
		}
	}
	return nil
}

// ConditionKey is one condition key that a document uses.
type ConditionKey struct {
	Set  string // "ForAllValues", "ForAnyValue" or ""
	Name string // lower case
}

// ConditionKeys returns the condition keys that the document uses.
func (d *Document) ConditionKeys() []ConditionKey {
	var all []ConditionKey
	for _, s := range d.statements {
		for _, c := range s.conditions {
			all = append(all, ConditionKey{c.set, c.key})
		}
	}
	return all
}

// holds decides the condition for a request. The rules for absent keys are
// those of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
// and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html.
func (c condition) holds(context Context, variables bool) bool {
	present := context.values(c.key)
	if c.name == "Null" {
		return c.nullHolds(len(present) == 0)
	}
	if len(c.values) == 0 { // nothing is listed that a value could meet, negated or not
		return len(present) == 0 && c.set != "ForAnyValue" && (c.set == "ForAllValues" || c.ifExists)
	}
	switch c.set {
	case "ForAllValues":
		for _, v := range present {
			if !c.matches(v, context, variables) {
				return false
			}
		}
		return true
	case "ForAnyValue":
		for _, v := range present {
			if c.matches(v, context, variables) {
				return true
			}
		}
		return len(present) == 0 && c.ifExists
	}
	switch len(present) {
	case 0:
		return c.ifExists || c.operator.negated
	case 1:
		return c.matches(present[0], context, variables)
	}
	return false
}

func (c condition) nullHolds(absent bool) bool {
	switch c.set {
	case "ForAllValues":
		return true
	case "ForAnyValue":
		return false
	}
	for _, v := range c.values {
		if strings.EqualFold(v, "true") == absent {
			return true
		}
	}
	return false
}

// matches decides one value of the request: the policy's values are OR-ed,
// and a negated operator is the opposite of that.
func (c condition) matches(value string, context Context, variables bool) bool {
	for _, wanted := range c.values {
		if c.operator.variables && variables {
			expanded, ok := expand(wanted, context, c.operator.glob)
			if !ok {
				continue // an unresolved variable matches nothing
			}
			wanted = expanded
		} else if c.operator.glob {
			wanted = markWildcards(wanted)
		}
		if c.operator.test(wanted, value) {
			return !c.operator.negated
		}
	}
	return c.operator.negated
}
