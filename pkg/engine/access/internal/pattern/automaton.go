package pattern

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/work"
)

// Samples returns strings that stand for all strings: for every combination of
// patterns that some string matches together, and that is no literal, one such
// string; and every literal. Only strings of the domain count; a nil domain is
// all strings. Each combination is found, or the error is work.ErrOverBudget.
//
// The patterns are run together as one deterministic automaton (the subset
// construction), beside a tree of the literals that tells which strings are taken.
func Samples(patterns []Pattern, literals []string, domain Pattern, budget *work.Budget) ([]string, error) {
	result := slices.Clone(literals)
	if len(patterns) == 0 && domain == nil {
		return append(result, Unlike(literals)), nil
	}
	m := newMachine(patterns, domain, literals)
	walk := walker{machine: m, taken: newTree(literals), budget: budget, seen: map[place]bool{}, found: map[string]bool{}}
	if err := walk.run(); err != nil {
		return nil, err
	}
	if domain != nil {
		if err := budget.Spend(2 * len(result) * len(domain)); err != nil {
			return nil, err
		}
		result = slices.DeleteFunc(result, func(s string) bool { return !domain.Matches(s) })
	}
	return append(result, walk.samples...), nil
}

// Unlike returns a readable string that is not taken.
func Unlike(taken []string) string {
	s := "other"
	for slices.Contains(taken, s) {
		s += "-value"
	}
	return s
}

// machine runs several patterns at once. A state is the set of places in the
// patterns where a match may stand.
type machine struct {
	elements []element // of all patterns, one after the other, an end mark behind each
	ends     []int     // index of each pattern's end mark
	starts   []int
	domain   int // index in ends of the domain, -1 for none
	alphabet []rune

	states []state
	index  map[string]int
	next   [][]int // by state and letter; -1 for not yet computed

	places, closed []int // room for one step
	id             []byte
}

type state struct {
	places  []int  // sorted
	accepts string // a byte for each pattern but the domain: '1' where it matches
	valid   bool   // the domain matches
	dead    bool   // the domain can no longer match
}

func newMachine(patterns []Pattern, domain Pattern, literals []string) *machine {
	m := &machine{domain: -1, index: map[string]int{}}
	if domain != nil {
		m.domain = len(patterns)
		patterns = append(slices.Clip(patterns), domain)
	}
	for _, p := range patterns {
		m.starts = append(m.starts, len(m.elements))
		m.elements = append(m.elements, p...)
		m.ends = append(m.ends, len(m.elements))
		m.elements = append(m.elements, element{set: exactly, char: -1}) // matches nothing
	}
	m.alphabet = alphabetOf(m.elements, literals)
	m.state(slices.Clone(m.starts))
	return m
}

// alphabetOf returns one character of every kind that the elements can tell apart.
// The one that stands for all ordinary characters is in no literal, so that a
// string with it is never taken; digits are all in where one is asked for.
func alphabetOf(elements []element, literals []string) []rune {
	letters := map[rune]bool{':': true, '/': true}
	for _, e := range elements {
		switch {
		case e.set == Digit:
			for c := '0'; c <= '9'; c++ {
				letters[c] = true
			}
		case e.set == exactly && e.char >= 0:
			letters[e.char] = true
		case e.set == ignoreCase:
			letters[e.char] = true
			for r := unicode.SimpleFold(e.char); r != e.char; r = unicode.SimpleFold(r) {
				letters[r] = true
			}
		}
	}
	named := strings.Join(literals, "")
	other := 'x'
	for letters[other] || strings.ContainsRune(named, other) {
		other = nextOther(other)
	}
	return append([]rune{other}, slices.Sorted(maps.Keys(letters))...)
}

// nextOther goes through the letters, then through characters beyond ASCII.
func nextOther(c rune) rune {
	switch c {
	case 'z':
		return 'a'
	case 'w':
		return 'A'
	case 'Z':
		return 'À'
	default:
		return c + 1
	}
}

// state returns the number of the state with some places, which are sorted; it
// adds those that are reached by matching no character.
func (m *machine) state(places []int) int {
	closed := m.closed[:0]
	last := -1
	for _, p := range places {
		for ; p > last; p++ {
			closed = append(closed, p)
			last = p
			if !m.elements[p].repeat {
				break
			}
		}
	}
	id := m.id[:0]
	for _, p := range closed {
		id = binary.AppendUvarint(id, uint64(p))
	}
	m.closed, m.id = closed, id
	if n, ok := m.index[string(id)]; ok {
		return n
	}
	n := len(m.states)
	m.index[string(id)] = n
	m.states = append(m.states, m.describe(slices.Clone(closed)))
	m.next = append(m.next, slices.Repeat([]int{-1}, len(m.alphabet)))
	return n
}

func (m *machine) describe(places []int) state {
	s := state{places: places, valid: true}
	accepts := make([]byte, 0, len(m.ends))
	for i, end := range m.ends {
		_, accepted := slices.BinarySearch(places, end)
		if i == m.domain {
			s.valid = accepted
			s.dead = !slices.ContainsFunc(places, func(p int) bool { return p >= m.starts[i] })
			continue
		}
		if accepted {
			accepts = append(accepts, '1')
		} else {
			accepts = append(accepts, '0')
		}
	}
	s.accepts = string(accepts)
	return s
}

// step returns the state after a letter of the alphabet.
func (m *machine) step(from, letter int) int {
	if to := m.next[from][letter]; to >= 0 {
		return to
	}
	c := m.alphabet[letter]
	places := m.places[:0]
	for _, p := range m.states[from].places {
		if e := m.elements[p]; e.matches(c) {
			if !e.repeat {
				p++
			}
			places = append(places, p)
		}
	}
	m.places = places
	to := m.state(places)
	m.next[from][letter] = to
	return to
}
