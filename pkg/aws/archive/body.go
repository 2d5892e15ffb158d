package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// schema is the version of all bodies. A change of their form is a new version.
const schema = "1"

// envelope is around every body, so that an object of another kind, or of another
// version, is not taken for one of this.
type envelope[T any] struct {
	Schema string `json:"schema"`
	Kind   string `json:"kind"`
	Body   T      `json:"body"`
}

// The kinds of objects that have no type of package ledger.
type (
	// pointer says by its name all that there is to say.
	pointer struct{}
	// hour is a counter. By is the last that counted, so that no two bodies are alike.
	hour struct {
		ledger.Hour
		By string `json:"by"`
	}
	// firstUse is when a generation of the guardrail was first used.
	firstUse struct {
		Generation string    `json:"generation"`
		At         time.Time `json:"at"`
	}
)

// kindOf returns the name of a body's kind.
func kindOf(body any) string {
	switch body.(type) {
	case ledger.Ledger:
		return "ledger"
	case ledger.Record:
		return "record"
	case ledger.Superseded:
		return "superseded"
	case pointer:
		return "pointer"
	case hour:
		return "hour"
	case firstUse:
		return "first-use"
	case sweepBody:
		return "sweep"
	default:
		panic("archive: a body without a kind") // a mistake in this package
	}
}

// encode returns the bytes of a body, the same for the same body.
func encode[T any](body T) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // for people who read policies
	if err := encoder.Encode(envelope[T]{Schema: schema, Kind: kindOf(body), Body: body}); err != nil {
		return nil, refuse("it is no JSON: %v", err)
	}
	return out.Bytes(), nil
}

// decode reads the bytes of the object of a name, strictly.
func decode[T any](name string, text []byte) (T, error) {
	var e envelope[T]
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&e)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more after its end")
		}
	}
	var none T
	switch {
	case err != nil:
		return none, corrupt(name, "%v", err)
	case e.Schema != schema:
		return none, corrupt(name, "its schema is %.40q, not %q", e.Schema, schema)
	case e.Kind != kindOf(none):
		return none, corrupt(name, "its kind is %.40q, not %q", e.Kind, kindOf(none))
	}
	return e.Body, nil
}
