package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Parse reads a key policy. It refuses, with an [*Error] that tells the place,
// everything that is not exactly one policy document that KMS stores: see
// [ErrorCode] for the reasons. It reads at most MaxBytes and does not recurse.
//
// What has a meaning but no effect (an action that does not exist, a statement
// without Action, an empty list) is kept; judging it is not the parser's task.
func Parse(text string) (*Document, error) {
	p := parser{scanner: scanner{text: text}}
	if len(text) > MaxBytes {
		return nil, p.fail(TooLarge, MaxBytes, fmt.Sprintf("the document has %d bytes; KMS stores at most %d", len(text), MaxBytes))
	}
	p.values = make([]string, 0, 1+len(text)/32) // as many as actions with some words around need
	p.entries = make([]Principal, 0, usual)
	d, err := p.document()
	// What is wrong with a character is told first. It need not be looked for in a
	// document that was read and has no byte beyond ASCII: no token allows another.
	if err != nil || p.beyondASCII {
		if wrong := p.checkCharacters(); wrong != nil {
			return nil, wrong
		}
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (s *scanner) checkCharacters() *Error {
	text := s.text
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= 0x20 && c < 0x80 || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return s.fail(InvalidUTF8, i, "the document is not UTF-8")
		case r == '\uFEFF':
			return s.fail(InvalidCharacter, i, "a byte order mark; save the file without one")
		case r < 0x20 || r > 0xFF:
			return s.fail(InvalidCharacter, i, fmt.Sprintf("character %U; KMS takes tab, line feed, carriage return and U+0020 to U+00FF", r))
		}
		i += size - 1
	}
	return nil
}

// usual is how many statements, and principals, the console's default has.
const usual = 4

type parser struct {
	scanner
	// The lists of all statements stand one after another in these.
	values  []string
	entries []Principal
}

// elements remembers which elements of an object were seen, one bit each.
type elements uint16

const (
	elementVersion elements = 1 << iota
	elementID
	elementStatement
	elementSID
	elementEffect
	elementPrincipal
	elementNotPrincipal
	elementAction
	elementNotAction
	elementResource
	elementNotResource
	elementCondition
)

// spelling is the name of an element.
type spelling struct {
	name    string
	element elements
}

var documentElements = []spelling{
	{"Version", elementVersion}, {"Id", elementID}, {"Statement", elementStatement},
}

var statementElements = []spelling{
	{"Sid", elementSID}, {"Effect", elementEffect}, {"Principal", elementPrincipal},
	{"Action", elementAction}, {"Resource", elementResource}, {"Condition", elementCondition},
	{"NotPrincipal", elementNotPrincipal}, {"NotAction", elementNotAction}, {"NotResource", elementNotResource},
}

// element reads the name of the next element and marks it as seen.
func (p *parser) element(known []spelling, seen *elements) (elements, *Error) {
	name, at, err := p.name()
	if err != nil {
		return 0, err
	}
	for i := range known {
		if known[i].name != name {
			continue
		}
		e := known[i].element
		if *seen&e != 0 {
			return 0, p.fail(DuplicateKey, at, "element "+name+" stands here twice")
		}
		*seen |= e
		return e, nil
	}
	for _, s := range known {
		if strings.EqualFold(s.name, name) {
			return 0, p.fail(WrongCase, at, "element "+quoted(name)+" is spelled "+s.name)
		}
	}
	return 0, p.fail(UnknownElement, at, "unknown element "+quoted(name))
}

func (p *parser) document() (*Document, *Error) {
	d := &Document{text: p.text}
	if err := p.open('{', "a key policy", "a JSON object"); err != nil {
		return nil, err
	}
	var seen elements
	for first := true; ; {
		more, err := p.next('}', &first)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if err := p.documentElement(d, &seen); err != nil {
			return nil, err
		}
	}
	if p.peek(); p.pos < len(p.text) {
		return nil, p.fail(TrailingData, p.pos, "something follows the document")
	}
	if seen&elementStatement == 0 {
		return nil, p.fail(MissingElement, 0, "the document has no Statement")
	}
	return d, nil
}

func (p *parser) documentElement(d *Document, seen *elements) (err *Error) {
	e, err := p.element(documentElements, seen)
	if err != nil {
		return err
	}
	p.peek()
	at := p.pos
	switch e {
	case elementVersion:
		if d.Version, err = p.str("Version"); err == nil && d.Version != Version2008 && d.Version != Version2012 {
			err = p.fail(InvalidVersion, at, "Version must be "+Version2012+" or "+Version2008+", not "+quoted(d.Version))
		}
	case elementID:
		d.ID, err = p.str("Id")
	default:
		err = p.statements(d)
	}
	return err
}

