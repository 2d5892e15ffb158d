// Package spelling finds what somebody meant who wrote a name that does not exist.
// Messages suggest it; nothing is ever decided by it.
package spelling

import "strings"

// farthest is how many letters a typo may have added, dropped or changed: more than that,
// and a suggestion is a guess. Two swapped letters are two changes.
const farthest = 2

// Nearest returns the name that a text is most likely a typo of, "" where none is close.
// Case is ignored; of equally close names, the first counts.
func Nearest(text string, names []string) string {
	best, closest := "", farthest+1
	text = strings.ToLower(text)
	for _, name := range names {
		if d := distance(text, strings.ToLower(name), closest); d < closest && d < max(1, len(text)/2) {
			best, closest = name, d
		}
	}
	return best
}

// distance counts the letters to add, drop or change to turn a into b (Levenshtein). It may
// stop at a result of limit or more.
func distance(a, b string, limit int) int {
	if gap := len(a) - len(b); gap >= limit || -gap >= limit {
		return limit
	}
	last, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		last, row = row, last
		row[0] = i + 1
		least := row[0]
		for j := range b {
			changed := last[j]
			if a[i] != b[j] {
				changed++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, changed)
			least = min(least, row[j+1])
		}
		if least >= limit {
			return limit
		}
	}
	return row[len(b)]
}
