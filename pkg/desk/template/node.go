package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// kind is what a value of a JSON or YAML text is.
type kind uint8

const (
	null kind = iota
	word      // a string
	number
	truth // true or false
	list
	mapping
)

// node is one value of a text, with the place where the value starts. The functions of
// CloudFormation are mappings of one entry, in JSON and in YAML.
type node struct {
	kind kind
	// text is the value of a word, and the spelling of a number or truth value in JSON.
	text    string
	items   []*node // of a list
	entries []entry // of a mapping, in their order
	// line and column count from 1; the column counts bytes.
	line, column int
}

// entry is one name of a mapping with its value.
type entry struct {
	name  *node
	value *node
}

// get returns the value of a name: nil where n is no mapping, or has no such name.
func (n *node) get(name string) *node {
	if n == nil {
		return nil
	}
	for _, e := range n.entries {
		if e.name.text == name {
			return e.value
		}
	}
	return nil
}

// has tells whether n is a mapping with all of the names.
func (n *node) has(names ...string) bool {
	for _, name := range names {
		if n.get(name) == nil {
			return false
		}
	}
	return true
}

// scalar returns the text of a word, number or truth value; ok is false for anything else.
func (n *node) scalar() (text string, ok bool) {
	if n == nil || n.kind != word && n.kind != number && n.kind != truth {
		return "", false
	}
	return n.text, true
}

// fail returns an error at the place of the node.
func (n *node) fail(format string, args ...any) *Error {
	return &Error{Line: n.line, Column: n.column, Detail: fmt.Sprintf(format, args...)}
}

// worded returns a word at the place of the node.
func (n *node) worded(text string) *node {
	return &node{kind: word, text: text, line: n.line, column: n.column}
}

// write writes the value as JSON. It stops when the text is longer than most bytes.
func (n *node) write(b *bytes.Buffer, most int) {
	if b.Len() > most {
		return
	}
	switch n.kind {
	case null:
		b.WriteString("null")
	case word:
		b.Write(jsonOf(n.text))
	case number, truth:
		b.WriteString(n.text)
	case list:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.write(b, most)
		}
		b.WriteByte(']')
	case mapping:
		b.WriteByte('{')
		for i, e := range n.entries {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(jsonOf(e.name.text))
			b.WriteByte(':')
			e.value.write(b, most)
		}
		b.WriteByte('}')
	}
}

// jsonOf returns a JSON string, without the escapes that HTML would need.
func jsonOf(text string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return []byte(`""`) // no string fails
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// quoted shortens and quotes text of a file for a message.
func quoted(text string) string { return fmt.Sprintf("%q", shortened(text)) }

// shortened keeps a text short enough for a message.
func shortened(text string) string {
	const most = 80
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
