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
	// AccountPerHour and TotalPerHour are the breaker: repairs per clock hour, those of critical
	// findings apart.
	AccountPerHour, TotalPerHour int
}

// mostBudget is as much as any budget counts: a ledger keeps no more repairs than mostRepairs.
const mostBudget = mostRepairs - 100

// Used returns the repairs that count against the budget in the window that now lies in,
// oldest first. Neither a person's restore nor the repair of a critical finding counts.
func (l *Ledger) Used(limits Limits, now time.Time) []Repair {
	start := now.UTC().Truncate(limits.Window)
	var used []Repair
	for _, r := range l.Repairs {
		if r.Kind == ForFinding && !r.isCritical() && !r.Claimed.Before(start) {
			used = append(used, r)
		}
	}
	return used
}

// Count counts the repairs of a clock hour, by account.
type Count struct {
	Accounts map[string]int `json:"accounts"`
	Total    int            `json:"total"`
}

// Hour counts the repairs of a clock hour that the breaker bounds.
type Hour struct {
	Count
	// Critical are the keys with a repair of a critical finding, counted apart, and only while
	// the guardrail is young.
	Critical Count `json:"critical"`
}

// youngTime is how long the breaker bounds the repairs of critical findings as well, after the
// first use of a configuration, a severity table or a version: the guardrail itself may be wrong.
const youngTime = 24 * time.Hour

// IsYoung tells whether a guardrail that was first used at a time is young.
func IsYoung(firstUse, now time.Time) bool { return now.Sub(firstUse) < youngTime }

// Add returns the hour with one more repair in an account. The error is a *BreakerError where
// a limit is reached; a limit that was lowered within the hour holds from then on.
func (h Hour) Add(account string, limits Limits, now time.Time) (Hour, error) {
	next, err := h.add(account, limits, now)
	return Hour{Count: next, Critical: h.Critical}, err
}

// AddCritical is Add for the repair of a critical finding.
func (h Hour) AddCritical(account string, limits Limits, now time.Time) (Hour, error) {
	next, err := h.Critical.add(account, limits, now)
	return Hour{Count: h.Count, Critical: next}, err
}

func (c Count) add(account string, limits Limits, now time.Time) (Count, error) {
	until := now.UTC().Truncate(time.Hour).Add(time.Hour)
	switch {
	case c.Accounts[account] >= limits.AccountPerHour:
		return c, &BreakerError{Scope: AccountBreaker, Account: account, Limit: limits.AccountPerHour, Until: until}
	case c.Total >= limits.TotalPerHour:
		return c, &BreakerError{Scope: TotalBreaker, Account: account, Limit: limits.TotalPerHour, Until: until}
	}
	accounts := maps.Clone(c.Accounts)
	if accounts == nil {
		accounts = map[string]int{}
	}
	accounts[account]++
	return Count{Accounts: accounts, Total: c.Total + 1}, nil
}
