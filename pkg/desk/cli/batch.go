package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// questions are the lines that a command's --batch answers.
type questions struct {
	fields []string // the names of a line's fields; others are ignored
	// answer returns one line of the output, with the id of the line that it answers.
	answer func(line fields) (any, error)
}

// failed is the answer to a line that has no other.
type failed struct {
	ID    json.RawMessage `json:"id"`
	Error string          `json:"error"`
}

// answerLines reads a file of JSON lines and writes one answer for each, in order. A bad
// line is an answer, not an end; only a stream that cannot be read or written is.
func answerLines(ctx context.Context, o *options, file string, q questions) (err error) {
	input, err := openInput(file, o.streams.in)
	if err != nil {
		return err
	}
	defer func() { _ = input.Close() }() // it was only read
	out := bufio.NewWriter(o.streams.out)
	answers := &results{out: out, output: o.output}
	defer func() { err = errors.Join(err, answers.end(), out.Flush()) }()
	for in := newLines(input); ; {
		line, err := in.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, errLineTooLong):
			return fmt.Errorf("reading line %d of %s: %w", in.number, nameOf(file), err)
		case ctx.Err() != nil:
			return ctx.Err()
		}
		if err := answers.add(q.answerTo(in.number, line, err)); err != nil {
			return err
		}
		if in.waits() {
			if err := out.Flush(); err != nil { // somebody may wait for this answer before the next question
				return err
			}
		}
	}
}

// answerTo answers one line. problem is why it could not be read.
func (q questions) answerTo(number int, line []byte, problem error) any {
	var f fields
	if problem == nil {
		f, problem = readFields(line, q.fields)
	}
	var answer any
	if problem == nil {
		answer, problem = q.answer(f)
	}
	if problem != nil {
		return failed{ID: f.id(), Error: fmt.Sprintf("line %d: %v", number, problem)}
	}
	return answer
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
