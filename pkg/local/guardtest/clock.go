package guardtest

import (
	"sync"
	"time"
)

// Clock is a time that a test moves. Many goroutines may read it.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock returns a clock that stands at 2026-11-23 10:00 UTC.
func NewClock() *Clock { return &Clock{at: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)} }

// Now is the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
