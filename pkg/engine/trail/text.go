package trail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// printable makes text of the event fit for people: characters that do not print
// (controls, line separators, direction overrides) become U+FFFD, and the result is
// at most maxTextBytes long.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, clip(text, maxTextBytes))
	return clip(text, maxTextBytes)
}

// clip cuts text to at most limit bytes, at the end of a character.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
