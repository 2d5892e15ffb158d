package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Keys is what inspect reads of AWS KMS. An error is ErrNotFound, ErrAccessDenied or
// ErrRefused, possibly wrapped; any other error is transient, and the same call may
// succeed later.
type Keys interface {
	// Describe returns the metadata of the key with an ARN.
	Describe(ctx context.Context, arn string) (rules.Key, error)
	// Policy returns the text of the key's policy.
	Policy(ctx context.Context, arn string) (string, error)
	// Aliases returns the names of the key's aliases, such as alias/payments.
	Aliases(ctx context.Context, arn string) ([]string, error)
	// Tags returns the key's tags.
	Tags(ctx context.Context, arn string) (map[string]string, error)
}

// The classes of errors of AWS KMS that do not go away by trying again. The adapter that
// calls AWS KMS maps every error of KMS to one of them or to none.
var (
	// ErrNotFound: KMS knows no such key. Right after CreateKey KMS may not know the key
	// everywhere yet.
	ErrNotFound = errors.New("the key does not exist")
	// ErrAccessDenied: the key policy or an IAM policy does not permit the call.
	ErrAccessDenied = errors.New("access denied")
	// ErrRefused: KMS does not accept the request, and will not accept it later.
	ErrRefused = errors.New("refused")
	// ErrInvalidPrincipal is an ErrRefused: KMS does not know a principal of the policy that
	// it was given. KMS does not say which.
	ErrInvalidPrincipal = fmt.Errorf("%w: a principal is not known", ErrRefused)
)
