package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// outputsManual says in the long help of a command what its --output takes.
const outputsManual = `--output says how the results are written, and may be repeated: --output NAME writes
to standard output, --output NAME=FILE into a file. One of them may be without a
file. A file is written when the run is over, as a whole or not at all.`

// target is one place to which a command writes its results, in one format.
type target struct {
	format output
	file   string // "" for standard output
}

// outputs is the value of the --output of a command that writes its results in several
// formats and places at once. The zero value is text on standard output.
type outputs []target

// reportFormats are the values that outputs takes.
var reportFormats = []output{textOutput, tableOutput, jsonOutput, jsonlOutput, sarifOutput, junitOutput, csvOutput, githubOutput}

// add gives a command its own --output in place of the global one.
func (o *outputs) add(cmd *cobra.Command) {
	cmd.Flags().Var(o, "output", "`FORMAT` of the results, or FORMAT=FILE (repeatable): "+wordsOf(reportFormats))
	complete(cmd, "output", reportFormats...)
}

// targets returns the places to write to.
func (o *outputs) targets() []target {
	if len(*o) == 0 {
		return []target{{format: textOutput}}
	}
	return *o
}

// String, Set and Type make outputs a flag.
func (o *outputs) String() string {
	var words []string
	for _, t := range o.targets() {
		words = append(words, strings.TrimSuffix(string(t.format)+"="+t.file, "="))
	}
	return strings.Join(words, ", ")
}

// Type names the flag's value in the help.
func (o *outputs) Type() string { return "format" }

// Set adds one place. Two results in one place would write over each other.
func (o *outputs) Set(value string) error {
	name, file, hasFile := strings.Cut(value, "=")
	format, err := oneOf(name, reportFormats)
	switch {
	case err != nil && strings.EqualFold(name, "html"):
		return fmt.Errorf("html is not there yet; %w", err)
	case err != nil:
		return err
	case hasFile && file == "":
		return fmt.Errorf("%s= names no file; for standard output leave the = out", format)
	case file == "-":
		return fmt.Errorf("for standard output write %s without a file", format)
	}
	for _, other := range *o {
		switch {
		case file == "" && other.file == "":
			return fmt.Errorf("%s goes to standard output already; give one of them a file, such as %s=FILE", other.format, format)
		case file != "" && other.file != "" && filepath.Clean(file) == filepath.Clean(other.file):
			return fmt.Errorf("%s goes to %s already", other.format, file)
		}
	}
	*o = append(*o, target{format, file})
	return nil
}
