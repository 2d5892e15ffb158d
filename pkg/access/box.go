package access

import (
	"errors"
	"slices"
)

// The conditions under which a statement holds are a box: for each of some
// dimensions, the set of classes that the dimension may be in. A dimension is
// something about a request that its conditions ask for, split into finitely
// many classes that neither policy can tell apart. A box that says nothing
// about a dimension leaves it free.
//
// What two policies allow is then decided by intersecting and subtracting boxes.

// errOverBudget says that a subtraction would make more boxes than allowed:
// inclusion is coNP-complete in the number of independent conditions.
var errOverBudget = errors.New("over budget")

// classes is a set of classes of one dimension, as a bit set.
type classes []uint64

func (c classes) empty() bool {
	for _, word := range c {
		if word != 0 {
			return false
		}
	}
	return true
}

func (c classes) and(other classes) classes {
	result := make(classes, len(c))
	for i := range c {
		result[i] = c[i] & other[i]
	}
	return result
}

func (c classes) andNot(other classes) classes {
	result := make(classes, len(c))
	for i := range c {
		result[i] = c[i] &^ other[i]
	}
	return result
}

// side is one dimension of a box with the classes it may be in, never none.
type side struct {
	dimension int
	in        classes
}

// box is a set of sides in the order of their dimensions. The nil box holds
// every context.
type box []side

// restrict returns the part of b in which a dimension is in some classes, and
// false where that part is empty. full is the set of all classes of the dimension.
func (b box) restrict(dimension int, in classes) (box, bool) {
	i, found := slices.BinarySearchFunc(b, dimension, func(s side, d int) int { return s.dimension - d })
	if !found {
		if in.empty() {
			return nil, false
		}
		return slices.Insert(slices.Clip(b), i, side{dimension, in}), true
	}
	both := b[i].in.and(in)
	if both.empty() {
		return nil, false
	}
	result := slices.Clone(b)
	result[i].in = both
	return result, true
}

// intersect returns what two boxes share, and false where that is nothing.
func (b box) intersect(other box) (box, bool) {
	for _, s := range other {
		var ok bool
		if b, ok = b.restrict(s.dimension, s.in); !ok {
			return nil, false
		}
	}
	return b, true
}

// dimension is one thing about a request that conditions ask for.
type dimension struct {
	all classes
	// opaque: nothing is known about the dimension, so a difference counts only
	// where it holds in all its classes. cause says why.
	opaque bool
	cause  Inconclusive
}

// space is the set of dimensions of one comparison, with the work left for it.
type space struct {
	dimensions []dimension
	budget     int
}

// spend counts one box that was made.
func (sp *space) spend() error {
	if sp.budget--; sp.budget < 0 {
		return errOverBudget
	}
	return nil
}

// subtract returns the part of b that is not in other, as boxes that do not overlap.
func (sp *space) subtract(b, other box) ([]box, error) {
	if _, overlap := b.intersect(other); !overlap {
		return []box{b}, nil
	}
	var rest []box
	for _, s := range other {
		if err := sp.spend(); err != nil {
			return nil, err
		}
		outside := sp.dimensions[s.dimension].all.andNot(s.in)
		if piece, ok := b.restrict(s.dimension, outside); ok {
			rest = append(rest, piece)
		}
		b, _ = b.restrict(s.dimension, s.in) // not empty: the boxes overlap
	}
	return rest, nil
}

// subtractAll returns the part of boxes that is in none of others.
func (sp *space) subtractAll(boxes, others []box) ([]box, error) {
	for _, other := range others {
		var rest []box
		for _, b := range boxes {
			pieces, err := sp.subtract(b, other)
			if err != nil {
				return nil, err
			}
			rest = append(rest, pieces...)
		}
		boxes = rest
	}
	return boxes, nil
}

// intersectAll returns the parts that a box of one list shares with one of another.
func (sp *space) intersectAll(boxes, others []box) ([]box, error) {
	var shared []box
	for _, b := range boxes {
		for _, other := range others {
			if both, ok := b.intersect(other); ok {
				if err := sp.spend(); err != nil {
					return nil, err
				}
				shared = append(shared, both)
			}
		}
	}
	return shared, nil
}

// project drops the opaque dimensions: what remains holds for at least one
// reading of them.
func (sp *space) project(boxes []box) []box {
	result := make([]box, len(boxes))
	for i, b := range boxes {
		result[i] = slices.DeleteFunc(slices.Clone(b), func(s side) bool { return sp.dimensions[s.dimension].opaque })
	}
	return result
}
