package enforcer

import (
	"context"
	"errors"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// Reporter tells somebody of an outcome. The error is ErrReporter, possibly wrapped,
// where trying again will not help; any other error is transient.
type Reporter interface {
	Report(ctx context.Context, o guardrail.Outcome) error
}

// ErrReporter says that the reporter does not work, and will not work later.
var ErrReporter = errors.New("the reporter does not work")
