package config

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// durationPattern has one group a unit.
var durationPattern = regexp.MustCompile(`^(?:([0-9]{1,3})d)?(?:([0-9]{1,4})h)?(?:([0-9]{1,5})m)?(?:([0-9]{1,6})s)?$`)

// The bounds of a duration. Shorter ones are slips, and the archive counts no longer ones.
const (
	shortest = time.Minute
	longest  = 7 * 24 * time.Hour
)

// duration is whole numbers of days, hours, minutes and seconds, in this order. A day is
// 24 hours.
func duration(p *time.Duration) value {
	const expected = "a duration from 1m to 7d, such as 24h, 3d or 1h30m"
	return value{
		words: expected, preset: durationText(*p),
		read: func(r *reader, n *yaml.Node) {
			got, ok := r.scalar(n, expected)
			if !ok {
				return
			}
			d := parseDuration(got)
			if d < shortest || d > longest {
				r.fail(n, "%s is not %s", quoted(got), expected)
				return
			}
			*p = d
		},
		schema: func() schema { return schema{"type": "string", "minLength": 2, "pattern": durationPattern.String()} },
	}
}

// orNone is a duration that may also be 0s.
func orNone(p *time.Duration, d value) value {
	const none = "0s"
	read := d.read
	d.words += ", or `" + none + "`"
	d.read = func(r *reader, n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Value == none {
			*p = 0
			return
		}
		read(r, n)
	}
	return d
}

// parseDuration returns 0 for what is none.
func parseDuration(text string) time.Duration {
	parts := durationPattern.FindStringSubmatch(text)
	if parts == nil {
		return 0
	}
	var sum time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		count, err := strconv.Atoi(parts[i+1])
		if err == nil { // the group is there
			sum += time.Duration(count) * unit
		}
	}
	return sum
}

// durationText writes a duration in its largest whole unit below days.
func durationText(d time.Duration) any {
	switch {
	case d == 0:
		return nil
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return fmt.Sprintf("%ds", d/time.Second)
	}
}

var dayPattern = regexp.MustCompile(`^2[0-9]{3}-[0-9]{2}-[0-9]{2}$`)

// dayAfter is a day, read as the moment at which it is over, in UTC.
func dayAfter(p *time.Time) value {
	const expected = "a day as year-month-day, before the year 3000"
	return value{
		words: expected,
		read: func(r *reader, n *yaml.Node) {
			got, ok := r.scalar(n, expected)
			if !ok {
				return
			}
			day, err := time.Parse(time.DateOnly, got)
			if err != nil || !dayPattern.MatchString(got) {
				r.fail(n, "%s is not %s, such as 2027-01-31", quoted(got), expected)
				return
			}
			*p = day.AddDate(0, 0, 1)
		},
		schema: func() schema { return schema{"type": "string", "format": "date", "pattern": dayPattern.String()} },
	}
}
