package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// broken answers no call about a key, or about one of them.
type broken struct {
	accountReader
	arn string
}

func (b broken) Describe(ctx context.Context, arn string) (rules.Key, error) {
	if b.arn == "" || b.arn == arn {
		return rules.Key{}, fmt.Errorf("%w: strange", inspect.ErrRefused)
	}
	return b.accountReader.Describe(ctx, arn)
}

func TestScanEndsWhereEverythingFails(t *testing.T) {
	h := newHome(t)
	for range mostFailures + 5 {
		h.key(t, accountPolicy)
	}
	run, out, errs := h.scanning(t, []target{{format: textOutput}}, scanOptions{concurrency: 3})
	err := run.run(t.Context(), map[string]accountReader{"us-east-1": broken{accountReader: h.reader()}})
	if err == nil || !strings.Contains(err.Error(), "20 keys in a row could not be read, the last one because: describing the key: refused: strange") {
		t.Errorf("got %v; %s; %s", err, out, errs)
	}
	if !strings.Contains(out.String(), "0 keys judged: 0 compliant, 0 exempt. 20 not judged: 20 without an answer of AWS.") || !strings.Contains(errs.String(), "5 of 25 keys are left") {
		t.Errorf("what is known by then is told:\n%s\n%s", out, errs)
	}
}

func TestOneKeyThatFailsDoesNotEndTheScan(t *testing.T) {
	h := newHome(t)
	h.key(t, publicPolicy)
	bad, _ := h.key(t, accountPolicy)
	run, out, errs := h.scanning(t, []target{{format: textOutput}}, scanOptions{concurrency: 3})
	err := run.run(t.Context(), map[string]accountReader{"us-east-1": broken{h.reader(), bad}})
	result{code: exitError, out: out.String(), err: errs.String()}.check(t, exitError,
		"1 key judged: 1 critical, 0 compliant, 0 exempt. 1 not judged: 1 without an answer of AWS. 0 managed", "kmsguard: a key could not be read: describing the key: refused: strange\n")
	var code exitStatus
	if !errors.As(err, &code) || code != exitError {
		t.Errorf("it ends with %v", err)
	}
}

// reader reads the keys of us-east-1 as the command does.
func (h *home) reader() accountReader { return awskms.NewPatient(h.cloud.Config(h.owner, "us-east-1")) }

// scanning returns a scan by the API default that has not begun, and where it writes.
func (h *home) scanning(t *testing.T, targets []target, want scanOptions) (run *scanning, out, errs *strings.Builder) {
	t.Helper()
	out, errs = &strings.Builder{}, &strings.Builder{}
	o := &options{streams: streams{out: out, err: errs}, config: write(t, "guardrail.yaml", repairConfiguration)}
	want.regions, want.targets = []string{"us-east-1"}, targets
	c, err := o.newChecker(targets, rules.Low)
	if err != nil {
		t.Fatal(err)
	}
	return newScanning(c, want), out, errs
}

// interrupting is a reader at which somebody presses Ctrl-C before the answer to a call.
type interrupting struct {
	accountReader
	before    int32
	calls     atomic.Int32
	interrupt func()
}

func (r *interrupting) Policy(ctx context.Context, arn string) (string, error) {
	if r.calls.Add(1) == r.before {
		r.interrupt()
	}
	return r.accountReader.Policy(ctx, arn)
}

func TestCtrlCKeepsWhatWasJudged(t *testing.T) {
	h := newHome(t)
	for range 30 {
		h.key(t, publicPolicy)
	}
	for _, format := range reportFormats {
		ctx, interrupt := context.WithCancel(t.Context())
		run, out, errs := h.scanning(t, []target{{format: format}}, scanOptions{concurrency: 1})
		err := run.run(ctx, map[string]accountReader{"us-east-1": &interrupting{accountReader: h.reader(), before: 11, interrupt: interrupt}})
		if err != context.Canceled { //nolint:errorlint // not wrapped, so that the exit code is 130
			t.Errorf("%s: got %v", format, err)
		}
		if !strings.Contains(errs.String(), "20 of 30 keys are left, and nothing is known of them\n") || !strings.Contains(out.String()+errs.String(), "10 keys judged: 10 critical") {
			t.Errorf("%s: it says\n%s\n%s", format, out, errs)
		}
		if format == jsonOutput {
			if list := decode[[]guardrail.Outcome](t, out.String()); len(list) != 10 {
				t.Errorf("%d outcomes", len(list))
			}
		}
	}
}

// TestCtrlCExitsWith130 interrupts the command when it writes its third line.
func TestCtrlCExitsWith130(t *testing.T) {
	h := newHome(t)
	for range 30 {
		h.key(t, publicPolicy)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	out, errs := &interruptingWriter{lines: 3, interrupt: interrupt}, &strings.Builder{}
	args := slices.Concat([]string{"scan", "--default-config", "--region", "us-east-1", "--output", "jsonl"}, h.endpoint)
	if code := run(ctx, args, streams{in: strings.NewReader(""), out: out, err: errs}); code != exitInterrupted {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if !strings.Contains(errs.String(), " of 30 keys are left") || !strings.HasSuffix(errs.String(), "kmsguard: interrupted\n") {
		t.Errorf("it says %s", errs)
	}
}

// interruptingWriter interrupts after some writes.
type interruptingWriter struct {
	lines     int
	interrupt func()
}

func (w *interruptingWriter) Write(p []byte) (int, error) {
	if w.lines--; w.lines == 0 {
		w.interrupt()
	}
	return len(p), nil
}

func TestAWriterThatFailsEndsTheScan(t *testing.T) {
	h := newHome(t)
	for range 5 {
		h.key(t, publicPolicy)
	}
	for _, format := range []string{"text", "json", "jsonl", "csv", "sarif"} {
		errs := &strings.Builder{}
		args := slices.Concat([]string{"scan", "--default-config", "--region", "us-east-1", "--output", format}, h.endpoint)
		if code := run(t.Context(), args, streams{in: strings.NewReader(""), out: fullDisk{}, err: errs}); code != exitError || !strings.Contains(errs.String(), "disk full") {
			t.Errorf("%s: exit code %d: %s", format, code, errs)
		}
	}
}
