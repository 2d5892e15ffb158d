package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/report"
)

// paired is one line of the output of diff --batch.
type paired struct {
	ID json.RawMessage `json:"id"`
	*report.Result
	Error string `json:"error,omitempty"`
}

// diffBatch compares the policies of each line. A bad line is an answer, not an
// end; only a stream that cannot be read or written is.
func diffBatch(cmd *cobra.Command, o *options, file string) (err error) {
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
			if err := out.Flush(); err != nil { // somebody may wait for this answer before the next question
				return err
			}
		}
	}
}

// answer compares the policies of one line. problem is why it could not be read.
func answer(number int, line []byte, problem error) paired {
	var p pair
	var result report.Result
	if problem == nil {
		problem = json.Unmarshal(line, &p)
	}
	if problem == nil {
		result, problem = p.compare()
	}
	a := paired{ID: p.ID}
	if a.ID == nil {
		a.ID = json.RawMessage("null")
	}
	if problem != nil {
		a.Error = fmt.Sprintf("line %d: %v", number, problem)
	} else {
		a.Result = &result
	}
	return a
}

// maxLineBytes bounds one line: two policies, escaped, fit many times.
const maxLineBytes = 4 << 20

var errLineTooLong = fmt.Errorf("longer than %d bytes", maxLineBytes)

// lines reads lines that are not blank.
type lines struct {
	reader *bufio.Reader
	number int // of the line read last, from 1
}

func newLines(in io.Reader) *lines { return &lines{reader: bufio.NewReaderSize(in, 64<<10)} }

// next returns the next line. A line over maxLineBytes is read to its end, and is
// errLineTooLong; more lines may follow it. The last error is io.EOF.
func (l *lines) next() ([]byte, error) {
	for {
		line, err := l.read()
		ended := errors.Is(err, io.EOF)
		switch {
		case err != nil && !ended, len(bytes.TrimSpace(line)) > 0:
			return line, err
		case ended:
			return nil, err
		}
	}
}

// read reads to the end of a line, which the last one need not have.
func (l *lines) read() ([]byte, error) {
	l.number++
	var line []byte
	for tooLong := false; ; {
		part, err := l.reader.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > maxLineBytes; !tooLong {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case tooLong && (err == nil || errors.Is(err, io.EOF)):
			return nil, errLineTooLong
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, nil
		default:
			return line, err
		}
	}
}

// waits tells whether the next line has not arrived yet.
func (l *lines) waits() bool { return l.reader.Buffered() == 0 }
