// Package parameterstore is the Systems Manager Parameter Store of embedded AWS: an
// [http.Handler] that speaks its wire protocol, with the parameters in memory. It is for tests;
// nothing that is deployed may import it.
//
// It knows GetParameter and PutParameter of parameters of type String.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
//
// Limits: signatures and permissions are not verified, and there are no versions to ask for.
package parameterstore

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// mostBytes is the size of a request that is read.
const mostBytes = 1 << 16

// Store is the parameter store. It may be used by several goroutines.
type Store struct {
	now func() time.Time

	mu     sync.Mutex
	values map[string]parameter
	fault  int
	reads  int
}

type parameter struct {
	Name             string
	Type             string
	Value            string
	Version          int
	LastModifiedDate float64
	ARN              string
}

// New returns a store without parameters, whose clock is now.
func New(now func() time.Time) *Store { return &Store{now: now, values: map[string]parameter{}} }

// Set writes a parameter, as a deployment or somebody in the console does.
func (s *Store) Set(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(name, value)
}

// Value returns the value of a parameter, "" where there is none.
func (s *Store) Value(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[name].Value
}

// Fail lets every call fail with an HTTP status; 0 ends that.
func (s *Store) Fail(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = status
}

// Reads returns how many GetParameter calls were made.
func (s *Store) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

func (s *Store) put(name, value string) parameter {
	p := parameter{
		Name: name, Type: "String", Value: value, Version: s.values[name].Version + 1,
		LastModifiedDate: float64(s.now().UnixMilli()) / 1000, ARN: "arn:aws:ssm:us-east-1:111122223333:parameter" + name,
	}
	s.values[name] = p
	return p
}

// ServeHTTP implements [http.Handler].
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in struct {
		Name, Value string
		Overwrite   bool
	}
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBytes)).Decode(&in)
	known, isThere := s.values[in.Name]
	target := r.Header.Get("X-Amz-Target")
	if target == "AmazonSSM.GetParameter" {
		s.reads++
	}
	switch {
	case err != nil || in.Name == "":
		answer(w, http.StatusBadRequest, map[string]string{"__type": "ValidationException"})
	case s.fault != 0:
		answer(w, s.fault, map[string]string{"__type": "InternalServerError"})
	case target == "AmazonSSM.GetParameter" && !isThere:
		answer(w, http.StatusBadRequest, map[string]string{"__type": "ParameterNotFound"})
	case target == "AmazonSSM.GetParameter":
		answer(w, http.StatusOK, map[string]parameter{"Parameter": known})
	case target == "AmazonSSM.PutParameter" && isThere && !in.Overwrite:
		answer(w, http.StatusBadRequest, map[string]string{"__type": "ParameterAlreadyExists"})
	case target == "AmazonSSM.PutParameter":
		answer(w, http.StatusOK, map[string]any{"Version": s.put(in.Name, in.Value).Version, "Tier": "Standard"})
	default:
		answer(w, http.StatusBadRequest, map[string]string{"__type": "UnknownOperationException"})
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // texts and numbers always marshal
		panic("parameterstore: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the caller may have gone
}
