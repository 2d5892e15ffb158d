package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Revision is what becomes of one statement of a document, see [Document.Revise].
type Revision struct {
	// Statement is the statement as it shall be; nil takes it out.
	Statement *Statement
	// After are new statements that follow it, or its place.
	After []Statement
}

// Revise returns the document with some statements revised; the others, and all that
// stands around them, keep their bytes. revisions has the statements' indexes.
//
// Of a revised statement only what differs is written anew: a value that goes is taken
// out of its list, a value that comes is put beside the others, and an element that
// changes otherwise gets a new value. What is new is written in the style of the statement
// (indentation, blanks, lists on one line or several); new statements in that of the
// first one. Offset and End of the statements given are not looked at.
//
// The result is read back with [Parse], so a document that KMS would not store is an
// [*Error] here: larger than MaxBytes, or without a statement.
func (d *Document) Revise(revisions map[int]Revision) (*Document, error) {
	surrounding := styleOf(d.statementText(0))
	var items []item
	spans := make([]span, len(d.Statements))
	for i := range d.Statements {
		spans[i] = span{d.Statements[i].Offset, d.Statements[i].End}
		r, revised := revisions[i]
		switch {
		case !revised:
			items = append(items, item{i, d.statementText(i)})
		case r.Statement != nil:
			text, err := d.revised(i, r.Statement)
			if err != nil {
				return nil, err
			}
			items = append(items, item{i, text})
		}
		for j := range r.After {
			w := writer{style: surrounding}
			w.statement(&r.After[j])
			items = append(items, item{added, w.text.String()})
		}
	}
	start, end := spans[0].start, spans[len(spans)-1].end
	before := strings.TrimRight(d.text[:start], " \t\r\n")
	separator := "," + surrounding.gap
	isList := strings.HasSuffix(before, "[")
	if isList {
		separator = "," + d.text[len(before):start]
	}
	list := splice(d.text, spans, items, separator)
	if len(items) != 1 && !isList {
		list = "[" + surrounding.pad + list + surrounding.pad + "]"
	}
	result, err := Parse(d.text[:start] + list + d.text[end:])
	if err != nil {
		return nil, fmt.Errorf("revising a policy document: %w", err)
	}
	return result, nil
}

func (d *Document) statementText(i int) string {
	return d.text[d.Statements[i].Offset:d.Statements[i].End]
}

// item is one part of a sequence that is written anew: from where it comes, or added, and
// its text.
type item struct {
	from int
	text string
}

const added = -1

// splice joins items with the separators that stand in the text before those that stay.
// spans are where the sequence's members stand now.
func splice(text string, spans []span, items []item, separator string) string {
	if len(spans) > 1 {
		separator = text[spans[0].end:spans[1].start]
	}
	var b strings.Builder
	for i, it := range items {
		switch {
		case i == 0:
		case it.from > 0:
			b.WriteString(text[spans[it.from-1].end:spans[it.from].start])
		default:
			b.WriteString(separator)
		}
		b.WriteString(it.text)
	}
	return b.String()
}

// reviser rewrites one statement's text.
type reviser struct {
	scanner
	style
}

// addition is a member that an object does not have yet.
type addition struct {
	name  string
	value func(*writer)
}

// revised returns the text of a statement after it has become another.
func (d *Document) revised(i int, want *Statement) (string, error) {
	have := &d.Statements[i]
	r := reviser{scanner: scanner{text: d.text, pos: have.Offset}, style: styleOf(d.statementText(i))}
	members, err := r.members()
	if err != nil {
		return "", err
	}
	text, err := r.object(span{have.Offset, have.End}, 1, members, absent(members, want), func(m member) (string, bool, *Error) {
		return r.element(m, have, want)
	})
	if err != nil {
		return "", err
	}
	return text, nil
}

// absent returns the elements of a statement that its text does not have.
func absent(members []member, want *Statement) []addition {
	list := []addition{{want.Principals.elementName(), func(w *writer) { w.principals(&want.Principals) }}}
	if want.SID != "" {
		list = append(list, addition{"Sid", func(w *writer) { w.string(want.SID) }})
	}
	if want.Actions.Present {
		list = append(list, addition{want.Actions.elementName("Action"), func(w *writer) { w.values(want.Actions.Values) }})
	}
	if want.Resources.Present {
		list = append(list, addition{want.Resources.elementName("Resource"), func(w *writer) { w.values(want.Resources.Values) }})
	}
	if len(want.Conditions) > 0 {
		list = append(list, addition{"Condition", func(w *writer) { w.conditions(want.Conditions) }})
	}
	return slices.DeleteFunc(list, func(a addition) bool { return hasMember(members, a.name) })
}

