package policy

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON tokens from left to right. It never looks back and never
// recurses: each element of a policy has one shape, so the parser knows at every
// place which tokens may follow.
type scanner struct {
	text string
	pos  int
	// beyondASCII tells whether a string was read that has such a character.
	beyondASCII bool
}

func (s *scanner) fail(code ErrorCode, at int, detail string) *Error {
	line, column := position(s.text, at)
	return &Error{Code: code, Line: line, Column: column, Detail: detail}
}

// peek skips white space and returns the next byte, 0 at the end of the text.
func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		if c > ' ' || c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
		s.pos++
	}
	return 0
}

// accept consumes the next byte if it is c.
func (s *scanner) accept(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// open consumes the bracket that starts what ("Statement", …).
func (s *scanner) open(bracket byte, what, expected string) *Error {
	if s.accept(bracket) {
		return nil
	}
	return s.wrongType(what, expected)
}

func (s *scanner) wrongType(what, expected string) *Error {
	found := s.typeAhead()
	if found == "" {
		return s.fail(InvalidJSON, s.pos, what+" must be "+expected)
	}
	return s.fail(WrongType, s.pos, what+" must be "+expected+", not "+found)
}

// typeAhead names the type of the JSON value that starts here, "" for none.
func (s *scanner) typeAhead() string {
	switch c := s.peek(); {
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == '"':
		return "a string"
	case c == 't' || c == 'f':
		return "true or false"
	case c == 'n':
		return "null"
	case c == '-' || c >= '0' && c <= '9':
		return "a number"
	default:
		return ""
	}
}

// next moves to the first byte of the next member of an object or list that ends
// with bracket. It returns false when the bracket was consumed. first is true before
// the first member, and next sets it to false.
func (s *scanner) next(bracket byte, first *bool) (bool, *Error) {
	c := s.peek()
	switch {
	case c == bracket:
		s.pos++
		return false, nil
	case *first:
		*first = false
		return true, nil
	case c != ',':
		return false, s.fail(InvalidJSON, s.pos, "expected , or "+string(bracket))
	}
	s.pos++
	if s.peek() == bracket {
		return false, s.fail(InvalidJSON, s.pos, "a comma before "+string(bracket))
	}
	return true, nil
}

// name reads the name of the member that starts here, and the colon behind it.
func (s *scanner) name() (name string, at int, err *Error) {
	at = s.pos
	if name, err = s.str("a name"); err != nil {
		return "", at, err
	}
	if !s.accept(':') {
		return "", at, s.fail(InvalidJSON, s.pos, "expected : after "+quoted(name))
	}
	return name, at, nil
}

// str reads a JSON string. The result shares the text unless it has escapes.
func (s *scanner) str(what string) (string, *Error) {
	if s.peek() != '"' {
		return "", s.wrongType(what, "a string")
	}
	text, start := s.text, s.pos+1
	for i := start; i < len(text); i++ {
		c := text[i]
		if plain[c] {
			continue
		}
		s.pos = i
		switch {
		case c == '"':
			s.pos++
			return text[start:i], nil
		case c == '\\':
			return s.escaped(start)
		case c < 0x20:
			return "", s.fail(InvalidJSON, i, "a control character in a string; write it as an escape")
		default:
			s.beyondASCII = true
		}
	}
	return "", s.fail(InvalidJSON, start-1, "a string without its closing quote")
}

// plain tells which bytes of a string stand for themselves: all of ASCII but for
// quotes, backslashes and control characters. Most are, so this is asked first.
var plain = func() (table [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// escaped reads on in a string that started at start and has an escape at pos.
func (s *scanner) escaped(start int) (string, *Error) {
	var b strings.Builder
	b.WriteString(s.text[start:s.pos])
	for s.pos < len(s.text) {
		c := s.text[s.pos]
		switch {
		case c == '"':
			s.pos++
			return b.String(), nil
		case c < 0x20:
			return "", s.fail(InvalidJSON, s.pos, "a control character in a string; write it as an escape")
		case c != '\\':
			s.beyondASCII = s.beyondASCII || c >= utf8.RuneSelf
			b.WriteByte(c)
			s.pos++
		default:
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			b.WriteRune(r)
		}
	}
	return "", s.fail(InvalidJSON, start-1, "a string without its closing quote")
}

var simpleEscapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// escape reads one escape sequence; half a surrogate pair is refused, because
// readers disagree about what it means.
func (s *scanner) escape() (rune, *Error) {
	at := s.pos
	if s.pos+1 >= len(s.text) {
		return 0, s.fail(InvalidJSON, at, "an unfinished escape")
	}
	c := s.text[s.pos+1]
	s.pos += 2
	if c != 'u' {
		if r, ok := simpleEscapes[c]; ok {
			return r, nil
		}
		return 0, s.fail(InvalidJSON, at, "an unknown escape "+quoted(s.text[at:s.pos]))
	}
	r, ok := s.hex4()
	if ok && utf16.IsSurrogate(r) {
		ok = strings.HasPrefix(s.text[s.pos:], `\u`)
		if ok {
			s.pos += 2
			low, lowOK := s.hex4()
			r = utf16.DecodeRune(r, low)
			ok = lowOK && r != utf8.RuneError
		}
	}
	if !ok {
		return 0, s.fail(InvalidJSON, at, `an escape \u needs four hexadecimal digits, and surrogates come in pairs`)
	}
	return r, nil
}

func (s *scanner) hex4() (rune, bool) {
	if s.pos+4 > len(s.text) {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s.text[s.pos : s.pos+4]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	s.pos += 4
	return r, true
}

// literal reads true, false or a number as its text.
func (s *scanner) literal(what, expected string) (string, *Error) {
	s.peek()
	rest := s.text[s.pos:]
	var n int
	switch {
	case strings.HasPrefix(rest, "true"):
		n = len("true")
	case strings.HasPrefix(rest, "false"):
		n = len("false")
	default:
		n = numberLength(rest)
	}
	if n == 0 {
		return "", s.wrongType(what, expected)
	}
	s.pos += n
	return rest[:n], nil
}

// numberLength returns the length of the JSON number that text starts with, 0 for none.
// https://www.rfc-editor.org/rfc/rfc8259#section-6
func numberLength(text string) int {
	i := 0
	digits := func() bool {
		start := i
		for i < len(text) && text[i] >= '0' && text[i] <= '9' {
			i++
		}
		return i > start
	}
	if strings.HasPrefix(text, "-") {
		i++
	}
	if strings.HasPrefix(text[i:], "0") {
		i++
	} else if !digits() {
		return 0
	}
	if strings.HasPrefix(text[i:], ".") {
		i++
		if !digits() {
			return 0
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		i++
		if i < len(text) && (text[i] == '+' || text[i] == '-') {
			i++
		}
		if !digits() {
			return 0
		}
	}
	return i
}
