package evaluation

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// maxRequestBytes is the longest request that [ParseRequest] reads: a witness of the
// largest key policy fits many times.
const maxRequestBytes = 1 << 20

// ParseRequest reads the JSON form of a [Request]. It is strict: unknown and duplicate
// names, missing fields, values of another type and trailing text are errors, as is
// whatever [Request.Check] refuses without knowing the key. All errors are of type
// [*RequestError].
//
// principal, principalType, action and context are required. identityPolicyAllows is
// required but for a root user and a service, where it may only be true.
// principalAccount and resource may be left out. A condition key is a string or a list
// of at least one string; numbers and booleans are written as strings.
func ParseRequest(text []byte) (Request, error) {
	if len(text) > maxRequestBytes {
		return Request{}, refuse("", "longer than %d bytes", maxRequestBytes)
	}
	if !utf8.Valid(text) {
		return Request{}, refuse("", "not UTF-8")
	}
	fields, err := members("", text)
	if err != nil {
		return Request{}, err
	}
	r, err := readFields(fields)
	if err != nil {
		return Request{}, err
	}
	if _, _, err := r.checkAlone(); err != nil {
		return Request{}, err
	}
	return r, nil
}

// member is one name of a JSON object with its value.
type member struct {
	name  string
	value json.RawMessage
}

// members reads a JSON object and nothing behind it. No name may stand twice, in any
// case: readers disagree about which counts, and condition keys ignore case.
func members(field string, text []byte) ([]member, *RequestError) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, refuse(field, "expected a JSON object")
	}
	var list []member
	seen := map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, refuse(field, "not JSON: %v", err)
		}
		m := member{}
		m.name, _ = name.(string) // the decoder allows nothing else here
		if err := decoder.Decode(&m.value); err != nil {
			return nil, refuse(field, "not JSON: %v", err)
		}
		if seen[folded(m.name)] {
			return nil, refuse(field, "%s stands here twice", quoted(m.name))
		}
		seen[folded(m.name)] = true
		list = append(list, m)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, refuse(field, "not JSON: %v", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse(field, "something follows the object")
	}
	return list, nil
}

// readFields reads the fields of a request into their types.
func readFields(fields []member) (Request, *RequestError) {
	var r Request
	given := map[string]bool{}
	for _, f := range fields {
		given[f.name] = true
		var err *RequestError
		switch f.name {
		case "principal":
			err = read(f, &r.Principal, "a string")
		case "principalType":
			err = read(f, &r.PrincipalType, "a string")
		case "principalAccount":
			err = read(f, &r.PrincipalAccount, "a string")
		case "identityPolicyAllows":
			err = read(f, &r.IdentityPolicyAllows, "true or false")
		case "action":
			err = read(f, &r.Action, "a string")
		case "resource":
			err = read(f, &r.Resource, "a string")
		case "context":
			r.Context, err = readContext(f.value)
		default:
			err = refuse("", "unknown field %s", quoted(f.name))
		}
		if err != nil {
			return Request{}, err
		}
	}
	for _, name := range []string{"principal", "principalType", "action", "context"} {
		if !given[name] {
			return Request{}, refuse(name, "is missing")
		}
	}
	alwaysWith := r.PrincipalType == RootPrincipal || r.PrincipalType == ServicePrincipal
	switch {
	case alwaysWith && given["identityPolicyAllows"] && !r.IdentityPolicyAllows:
		return Request{}, refuse("identityPolicyAllows", "a root user and a service need no IAM policy; leave it out or write true")
	case alwaysWith:
		r.IdentityPolicyAllows = true
	case !given["identityPolicyAllows"]:
		return Request{}, refuse("identityPolicyAllows", "is missing: does an IAM policy of the principal's own account allow the request?")
	}
	return r, nil
}

// read reads one field; null is no value.
func read[T any](f member, into *T, expected string) *RequestError {
	if string(f.value) == "null" || json.Unmarshal(f.value, into) != nil {
		return refuse(f.name, "expected %s", expected)
	}
	return nil
}

// readContext reads the condition keys.
func readContext(text json.RawMessage) (map[string]any, *RequestError) {
	keys, err := members("context", text)
	if err != nil {
		return nil, err
	}
	context := map[string]any{}
	for _, k := range keys {
		var one string
		var list []*string // null leaves a nil
		switch {
		case k.value[0] == '"' && json.Unmarshal(k.value, &one) == nil:
			context[k.name] = one
		case k.value[0] == '[' && json.Unmarshal(k.value, &list) == nil && len(list) > 0:
			values := make([]string, len(list))
			for i, value := range list {
				if value == nil {
					return nil, notAValue(k.name)
				}
				values[i] = *value
			}
			context[k.name] = values
		default:
			return nil, notAValue(k.name)
		}
	}
	return context, nil
}
