package authz

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// maxDepth bounds the nesting of a document: a policy needs six levels.
const maxDepth = 16

type nodeKind int

const (
	object nodeKind = iota
	array
	text
	scalar // number, boolean or null; node.text holds its spelling
)

// node is a JSON value that remembers where it stood, so that a document can
// be changed in one place and stay byte for byte the same elsewhere. The
// standard decoder into Go values cannot be used: it keeps the last of two
// equal keys in silence.
type node struct {
	kind       nodeKind
	start, end int // byte range in the document
	text       string
	names      []string // member names of an object, in order
	items      []node   // member values of an object, or array elements
}

// member returns the value of an object's member.
func (n node) member(name string) (node, bool) {
	for i, have := range n.names {
		if have == name {
			return n.items[i], true
		}
	}
	return node{}, false
}

// readJSON reads exactly one JSON value and refuses duplicate keys, trailing
// data and deep nesting.
func readJSON(document string) (node, error) {
	r := reader{document: document, decoder: json.NewDecoder(strings.NewReader(document))}
	r.decoder.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return node{}, err
	}
	if _, err := r.decoder.Token(); err != io.EOF {
		return node{}, fmt.Errorf("data after the end of the document")
	}
	return root, nil
}

type reader struct {
	document string
	decoder  *json.Decoder
}

func (r *reader) value(depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	start := r.nextStart()
	token, err := r.decoder.Token()
	if err != nil {
		return node{}, fmt.Errorf("not JSON: %w", err)
	}
	n := node{start: start}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			err = r.object(&n, depth)
		} else {
			err = r.array(&n, depth)
		}
	case string:
		n.kind, n.text = text, t
	case json.Number:
		n.kind, n.text = scalar, t.String()
	case bool:
		n.kind, n.text = scalar, fmt.Sprint(t)
	default:
		n.kind, n.text = scalar, "null"
	}
	n.end = int(r.decoder.InputOffset())
	return n, err
}

func (r *reader) object(n *node, depth int) error {
	n.kind = object
	for r.decoder.More() {
		token, err := r.decoder.Token()
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		name, _ := token.(string)
		if _, twice := n.member(name); twice {
			return fmt.Errorf("the key %q occurs twice", name)
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.names = append(n.names, name)
		n.items = append(n.items, value)
	}
	return r.closing()
}

func (r *reader) array(n *node, depth int) error {
	n.kind = array
	for r.decoder.More() {
		value, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		n.items = append(n.items, value)
	}
	return r.closing()
}

func (r *reader) closing() error {
	if _, err := r.decoder.Token(); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return nil
}

// nextStart is where the next token begins: the decoder only tells where the
// last one ended.
func (r *reader) nextStart() int {
	at := int(r.decoder.InputOffset())
	for at < len(r.document) && strings.IndexByte(" \t\r\n,:", r.document[at]) >= 0 {
		at++
	}
	return at
}
