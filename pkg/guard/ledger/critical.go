package ledger

import (
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// What bounds the repairs of a key's critical findings. The budget counts the other repairs.
const (
	// restTime is the least time between two writes.
	restTime = 5 * time.Second
	// mostPerDay repairs are made in a day of UTC, and then one after each slowTime.
	mostPerDay = 2000
	slowTime   = 15 * time.Minute
	// seriesTime ends a series: so long nobody undid a repair.
	seriesTime = 24 * time.Hour
	// namedFrom is the repair of a series from which on the report names who undoes them.
	namedFrom = 3
)

// mostReports repairs of a series are reported to people one by one, then one after each of
// reportWaits; the last wait repeats. The report says how many repairs there were.
const mostReports = 3

var reportWaits = []time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour}

// Critical counts the repairs of a key's critical findings. Somebody undoes the repairs: those that
// follow each other within seriesTime are a series.
type Critical struct {
	// Repairs are the claims of the series, and Last is when the last of these was claimed.
	Repairs int       `json:"repairs"`
	Last    time.Time `json:"last,omitzero"`
	// Today are the claims of the day that begins at Day.
	Today int       `json:"today"`
	Day   time.Time `json:"day,omitzero"`
	// Reports are the outcomes of the series that people were told of, the last at LastReport.
	Reports    int       `json:"reports"`
	LastReport time.Time `json:"lastReport,omitzero"`
}

// isCritical tells whether a repair is one that Critical counts.
func (r Repair) isCritical() bool { return r.Kind == ForFinding && r.Severity == rules.Critical }

// add returns the counters with one more claim.
func (c Critical) add(at time.Time) Critical {
	if at.Sub(c.Last) >= seriesTime {
		c.Repairs, c.Reports = 0, 0
	}
	if day := startOfDay(at); !day.Equal(c.Day) {
		c.Today, c.Day = 0, day
	}
	c.Repairs, c.Today, c.Last = c.Repairs+1, c.Today+1, at
	return c
}

func startOfDay(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// Report returns the counters with one more outcome that people were told of.
func (c Critical) Report(at time.Time) Critical {
	c.Reports, c.LastReport = c.Reports+1, at
	return c
}

// IsCounted tells whether a repair was claimed in the clock hour of a moment.
func (c Critical) IsCounted(now time.Time) bool {
	return c.Last.Truncate(time.Hour).Equal(now.Truncate(time.Hour))
}

// isQuiet tells whether people are not told of one more outcome of the series yet.
func (c Critical) isQuiet(now time.Time) bool {
	beyond := c.Reports - mostReports
	return beyond >= 0 && now.Before(c.LastReport.Add(reportWaits[min(beyond, len(reportWaits)-1)]))
}

// attempt is the number of the last repair in its series, from namedFrom on; else 0.
func (c Critical) attempt() int {
	if c.Repairs < namedFrom {
		return 0
	}
	return c.Repairs
}

// isSpent tells whether the day has no repair left.
func (c Critical) isSpent(now time.Time) bool {
	return c.Today >= mostPerDay && startOfDay(now).Equal(c.Day)
}

// answer claims for a critical finding: at once, after a pause where the last write was a moment
// ago, or later where the day has had its share.
func (f facts) answer() Step {
	c := f.Ledger.Critical
	if f.mine && f.open.isCritical() { // a new record for a claim that is counted
		return Step{Do: Claim, Attempt: c.attempt()}
	}
	rested := c.Last.Add(restTime)
	if last := f.Ledger.LastWrite(); last != nil && last.Closed.Add(restTime).After(rested) {
		rested = last.Closed.Add(restTime)
	}
	switch due := c.Last.Add(slowTime); {
	case c.isSpent(f.Now) && f.Now.Before(due):
		return Step{Do: Conclude, Reason: BudgetExhausted, Until: due, IsQuiet: c.isQuiet(f.Now)}
	case f.Now.Before(rested):
		return Step{Do: Pause, Until: rested}
	default:
		return Step{Do: Claim, Attempt: c.add(f.Now).attempt()}
	}
}
