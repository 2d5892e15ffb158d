package template

import (
	"slices"
	"strings"
)

// cycle returns the logical ids of a circle of references that leads from a resource to itself;
// nil where there is none. CloudFormation refuses such a template.
func (t *template) cycle(id string) []string {
	came := map[string]string{} // from which resource the search came to one
	queue := []string{id}
	for len(queue) > 0 {
		from := queue[0]
		queue = queue[1:]
		for _, to := range t.references(from) {
			if to == id {
				path := []string{id}
				for at := from; at != id; at = came[at] {
					path = append(path, at)
				}
				path = append(path, id)
				slices.Reverse(path)
				return path
			}
			if _, seen := came[to]; !seen {
				came[to] = from
				queue = append(queue, to)
			}
		}
	}
	return nil
}

// references returns the resources that a resource refers to.
func (t *template) references(id string) []string {
	if found, ok := t.referred[id]; ok {
		return found
	}
	found, seen := []string{}, map[string]bool{}
	t.walk(t.resources[id], func(name string) {
		name, _, _ = strings.Cut(name, ".")
		if _, ok := t.resources[name]; ok && !seen[name] {
			seen[name] = true
			found = append(found, name)
		}
	})
	t.referred[id] = found
	return found
}

// walk calls add for all that a value refers to.
func (t *template) walk(n *node, add func(name string)) {
	for _, item := range n.items {
		t.walk(item, add)
	}
	for _, e := range n.entries {
		switch value := e.value; e.name.text {
		case "Ref", "Fn::GetAtt":
			add(target(&node{kind: mapping, entries: []entry{e}}))
		case "DependsOn":
			add(value.text)
			for _, item := range value.items {
				add(item.text)
			}
		case "Fn::Sub":
			t.variables(value, add)
		}
		t.walk(e.value, add)
	}
}

// variables calls add for what the variables of Fn::Sub refer to.
func (t *template) variables(argument *node, add func(name string)) {
	text, own := argument, (*node)(nil)
	if argument.kind == list && len(argument.items) == 2 {
		text, own = argument.items[0], argument.items[1]
	}
	for _, found := range placeholder.FindAllStringSubmatch(text.text, -1) {
		if name := strings.TrimSpace(found[1]); own.get(name) == nil {
			add(name)
		}
	}
}
