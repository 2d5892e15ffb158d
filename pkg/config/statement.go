package config

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// elements are those of a policy statement.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
var elements = []string{
	"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}

// statement is a policy statement written as YAML. It becomes JSON with its elements
// and values in their order, every scalar a string, and Resource "*" where the statement
// names no resource, which in a key policy is the key.
func statement(p *rules.Template) value {
	const expected = "a policy statement"
	return value{
		words: expected,
		read: func(r *reader, n *yaml.Node) {
			if !r.isMapping(n, expected) {
				return
			}
			w := statementWriter{r: r}
			w.object(withResource(n), elements)
			*p = rules.Template(w.json)
		},
		schema: func() schema { return statementSchema(nil) },
	}
}

// permitted is the list of the statements that a baseline permits. Each may have `until`, the last
// day on which it is permitted, beside its elements.
func permitted(b *rules.Baseline) value {
	type entry struct {
		statement rules.Template
		until     time.Time
	}
	var entries []entry
	v := list(&entries, func(e *entry) value {
		one := statement(&e.statement)
		return value{
			words: one.words + ", which may have `until`, its last day",
			read: func(r *reader, n *yaml.Node) {
				if _, day := member(n, untilKey); day != nil {
					dayAfter(&e.until).read(r, day)
					n = without(n, untilKey)
				}
				one.read(r, n)
			},
			schema: func() schema {
				return statementSchema(schema{untilKey: dayAfter(&e.until).schema()})
			},
		}
	})
	read := v.read
	v.preset, v.read = b.Permit, func(r *reader, n *yaml.Node) {
		read(r, n)
		b.Permit, b.PermitUntil = make([]rules.Template, len(entries)), make([]time.Time, len(entries))
		for i, e := range entries {
			b.Permit[i], b.PermitUntil[i] = e.statement, e.until
		}
	}
	return v
}

// untilKey is the key of the last day of a permitted statement.
const untilKey = "until"

// without returns a mapping without one of its entries.
func without(n *yaml.Node, name string) *yaml.Node {
	rest := *n
	rest.Content = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != name {
			rest.Content = append(rest.Content, n.Content[i], n.Content[i+1])
		}
	}
	return &rest
}

// withResource returns a statement that names a resource: where it does not, "*" before
// its Condition, which is where people look for it.
func withResource(n *yaml.Node) *yaml.Node {
	if has(n, "Resource") || has(n, "NotResource") {
		return n
	}
	at := len(n.Content)
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == "Condition" {
			at = i
			break
		}
	}
	scalar := func(text string) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text, Line: n.Line, Column: n.Column}
	}
	with := *n
	with.Content = slices.Insert(slices.Clone(n.Content), at, scalar("Resource"), scalar("*"))
	return &with
}

// statementWriter writes YAML as JSON.
type statementWriter struct {
	r    *reader
	json []byte
}

// object writes a mapping. If there are known keys, others are problems.
func (w *statementWriter) object(n *yaml.Node, known []string) {
	w.json = append(w.json, '{')
	first := true
	w.r.eachMember(n, func(key, v *yaml.Node) {
		if known != nil && !slices.Contains(known, key.Value) {
			w.r.unknown(key, "element", known)
		}
		if !first {
			w.json = append(w.json, ',')
		}
		first = false
		w.text(key)
		w.json = append(w.json, ':')
		w.any(v)
	})
	w.json = append(w.json, '}')
}

// any recurses no deeper than the document does.
func (w *statementWriter) any(n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		w.object(n, nil)
	case yaml.SequenceNode:
		w.json = append(w.json, '[')
		for i, entry := range n.Content {
			if i > 0 {
				w.json = append(w.json, ',')
			}
			w.any(entry)
		}
		w.json = append(w.json, ']')
	default:
		if !w.r.isNull(n, "a value") {
			w.text(n)
		}
	}
}

// text writes a scalar as a string, by its text: 012345678901 keeps its zero, and true is
// "true", as conditions have it.
func (w *statementWriter) text(n *yaml.Node) {
	w.r.checkPlaceholders(n, inStatement)
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(n.Value); err != nil { // a string always can be
		w.r.fail(n, "%v", err)
		return
	}
	w.json = append(w.json, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
