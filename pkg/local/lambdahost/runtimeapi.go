package lambdahost

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxPayload is the size limit of a synchronous response.
// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maxPayload = 6*1024*1024 + 100

// routes are those of version 2018-06-01 of the Runtime API.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
func (h *Host) routes() http.Handler {
	const base = "/2018-06-01/runtime/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"invocation/next", h.next)
	mux.HandleFunc("POST "+base+"invocation/{id}/response", func(w http.ResponseWriter, r *http.Request) {
		h.answer(w, r, func(body []byte) result { return result{response: body} })
	})
	mux.HandleFunc("POST "+base+"invocation/{id}/error", func(w http.ResponseWriter, r *http.Request) {
		h.answer(w, r, func(body []byte) result { return result{err: functionError(body)} })
	})
	mux.HandleFunc("POST "+base+"init/error", h.initError)
	return mux
}

// next holds the runtime's request until there is an invocation.
func (h *Host) next(w http.ResponseWriter, r *http.Request) {
	h.current().calledFirst(time.Now())
	var inv *invocation
	select {
	case inv = <-h.queue:
	case <-r.Context().Done():
		return
	case <-h.closed:
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
	header.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
	header.Set("Lambda-Runtime-Invoked-Function-Arn", functionARN)
	header.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0")
	_, _ = w.Write(inv.payload) // a runtime that has gone will not answer either
}

// answer takes the outcome of an invocation.
func (h *Host) answer(w http.ResponseWriter, r *http.Request, read func([]byte) result) {
	id := r.PathValue("id")
	h.mu.Lock()
	inv := h.pending[id]
	delete(h.pending, id)
	h.mu.Unlock()
	if inv == nil {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		inv.done <- result{err: &FunctionError{Type: "Function.ResponseSizeTooLarge", Message: err.Error()}}
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", err.Error())
		return
	}
	inv.done <- read(body)
	accept(w)
}

// initError takes the error of a function that cannot start, and ends its
// process as Lambda ends the environment.
func (h *Host) initError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", err.Error())
		return
	}
	failure := functionError(body)
	failure.Init = true
	accept(w)
	h.current().failStart(failure)
}

// functionError reads the runtime's error object.
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-invokeerror
func functionError(body []byte) *FunctionError {
	var reported struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(body, &reported); err != nil {
		return &FunctionError{Type: "unreadable error", Message: string(body)}
	}
	return &FunctionError{Type: reported.Type, Message: reported.Message}
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`) // the runtime may have gone
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	text, err := json.Marshal(map[string]string{"errorType": kind, "errorMessage": message})
	if err != nil { // a map of strings always marshals
		panic("lambdahost: " + err.Error())
	}
	_, _ = w.Write(text) // the runtime may have gone
}
