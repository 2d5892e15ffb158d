package ledger

import (
	"errors"
	"fmt"
	"time"
)

// The errors of an archive that the same call, made again, does not mend. Any other error is
// transient.
var (
	// ErrBusy: another delivery has the key's claim. The message is to be given back.
	ErrBusy = errors.New("another invocation is repairing the key")
	// ErrConflict: the ledger was changed since it was read. Read it and decide again.
	ErrConflict = errors.New("the key's ledger was changed meanwhile")
	// ErrNoRecord: the archive has no record of that name.
	ErrNoRecord = errors.New("the archive has no such record")
	// ErrArchive: the archive cannot be used for this key, and trying again will not help: an
	// object that cannot be read, a record that cannot be archived. A bucket that refuses the
	// guardrail is none: somebody can mend that.
	ErrArchive = errors.New("the archive cannot be used")
	// ErrCorrupt is an ErrArchive: an object is not what its name promises. The error names
	// the object.
	ErrCorrupt = fmt.Errorf("%w: an object is not as the guardrail writes it", ErrArchive)
	// ErrUnsettled says that KMS may still answer with an old policy.
	ErrUnsettled = errors.New("the key policy that was read may be an old one; KMS may not have settled yet")
	// ErrNewKey says that the key is so new that its aliases and tags may still come.
	ErrNewKey = errors.New("the key is new, and the aliases or tags that choose its rule may still come")
)

// BreakerScope is what an hourly limit counts.
type BreakerScope string

// The scopes.
const (
	AccountBreaker BreakerScope = "account"
	TotalBreaker   BreakerScope = "total"
)

// BreakerError says that an hourly limit is reached.
type BreakerError struct {
	Scope BreakerScope
	// Account is the account that owns the key.
	Account string
	Limit   int
	// Until is the end of the hour.
	Until time.Time
}

// Error says which limit it is, and until when it holds.
func (e *BreakerError) Error() string {
	where := "in all accounts"
	if e.Scope == AccountBreaker {
		where = "in account " + e.Account
	}
	return fmt.Sprintf("the limit of %d repairs an hour %s is reached until %s", e.Limit, where, e.Until.Format(time.RFC3339))
}
