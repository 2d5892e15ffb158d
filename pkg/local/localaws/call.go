package localaws

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Call is one call of a KMS operation as the cloud saw it. A client that
// retries makes several.
type Call struct {
	Time      time.Time
	RequestID string
	Operation string // such as "PutKeyPolicy"
	Identity  string // ARN of the caller
	Account   string // of the caller
	Region    string
	KeyARN    string          // of the key it was about; "" if it named none that exists
	Error     string          // error code, such as "AccessDeniedException"; "" is success
	Fault     FaultKind       // the injected fault it met
	Request   json.RawMessage // the body as sent
}

// Calls returns the calls so far in the order in which they ended, or only
// those of the operations named.
func (c *Cloud) Calls(operations ...string) []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []Call
	for _, call := range c.calls {
		if len(operations) == 0 || slices.Contains(operations, call.Operation) {
			found = append(found, call)
		}
	}
	return found
}

// ResetCalls forgets the calls so far.
func (c *Cloud) ResetCalls() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = nil
}

// finish records a call that has run, or that a fault stopped.
func (c *Cloud) finish(req *request, f *Fault, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	call := Call{Time: req.time, RequestID: req.id, Operation: req.operation, Identity: req.caller.identity.ARN,
		Account: req.caller.account.ID, Region: req.region, KeyARN: req.keyARN, Error: errorCode(err), Request: req.body}
	if f != nil {
		call.Fault = f.Kind
	}
	if call.KeyARN == "" {
		call.KeyARN = c.peekKeyARN(req)
	}
	c.calls = append(c.calls, call)
	if !f.before() && !readOnly(req.operation) {
		c.record(req, err)
	}
}

func errorCode(err error) string {
	var failure *apiError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &failure):
		return failure.code
	}
	return "KMSInternalException"
}
