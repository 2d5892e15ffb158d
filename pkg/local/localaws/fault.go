package localaws

import (
	"encoding/json"
	"net/http"
	"time"
)

// FaultKind is what goes wrong with a call.
type FaultKind string

const (
	// Throttle answers ThrottlingException, HTTP 400, and does nothing.
	// https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
	Throttle FaultKind = "throttle"
	// InternalError answers KMSInternalException, HTTP 500, and does nothing.
	InternalError FaultKind = "internal-error"
	// AccessDenied answers AccessDeniedException and does nothing.
	AccessDenied FaultKind = "access-denied"
	// NotFound answers NotFoundException, as KMS may do for a key that was
	// created a moment ago.
	// https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
	NotFound FaultKind = "not-found"
	// StaleRead lets GetKeyPolicy return the policy before the last one; the
	// first policy of a key has none before it and is returned itself.
	StaleRead FaultKind = "stale-read"
	// TimeoutBefore closes the connection without an answer; nothing is done.
	TimeoutBefore FaultKind = "timeout-before"
	// TimeoutAfter does what was asked, then closes the connection without an
	// answer.
	TimeoutAfter FaultKind = "timeout-after"
)

// Fault makes the next calls that match it go wrong.
type Fault struct {
	Kind      FaultKind
	Operation string        // such as "PutKeyPolicy"; "" is every operation
	KeyARN    string        // only calls on this key, however they name it; "" is every call
	Skip      int           // matching calls that pass first
	Times     int           // calls that go wrong; 0 is one
	Hang      time.Duration // how long a time-out holds the connection; 0 closes at once
}

// Inject adds a fault. Faults are tried in the order in which they were
// added; a call meets at most one. It panics on a StaleRead of another
// operation than GetKeyPolicy.
func (c *Cloud) Inject(f Fault) {
	if f.Kind == StaleRead {
		if f.Operation != "" && f.Operation != "GetKeyPolicy" {
			panic("localaws: StaleRead is a fault of GetKeyPolicy")
		}
		f.Operation = "GetKeyPolicy"
	}
	if f.Times == 0 {
		f.Times = 1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, &f)
}

// ClearFaults removes every fault that has not struck yet.
func (c *Cloud) ClearFaults() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = nil
}

// takeFault uses up the fault that the call meets; nil is none.
func (c *Cloud) takeFault(req *request) *Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	arn := c.peekKeyARN(req)
	for _, f := range c.faults {
		if f.Times == 0 || (f.Operation != "" && f.Operation != req.operation) || (f.KeyARN != "" && f.KeyARN != arn) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		f.Times--
		return f
	}
	return nil
}

// peekKeyARN resolves the key of a call before the call runs.
func (c *Cloud) peekKeyARN(req *request) string {
	var in struct{ KeyId *string }
	if json.Unmarshal(req.body, &in) != nil || in.KeyId == nil {
		return ""
	}
	scratch := *req
	_, _ = c.find(&scratch, in.KeyId, anyAlias) // a wrong id simply meets no fault
	return scratch.keyARN
}

func (f *Fault) before() bool { return f != nil && f.Kind == TimeoutBefore }

func (f *Fault) after() bool { return f != nil && f.Kind == TimeoutAfter }

// injected is the error that a fault gives instead of running the operation.
func (c *Cloud) injected(req *request, f *Fault) error {
	if f == nil {
		return nil
	}
	arn := c.peekKeyARN(req)
	switch f.Kind {
	case Throttle:
		return refuse("ThrottlingException", "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")
	case InternalError:
		return &apiError{code: "KMSInternalException", message: "injected fault", status: http.StatusInternalServerError}
	case AccessDenied:
		return denied(req, "kms:"+req.operation, arn, "because no resource-based policy allows the kms:%s action", req.operation)
	case NotFound:
		return refuse("NotFoundException", "Key '%s' does not exist", arn)
	case StaleRead:
		req.stale = true
	case TimeoutBefore, TimeoutAfter: // perform sees to them
	}
	return nil
}

// hangUp holds the connection for the time and closes it without an answer.
func (c *Cloud) hangUp(w http.ResponseWriter, hold time.Duration) {
	timer := time.NewTimer(hold)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.closed:
	}
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // ends the connection too
	}
	_ = connection.Close() // the caller may have gone
}
