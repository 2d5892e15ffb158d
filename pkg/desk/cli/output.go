package cli

import (
	"io"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
)

// output is a format, and the value of the global --output.
type output string

const (
	textOutput   output = "text"
	tableOutput  output = "table"
	jsonOutput   output = "json"
	jsonlOutput  output = "jsonl"
	sarifOutput  output = "sarif"
	junitOutput  output = "junit"
	csvOutput    output = "csv"
	githubOutput output = "github"
)

// String, Set and Type make output a flag.
func (o *output) String() string { return string(*o) }

// Type names the flag's values in the help.
func (o *output) Type() string { return "text|json|jsonl" }

// valueFormats are the values of the global --output.
var valueFormats = []output{textOutput, jsonOutput, jsonlOutput}

// Set takes one of the three values, in whatever case they are written.
func (o *output) Set(value string) error {
	format, err := oneOf(value, valueFormats)
	if err == nil {
		*o = format
	}
	return err
}

// writeJSON writes one value: indented for json, else on one line.
func (o output) writeJSON(w io.Writer, value any) error {
	indent := ""
	if o == jsonOutput {
		indent = "  "
	}
	text, err := report.JSON(value, "", indent)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// results writes several values as they come: an array for json, else one on a line.
type results struct {
	out    io.Writer
	output output
	count  int
}

func (r *results) add(value any) error {
	r.count++
	if r.output != jsonOutput {
		return r.output.writeJSON(r.out, value)
	}
	before := ",\n  "
	if r.count == 1 {
		before = "[\n  "
	}
	text, err := report.JSON(value, "  ", "  ")
	if err != nil {
		return err
	}
	_, err = r.out.Write(append([]byte(before), text...))
	return err
}

// end must follow the last add.
func (r *results) end() error {
	after := ""
	switch {
	case r.output != jsonOutput:
	case r.count == 0:
		after = "[]\n"
	default:
		after = "\n]\n"
	}
	_, err := io.WriteString(r.out, after)
	return err
}
