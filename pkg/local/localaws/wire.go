package localaws

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// KMS speaks AWS JSON 1.1: POST / with the operation in X-Amz-Target, a JSON
// body, and errors as {"__type", "message"}.
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
const (
	contentType  = "application/x-amz-json-1.1"
	targetPrefix = "TrentService."
	maxBody      = 1 << 20
)

// apiError is an error that the caller is told.
// https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html
type apiError struct {
	code    string // such as "NotFoundException"
	message string
	status  int // 0 is 400: KMS answers almost every error with it
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refuse(code, format string, values ...any) error {
	return &apiError{code: code, message: fmt.Sprintf(format, values...)}
}

// invalid is a ValidationException.
func invalid(format string, values ...any) error {
	return refuse("ValidationException", format, values...)
}

// request is one call on its way through the cloud.
type request struct {
	id        string
	time      time.Time
	caller    *credential
	region    string
	operation string
	body      []byte
	address   string
	agent     string

	// What the operation finds out, for the records of the call.
	keyARN    string
	stale     bool       // read the previous policy
	params    object     // CloudTrail's requestParameters
	elements  object     // CloudTrail's responseElements
	aliasARN  string     // a second resource in CloudTrail's record
	followUps []followUp // records in other Regions
}

// object is a JSON object.
type object map[string]any

// serve handles every request of every service.
func (c *Cloud) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		writeError(w, "", &apiError{code: "RequestEntityTooLarge", message: err.Error(), status: 413})
		return
	}
	req, err := c.admit(r, body)
	if err != nil {
		writeError(w, req.id, err)
		return
	}
	if req.operation == getCallerIdentity {
		c.serveCallerIdentity(w, req)
		return
	}
	run, known := operations[req.operation]
	if !known {
		writeError(w, req.id, &apiError{code: "UnknownOperationException"})
		return
	}
	c.perform(w, req, run)
}

// The parts of a signature that are read: access key and scope.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/[0-9]{8}/([^/]+)/(kms|sts)/aws4_request, ?SignedHeaders=[^,]+, ?Signature=[0-9a-f]+$`)

// admit finds out who calls, where, and what. The signature is not verified.
func (c *Cloud) admit(r *http.Request, body []byte) (*request, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	req := &request{id: c.uuid(), time: c.now(), body: body, agent: r.UserAgent()}
	req.address, _, _ = strings.Cut(r.RemoteAddr, ":")
	header := r.Header.Get("Authorization")
	if header == "" {
		return req, refuse("MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	parts := authorization.FindStringSubmatch(header)
	if parts == nil {
		return req, refuse("IncompleteSignatureException", "Authorization header is not a complete AWS Signature Version 4 for kms or sts.")
	}
	cred := c.credentials[parts[1]]
	if cred == nil || cred.identity.SessionToken != r.Header.Get("X-Amz-Security-Token") ||
		cred.account.Partition != partitionOf(parts[2]) {
		return req, refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	req.caller, req.region = cred, parts[2]
	if parts[3] == "sts" {
		req.operation = stsOperation(body)
		return req, nil
	}
	req.operation, _ = strings.CutPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)
	return req, nil
}

// perform runs one KMS operation, with the faults that are due, and records it.
func (c *Cloud) perform(w http.ResponseWriter, req *request, run operation) {
	fault := c.takeFault(req)
	if fault.before() {
		c.finish(req, fault, nil)
		c.hangUp(w, fault.Hang)
		return
	}
	output, err := c.execute(req, run, fault)
	c.finish(req, fault, err)
	switch {
	case fault.after():
		c.hangUp(w, fault.Hang)
	case err != nil:
		writeError(w, req.id, err)
	default:
		writeOutput(w, req.id, output)
	}
}

func (c *Cloud) execute(req *request, run operation, fault *Fault) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	if err := c.injected(req, fault); err != nil {
		return nil, err
	}
	return run(c, req)
}

func writeOutput(w http.ResponseWriter, id string, output any) {
	text, err := json.Marshal(output)
	if err != nil { // our own structs always marshal
		panic("localaws: " + err.Error())
	}
	if output == nil {
		text = nil // an operation without output answers an empty body
	}
	write(w, id, http.StatusOK, text)
}

func writeError(w http.ResponseWriter, id string, err error) {
	var failure *apiError
	if !errors.As(err, &failure) {
		failure = &apiError{code: "KMSInternalException", message: err.Error(), status: http.StatusInternalServerError}
	}
	status := failure.status
	if status == 0 {
		status = http.StatusBadRequest
	}
	body := map[string]string{"__type": failure.code}
	if failure.message != "" {
		body["message"] = failure.message
	}
	text, err := json.Marshal(body)
	if err != nil { // a map of strings always marshals
		panic("localaws: " + err.Error())
	}
	write(w, id, status, text)
}

func write(w http.ResponseWriter, id string, status int, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("x-amzn-RequestId", id)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone
}
