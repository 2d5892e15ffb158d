package box

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/work"
)

// Dimension is one thing about a request that conditions ask for.
type Dimension struct {
	All Classes
	// opaque: nothing is known about the dimension, so a difference counts only
	// where it holds in all its classes.
	Opaque bool
}

// Space is the set of dimensions of one comparison, with the work left for it.
type Space struct {
	Dimensions []Dimension
	work.Budget
}

// Remainder gives the part of b that is in none of others to yield, as boxes that
// do not overlap, until yield returns false. It searches depth first, so the
// first piece is found soon where there is one; that there is none may take
// exponential work, which the budget bounds. more is false once yield said so.
func (sp *Space) Remainder(b Box, others []Box, yield func(Box) bool) (more bool, err error) {
	var touching []Box
	pick := -1
	cost := 1 + b.size()/4
	for _, other := range others {
		if err := sp.Spend(cost); err != nil {
			return false, err
		}
		if b.Within(other) {
			return true, nil
		}
		if !b.disjoint(other) {
			if pick < 0 || len(other) < len(touching[pick]) {
				pick = len(touching)
			}
			touching = append(touching, other)
		}
	}
	if pick < 0 {
		return yield(b), nil
	}
	splitter := touching[pick]
	rest := slices.Delete(touching, pick, pick+1)
	for _, s := range splitter {
		if err := sp.Spend(4 * cost); err != nil { // two boxes are made
			return false, err
		}
		outside := sp.Dimensions[s.Dimension].All.AndNot(s.In)
		if piece, ok := b.Restrict(s.Dimension, outside); ok {
			if more, err := sp.Remainder(piece, rest, yield); err != nil || !more {
				return more, err
			}
		}
		b, _ = b.Restrict(s.Dimension, s.In) // not empty: the boxes overlap
	}
	return true, nil
}

// SubtractAll returns the part of boxes that is in none of others.
func (sp *Space) SubtractAll(boxes, others []Box) ([]Box, error) {
	var rest []Box
	for _, b := range boxes {
		if _, err := sp.Remainder(b, others, func(piece Box) bool { rest = append(rest, piece); return true }); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// IntersectAll returns the parts that a box of one list shares with one of another.
func (sp *Space) IntersectAll(boxes, others []Box) ([]Box, error) {
	var shared []Box
	for _, b := range boxes {
		for _, other := range others {
			if err := sp.Spend(1 + (b.size()+other.size())/8); err != nil {
				return nil, err
			}
			if both, ok := b.intersect(other); ok {
				shared = append(shared, both)
			}
		}
	}
	return shared, nil
}

// Project drops the opaque dimensions: what remains holds for at least one
// reading of them.
func (sp *Space) Project(boxes []Box) []Box {
	result := make([]Box, len(boxes))
	for i, b := range boxes {
		result[i] = slices.DeleteFunc(slices.Clone(b), func(s Side) bool { return sp.Dimensions[s.Dimension].Opaque })
	}
	return result
}
