package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// output is the value of --output.
type output string

const (
	textOutput  output = "text"
	jsonOutput  output = "json"
	jsonlOutput output = "jsonl"
)

// String, Set and Type make output a flag.
func (o *output) String() string { return string(*o) }

// Type names the flag's values in the help.
func (o *output) Type() string { return "text|json|jsonl" }

// Set takes one of the three values.
func (o *output) Set(value string) error {
	switch v := output(value); v {
	case textOutput, jsonOutput, jsonlOutput:
		*o = v
		return nil
	default:
		return fmt.Errorf("must be text, json or jsonl")
	}
}

// writeJSON writes one value: indented for json, on one line for jsonl.
func (o *output) writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if *o == jsonOutput {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(value)
}

// readPolicy reads and parses a policy file; "-" is standard input.
func readPolicy(name string, in io.Reader) (*policy.Document, error) {
	text, err := readFile(name, in)
	if err != nil {
		return nil, err
	}
	d, err := policy.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	return d, nil
}

// maxFileBytes bounds what is read of one file; no policy or event is near it.
const maxFileBytes = 4 << 20

func readFile(name string, in io.Reader) (content []byte, err error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	content, err = io.ReadAll(io.LimitReader(in, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(content) > maxFileBytes {
		return nil, fmt.Errorf("%s is longer than %d bytes", name, maxFileBytes)
	}
	return content, nil
}