// object returns the text of an object at a depth: members that stay or change, then new
// ones. value returns the new text of a member's value, and whether the member stays.
func (r *reviser) object(at span, depth int, members []member, additions []addition, value func(member) (string, bool, *Error)) (string, *Error) {
	var items []item
	spans := make([]span, len(members))
	for i, m := range members {
		spans[i] = span{m.at, m.value.end}
		text, stays, err := value(m)
		if err != nil {
			return "", err
		}
		if stays {
			items = append(items, item{i, r.text[m.at:m.value.start] + text})
		}
	}
	for _, a := range additions {
		name := r.render(depth, func(w *writer) { w.string(a.name) })
		items = append(items, item{added, name + r.colon + r.render(depth, a.value)})
	}
	separator := r.render(depth, func(w *writer) { w.text.WriteByte(','); w.line(w.gap) })
	if len(members) == 0 {
		return "{" + splice(r.text, nil, items, separator) + "}", nil
	}
	return r.text[at.start:spans[0].start] + splice(r.text, spans, items, separator) + r.text[spans[len(spans)-1].end:at.end], nil
}

// element returns the value of one element, and whether the element stays.
func (r *reviser) element(m member, have, want *Statement) (string, bool, *Error) {
	same := r.text[m.value.start:m.value.end]
	switch m.name {
	case "Sid":
		return r.scalar(same, have.SID, want.SID), want.SID != "" || have.SID == "", nil
	case "Effect":
		return r.scalar(same, have.Effect.String(), want.Effect.String()), true, nil
	case "Condition":
		if CanonicalConditions(have.Conditions) == CanonicalConditions(want.Conditions) {
			return same, true, nil
		}
		return r.render(1, func(w *writer) { w.conditions(want.Conditions) }), len(want.Conditions) > 0, nil
	case "Principal", "NotPrincipal":
		if have.Principals.Negated != want.Principals.Negated {
			return "", false, nil
		}
		text, err := r.principals(m, &have.Principals, &want.Principals)
		return text, true, err
	case "Action", "NotAction":
		return r.listElement(m, have.Actions, want.Actions)
	default:
		return r.listElement(m, have.Resources, want.Resources)
	}
}

func (r *reviser) listElement(m member, have, want List) (string, bool, *Error) {
	if have.Negated != want.Negated || !want.Present {
		return "", false, nil
	}
	text, err := r.list(m.value, have.Values, want.Values, 1)
	return text, true, err
}

func (r *reviser) scalar(same, have, want string) string {
	if have == want {
		return same
	}
	return r.render(1, func(w *writer) { w.string(want) })
}

// principals returns the text of a Principal element.
func (r *reviser) principals(m member, have, want *Principals) (string, *Error) {
	sameText := func(a, b Principal) bool { return a.Kind == b.Kind && a.Text == b.Text }
	if slices.EqualFunc(have.Entries, want.Entries, sameText) {
		return r.text[m.value.start:m.value.end], nil
	}
	if r.text[m.value.start] == '"' {
		return r.render(1, func(w *writer) { w.principals(want) }), nil
	}
	r.pos = m.value.start
	members, err := r.members()
	if err != nil {
		return "", err
	}
	var additions []addition
	for _, t := range principalTypes {
		if values := want.of(t.name); len(values) > 0 && !hasMember(members, t.name) {
			additions = append(additions, addition{t.name, func(w *writer) { w.values(values) }})
		}
	}
	return r.object(m.value, 2, members, additions, func(m member) (string, bool, *Error) {
		values := want.of(m.name)
		text, err := r.list(m.value, have.of(m.name), values, 2)
		return text, len(values) > 0, err
	})
}

func hasMember(members []member, name string) bool {
	return slices.ContainsFunc(members, func(m member) bool { return m.name == name })
}

// list returns the text of a value or a list of values after it has become another.
func (r *reviser) list(at span, have, want []string, depth int) (string, *Error) {
	if slices.Equal(have, want) {
		return r.text[at.start:at.end], nil
	}
	if len(have) == 0 || r.text[at.start] != '[' {
		return r.render(depth, func(w *writer) { w.values(want) }), nil
	}
	spans, err := r.listed(at)
	if err != nil {
		return "", err
	}
	var items []item
	next := 0
	for _, v := range want {
		if i := slices.Index(have[next:], v); i >= 0 {
			next += i + 1
			items = append(items, item{next - 1, r.text[spans[next-1].start:spans[next-1].end]})
			continue
		}
		items = append(items, item{added, r.render(depth, func(w *writer) { w.string(v) })})
	}
	separator := r.render(depth+1, func(w *writer) {
		w.text.WriteByte(',')
		if w.listLines {
			w.line("")
		} else {
			w.text.WriteString(w.gap)
		}
	})
	return r.text[at.start:spans[0].start] + splice(r.text, spans, items, separator) + r.text[spans[len(spans)-1].end:at.end], nil
}

// render returns what write writes at a depth within the statement.
func (r *reviser) render(depth int, write func(*writer)) string {
	w := writer{style: r.style, depth: depth}
	write(&w)
	return w.text.String()
}
