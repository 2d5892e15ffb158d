package evaluation

import (
	"fmt"
	"slices"
	"strings"
)

// segment is a part of the ARNs that a key may have: a text, or any word of letters, digits
// and hyphens.
type segment struct {
	text string
	word bool
}

// possibleARNs are the segments of the ARN of a key of which the ARN is not known.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN
func (e *evaluation) possibleARNs() []segment {
	region := segment{text: e.key.Region, word: e.key.Region == ""}
	return []segment{{text: "arn:" + e.key.Partition + ":kms:"}, region, {text: ":" + e.key.Account + ":key/"}, {word: true}}
}

// coversKeys tells whether a Resource value matches the ARN of a key that is not known: it
// does if it matches each ARN that the key may have, and does not if it matches none.
func (e *evaluation) coversKeys(value string) truth {
	p := pattern(value)
	stands := [][]int{reach(p, []int{0})}
	for _, s := range e.possibleARNs() {
		var after [][]int
		for _, places := range stands {
			if s.word {
				after = append(after, afterWords(p, places)...)
				continue
			}
			for _, c := range s.text {
				places = advance(p, places, c)
			}
			after = append(after, places)
		}
		if stands = after; len(stands) > mostStands {
			break
		}
	}
	matching := 0
	for _, places := range stands {
		if slices.Contains(places, len(p)) {
			matching++
		}
	}
	switch {
	case len(stands) > mostStands || matching > 0 && matching < len(stands):
		return unclear(UnknownKeyARN, "Resource is "+quoted(value)+", and the ARN of the key is not known (--key-arn)")
	default:
		return is(matching > 0)
	}
}

// mostStands bounds the work for a hostile pattern; what needs more stays open.
const mostStands = 500

// reach adds to places in a pattern those that are reached by letting a star match nothing.
func reach(p []symbol, places []int) []int {
	var all []int
	for _, at := range places {
		for {
			if !slices.Contains(all, at) {
				all = append(all, at)
			}
			if at == len(p) || !p[at].wild || p[at].char != '*' {
				break
			}
			at++
		}
	}
	slices.Sort(all)
	return all
}

// advance returns where in a pattern a match may stand after one more character.
func advance(p []symbol, places []int, c rune) []int {
	var next []int
	for _, at := range places {
		switch {
		case at == len(p):
		case p[at].wild && p[at].char == '*':
			next = append(next, at)
		case p[at].wild || p[at].char == c:
			next = append(next, at+1)
		}
	}
	return reach(p, next)
}

// afterWords returns where a match may stand after a word, once for all words after which
// it stands alike. Of the characters that the pattern does not mention, one stands for all.
func afterWords(p []symbol, places []int) [][]int {
	const word = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
	var letters []rune
	others := 0
	for _, c := range word {
		mentioned := slices.ContainsFunc(p, func(s symbol) bool { return !s.wild && s.char == c })
		if !mentioned {
			others++
		}
		if mentioned || others == 1 {
			letters = append(letters, c)
		}
	}
	seen := map[string]bool{}
	var found [][]int
	for from := [][]int{places}; len(from) > 0 && len(found) <= mostStands; from = from[1:] {
		for _, c := range letters {
			to := advance(p, from[0], c)
			id := strings.Trim(fmt.Sprint(to), "[]")
			if !seen[id] {
				seen[id] = true
				found, from = append(found, to), append(from, to)
			}
		}
	}
	return found
}
