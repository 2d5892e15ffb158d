package defaultpolicy

import (
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Error tells why there is no default policy for a request. All errors of this
// package are of this type, except those of package policy about the document
// as a whole, such as one of more than policy.MaxBytes.
type Error struct {
	Code ErrorCode
	// Detail says what was found and what is possible, in one line. Text from
	// outside is quoted, escaped and shortened.
	Detail string
}

// Error returns "detail (code)".
func (e *Error) Error() string { return fmt.Sprintf("%s (%s)", e.Detail, e.Code) }

// ErrorCode names a reason for an error. Codes are stable.
type ErrorCode string

// The reasons.
const (
	// UnknownKeySpec, UnknownKeyUsage, UnknownOrigin, UnknownMultiRegion: not a
	// value that KMS has, or none. A value that AWS adds is unknown until this
	// package knows its policy.
	UnknownKeySpec     ErrorCode = "unknown-key-spec"
	UnknownKeyUsage    ErrorCode = "unknown-key-usage"
	UnknownOrigin      ErrorCode = "unknown-origin"
	UnknownMultiRegion ErrorCode = "unknown-multi-region"
	// InvalidCombination: each value exists, but KMS has no such key.
	InvalidCombination ErrorCode = "invalid-combination"
	// UnknownPartition: not an AWS partition.
	UnknownPartition ErrorCode = "unknown-partition"
	// NotInPartition: KMS has no such keys in this partition.
	NotInPartition ErrorCode = "not-in-partition"
	// InvalidAccount: not an account id of twelve digits.
	InvalidAccount ErrorCode = "invalid-account"
	// UnknownStyle: neither API nor Console.
	UnknownStyle ErrorCode = "unknown-style"
	// UnknownEdition: not a name of an edition.
	UnknownEdition ErrorCode = "unknown-edition"
	// EditionBeforeKeyType: the edition was replaced before KMS had such keys.
	EditionBeforeKeyType ErrorCode = "edition-before-key-type"
	// InvalidOption: an option without meaning here, or of an unknown value.
	InvalidOption ErrorCode = "invalid-option"
	// InvalidAdministrator: not a user or role of the key's account.
	InvalidAdministrator ErrorCode = "invalid-administrator"
	// InvalidUser: not a user or role of the key's account, and not another account.
	InvalidUser ErrorCode = "invalid-user"
	// UndocumentedUse: Options.RefuseUndocumentedUse, and the guide does not say
	// what users of such a key may do.
	UndocumentedUse ErrorCode = "undocumented-use"
)

func fail(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}

// alternatives lists what one of has to be chosen.
func alternatives[T ~string](list []T) string {
	if len(list) < 2 {
		return join(list)
	}
	last := len(list) - 1
	return join(list[:last]) + " or " + string(list[last])
}

// quoted returns text from outside fit for one line of a message.
func quoted(s string) string { return policy.Quote(s, 100) }
