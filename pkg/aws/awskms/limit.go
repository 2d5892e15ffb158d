package awskms

import (
	"sync"

	"golang.org/x/time/rate"
)

// writesPerSecond is a third of what KMS takes of PutKeyPolicy in an account and
// Region, so that people can still change policies while the guardrail repairs many.
// https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
const writesPerSecond = 5

// writeLimits bound the writes in each account and Region, as KMS counts them. They may be used by several
// goroutines.
type writeLimits struct {
	perSecond rate.Limit

	mu     sync.Mutex
	places map[string]*rate.Limiter
}

// newWriteLimits returns the limits of one of some clients that write at the same time.
func newWriteLimits(concurrency int) *writeLimits {
	return &writeLimits{perSecond: rate.Limit(float64(writesPerSecond) / float64(max(concurrency, 1))), places: map[string]*rate.Limiter{}}
}

// of returns the limit of an account and Region.
func (l *writeLimits) of(account, region string) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	place := account + "/" + region
	if l.places[place] == nil {
		l.places[place] = rate.NewLimiter(l.perSecond, 1)
	}
	return l.places[place]
}
