package predicate

import (
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/work"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Class is a set of values of a key that no predicate can tell apart.
type Class struct {
	Sample string
	Holds  []bool // by predicate
	// Doubtful: it is not known whether such a value exists, or a witness may not
	// show it (the empty string). It counts for Equal, not for Different.
	Doubtful bool
}

// Classify splits all values of a key into classes, such that each class that
// has a value is there. A predicate list without atoms of a kind needs none of it.
func Classify(predicates []*Predicate, budget *work.Budget) ([]Class, error) {
	var atoms [valueKinds][]atom
	kinds := 0
	for _, p := range predicates {
		for _, a := range p.atoms {
			atoms[a.kind] = append(atoms[a.kind], a)
		}
	}
	var values []string
	for kind := textValue; kind < valueKinds; kind++ {
		if len(atoms[kind]) == 0 {
			continue
		}
		kinds++
		some, err := samplesOf(kind, atoms[kind], budget)
		if err != nil {
			return nil, err
		}
		values = append(values, some...)
	}
	if kinds == 0 {
		values = []string{pattern.Unlike(nil)}
	}
	classes, err := classesOf(values, predicates, &atoms, budget)
	if err == nil && kinds > 1 {
		classes, err = addDoubtful(classes, predicates, budget)
	}
	return classes, err
}

// ClassifyBool is Classify for a key that AWS documents to be true or false.
func ClassifyBool(predicates []*Predicate, budget *work.Budget) ([]Class, error) {
	var asked [valueKinds][]atom // nothing: both values may be shown
	return classesOf([]string{"true", "false"}, predicates, &asked, budget)
}

// classesOf keeps one value of each class, where it can one that a witness may show.
func classesOf(values []string, predicates []*Predicate, asked *[valueKinds][]atom, budget *work.Budget) ([]Class, error) {
	var classes []Class
	known := map[string]int{}
	var wanted kinds
	for kind, atoms := range asked {
		wanted[kind] = len(atoms) > 0
	}
	for _, v := range values {
		read := newValue(v, wanted)
		c := Class{Sample: v, Holds: make([]bool, len(predicates)), Doubtful: !read.mayShow(asked)}
		for i, p := range predicates {
			if err := budget.Spend(1 + p.cost*(1+len(v)/16)/16); err != nil {
				return nil, err
			}
			c.Holds[i] = p.holds(read)
		}
		id := c.id()
		if i, ok := known[id]; ok {
			if classes[i].Doubtful {
				classes[i] = c
			}
			continue
		}
		known[id] = len(classes)
		classes = append(classes, c)
	}
	return classes, nil
}

// mayShow tells whether a witness may show a value: it is not empty, and of a type that
// operators ask the key for. Whether a key of numbers ever holds something else, or a time
// comes in parts of a millisecond, AWS does not say.
func (v *value) mayShow(asked *[valueKinds][]atom) bool {
	untyped := true
	for kind, atoms := range asked {
		if len(atoms) == 0 {
			continue
		}
		untyped = false
		switch valueKind(kind) {
		case numberValue:
			if v.number != nil {
				return true
			}
		case timeValue:
			if v.time != nil && v.time.Equal(v.time.Truncate(time.Millisecond)) && v.time.Year() > 0 && v.time.Year() <= 9999 {
				return true
			}
		case addressValue:
			if v.address != nil {
				return true
			}
		case binaryValue:
			if v.isBytes && v.text != "" {
				return true
			}
		default:
			isText := slices.ContainsFunc(atoms, func(a atom) bool { return !a.boolean })
			if _, err := policy.ParseBool(v.text); v.text != "" && (isText || err == nil) {
				return true
			}
		}
	}
	return untyped && v.text != ""
}

func (c *Class) id() string { return boolsID(c.Holds) }

func boolsID(bools []bool) string {
	id := make([]byte, len(bools))
	for i, b := range bools {
		id[i] = '0'
		if b {
			id[i] = '1'
		}
	}
	return string(id)
}

// addDoubtful adds, for a key that is asked for in several ways (as a string and as
// a number, say), the combinations that were not found. Whether "starts with 3"
// and "less than 20" have a common value is not worked out.
func addDoubtful(classes []Class, predicates []*Predicate, budget *work.Budget) ([]Class, error) {
	combinations := [][]bool{make([]bool, len(predicates))}
	for kind := textValue; kind < valueKinds; kind++ {
		parts := map[string][]bool{}
		for _, c := range classes {
			part := make([]bool, len(predicates))
			for i, p := range predicates {
				part[i] = c.Holds[i] && len(p.atoms) > 0 && p.atoms[0].kind == kind
			}
			parts[boolsID(part)] = part
		}
		var longer [][]bool
		for _, c := range combinations {
			for _, part := range parts {
				if err := budget.Spend(1); err != nil {
					return nil, err
				}
				both := slices.Clone(c)
				for i, holds := range part {
					both[i] = both[i] || holds
				}
				longer = append(longer, both)
			}
		}
		combinations = longer
	}
	found := map[string]bool{}
	for _, c := range classes {
		found[c.id()] = true
	}
	slices.SortFunc(combinations, func(a, b []bool) int { return strings.Compare(boolsID(a), boolsID(b)) })
	for _, c := range combinations {
		if id := boolsID(c); !found[id] && !isLiteral(c, predicates) {
			found[id] = true
			classes = append(classes, Class{Holds: c, Doubtful: true})
		}
	}
	return classes, nil
}

// isLiteral tells whether a combination only holds for literals. Those were all tried.
func isLiteral(holds []bool, predicates []*Predicate) bool {
	for i, p := range predicates {
		if holds[i] && !slices.ContainsFunc(p.atoms, func(a atom) bool { return a.kind != textValue || a.pattern != nil }) {
			return true
		}
	}
	return false
}
