package lambdahost

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Process is a function's running binary.
type Process struct {
	command        *exec.Cmd
	started        time.Time
	stdout, stderr output
	called         chan struct{} // closed at the first call of next, or the start's failure
	exited         chan struct{} // closed when the process has ended

	mu      sync.Mutex
	first   time.Time
	failure *FunctionError
}

// Run starts the binary with the environment ("NAME=value") and Lambda's own
// variables, and nothing of this process's environment. Its folder is the
// working directory, as /var/task is in Lambda. The process is killed when
// ctx ends. A host runs one process at a time: the one before must have ended.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
func (h *Host) Run(ctx context.Context, binary string, environment []string) (*Process, error) {
	path, err := filepath.Abs(binary)
	if err != nil {
		return nil, fmt.Errorf("starting the function: %w", err)
	}
	p := &Process{called: make(chan struct{}), exited: make(chan struct{})}
	p.command = exec.CommandContext(ctx, path) //nolint:gosec // to run the caller's binary is what Run is for
	p.command.Dir = filepath.Dir(path)
	p.command.Stdout, p.command.Stderr = &p.stdout, &p.stderr
	name := functionARN[strings.LastIndex(functionARN, ":")+1:]
	p.command.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=" + h.address(),
		"AWS_LAMBDA_FUNCTION_NAME=" + name,
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"LAMBDA_TASK_ROOT=" + p.command.Dir,
		"_HANDLER=bootstrap",
		"TZ=:UTC",
	}, environment...)

	h.mu.Lock()
	defer h.mu.Unlock()
	if h.process != nil && !h.process.hasExited() {
		return nil, fmt.Errorf("starting the function: another process of this host still runs")
	}
	p.started = time.Now()
	if err := p.command.Start(); err != nil {
		return nil, fmt.Errorf("starting the function: %w", err)
	}
	h.process = p
	go func() {
		_ = p.command.Wait() // ProcessState tells how it ended
		close(p.exited)
	}()
	return p, nil
}

// FirstCall waits for the process's first call of the Runtime API and returns
// how long after the process's start it came: the function's own cold start.
// The error is a *FunctionError if the function reported that it cannot
// start, ErrExited if it ended before, or the context's.
func (p *Process) FirstCall(ctx context.Context) (time.Duration, error) {
	select {
	case <-p.called:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-p.exited:
		select {
		case <-p.called:
		default:
			return 0, p.exitError()
		}
	}
	if err := p.startError(); err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first.Sub(p.started), nil
}

// Kill ends the process, if it still runs, and waits until it has ended.
func (p *Process) Kill() {
	_ = p.command.Process.Kill() // it may have ended by itself
	<-p.exited
}

// Stdout returns what has been read of the process's standard output so far;
// all of it has been once the process has ended.
func (p *Process) Stdout() string { return p.stdout.text() }

// Stderr returns what has been read of the process's standard error so far.
func (p *Process) Stderr() string { return p.stderr.text() }

// exitError says how a process ended that should not have. Call it after exited.
func (p *Process) exitError() error {
	return fmt.Errorf("%w: %s\n%s", ErrExited, p.command.ProcessState, p.Stderr())
}

// exit is closed when the process has ended; it never is for no process.
func (p *Process) exit() <-chan struct{} {
	if p == nil {
		return nil
	}
	return p.exited
}

func (p *Process) hasExited() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// calledFirst notes the first call of next.
func (p *Process) calledFirst(at time.Time) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first.IsZero() && p.failure == nil {
		p.first = at
		close(p.called)
	}
}

// failStart notes that the function cannot start, and kills the process.
func (p *Process) failStart(failure *FunctionError) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.first.IsZero() && p.failure == nil {
		p.failure = failure
		close(p.called)
	}
	_ = p.command.Process.Kill() // it may have ended by itself
}

// startError is nil, or the *FunctionError of the start.
func (p *Process) startError() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failure == nil {
		return nil
	}
	return p.failure
}

// output collects what a process writes, and can be read meanwhile.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write appends to the output.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}
