// Package report renders what the engine found, for people: comparisons and
// outcomes as plain text without colour, at most [Width] columns wide where the
// words allow. JSON needs no renderer; the types have their public form
// themselves.
//
// Names, Sids and messages may come from an attacker. Everything is written
// through [Printable], so that no text can move the cursor, turn the direction of
// writing or forge a line. [PrintableJSON] does the same for JSON.
package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Width is the number of columns that text is wrapped at.
const Width = 120

// Printable returns text with everything that does not print, line feeds and
// bytes that are no UTF-8 among it, written as an escape.
func Printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch _, size := utf8.DecodeRuneInString(text[i:]); {
		case r == utf8.RuneError && size == 1: // a lone byte 0x9b starts a control sequence, too
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case hidden(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// PrintableJSON returns JSON of the same value in which everything that does not
// print is written as an escape. Line feeds between the values stay.
func PrintableJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case !hidden(r), r == '\n':
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

func hidden(r rune) bool { return !unicode.IsPrint(r) }

// Wrap breaks a line at its spaces into lines of at most width columns, and puts
// indent before each but the first. A word that is too long has a line of its
// own. Columns are counted in characters.
func Wrap(text string, width int, indent string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(text, " ") {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+length > width:
			b.WriteString("\n" + indent)
			column = utf8.RuneCountInString(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += length
	}
	return b.String()
}
