package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/report"
)

// pair is one line of the input of diff --batch.
type pair struct {
	ID               json.RawMessage // nil where there is none
	keyARN           string
	baseline, actual json.RawMessage
}

// UnmarshalJSON reads the fields strictly: a field that is there twice, or almost
// has the name of one, would silently compare something else. Even with an error
// the id is read where there is one.
func (p *pair) UnmarshalJSON(line []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return errors.Join(errors.New("expected an object with id, keyArn, baseline and actual"), err)
	}
	seen := map[string]bool{}
	var problem error
	for decoder.More() {
		var value json.RawMessage
		token, err := decoder.Token()
		if err == nil {
			err = decoder.Decode(&value)
		}
		if err != nil {
			return err
		}
		name := fmt.Sprint(token)
		switch {
		case seen[name]:
			err = fmt.Errorf("the field %q is there twice", name)
		default:
			err = p.set(name, value)
		}
		seen[name] = true
		if problem == nil {
			problem = err
		}
	}
	return problem
}

func (p *pair) set(name string, value json.RawMessage) error {
	switch name {
	case "id":
		p.ID = value
	case "keyArn":
		if json.Unmarshal(value, &p.keyARN) != nil {
			return errors.New("keyArn is not a string")
		}
	case "baseline":
		p.baseline = value
	case "actual":
		p.actual = value
	default:
		for _, known := range []string{"id", "keyArn", "baseline", "actual"} {
			if strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(name), known) {
				return fmt.Errorf("unknown field %q; did you mean %s?", name, known)
			}
		}
	}
	return nil
}

func (p *pair) compare() (report.Result, error) {
	baseline, err := embeddedPolicy("baseline", p.baseline)
	if err != nil {
		return report.Result{}, err
	}
	actual, err := embeddedPolicy("actual", p.actual)
	if err != nil {
		return report.Result{}, err
	}
	key, err := keyOf(p.keyARN, baseline, actual)
	switch {
	case errors.Is(err, access.ErrUnknownOwner):
		return report.Result{}, fmt.Errorf("%w as keyArn", err)
	case err != nil:
		return report.Result{}, fmt.Errorf("keyArn: %w", err)
	}
	return compare(key, baseline, actual), nil
}

// embeddedPolicy reads a policy that is a JSON object, or a string with one in
// it. The place in an error counts from the start of the policy.
func embeddedPolicy(name string, raw json.RawMessage) (*policy.Document, error) {
	text := string(raw)
	if len(raw) == 0 {
		return nil, fmt.Errorf("%s is missing", name)
	}
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
