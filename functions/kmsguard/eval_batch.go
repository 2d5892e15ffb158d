package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/evaluation"
)

// answerLines reads a file of JSON lines and writes one answer for each, in order.
// problem is why a line could not be read. A bad line is an answer, not an end; only a
// stream that cannot be read or written is.
func answerLines(cmd *cobra.Command, o *options, file string, answer func(number int, line []byte, problem error) any) (err error) {
	input, err := openInput(file, cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer func() { _ = input.Close() }() // it was only read
	out := bufio.NewWriter(cmd.OutOrStdout())
	answers := &results{out: out, output: o.output}
	defer func() { err = errors.Join(err, answers.end(), out.Flush()) }()
	for in := newLines(input); ; {
		line, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, errLineTooLong):
			return fmt.Errorf("reading line %d of %s: %w", in.number, nameOf(file), err)
		case cmd.Context().Err() != nil:
			return cmd.Context().Err()
		}
		if err := answers.add(answer(in.number, line, err)); err != nil {
			return err
		}
		if in.waits() {
			if err := out.Flush(); err != nil { // somebody may wait for this answer before the next line
				return err
			}
		}
	}
}

// question is one line of the input of eval --batch.
type question struct {
	id, policy, request json.RawMessage // nil where there is none
	keyARN              string
}

// decidedLine is one line of its output.
type decidedLine struct {
	ID json.RawMessage `json:"id"`
	*decided
	Error string `json:"error,omitempty"`
}

func decideLine(number int, line []byte, problem error) any {
	var q question
	var result decided
	if problem == nil {
		problem = q.read(line)
	}
	if problem == nil {
		result, problem = q.decide()
	}
	if q.id == nil {
		q.id = json.RawMessage("null")
	}
	if problem != nil {
		return decidedLine{ID: q.id, Error: fmt.Sprintf("line %d: %v", number, problem)}
	}
	return decidedLine{ID: q.id, decided: &result}
}

func (q *question) decide() (decided, error) {
	d, err := embeddedPolicy("policy", q.policy)
	if err != nil {
		return decided{}, err
	}
	if len(q.request) == 0 {
		return decided{}, errors.New("request is missing")
	}
	request, err := evaluation.ParseRequest(q.request)
	if err != nil {
		return decided{}, err
	}
	return decide(q.keyARN, "keyArn", d, request)
}

// read reads the fields strictly: one that is there twice, or almost has the name of
// another, would silently decide something else. Even with an error the id is read where
// there is one.
func (q *question) read(line []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return errors.Join(errors.New("expected an object with id, keyArn, policy and request"), err)
	}
	seen := map[string]bool{}
	var problem error
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err == nil {
			err = decoder.Decode(&value)
		}
		if err != nil {
			return err
		}
		field := fmt.Sprint(name)
		if seen[field] {
			err = fmt.Errorf("the field %q is there twice", field)
		} else {
			err = q.set(field, value)
		}
		seen[field] = true
		if problem == nil {
			problem = err
		}
	}
	if _, err := decoder.Token(); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the object")
	}
	return problem
}

func (q *question) set(name string, value json.RawMessage) error {
	switch name {
	case "id":
		q.id = value
	case "keyArn":
		if string(value) == "null" || json.Unmarshal(value, &q.keyARN) != nil {
			return errors.New("keyArn is not a string")
		}
	case "policy":
		q.policy = value
	case "request":
		q.request = value
	default:
		for _, known := range []string{"id", "keyArn", "policy", "request"} {
			if strings.EqualFold(strings.NewReplacer("_", "", "-", "").Replace(name), known) {
				return fmt.Errorf("unknown field %q; did you mean %s?", name, known)
			}
		}
	}
	return nil
}
