// Package report renders what the engine found, for people: comparisons and
// outcomes as plain text without colour, at most [Width] columns wide where the
// words allow. JSON needs no renderer; the types have their public form
// themselves.
//
// Names, Sids and messages may come from an attacker. Everything is written
// through [Printable], so that no text can move the cursor, turn the direction of
// writing, forge a line or give a command to a CI system that reads the log.
// [PrintableJSON] does the same for JSON.
//
// [SARIF], [JUnit], [CSV], [GitHub] and [Table] write results one after the other:
// Add and Missed take them, End follows the last. An error is one of the writer.
package report

import (
	"bytes"
	"encoding/json"
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
// bytes that are no UTF-8 among it, written as an escape. So is a # after another:
// CI systems take ##[…], ##vso[…] and ##teamcity[…] for commands wherever they
// stand in a line.
// https://learn.microsoft.com/en-us/azure/devops/pipelines/scripts/logging-commands
func Printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, hidden) && !strings.Contains(text, "##") {
		return text
	}
	var b strings.Builder
	last := ' '
	for i, r := range text {
		switch _, size := utf8.DecodeRuneInString(text[i:]); {
		case r == utf8.RuneError && size == 1: // a lone byte 0x9b starts a control sequence, too
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case hidden(r):
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		case r == '#' && last == '#':
			b.WriteString(`\x23`)
		default:
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// JSON returns a value as JSON in which nothing is escaped for HTML, and everything
// that a terminal or a CI system could take for a command is. Without an indent it
// is one line; else prefix begins each line but the first.
func JSON(value any, prefix, indent string) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, indent)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return PrintableJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// PrintableJSON returns JSON of the same value in which everything that [Printable]
// escapes is written as an escape. Line feeds between the values stay.
func PrintableJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	last := ' '
	for _, r := range string(text) {
		switch {
		case r == '#' && last == '#':
			out = append(out, `\u0023`...)
		case !hidden(r), r == '\n':
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		last = r
	}
	return out
}

func hidden(r rune) bool { return !unicode.IsPrint(r) }
