package trail

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// object is a JSON object of the event with the place at which it stands. Members
// are looked up by exact name. The zero object has no members, so that a chain of
// look-ups through absent objects ends in empty values.
//
// A member of the wrong type reads as empty and is remembered in faults: the reader
// goes on in plain steps, and Decode asks once, at the end, before it returns anything.
type object struct {
	place   string
	members map[string]any
	faults  *faults
}

// faults holds the first member of the wrong type that was met.
type faults struct{ first *Error }

func (f *faults) add(place, want string) {
	if f.first == nil {
		f.first = refuse(CodeMalformed, "%s is not %s", place, want)
	}
}

// present says whether the object was in the event and not null.
func (o object) present() bool { return o.members != nil }

// at is the place of a member, for messages.
func (o object) at(name string) string {
	if o.place == "" {
		return name
	}
	return o.place + "." + name
}

// lenient is the object with faults of its own, which nobody asks for.
func (o object) lenient() object {
	o.faults = &faults{}
	return o
}

// text is a string member; absent or null is "".
func (o object) text(name string) string {
	switch value := o.members[name].(type) {
	case nil:
		return ""
	case string:
		return value
	default:
		o.faults.add(o.at(name), "a string")
		return ""
	}
}

// object is an object member; absent or null is an object that is not present.
func (o object) object(name string) object {
	inner := object{place: o.at(name), faults: o.faults}
	switch value := o.members[name].(type) {
	case nil:
	case map[string]any:
		inner.members = value
	default:
		o.faults.add(inner.place, "an object")
	}
	return inner
}

// objects is an array member whose elements are objects; absent or null is empty.
func (o object) objects(name string) []object {
	elements, ok := o.members[name].([]any)
	if !ok && o.members[name] != nil {
		o.faults.add(o.at(name), "an array")
	}
	var list []object
	for i, element := range elements {
		place := o.at(name) + "[" + strconv.Itoa(i) + "]"
		members, ok := element.(map[string]any)
		if !ok {
			o.faults.add(place, "an object")
			continue
		}
		list = append(list, object{place: place, members: members, faults: o.faults})
	}
	return list
}

// texts is an array member whose elements are texts; absent or null is empty.
func (o object) texts(name string) []string {
	elements, ok := o.members[name].([]any)
	if !ok && o.members[name] != nil {
		o.faults.add(o.at(name), "an array")
	}
	var list []string
	for i, element := range elements {
		text, ok := element.(string)
		if !ok {
			o.faults.add(o.at(name)+"["+strconv.Itoa(i)+"]", "a text")
			continue
		}
		list = append(list, text)
	}
	return list
}

// truth is a boolean member; absent or null is false. CloudTrail writes some flags as
// booleans and some as strings.
func (o object) truth(name string) bool {
	switch o.members[name] {
	case nil, false, "false":
		return false
	case true, "true":
		return true
	default:
		o.faults.add(o.at(name), "true or false")
		return false
	}
}

// parse reads raw as exactly one JSON object, every object in it without a repeated
// member name.
func parse(raw []byte) (object, error) {
	if len(raw) > MaxEventBytes {
		return object{}, refuse(CodeTooLarge, "%d bytes, more than %d", len(raw), MaxEventBytes)
	}
	if !utf8.Valid(raw) {
		return object{}, refuse(CodeMalformed, "not valid UTF-8")
	}
	p := parser{json.NewDecoder(bytes.NewReader(raw))}
	p.dec.UseNumber()
	value, err := p.value(0)
	if err != nil {
		return object{}, err
	}
	if _, err := p.dec.Token(); !errors.Is(err, io.EOF) {
		return object{}, refuse(CodeMalformed, "more text after the event at byte %d", p.dec.InputOffset())
	}
	members, ok := value.(map[string]any)
	if !ok {
		return object{}, refuse(CodeMalformed, "not a JSON object; an event that was wrapped, or encoded twice, on its way here must be unwrapped first")
	}
	return object{members: members, faults: &faults{}}, nil
}

// parser builds a tree of map[string]any, []any, string, bool, json.Number and nil.
type parser struct{ dec *json.Decoder }

func (p parser) token() (json.Token, error) {
	token, err := p.dec.Token()
	if err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errors.New("the text ends too early")
		}
		return nil, refuse(CodeMalformed, "not JSON at byte %d: %s", p.dec.InputOffset(), clip(err.Error(), 256))
	}
	return token, nil
}

// value reads one value that stands inside depth objects and arrays.
func (p parser) value(depth int) (any, error) {
	token, err := p.token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, refuse(CodeTooDeep, "nested deeper than %d at byte %d", maxDepth, p.dec.InputOffset())
	}
	if delim == '{' {
		return p.objectMembers(depth + 1)
	}
	return p.arrayElements(depth + 1)
}

func (p parser) objectMembers(depth int) (any, error) {
	members := make(map[string]any)
	for p.dec.More() {
		token, err := p.token()
		if err != nil {
			return nil, err
		}
		name, ok := token.(string)
		if !ok {
			return nil, refuse(CodeMalformed, "member name expected at byte %d", p.dec.InputOffset())
		}
		if _, repeated := members[name]; repeated {
			return nil, refuse(CodeMalformed, "member %s twice in one object at byte %d", quote(name), p.dec.InputOffset())
		}
		if members[name], err = p.value(depth); err != nil {
			return nil, err
		}
	}
	_, err := p.token() // the closing brace
	return members, err
}

func (p parser) arrayElements(depth int) (any, error) {
	elements := []any{}
	for p.dec.More() {
		element, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	_, err := p.token() // the closing bracket
	return elements, err
}
