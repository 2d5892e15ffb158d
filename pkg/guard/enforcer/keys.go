package enforcer

import (
	"context"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// Keys is what the enforcer needs of AWS KMS: what package inspect reads, and one call that
// writes. Errors are classified as [inspect.Keys] says.
type Keys interface {
	inspect.Keys
	// PutPolicy replaces the key's policy. It leaves KMS's lockout safety check on.
	PutPolicy(ctx context.Context, arn, policy string) error
}

// The classes of errors that do not go away by trying again.
var (
	ErrNotFound         = inspect.ErrNotFound
	ErrAccessDenied     = inspect.ErrAccessDenied
	ErrRefused          = inspect.ErrRefused
	ErrInvalidPrincipal = inspect.ErrInvalidPrincipal
)
