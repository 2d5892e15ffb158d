package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// standardInput is the file name that stands for standard input.
const standardInput = "-"

// nameOf is what messages call a file.
func nameOf(file string) string {
	if file == standardInput {
		return "standard input"
	}
	return file
}

// onceStandardInput refuses to read standard input for two files: the second would be empty.
func onceStandardInput(files []string) error {
	first := slices.Index(files, standardInput)
	if first >= 0 && slices.Contains(files[first+1:], standardInput) {
		return misuse("only one of the files can be standard input")
	}
	return nil
}

// openInput opens a file, or gives standard input, which closing leaves open.
func openInput(file string, in io.Reader) (io.ReadCloser, error) {
	if file == standardInput {
		return io.NopCloser(in), nil
	}
	return os.Open(file)
}

// maxFileBytes bounds what is read of one file; no policy or event is near it.
const maxFileBytes = 4 << 20

var errLongerThan = errors.New("longer than")

// readFile reads a file of at most maxFileBytes. Its errors do not name the file: their place
// is after its name.
func readFile(file string, in io.Reader) ([]byte, error) { return readUpTo(maxFileBytes, file, in) }

// readUpTo is readFile with another bound.
func readUpTo(most int, file string, in io.Reader) ([]byte, error) {
	input, err := openInput(file, in)
	if err != nil {
		return nil, bare(err)
	}
	defer func() { _ = input.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(input, int64(most)+1))
	if err != nil {
		return nil, bare(err)
	}
	if len(content) > most {
		return nil, fmt.Errorf("%w %d bytes", errLongerThan, most)
	}
	return content, nil
}

// bare returns the reason in the error of a file operation, without operation and file.
func bare(err error) error {
	var about *fs.PathError
	if errors.As(err, &about) {
		return about.Err
	}
	return err
}

// readPolicy reads and parses a policy file. The error of a malformed one names
// file, line and column.
func readPolicy(file string, in io.Reader) (*policy.Document, error) {
	text, err := readFile(file, in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nameOf(file), err)
	}
	d, err := policy.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", nameOf(file), err)
	}
	return d, nil
}

// interruptible is a reader that gives up waiting, say for a person at a
// terminal, when ctx ends.
type interruptible struct {
	ctx context.Context
	in  io.Reader
}

// Read implements io.Reader.
func (r interruptible) Read(p []byte) (int, error) {
	type answer struct {
		n   int
		err error
	}
	buffer := make([]byte, len(p)) // of its own, because the read may outlive this call
	done := make(chan answer, 1)
	go func() {
		n, err := r.in.Read(buffer)
		done <- answer{n, err}
	}()
	select {
	case a := <-done:
		return copy(p, buffer[:a.n]), a.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}
