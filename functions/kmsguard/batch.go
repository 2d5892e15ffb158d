package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// pair is one line of the input of diff --batch.
type pair struct {
	ID       json.RawMessage `json:"id"`
	KeyARN   string          `json:"keyArn"`
	Baseline json.RawMessage `json:"baseline"`
	Actual   json.RawMessage `json:"actual"`
}

// paired is one line of its output.
type paired struct {
	ID json.RawMessage `json:"id"`
	*access.Result
	Error string `json:"error,omitempty"`
}

// maxLineBytes bounds one line: two policies, escaped, fit many times.
const maxLineBytes = 4 << 20

// diffBatch compares the policies of each line. A bad line is an answer, not an
// end; only a stream that cannot be read or written is.
func diffBatch(cmd *cobra.Command, name string) (err error) {
	in := cmd.InOrStdin()
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // it was only read
		in = file
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	defer func() { err = errors.Join(err, out.Flush()) }()
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return eachLine(in, func(number int, line []byte, tooLong bool) error {
		if cmd.Context().Err() != nil {
			return cmd.Context().Err()
		}
		return encoder.Encode(diffLine(number, line, tooLong))
	})
}

// eachLine gives each line that is not blank to visit, with its number from 1. A
// line over maxLineBytes is read to its end, but given empty.
func eachLine(in io.Reader, visit func(number int, line []byte, tooLong bool) error) error {
	reader := bufio.NewReaderSize(in, 64<<10)
	for number := 1; ; number++ {
		var line []byte
		tooLong := false
		var err error
		for more := true; more; {
			var part []byte
			part, err = reader.ReadSlice('\n')
			more = errors.Is(err, bufio.ErrBufferFull)
			if tooLong = tooLong || len(line)+len(part) > maxLineBytes; tooLong {
				line = nil
			} else {
				line = append(line, part...)
			}
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading line %d: %w", number, err)
		}
		if tooLong || len(bytes.TrimSpace(line)) > 0 {
			if err := visit(number, line, tooLong); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

func diffLine(number int, line []byte, tooLong bool) paired {
	if tooLong {
		return paired{ID: json.RawMessage("null"), Error: fmt.Sprintf("line %d is longer than %d bytes", number, maxLineBytes)}
	}
	p := pair{ID: json.RawMessage("null")}
	if err := json.Unmarshal(line, &p); err != nil {
		return paired{ID: json.RawMessage("null"), Error: fmt.Sprintf("line %d: %v", number, err)}
	}
	if p.ID == nil {
		p.ID = json.RawMessage("null")
	}
	result, err := p.compare()
	if err != nil {
		return paired{ID: p.ID, Error: fmt.Sprintf("line %d: %v", number, err)}
	}
	return paired{ID: p.ID, Result: &result}
}

func (p pair) compare() (access.Result, error) {
	baseline, err := embeddedPolicy("baseline", p.Baseline)
	if err != nil {
		return access.Result{}, err
	}
	actual, err := embeddedPolicy("actual", p.Actual)
	if err != nil {
		return access.Result{}, err
	}
	key, err := keyOf(p.KeyARN, baseline, actual)
	if err != nil {
		return access.Result{}, err
	}
	return access.Compare(key, baseline, actual), nil
}

// embeddedPolicy reads a policy that is a JSON object, or a string with one in it.
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
