package archive

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// ticket says where in an hour's numbers a claim looks for its own: upwards from these.
type ticket struct {
	Hour    time.Time `json:"hour"`
	Account int       `json:"account"`
	Total   int       `json:"total"`
}

// of tells whether the ticket can be of a claim of that time.
func (t ticket) of(claimed time.Time) bool {
	return t.Hour.Equal(claimed.UTC().Truncate(time.Hour)) && t.Account > 0 && t.Total > 0
}

// total is the folder of the numbers of all accounts.
const total = "total"

func breakerName(hour time.Time, folder string, n int) string {
	return fmt.Sprintf("%s%s/%s/%04d", breaker, hour.Format(hourLayout), folder, n)
}

// ticket returns the first free numbers of the hour, or a *BreakerError if a limit is
// reached. Numbers are taken without gaps, so their count tells.
func (a *Archive) ticket(ctx context.Context, account string, now time.Time, limits enforcer.Limits) (ticket, error) {
	t := ticket{Hour: now.UTC().Truncate(time.Hour), Account: 1, Total: 1}
	prefix := breaker + t.Hour.Format(hourLayout) + "/"
	for name, err := range a.objects.list(ctx, prefix, "") {
		if err != nil {
			return t, err
		}
		folder, number, _ := strings.Cut(strings.TrimPrefix(name, prefix), "/")
		n, err := strconv.Atoi(number)
		if err != nil || breakerName(t.Hour, folder, n) != name {
			return t, corrupt(strconv.Quote(name), "there is no object of such a name")
		}
		switch folder {
		case account:
			t.Account = n + 1
		case total:
			t.Total = n + 1
		}
	}
	switch {
	case t.Account > limits.AccountPerHour:
		return t, t.reached(enforcer.AccountBreaker, account, limits.AccountPerHour)
	case t.Total > limits.TotalPerHour:
		return t, t.reached(enforcer.TotalBreaker, account, limits.TotalPerHour)
	}
	return t, nil
}

func (t ticket) reached(scope enforcer.BreakerScope, account string, limit int) error {
	return &enforcer.BreakerError{Scope: scope, Account: account, Limit: limit, Until: t.Hour.Add(time.Hour)}
}

// pass takes the claim's two numbers, or finds that it has them. The account's comes
// first: a number of the total that an exhausted account took would be lost to all others.
func (a *Archive) pass(ctx context.Context, s slotName, t ticket, limits enforcer.Limits) error {
	account := s.key.account
	if ok, err := a.take(ctx, s, t.Hour, account, t.Account, limits.AccountPerHour); err != nil {
		return err
	} else if !ok {
		return t.reached(enforcer.AccountBreaker, account, limits.AccountPerHour)
	}
	if ok, err := a.take(ctx, s, t.Hour, total, t.Total, limits.TotalPerHour); err != nil {
		return err
	} else if !ok {
		return t.reached(enforcer.TotalBreaker, account, limits.TotalPerHour)
	}
	return nil
}

// take takes the first number from n to the limit that is free or the claim's own;
// false if there is none.
func (a *Archive) take(ctx context.Context, s slotName, hour time.Time, folder string, n, limit int) (bool, error) {
	for ; n <= limit; n++ {
		err := createBody(ctx, a.objects, breakerName(hour, folder, n), slotBody{s.slot()})
		if !errors.Is(err, errTaken) {
			return err == nil, busy(err)
		}
	}
	return false, nil
}
