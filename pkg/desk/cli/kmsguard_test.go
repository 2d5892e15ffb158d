package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// result is what a command line leaves behind. used is the first line on standard error of a
// command that judges, which says by which configuration; err is without it.
type result struct {
	code           int
	out, err, used string
}

// kmsguard runs a command line in this process.
func kmsguard(t *testing.T, in string, args ...string) result {
	t.Helper()
	return kmsguardWith(t.Context(), in, args...)
}

func kmsguardWith(ctx context.Context, in string, args ...string) result {
	var out, errs bytes.Buffer
	code := run(ctx, args, streams{in: strings.NewReader(in), out: &out, err: &errs})
	r := result{code: code, out: out.String(), err: errs.String()}
	if text, ok := strings.CutPrefix(r.err, "configuration: "); ok {
		r.used, r.err, _ = strings.Cut(text, "\n")
	}
	return r
}

// orDefault asks for the built-in default configuration where a command line names none and
// the working directory has none.
func orDefault(t *testing.T, args []string) []string {
	t.Helper()
	found, err := (&options{}).configPath()
	if err != nil {
		t.Fatal(err)
	}
	if found != "" || slices.Contains(args, "--config") || slices.Contains(args, "--default-config") {
		return args
	}
	return append(slices.Clone(args), "--default-config")
}

// check compares the exit code, and looks for text in the two outputs.
func (r result) check(t *testing.T, code int, out, err string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	if !strings.Contains(r.out, out) || out == "" && r.out != "" {
		t.Errorf("stdout should have %q; it is\n%s", out, r.out)
	}
	if !strings.Contains(r.err, err) || err == "" && r.err != "" {
		t.Errorf("stderr should have %q; it is\n%s", err, r.err)
	}
	if t.Failed() {
		t.Logf("stdout:\n%s\nstderr:\n%s", r.out, r.err)
	}
}

// decode reads JSON that must be one value of a type.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return value
}

// write writes a file into a temporary folder and returns its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var errDiskFull = errors.New("disk full")

// fullDisk is a writer that fails.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errDiskFull }

const account = "111122223333"

// Policies without conditions, of which the comparison is sure.
const (
	accountPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`
	respelled     = `{"Statement":{"Sid":"x","Resource":"*","Action":["kms:*"],"Principal":{"AWS":["111122223333"]},"Effect":"Allow"},"Version":"2012-10-17"}`
	publicPolicy  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
 {"Sid":"for the partners","Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}]}`
	deniedPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
 {"Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}]}`
	// The literal reading exempts the whole account, the pessimistic one only its root user.
	undecidedPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"},
 {"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:Decrypt","Resource":"*"}]}`
	malformedPolicy = "{\"Version\":\"2012-10-17\",\n \"Statement\":[{\"Effect\":\"Allow\",\n  \"Principle\":\"*\"}]}"
	nobodysPolicy   = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}}`
	severalAccounts = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["111122223333","444455556666"]},"Action":"kms:*","Resource":"*"}}`

	someKey = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)
