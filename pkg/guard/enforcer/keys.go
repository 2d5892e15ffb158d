package enforcer

import (
	"context"
	"errors"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Keys is what the enforcer needs of AWS KMS. Errors are ErrNotFound,
// ErrAccessDenied or ErrRefused, possibly wrapped; any other error is transient,
// and the same call may succeed later.
type Keys interface {
	// Describe returns the metadata of the key with an ARN.
	Describe(ctx context.Context, arn string) (rules.Key, error)
	// Policy returns the text of the key's policy.
	Policy(ctx context.Context, arn string) (string, error)
	// Aliases returns the names of the key's aliases, such as alias/payments.
	Aliases(ctx context.Context, arn string) ([]string, error)
	// Tags returns the key's tags.
	Tags(ctx context.Context, arn string) (map[string]string, error)
	// PutPolicy replaces the key's policy. It leaves KMS's lockout safety check on.
	PutPolicy(ctx context.Context, arn, policy string) error
}

// The classes of errors that do not go away by trying again.
var (
	// ErrNotFound: KMS knows no such key. Right after CreateKey that can be for
	// lack of consistency; Handle takes that into account.
	ErrNotFound = errors.New("the key does not exist")
	// ErrAccessDenied: the key policy or an IAM policy does not permit the call.
	ErrAccessDenied = errors.New("access denied")
	// ErrRefused: KMS does not accept the request, and will not accept it later.
	ErrRefused = errors.New("refused")
	// ErrInvalidPrincipal is an ErrRefused: KMS does not know a principal of the policy. It
	// does not say which.
	ErrInvalidPrincipal = fmt.Errorf("%w: a principal is not known", ErrRefused)
)
