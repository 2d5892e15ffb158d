package cli

import (
	"os"

	"golang.org/x/term"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
)

// The bounds of --width: below the lowest, a line holds hardly more than its labels.
const (
	narrowest = 40
	widest    = 1000
)

// isTerminal tells whether somebody may be there to read a stream, or to answer on it.
func isTerminal(stream any) bool {
	_, ok := terminalOf(stream)
	return ok
}

// terminalOf returns the descriptor of the terminal that a stream is.
func terminalOf(stream any) (descriptor int, ok bool) {
	if i, isWrapped := stream.(interruptible); isWrapped {
		stream = i.in
	}
	file, ok := stream.(*os.File)
	if !ok {
		return 0, false
	}
	return int(file.Fd()), term.IsTerminal(int(file.Fd()))
}

// columnsOf returns the width of the terminal that a stream is, 0 where it is none. A terminal
// that does not tell its width has the usual one.
func columnsOf(stream any) int {
	descriptor, ok := terminalOf(stream)
	if !ok {
		return 0
	}
	if columns, _, err := term.GetSize(descriptor); err == nil && columns > 0 {
		return max(columns, narrowest)
	}
	return report.Width
}

// style says how text on standard output looks: as wide as --width or the terminal, with
// colours only on a terminal that can show them.
// https://no-color.org
func (o *options) style() report.Style {
	columns := 0
	if o.streams.columns != nil {
		columns = o.streams.columns(o.streams.out)
	}
	s := report.Style{Width: o.width, Colour: columns > 0 && !o.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
	if s.Width == 0 {
		s.Width = columns
	}
	return s
}
