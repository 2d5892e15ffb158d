// Package report renders what the engine found, for people: comparisons and
// outcomes as plain text. JSON needs no renderer; the types have their public
// form themselves.
//
// Names, Sids and messages may come from an attacker. Everything is written
// through [Printable], so that no text can move the cursor or forge a line.
package report

import (
	"strconv"
	"strings"
	"unicode"
)

// Printable returns text with everything that does not print, line feeds among
// it, written as an escape.
func Printable(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	return b.String()
}
