package policy

import (
	"fmt"
	"strings"
)

// Error tells why a document was refused, and where. All errors of this
// package are of this type, except those of [New] about a principal or a value,
// which come from it too.
type Error struct {
	Code ErrorCode
	// Line and Column, from 1, are where the offending text starts; the column
	// counts bytes. Both are 0 where the error has no place (a value checked alone).
	Line, Column int
	// Detail says what was found and what is expected, in one line. Quoted text
	// from the document is escaped and shortened.
	Detail string
}

// Error returns "line:column: detail (code)".
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s (%s)", e.Detail, e.Code)
	}
	return fmt.Sprintf("%d:%d: %s (%s)", e.Line, e.Column, e.Detail, e.Code)
}

// ErrorCode names a reason for refusing a document. Codes are stable.
type ErrorCode string

// The reasons for refusing a document.
const (
	// TooLarge: more than MaxBytes.
	TooLarge ErrorCode = "too-large"
	// InvalidUTF8: the bytes are not UTF-8.
	InvalidUTF8 ErrorCode = "invalid-utf8"
	// InvalidCharacter: a character outside tab, LF, CR and U+0020 to U+00FF.
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
	InvalidCharacter ErrorCode = "invalid-character"
	// InvalidJSON: not JSON.
	InvalidJSON ErrorCode = "invalid-json"
	// TrailingData: something follows the document.
	TrailingData ErrorCode = "trailing-data"
	// WrongType: JSON of another type than the element takes, a JSON string in
	// place of the document among them, and nesting that no element has.
	WrongType ErrorCode = "wrong-type"
	// DuplicateKey: the same name twice in one object; JSON readers disagree
	// about which one counts.
	DuplicateKey ErrorCode = "duplicate-key"
	// UnknownElement: a name that is no element of the policy language.
	UnknownElement ErrorCode = "unknown-element"
	// WrongCase: an element, effect or operator in another case than AWS spells it.
	WrongCase ErrorCode = "wrong-case"
	// MissingElement: no Statement, Effect or Principal.
	MissingElement ErrorCode = "missing-element"
	// ConflictingElements: an element together with its negation.
	ConflictingElements ErrorCode = "conflicting-elements"
	// InvalidVersion: Version is neither of the two that exist.
	InvalidVersion ErrorCode = "invalid-version"
	// InvalidEffect: Effect is neither Allow nor Deny.
	InvalidEffect ErrorCode = "invalid-effect"
	// InvalidPrincipal: a principal that KMS cannot resolve: a group, a partial
	// wildcard, a service "*", or not a principal at all.
	InvalidPrincipal ErrorCode = "invalid-principal"
	// UnknownOperator: a condition operator that does not exist.
	UnknownOperator ErrorCode = "unknown-operator"
	// InvalidValue: a value that its condition operator cannot read.
	InvalidValue ErrorCode = "invalid-value"
)

// Quote returns attacker-made text fit for one line of a message: quoted, with escapes for
// what is not printable ASCII, and cut after so many bytes.
func Quote(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return fmt.Sprintf("%+q", s)
}

func quoted(s string) string { return Quote(s, 60) }

func position(text string, offset int) (line, column int) {
	before := text[:min(max(offset, 0), len(text))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}
