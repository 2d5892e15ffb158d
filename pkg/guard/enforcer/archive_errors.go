package enforcer

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The classes of an Archive's errors that are not transient, or need more than the same
// call once more.
var (
	// ErrBusy: another invocation holds the key's lock, or took it this moment. The
	// message is to be given back.
	ErrBusy = errors.New("another invocation is repairing the key")
	// ErrConflict: the state was changed since it was read. Read it and try again.
	ErrConflict = errors.New("the key's state was changed meanwhile")
	// ErrTooOld: the event is older than a queue keeps messages, so the archive cannot
	// tell whether it was handled. Nothing may be written for it.
	ErrTooOld = errors.New("the event is too old to repair for")
	// ErrNoEntry: the archive has no claim of that name.
	ErrNoEntry = errors.New("the archive has no such record")
	// ErrArchive: the archive cannot be used, and trying again will not help: no
	// permission, no bucket, a record that cannot be archived.
	ErrArchive = errors.New("the archive cannot be used")
	// ErrCorrupt is an ErrArchive: an object is not what its name promises. The error
	// names the object.
	ErrCorrupt = fmt.Errorf("%w: an object is not as the guardrail writes it", ErrArchive)
)

// BudgetError says that the key's repairs of this window are used up.
type BudgetError struct {
	Budget int
	// Until is the end of the window.
	Until time.Time
	// Used are the claims of the window, oldest first.
	Used []BudgetUse
}

// BudgetUse is one claim that used up a part of the budget.
type BudgetUse struct {
	Slot    Slot
	Time    time.Time
	EventID string
	// ActorARN is who made the call that was repaired; it is the caller's own text.
	ActorARN string
	Written  bool
}

// Error says how many repairs were made, when the next can be, and by which claims.
func (e *BudgetError) Error() string {
	var used []string
	for _, u := range e.Used {
		used = append(used, string(u.Slot))
	}
	return fmt.Sprintf("the budget of %d repairs of the key is used up until %s, by %s", e.Budget, e.Until.Format(time.RFC3339), strings.Join(used, ", "))
}

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
	// Account is that of the key.
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
