package enforcer

import (
	"context"
	"errors"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// Keys is what the enforcer needs of AWS KMS: what package inspect reads, and one call that
// writes. Errors are classified as [inspect.Keys] says.
type Keys interface {
	inspect.Keys
	// PutPolicy replaces the key's policy. It leaves KMS's lockout safety check on.
	PutPolicy(ctx context.Context, arn, policy string) error
}

// Reporter tells somebody of an outcome. The error is ErrReporter, possibly wrapped, where the
// outcome itself cannot be told and trying again will not help; any other error is transient.
type Reporter interface {
	Report(ctx context.Context, o guardrail.Outcome) error
}

// ErrReporter says that the reporter does not take an outcome, and will not take it later.
var ErrReporter = errors.New("the reporter does not take the outcome")
