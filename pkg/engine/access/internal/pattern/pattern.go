// Package pattern matches and crosses patterns of text: globs, ARN patterns, and text whose
// case does not matter. [Samples] finds, through one automaton, a string for each combination
// of patterns that some string matches together.
package pattern

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// Pattern is a regular language without alternatives: a sequence of elements,
// each one character or any number of characters of a set. It is what a glob, an
// ARN pattern, and a string whose case does not matter have in common.
type Pattern []element

// element matches one character, or any number of them.
type element struct {
	set    Charset
	char   rune // for exactly and ignoreCase
	repeat bool // any number, none included
}

// Charset is a set of characters.
type Charset uint8

// The sets of characters.
const (
	exactly    Charset = iota // one character
	ignoreCase                // one character in any case
	// Anything: every character.
	Anything
	// NotColon: every character but a colon.
	NotColon
	// InPath: what the path of a user or role may hold, slash and colon among it, but no
	// blank and no wildcard.
	InPath
	// InName: InPath without the slash.
	InName
	// InService: what the name of a service may hold: no blank, wildcard, colon or slash.
	InService
	// InKeyID: what a Region and the id of a key may hold: letters, digits and hyphens.
	InKeyID
	// Digit: 0 to 9.
	Digit
)

func (e element) matches(c rune) bool {
	switch e.set {
	case exactly:
		return c == e.char
	case ignoreCase:
		return c == e.char || equalFold(c, e.char)
	case NotColon:
		return c != ':'
	case InPath:
		return c > ' ' && c <= '~' && c != '*' && c != '?' && c != '{'
	case InService:
		return c != ' ' && c != '*' && c != '?' && c != ':' && c != '/'
	case InName:
		return c > ' ' && c <= '~' && c != '*' && c != '?' && c != '{' && c != '/'
	case InKeyID:
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-'
	case Digit:
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

// One returns the pattern of one character of a set.
func One(set Charset) Pattern { return Pattern{{set: set}} }

// Any returns the pattern of any number of characters of a set, none among them.
func Any(set Charset) Pattern { return Pattern{{set: set, repeat: true}} }

// Text returns the pattern of exactly one string.
func Text(s string) Pattern {
	var p Pattern
	for _, c := range s {
		p = append(p, element{set: exactly, char: c})
	}
	return p
}

// Folded returns the pattern of a string in any case.
func Folded(s string) Pattern {
	p := Text(s)
	for i := range p {
		p[i].set = ignoreCase
	}
	return p
}

// Glob returns the pattern of a value with * and ?, which stand for characters
// of a set. A wildcard that comes from an escape such as ${*} is an ordinary character.
func Glob(value Value, wild Charset) Pattern {
	p := make(Pattern, 0, len(value))
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

// Within returns the pattern with its wildcards kept inside a part of an ARN.
func (p Pattern) Within(set Charset) Pattern {
	p = slices.Clone(p)
	for i := range p {
		if p[i].set == Anything {
			p[i].set = set
		}
	}
	return p
}

// MayMeet tells whether a string may match both patterns; false is certain.
func MayMeet(a, b Pattern) bool {
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

// ARNParts is how many parts an ARN has: it is split at its first five colons.
const ARNParts = 6

// ARN returns the pattern of an ARN operator's value: each of the six parts
// is a glob of its own, and the first of a value that is an ARN is arn. A value without six
// parts, "*" among them, matches no ARN.
func ARN(value Value) Pattern {
	var p Pattern
	part := 0
	start := 0
	for i, c := range value {
		if c.char == ':' && part < ARNParts-1 {
			p = append(p, Glob(value[start:i], NotColon)...)
			p = append(p, element{set: exactly, char: ':'})
			part++
			start = i + 1
		}
	}
	if part < ARNParts-1 {
		return Pattern{{set: exactly, char: -1}} // matches nothing
	}
	p = append(p, Glob(value[start:], Anything)...)
	first := slices.IndexFunc(p, func(e element) bool { return e.set == exactly && e.char == ':' })
	if !p[:first].Matches("arn") {
		return Pattern{{set: exactly, char: -1}} // matches nothing
	}
	return append(Text("arn"), p[first:]...)
}

// Matches tells whether the pattern matches all of s, in at most
// len(p)*len(s) steps. Elements before the first repeated one match one character each, so that
// most texts are told apart there.
func (p Pattern) Matches(s string) bool {
	for len(p) > 0 && !p[0].repeat {
		c, width := utf8.DecodeRuneInString(s)
		if width == 0 || !p[0].matches(c) {
			return false
		}
		p, s = p[1:], s[width:]
	}
	here, next := make([]bool, len(p)+1), make([]bool, len(p)+1)
	here[0] = true
	p.skip(here)
	for _, c := range s {
		clear(next)
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
		here, next = next, here
	}
	return here[len(p)]
}

// skip marks the places that are reached by matching no character.
func (p Pattern) skip(here []bool) {
	for i, e := range p {
		if here[i] && e.repeat {
			here[i+1] = true
		}
	}
}
