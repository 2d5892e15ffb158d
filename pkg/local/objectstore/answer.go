package objectstore

import (
	"encoding/xml"
	"net/http"
)

// apiError is the XML of an S3 error.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
type apiError struct {
	XMLName   xml.Name `xml:"Error"`
	Code      string   `xml:"Code"`
	Message   string   `xml:"Message"`
	RequestID string   `xml:"RequestId"`
}

// writeError answers with an S3 error. An answer to HEAD has no body.
func writeError(w http.ResponseWriter, r *http.Request, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	text, err := xml.Marshal(apiError{Code: code, Message: http.StatusText(status), RequestID: "embedded"})
	if err != nil { // a struct of strings always marshals
		panic("objectstore: " + err.Error())
	}
	_, _ = w.Write(text) // the caller may have gone
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // ends the connection too
	}
	_ = connection.Close() // the caller may have gone
}

// unheard takes the answer that nobody gets to hear.
type unheard struct{ header http.Header }

// Header implements [http.ResponseWriter].
func (u *unheard) Header() http.Header { return u.header }

// Write implements [http.ResponseWriter].
func (u *unheard) Write(text []byte) (int, error) { return len(text), nil }

// WriteHeader implements [http.ResponseWriter].
func (u *unheard) WriteHeader(int) {}
