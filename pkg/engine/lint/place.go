package lint

import (
	"encoding/json"
	"strings"
)

// places are the byte offsets, in the document's text, at which the values of one statement
// stand, in the order in which package policy lists them.
type places struct {
	start      int
	actions    []int
	principals []int
	resources  []int
	conditions []int   // of the keys
	values     [][]int // of the values of each key
	empty      []spot  // Condition elements and operators with nothing in them
}

// at returns the place of a value, the statement's own where the value has none.
func at(p places, list []int, i int) int {
	if i < len(list) {
		return list[i]
	}
	return p.start
}

// findPlaces reads a statement's text again; package policy, which parsed it, keeps the
// offset of the statement only.
func findPlaces(text string, start, end int) places {
	p := places{start: start}
	if start < 0 || start >= end || end > len(text) {
		return p
	}
	text = text[start:end]
	w := &walker{text: text, start: start, decoder: json.NewDecoder(strings.NewReader(text))}
	w.object(func(name string, at int) {
		switch name {
		case "Action", "NotAction":
			p.actions = w.values(nil)
		case "Principal", "NotPrincipal":
			p.principals = w.principals()
		case "Resource", "NotResource":
			p.resources = w.values(nil)
		case "Condition":
			w.conditionElement(&p, at)
		default:
			w.values(nil)
		}
	})
	return p
}

// walker reads JSON that package policy has accepted: an object of objects, strings and
// lists of scalars. After an error every read ends at once.
type walker struct {
	text    string
	start   int
	decoder *json.Decoder
	failed  bool
}

// next returns a token and the offset at which it starts.
func (w *walker) next() (json.Token, int) {
	at := int(w.decoder.InputOffset())
	for at < len(w.text) && strings.IndexByte(" \t\r\n,:", w.text[at]) >= 0 {
		at++
	}
	token, err := w.decoder.Token()
	if err != nil {
		w.failed = true
	}
	return token, w.start + at
}

func (w *walker) more() bool { return !w.failed && w.decoder.More() }

// object reads an object and calls member, with the place of the name, before each value.
func (w *walker) object(member func(name string, at int)) {
	if token, _ := w.next(); token != json.Delim('{') {
		w.failed = true
		return
	}
	for w.more() {
		token, at := w.next()
		name, _ := token.(string)
		member(name, at)
	}
	w.next()
}

// values reads a scalar or a list of scalars and appends their offsets.
func (w *walker) values(list []int) []int {
	token, at := w.next()
	if token != json.Delim('[') {
		return append(list, at)
	}
	for w.more() {
		_, at := w.next()
		list = append(list, at)
	}
	w.next()
	return list
}

// principals reads "*" or the lists of each kind, one after the other.
func (w *walker) principals() (list []int) {
	at := int(w.decoder.InputOffset())
	if !strings.HasPrefix(strings.TrimLeft(w.text[at:], " \t\r\n:"), "{") {
		return w.values(nil)
	}
	w.object(func(string, int) { list = w.values(list) })
	return list
}

// conditionElement reads operators, keys and values; at is where the element's name stands.
func (w *walker) conditionElement(p *places, at int) {
	operators := 0
	w.object(func(operator string, operatorAt int) {
		operators++
		keys := len(p.conditions)
		w.object(func(_ string, keyAt int) {
			p.conditions = append(p.conditions, keyAt)
			p.values = append(p.values, w.values(nil))
		})
		if len(p.conditions) == keys {
			p.empty = append(p.empty, spot{operatorAt, operator})
		}
	})
	if operators == 0 {
		p.empty = append(p.empty, spot{at, "Condition"})
	}
}
