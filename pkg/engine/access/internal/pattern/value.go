package pattern

import "strings"

// Value is a value of a policy in which each character knows whether it is
// an ordinary one although it looks like a wildcard.
type Value []char

type char struct {
	char   rune
	quoted bool
}

func (c char) wildcard() bool { return !c.quoted && (c.char == '*' || c.char == '?') }

// Plain returns a value as it stands.
func Plain(value string) Value {
	t := make(Value, 0, len(value))
	for _, c := range value {
		t = append(t, char{char: c})
	}
	return t
}

// Quoted returns a value in which nothing is a wildcard.
func Quoted(value string) Value {
	t := Plain(value)
	for i := range t {
		t[i].quoted = true
	}
	return t
}

// String returns the characters.
func (t Value) String() string {
	var b strings.Builder
	for _, c := range t {
		b.WriteRune(c.char)
	}
	return b.String()
}

// HasWildcards tells whether any character is a wildcard.
func (t Value) HasWildcards() bool {
	for _, c := range t {
		if c.wildcard() {
			return true
		}
	}
	return false
}

// ID is the same for the same text only. It tells a quoted wildcard from one that is
// none, and holds no NUL.
func (t Value) ID() string {
	var b strings.Builder
	for _, c := range t {
		switch {
		case c.char <= 1:
			b.WriteByte(1)
			b.WriteRune('0' + c.char)
			continue
		case c.quoted && (c.char == '*' || c.char == '?'):
			b.WriteByte(1)
		}
		b.WriteRune(c.char)
	}
	return b.String()
}
