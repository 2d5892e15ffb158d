// Package lambdahost runs a Lambda function's real binary on this machine: it
// serves the Lambda Runtime API on loopback, starts the binary with
// AWS_LAMBDA_RUNTIME_API, and invokes it. It is for tests and benchmarks.
//
//	host := lambdahost.Start(lambdahost.Options{})
//	defer host.Close()
//	process, err := host.Run(ctx, "build/enforce/bootstrap", cloud.Environment(role, "us-east-1"))
//	...
//	defer process.Kill()
//	answer, err := host.Invoke(ctx, event)
//
// The four routes of the Runtime API are served:
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
// One host stands for one execution environment: one process at a time, one
// invocation at a time; further calls of Invoke wait. Time is the real one,
// because the process reads its deadline against the real clock.
//
// Limits: no extensions, no response streaming, no telemetry API; memory is
// not limited and the environment is not frozen between invocations.
package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options configures a Host. The zero value is fine.
type Options struct {
	// Timeout is the function's time-out, from which each invocation's
	// deadline follows; default 30 seconds.
	Timeout time.Duration
}

// functionARN is what the function hears that it is.
const functionARN = "arn:aws:lambda:us-east-1:111122223333:function:enforce"

// Errors of Invoke besides a *FunctionError and the context's own.
var (
	// ErrTimeout says that the function did not answer before its deadline.
	// Lambda would end the environment; here the process goes on.
	ErrTimeout = errors.New("the function timed out")
	// ErrExited says that the process ended without an answer.
	ErrExited = errors.New("the function's process exited")
	// ErrClosed says that the host was closed.
	ErrClosed = errors.New("the host is closed")
)

// FunctionError is an error that the function reported, for an invocation or
// for its start.
type FunctionError struct {
	Type    string // such as "errorString"
	Message string
	Init    bool // the function failed to start
}

// Error returns the type and the message.
func (e *FunctionError) Error() string {
	if e.Init {
		return fmt.Sprintf("function failed to start: %s: %s", e.Type, e.Message)
	}
	return fmt.Sprintf("function failed: %s: %s", e.Type, e.Message)
}

// Host serves the Runtime API.
type Host struct {
	options  Options
	listener net.Listener
	server   *http.Server
	queue    chan *invocation // from Invoke to the runtime's next
	turn     chan struct{}    // holds one token: the right to invoke
	closed   chan struct{}

	mu      sync.Mutex
	count   int
	pending map[string]*invocation // taken by the runtime and not answered
	process *Process               // the last one that Run started
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	done     chan result // buffered: the answer is kept even if nobody waits
}

type result struct {
	response []byte
	err      error
}

// Start serves the Runtime API on a free loopback port until Close. It panics
// if no port can be opened, as httptest.NewServer does.
func Start(options Options) *Host {
	if options.Timeout == 0 {
		options.Timeout = 30 * time.Second
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("lambdahost: " + err.Error())
	}
	h := &Host{options: options, listener: listener, queue: make(chan *invocation), turn: make(chan struct{}, 1),
		closed: make(chan struct{}), pending: map[string]*invocation{}}
	h.server = &http.Server{Handler: h.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := h.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic("lambdahost: " + err.Error())
		}
	}()
	return h
}

// address is host:port, the value of AWS_LAMBDA_RUNTIME_API.
func (h *Host) address() string { return h.listener.Addr().String() }

// Close ends the server and the process that Run started, if it still runs.
func (h *Host) Close() {
	close(h.closed)
	_ = h.server.Close() // closing a listener that is gone is no news
	if p := h.current(); p != nil {
		p.Kill()
	}
}

// Invoke gives the payload to the function and waits for its answer. The
// error is a *FunctionError for an error that the function reported, or
// ErrTimeout, ErrExited, ErrClosed, or the context's.
func (h *Host) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	select { // one invocation at a time
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-h.closed:
		return nil, ErrClosed
	}
	exited := h.current().exit()
	inv := h.newInvocation(payload)
	defer h.forget(inv)
	select {
	case h.queue <- inv:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-exited:
		return nil, h.exitError()
	case <-h.closed:
		return nil, ErrClosed
	}
	timer := time.NewTimer(time.Until(inv.deadline))
	defer timer.Stop()
	select {
	case r := <-inv.done:
		return r.response, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, fmt.Errorf("%w after %s", ErrTimeout, h.options.Timeout)
	case <-h.closed:
		return nil, ErrClosed
	case <-exited:
	}
	select { // an answer that was given before the exit counts
	case r := <-inv.done:
		return r.response, r.err
	default:
		return nil, h.exitError()
	}
}

func (h *Host) newInvocation(payload []byte) *invocation {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.count++
	inv := &invocation{id: fmt.Sprintf("00000000-0000-4000-8000-%012d", h.count), payload: payload,
		deadline: time.Now().Add(h.options.Timeout), done: make(chan result, 1)}
	h.pending[inv.id] = inv
	return inv
}

func (h *Host) forget(inv *invocation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.pending, inv.id)
}

func (h *Host) current() *Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.process
}

// exitError says why the process ended: the error that it reported at its
// start, if it did.
func (h *Host) exitError() error {
	p := h.current()
	if err := p.startError(); err != nil {
		return err
	}
	return p.exitError()
}
