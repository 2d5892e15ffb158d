package policy

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// New makes a document of statements, as text in the format in which KMS
// returns the policies it generates itself: two spaces a level, a blank before
// and after each colon, a list of one as its value. version and id are left out
// where empty.
//
// It reads its own text back with [Parse], so a document that KMS would refuse
// is an error here: an unknown effect, more than MaxBytes, no statement.
func New(version, id string, statements ...Statement) (*Document, error) {
	d, err := Parse(Set{Version: version, Statements: statements}.text(id))
	if err != nil {
		return nil, fmt.Errorf("making a policy document: %w", err)
	}
	return d, nil
}

// Format returns the set as the text of a policy without Id, in the style of KMS. The text
// can be larger than KMS stores.
func (s Set) Format() string { return s.text("") }

func (s Set) text(id string) string {
	w := writer{style: kmsStyle}
	w.open()
	if s.Version != "" {
		w.member("Version", s.Version)
	}
	if id != "" {
		w.member("Id", id)
	}
	w.name("Statement")
	w.text.WriteString("[ ")
	for i := range s.Statements {
		if i > 0 {
			w.text.WriteString(", ")
		}
		w.statement(&s.Statements[i])
	}
	w.text.WriteString(" ]")
	w.close()
	return w.text.String()
}

// writer writes JSON objects in a style.
type writer struct {
	style
	text  strings.Builder
	depth int
	empty bool // the innermost object has no member yet
}

func (w *writer) open() {
	w.text.WriteByte('{')
	w.depth++
	w.empty = true
}

func (w *writer) close() {
	w.depth--
	if !w.empty {
		w.line(w.pad)
	}
	w.text.WriteByte('}')
	w.empty = false
}

// line starts a new line, or writes what stands there where all is on one.
func (w *writer) line(otherwise string) {
	if w.newline == "" {
		w.text.WriteString(otherwise)
		return
	}
	w.text.WriteString(w.newline + w.indent + strings.Repeat(w.unit, w.depth))
}

func (w *writer) name(name string) {
	if w.empty {
		w.line(w.pad)
	} else {
		w.text.WriteByte(',')
		w.line(w.gap)
	}
	w.empty = false
	w.string(name)
	w.text.WriteString(w.colon)
}

func (w *writer) member(name string, values ...string) {
	w.name(name)
	w.values(values)
}

// values writes one value as it is, and several as a list.
func (w *writer) values(values []string) {
	if len(values) == 1 {
		w.string(values[0])
		return
	}
	onLines := w.listLines && len(values) > 0
	w.text.WriteByte('[')
	w.depth++
	for i, v := range values {
		if i > 0 {
			w.text.WriteByte(',')
		}
		switch {
		case onLines:
			w.line("")
		case i > 0:
			w.text.WriteString(w.gap)
		default:
			w.text.WriteString(w.pad)
		}
		w.string(v)
	}
	w.depth--
	if onLines {
		w.line("")
	} else {
		w.text.WriteString(w.pad)
	}
	w.text.WriteByte(']')
}

// string writes a JSON string; what KMS does not take as a character is escaped.
func (w *writer) string(s string) {
	w.text.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.text.WriteByte('\\')
			w.text.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&w.text, `\u%04x\u%04x`, high, low)
		case r < 0x20 || r > 0xFF:
			fmt.Fprintf(&w.text, `\u%04x`, r)
		default:
			w.text.WriteRune(r)
		}
	}
	w.text.WriteByte('"')
}

func (w *writer) statement(s *Statement) {
	w.open()
	if s.SID != "" {
		w.member("Sid", s.SID)
	}
	w.member("Effect", s.Effect.String())
	w.name(s.Principals.elementName())
	w.principals(&s.Principals)
	w.list("Action", s.Actions)
	w.list("Resource", s.Resources)
	if len(s.Conditions) > 0 {
		w.name("Condition")
		w.conditions(s.Conditions)
	}
	w.close()
}

func (w *writer) list(element string, l List) {
	if l.Present {
		w.member(l.elementName(element), l.Values...)
	}
}

// elementName is the name under which a statement has a list: element, or its negation.
func (l List) elementName(element string) string {
	if l.Negated {
		return "Not" + element
	}
	return element
}

func (p *Principals) elementName() string {
	if p.Negated {
		return "NotPrincipal"
	}
	return "Principal"
}

func (w *writer) principals(p *Principals) {
	w.open()
	for _, t := range principalTypes {
		if values := p.of(t.name); len(values) > 0 {
			w.member(t.name, values...)
		}
	}
	w.close()
}

// of returns the principals of a type, as they are written.
func (p *Principals) of(name string) []string {
	var values []string
	for _, e := range p.Entries {
		if e.Kind.element() == name {
			values = append(values, e.Text)
		}
	}
	return values
}

// conditions writes each operator once, in the order of its first use.
func (w *writer) conditions(conditions []Condition) {
	w.open()
	written := map[string]bool{}
	for _, c := range conditions {
		operator := c.Operator.String()
		if written[operator] {
			continue
		}
		written[operator] = true
		w.name(operator)
		w.open()
		for _, same := range conditions {
			if same.Operator == c.Operator {
				w.member(same.Key, same.Values...)
			}
		}
		w.close()
	}
	w.close()
}
