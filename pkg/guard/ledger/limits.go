package ledger

import (
	"maps"
	"time"
)

// Limits bound the repairs. All must be positive.
type Limits struct {
	// Budget is how often one key may be repaired in a window. Windows are of equal length
	// and begin at the zero time, so a day is a calendar day in UTC.
	Budget int
	Window time.Duration
	// AccountPerHour and TotalPerHour are the breaker: repairs per clock hour.
	AccountPerHour, TotalPerHour int
}

// mostBudget is as much as any budget counts: a ledger keeps no more repairs than mostRepairs.
const mostBudget = mostRepairs - 100

// criticalWaits are the times between attempts at a critical finding beyond the budget; the
// last one repeats.
var criticalWaits = []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour}

// Used returns the repairs that count against the budget in the window that now lies in,
// oldest first. A person's restore does not count.
func (l *Ledger) Used(limits Limits, now time.Time) []Repair {
	start := now.UTC().Truncate(limits.Window)
	var used []Repair
	for _, r := range l.Repairs {
		if r.Kind == ForFinding && !r.Claimed.Before(start) {
			used = append(used, r)
		}
	}
	return used
}

// nextAttempt is when a critical finding is repaired again beyond the budget, and which
// attempt that is. The waits count from the last attempt.
func nextAttempt(used []Repair, limits Limits) (at time.Time, attempt int) {
	beyond := len(used) - limits.Budget
	return used[len(used)-1].Claimed.Add(criticalWaits[min(beyond, len(criticalWaits)-1)]), beyond + 1
}

// Hour counts the repairs of a clock hour.
type Hour struct {
	Accounts map[string]int `json:"accounts"`
	Total    int            `json:"total"`
}

// Add returns the hour with one more repair in an account. The error is a *BreakerError where
// a limit is reached; a limit that was lowered within the hour holds from then on.
func (h Hour) Add(account string, limits Limits, now time.Time) (Hour, error) {
	until := now.UTC().Truncate(time.Hour).Add(time.Hour)
	switch {
	case h.Accounts[account] >= limits.AccountPerHour:
		return h, &BreakerError{Scope: AccountBreaker, Account: account, Limit: limits.AccountPerHour, Until: until}
	case h.Total >= limits.TotalPerHour:
		return h, &BreakerError{Scope: TotalBreaker, Account: account, Limit: limits.TotalPerHour, Until: until}
	}
	accounts := maps.Clone(h.Accounts)
	if accounts == nil {
		accounts = map[string]int{}
	}
	accounts[account]++
	return Hour{Accounts: accounts, Total: h.Total + 1}, nil
}
