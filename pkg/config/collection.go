package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// field is one key of an object.
type field struct {
	key      string
	required bool
	// doc says what it means, for editors and the documentation.
	doc string
	value
}

// object is a mapping with known keys. misplaced are keys that other objects have, each
// with the reason why this one does not.
func object(fields []field, misplaced map[string]string) value {
	byKey := map[string]field{}
	keys := make([]string, len(fields))
	for i, f := range fields {
		byKey[f.key], keys[i] = f, f.key
	}
	return value{
		words: "keys below", fields: fields,
		read: func(r *reader, n *yaml.Node) {
			if !r.isMapping(n, "the keys "+alternatives(keys)) {
				return
			}
			r.eachMember(n, func(key, v *yaml.Node) {
				f, known := byKey[key.Value]
				reason, elsewhere := misplaced[key.Value]
				switch {
				case known:
					f.read(r, v)
				case elsewhere:
					r.fail(key, "%s cannot stand here: %s", quoted(key.Value), reason)
				default:
					r.unknown(key, "key", keys)
				}
			})
			for _, f := range fields {
				if f.required && !has(n, f.key) {
					r.fail(n, "%s is missing: %s", quoted(f.key), inShort(f.doc))
				}
			}
		},
		schema: func() schema { return objectSchema(fields) },
	}
}

// inShort returns the first sentence, to stand within another.
func inShort(doc string) string {
	sentence, _, _ := strings.Cut(doc, ".")
	return strings.ToLower(sentence[:1]) + sentence[1:]
}

func (r *reader) isMapping(n *yaml.Node, expected string) bool {
	if r.isNull(n, expected) {
		return false
	}
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s; expected %s", kindOf(n), expected)
		return false
	}
	return true
}

// eachMember visits the members of a mapping. Those whose key is no scalar, or stands
// there for the second time, are problems instead.
func (r *reader) eachMember(n *yaml.Node, visit func(key, v *yaml.Node)) {
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		first, twice := lines[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.fail(key, "%s as a key; keys are text", kindOf(key))
		case twice:
			r.fail(key, "the key %s stands here twice; the first time on line %d", quoted(key.Value), first)
		default:
			lines[key.Value] = key.Line
			visit(key, v)
		}
	}
}

// list is a list of values. An empty one is [].
func list[T any](p *[]T, item func(*T) value) value {
	var none T
	one := item(&none)
	preset := append([]T{}, *p...)
	return value{
		words: "list: " + one.words, preset: preset, fields: one.fields,
		read: func(r *reader, n *yaml.Node) {
			if r.isNull(n, "a list, such as []") {
				return
			}
			if n.Kind != yaml.SequenceNode {
				r.fail(n, "%s; expected a list: [ ] around it, or a line with a dash for each entry", kindOf(n))
				return
			}
			*p = make([]T, len(n.Content))
			for i, entry := range n.Content {
				item(&(*p)[i]).read(r, entry)
			}
		},
		schema: func() schema { return schema{"type": "array", "items": one.schema()} },
	}
}

// named is a mapping from names to objects.
func named[T any](p *[]T, what string, item func(p *T, name string) value) value {
	var none T
	one := item(&none, "")
	return value{
		words: "names, each with a " + what, fields: one.fields,
		read: func(r *reader, n *yaml.Node) {
			if !r.isMapping(n, "at least one name with a "+what) {
				return
			}
			if len(n.Content) == 0 {
				r.fail(n, "expected at least one name with a %s", what)
			}
			r.eachMember(n, func(key, v *yaml.Node) {
				if !namePattern.MatchString(key.Value) {
					r.fail(key, "%s is no name of a %s; it needs %s", quoted(key.Value), what, nameWords)
				}
				*p = append(*p, none)
				item(&(*p)[len(*p)-1], key.Value).read(r, v)
			})
		},
		schema: func() schema {
			return schema{
				"type": "object", "minProperties": 1, "additionalProperties": one.schema(),
				"propertyNames": schema{"pattern": namePattern.String()},
			}
		},
	}
}

// uniqueName is the name of one of several things, such as "rule".
func uniqueName(p *string, what string) value {
	one := text(p, format{words: nameWords, pattern: namePattern, example: "payments"})
	read := one.read
	one.read = func(r *reader, n *yaml.Node) {
		read(r, n)
		if *p == "" {
			return
		}
		id := what + " " + *p
		if line, twice := r.names[id]; twice {
			r.fail(n, "a second %s with the name %s; the first is on line %d", what, quoted(*p), line)
			return
		}
		r.names[id] = n.Line
	}
	return one
}

// texts is a mapping from names to texts, such as tags.
func texts(p *map[string]string, expected string) value {
	return value{
		words: expected, preset: map[string]string{},
		read: func(r *reader, n *yaml.Node) {
			if !r.isMapping(n, expected) {
				return
			}
			*p = map[string]string{}
			r.eachMember(n, func(key, v *yaml.Node) {
				if got, ok := r.scalar(v, fmt.Sprintf("the value of %s, \"\" for an empty one", quoted(key.Value))); ok {
					(*p)[key.Value] = got
				}
			})
		},
		schema: func() schema {
			return schema{"type": "object", "additionalProperties": schema{"type": plainTypes}}
		},
	}
}
