// Package predicate splits the values of a condition key into classes that the conditions
// of two policies cannot tell apart. [New] reads what one condition asks of a value;
// [Classify] takes all that is asked of a key and returns its classes, each with a sample.
package predicate

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Predicate is what a condition asks of one value of a key, apart from negation
// and presence: does any of some policy values match it?
type Predicate struct {
	// ID is the same for the same question; Words says the question as a person would.
	ID, Words string

	atoms []atom
	// literals are the texts among the atoms, others the rest: a long list of
	// texts is looked up, not gone through.
	literals map[string]bool
	others   []atom
	cost     int   // of going through others, for the budget
	asked    kinds // how the atoms read a value
}

// New returns the question that an operator with resolved values asks.
// undecided are values that the operator cannot read.
func New(o policy.Operator, values []pattern.Value) (p *Predicate, undecided []string) {
	p = &Predicate{}
	ids := make([]string, 0, len(values))
	for _, value := range values {
		a, ok := newAtom(o, value)
		if !ok {
			undecided = append(undecided, value.String())
			continue
		}
		p.add(a)
		ids = append(ids, value.ID())
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	p.ID = OperatorID(o) + strings.Join(ids, "\x00")
	p.Words = strings.TrimSpace(operatorWords(o) + " " + valueWords(values))
	return p, undecided
}

func (p *Predicate) add(a atom) {
	p.atoms = append(p.atoms, a)
	p.asked[a.kind] = true
	if a.kind != textValue || a.pattern != nil {
		p.others = append(p.others, a)
		p.cost++
		if a.kind == numberValue {
			p.cost += 30 // exact numbers are compared by multiplying
		}
		return
	}
	if p.literals == nil {
		p.literals = map[string]bool{}
	}
	p.literals[a.literal] = true
}

// OperatorID is the same for operators that ask the same of a value, negated or not.
func OperatorID(o policy.Operator) string {
	return string([]byte{byte(o.Family), byte(o.Comparison)})
}

// operatorWords says an operator as a person would, without its negation.
func operatorWords(o policy.Operator) string {
	switch o.Comparison {
	case policy.Like:
		return "like"
	case policy.LessThan:
		return "less than"
	case policy.LessThanEquals:
		return "at most"
	case policy.GreaterThan:
		return "more than"
	case policy.GreaterThanEquals:
		return "at least"
	case policy.EqualsIgnoreCase:
		return "in any case"
	default:
		if o.Family == policy.IPFamily {
			return "in"
		}
		return ""
	}
}

// valueWords lists values; a long list is cut.
func valueWords(values []pattern.Value) string {
	const most = 4
	var words []string
	for i, v := range values {
		if i == most {
			words = append(words, "…")
			break
		}
		words = append(words, v.String())
	}
	return strings.Join(words, " or ")
}
