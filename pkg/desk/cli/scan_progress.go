package cli

import (
	"fmt"
	"io"
	"time"
)

// progressEvery is the shortest time between two lines of progress.
const progressEvery = 200 * time.Millisecond

// progress shows on a terminal how far a command is. On anything else it writes nothing.
type progress struct {
	out   io.Writer // nil where nobody reads it
	now   func() time.Time
	start time.Time
	last  time.Time
}

func newProgress(out io.Writer) *progress {
	p := &progress{now: time.Now, start: time.Now()}
	if isTerminal(out) {
		p.out = out
	}
	return p
}

// show writes the line of progress, if the last one has been there for a while.
func (p *progress) show(done, total int) {
	now := p.now()
	if p.out == nil || now.Sub(p.last) < progressEvery {
		return
	}
	p.last = now
	_, _ = fmt.Fprint(p.out, "\r\x1b[K"+progressLine(done, total, now.Sub(p.start))) // nothing can be done about its error
}

// clear removes the line of progress.
func (p *progress) clear() {
	if p.out != nil && !p.last.IsZero() {
		_, _ = fmt.Fprint(p.out, "\r\x1b[K")
	}
}

// progressLine says how many keys were judged, how many a second, and how long the rest
// takes at that rate.
func progressLine(done, total int, took time.Duration) string {
	if done == 0 || took <= 0 {
		return fmt.Sprintf("%d of %d keys", done, total)
	}
	rate := float64(done) / took.Seconds()
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d of %d keys, %.0f a second, %s left", done, total, rate, left)
}
