package access

import (
	"slices"
	"strings"
	"unicode"
)

// A pattern is a regular language without alternatives: a sequence of elements,
// each one character or any number of characters of a set. It is what a glob, an
// ARN pattern, and a string whose case does not matter have in common.
type pattern []element

// element matches one character, or any number of them.
type element struct {
	set    charset
	char   rune // for exactly and ignoreCase
	repeat bool // any number, none included
}

// charset is a set of characters.
type charset uint8

const (
	exactly    charset = iota // char
	ignoreCase                // char in any case
	anything
	notColon  // anything but :
	inPath    // what the path of a user or role may hold: / and :, but no blank or wildcard
	inName    // inPath, but no /
	inService // what the name of a service may hold: no blank, wildcard, : or /
	digit
)

func (e element) matches(c rune) bool {
	switch e.set {
	case exactly:
		return c == e.char
	case ignoreCase:
		return c == e.char || equalFold(c, e.char)
	case notColon:
		return c != ':'
	case inPath:
		return c > ' ' && c <= '~' && c != '*' && c != '?' && c != '{'
	case inService:
		return c != ' ' && c != '*' && c != '?' && c != ':' && c != '/'
	case inName:
		return c > ' ' && c <= '~' && c != '*' && c != '?' && c != '{' && c != '/'
	case digit:
		return c >= '0' && c <= '9'
	default:
		return true
	}
}

// equalFold tells whether two characters are the same but for case.
func equalFold(a, b rune) bool {
	for r := unicode.SimpleFold(a); r != a; r = unicode.SimpleFold(r) {
		if r == b {
			return true
		}
	}
	return a == b
}

// text returns the pattern of exactly one string.
func text(s string) pattern {
	var p pattern
	for _, c := range s {
		p = append(p, element{set: exactly, char: c})
	}
	return p
}

// foldedText returns the pattern of a string in any case.
func foldedText(s string) pattern {
	p := text(s)
	for i := range p {
		p[i].set = ignoreCase
	}
	return p
}

// glob returns the pattern of a value with * and ?, which stand for characters
// of a set. A wildcard that comes from an escape such as ${*} is an ordinary character.
func glob(value literalText, wild charset) pattern {
	p := make(pattern, 0, len(value))
	for _, c := range value {
		switch {
		case c.wildcard() && c.char == '*':
			if n := len(p); n > 0 && p[n-1].repeat && p[n-1].set == wild {
				continue // ** is *
			}
			p = append(p, element{set: wild, repeat: true})
		case c.wildcard():
			p = append(p, element{set: wild})
		default:
			p = append(p, element{set: exactly, char: c.char})
		}
	}
	return p
}

// mayMeet tells whether a string may match both patterns; false is certain.
func mayMeet(a, b pattern) bool {
	differ := func(x, y element) bool { return x.set == exactly && y.set == exactly && x.char != y.char }
	for i := 0; i < min(len(a), len(b)) && !a[i].repeat && !b[i].repeat; i++ {
		if differ(a[i], b[i]) {
			return false
		}
	}
	for i, j := len(a)-1, len(b)-1; i >= 0 && j >= 0 && !a[i].repeat && !b[j].repeat; i, j = i-1, j-1 {
		if differ(a[i], b[j]) {
			return false
		}
	}
	return true
}

// arnParts is how many parts an ARN has: it is split at its first five colons.
const arnParts = 6

// arnPattern returns the pattern of an ARN operator's value: each of the six parts
// is a glob of its own, and the first of a value that is an ARN is arn. It returns false
// for a value that has no six parts.
func arnPattern(value literalText) (pattern, bool) {
	var p pattern
	part := 0
	start := 0
	for i, c := range value {
		if c.char == ':' && part < arnParts-1 {
			p = append(p, glob(value[start:i], notColon)...)
			p = append(p, element{set: exactly, char: ':'})
			part++
			start = i + 1
		}
	}
	if part < arnParts-1 {
		return nil, false
	}
	p = append(p, glob(value[start:], anything)...)
	first := slices.IndexFunc(p, func(e element) bool { return e.set == exactly && e.char == ':' })
	if !p[:first].matches("arn") {
		return pattern{{set: exactly, char: -1}}, true // matches nothing
	}
	return append(text("arn"), p[first:]...), true
}

// literalText is a value of a policy in which each character knows whether it is
// an ordinary one although it looks like a wildcard.
type literalText []valueChar

type valueChar struct {
	char   rune
	quoted bool
}

func (c valueChar) wildcard() bool { return !c.quoted && (c.char == '*' || c.char == '?') }

// plainText returns a value as it stands.
func plainText(value string) literalText {
	t := make(literalText, 0, len(value))
	for _, c := range value {
		t = append(t, valueChar{char: c})
	}
	return t
}

// quotedText returns a value in which nothing is a wildcard.
func quotedText(value string) literalText {
	t := plainText(value)
	for i := range t {
		t[i].quoted = true
	}
	return t
}

// String returns the characters.
func (t literalText) String() string {
	var b strings.Builder
	for _, c := range t {
		b.WriteRune(c.char)
	}
	return b.String()
}

// hasWildcards tells whether any character is a wildcard.
func (t literalText) hasWildcards() bool {
	for _, c := range t {
		if c.wildcard() {
			return true
		}
	}
	return false
}

// matches tells whether the pattern matches all of s, in at most
// len(p)*len(s) steps.
func (p pattern) matches(s string) bool {
	here := make([]bool, len(p)+1)
	here[0] = true
	p.skip(here)
	for _, c := range s {
		next := make([]bool, len(p)+1)
		for i, e := range p {
			if !here[i] || !e.matches(c) {
				continue
			}
			if e.repeat {
				next[i] = true
			} else {
				next[i+1] = true
			}
		}
		p.skip(next)
		here = next
	}
	return here[len(p)]
}

// skip marks the places that are reached by matching no character.
func (p pattern) skip(here []bool) {
	for i, e := range p {
		if here[i] && e.repeat {
			here[i+1] = true
		}
	}
}