func (p *parser) statements(d *Document) *Error {
	if p.peek() == '{' {
		d.Statements = make([]Statement, 1)
		return p.statement(&d.Statements[0])
	}
	at := p.pos
	if err := p.open('[', "Statement", "an object or a list of objects"); err != nil {
		return err
	}
	for first := true; ; {
		more, err := p.next(']', &first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if d.Statements == nil {
			d.Statements = make([]Statement, 0, usual)
		}
		d.Statements = append(d.Statements, Statement{})
		if err := p.statement(&d.Statements[len(d.Statements)-1]); err != nil {
			return err
		}
	}
	if len(d.Statements) == 0 {
		return p.fail(MissingElement, at, "Statement has no statement in it")
	}
	return nil
}

// statement reads the statement that starts here.
func (p *parser) statement(st *Statement) *Error {
	st.Offset = p.pos
	if err := p.open('{', "a statement", "an object"); err != nil {
		return err
	}
	var seen elements
	for first := true; ; {
		more, err := p.next('}', &first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := p.statementElement(st, &seen); err != nil {
			return err
		}
	}
	st.End = p.pos
	switch {
	case seen&elementEffect == 0:
		return p.fail(MissingElement, st.Offset, "the statement has no Effect")
	case seen&(elementPrincipal|elementNotPrincipal) == 0:
		return p.fail(MissingElement, st.Offset, "the statement has no Principal")
	}
	return nil
}

func (p *parser) statementElement(st *Statement, seen *elements) (err *Error) {
	at := p.pos
	e, err := p.element(statementElements, seen)
	if err != nil {
		return err
	}
	for _, pair := range [...]elements{elementPrincipal | elementNotPrincipal, elementAction | elementNotAction, elementResource | elementNotResource} {
		if *seen&pair == pair && e&pair != 0 {
			return p.fail(ConflictingElements, at, "an element and its negation in one statement")
		}
	}
	switch e {
	case elementSID:
		st.SID, err = p.str("Sid")
	case elementEffect:
		st.Effect, err = p.effect()
	case elementPrincipal, elementNotPrincipal:
		st.Principals, err = p.principals()
		st.Principals.Negated = e == elementNotPrincipal
	case elementAction, elementNotAction:
		st.Actions.Values, err = p.stringList("Action")
		st.Actions.Present, st.Actions.Negated = true, e == elementNotAction
	case elementResource, elementNotResource:
		st.Resources.Values, err = p.stringList("Resource")
		st.Resources.Present, st.Resources.Negated = true, e == elementNotResource
	default:
		st.Conditions, err = p.conditions()
	}
	return err
}

func (p *parser) effect() (Effect, *Error) {
	p.peek()
	at := p.pos
	text, err := p.str("Effect")
	if err != nil {
		return 0, err
	}
	for _, e := range [...]Effect{Allow, Deny} {
		if text == e.String() {
			return e, nil
		}
		if strings.EqualFold(text, e.String()) {
			return 0, p.fail(WrongCase, at, "Effect "+quoted(text)+" is spelled "+e.String())
		}
	}
	return 0, p.fail(InvalidEffect, at, "Effect must be Allow or Deny, not "+quoted(text))
}

// stringList reads a string or a list of strings.
func (p *parser) stringList(what string) ([]string, *Error) {
	start := len(p.values)
	err := p.eachString(what, func(value string, _ int) *Error {
		p.values = append(p.values, value)
		return nil
	})
	return p.valuesFrom(start), err
}

// valuesFrom returns the values from start on. To append to them changes no others.
func (p *parser) valuesFrom(start int) []string { return slices.Clip(p.values[start:]) }

// eachString reads a string or a list of strings and gives each to visit, with
// the place where it starts.
func (p *parser) eachString(what string, visit func(value string, at int) *Error) *Error {
	if p.peek() != '"' {
		if err := p.open('[', what, "a string or a list of strings"); err != nil {
			return err
		}
		for first := true; ; {
			more, err := p.next(']', &first)
			if err != nil || !more {
				return err
			}
			if err := p.oneString(what, visit); err != nil {
				return err
			}
		}
	}
	return p.oneString(what, visit)
}

// oneString is eachString for the string that starts here.
func (p *parser) oneString(what string, visit func(value string, at int) *Error) *Error {
	at := p.pos
	value, err := p.str(what)
	if err != nil {
		return err
	}
	return visit(value, at)
}
