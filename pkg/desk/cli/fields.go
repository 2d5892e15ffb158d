package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// fields are those of one line of a batch, by name, each as raw JSON.
type fields map[string]json.RawMessage

// readFields reads the object on a line strictly: a field that is there twice, or almost
// has a known name, would silently ask something else. Other names are ignored. Even
// with an error it returns what it has read, for the sake of the id.
func readFields(line []byte, known []string) (fields, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	start, err := decoder.Token()
	switch {
	case err != nil:
		return nil, fmt.Errorf("expected an object with %s: %w", listed(known), err)
	case start != json.Delim('{'):
		return nil, fmt.Errorf("expected an object with %s", listed(known))
	}
	f := fields{}
	var problem error // the first
	for decoder.More() {
		var value json.RawMessage
		name, err := decoder.Token()
		if err == nil {
			err = decoder.Decode(&value)
		}
		if err != nil {
			return f, brokenOff(err)
		}
		if err := f.add(fmt.Sprint(name), value, known); problem == nil {
			problem = err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return f, brokenOff(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return f, errors.New("something follows the object")
	}
	return f, problem
}

// add keeps a field. Of two with one name, the first stays.
func (f fields) add(name string, value json.RawMessage, known []string) error {
	if _, twice := f[name]; twice {
		return fmt.Errorf("the field %q is there twice", name)
	}
	f[name] = value
	for _, k := range known {
		if name != k && strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(name), k) {
			return fmt.Errorf("unknown field %q; did you mean %s?", name, k)
		}
	}
	return nil
}

// brokenOff says what a decoder's error inside the object means.
func brokenOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the line ends before its object does")
	}
	return err
}

// listed writes names as a sentence does.
func listed(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// id is what an answer repeats: null where there is none.
func (f fields) id() json.RawMessage {
	if id, ok := f["id"]; ok {
		return id
	}
	return json.RawMessage("null")
}

// text returns a string; "" for one that is left out, or null.
func (f fields) text(name string) (string, error) {
	var text string
	if raw, ok := f[name]; ok && json.Unmarshal(raw, &text) != nil {
		return "", fmt.Errorf("%s is not a string", name)
	}
	return text, nil
}

// document returns a policy that is a JSON object, or a string with one in it. The place
// in an error counts from the start of the policy.
func (f fields) document(name string) (*policy.Document, error) {
	raw, ok := f[name]
	if !ok {
		return nil, fmt.Errorf("%s is missing", name)
	}
	text := string(raw)
	if raw[0] == '"' {
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	d, err := policy.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	return d, nil
}
