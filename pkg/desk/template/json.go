package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxDepth bounds how deep a text may nest. A template needs some twenty levels.
const maxDepth = 100

// jsonReader reads a JSON text into nodes.
type jsonReader struct {
	text    []byte
	decoder *json.Decoder
	// line and start say where the text was followed to: the offset at which the line starts.
	offset, line, start int
}

// readJSON reads a text that is one JSON value. Every error is an [*Error]: for text that is
// no JSON, that nests deeper than maxDepth, or that has a name twice in one object. For text of
// several values it is an [*Unrecognised].
func readJSON(text []byte) (*node, error) {
	r := &jsonReader{text: text, decoder: json.NewDecoder(bytes.NewReader(text)), line: 1}
	r.decoder.UseNumber()
	n, err := r.value(0)
	if err != nil {
		return nil, err
	}
	rest := bytes.TrimLeft(text[r.decoder.InputOffset():], " \t\r\n")
	switch {
	case len(rest) == 0:
		return n, nil
	case rest[0] == '{' || rest[0] == '[':
		return nil, &Unrecognised{What: "several JSON values, one after the other; a file is one value"}
	default:
		return nil, r.place().fail("something follows the JSON value; a file is one")
	}
}

// place returns an empty node at the next token.
func (r *jsonReader) place() *node {
	next := int(r.decoder.InputOffset())
	for next < len(r.text) && bytes.IndexByte([]byte(" \t\r\n,:"), r.text[next]) >= 0 {
		next++
	}
	passed := r.text[r.offset:next]
	if breaks := bytes.Count(passed, []byte("\n")); breaks > 0 {
		r.line += breaks
		r.start = r.offset + bytes.LastIndexByte(passed, '\n') + 1
	}
	r.offset = next
	return &node{line: r.line, column: next - r.start + 1}
}

// value reads the next value.
func (r *jsonReader) value(depth int) (*node, error) {
	n := r.place()
	if depth > maxDepth {
		return nil, n.fail("the file nests deeper than %d levels", maxDepth)
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, r.broken(n, err)
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '[' {
			return n, r.items(n, depth)
		}
		return n, r.object(n, depth)
	case string:
		n.kind, n.text = word, v
	case json.Number:
		n.kind, n.text = number, v.String()
	case bool:
		n.kind, n.text = truth, fmt.Sprint(v)
	}
	return n, nil
}

func (r *jsonReader) items(n *node, depth int) error {
	n.kind = list
	for r.decoder.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	return r.end()
}

func (r *jsonReader) object(n *node, depth int) error {
	n.kind = mapping
	seen := map[string]int{}
	for r.decoder.More() {
		name, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		if first, twice := seen[name.text]; twice {
			return name.fail("the name %s is there twice; the first one is on line %d", quoted(name.text), first)
		}
		seen[name.text] = name.line
		n.entries = append(n.entries, entry{name, value})
	}
	return r.end()
}

// end reads the end of a list or an object.
func (r *jsonReader) end() error {
	at := r.place()
	if _, err := r.decoder.Token(); err != nil {
		return r.broken(at, err)
	}
	return nil
}

// broken words an error of the decoder, which happened at the next token.
func (r *jsonReader) broken(at *node, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return at.fail("the JSON text ends before its value does")
	}
	return at.fail("not JSON: %v", err)
}
