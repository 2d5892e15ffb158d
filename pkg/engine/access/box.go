package access

import (
	"encoding/binary"
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

// none returns no class of n, full all of them, single one of them.
func none(n int) classes { return make(classes, (n+63)/64) }

func full(n int) classes {
	c := none(n)
	for i := range n {
		c.add(i)
	}
	return c
}

func single(class, n int) classes {
	c := none(n)
	c.add(class)
	return c
}

func (c classes) add(class int) { c[class/64] |= 1 << (class % 64) }

func (c classes) has(class int) bool { return c[class/64]&(1<<(class%64)) != 0 }

func (c classes) empty() bool {
	for _, word := range c {
		if word != 0 {
			return false
		}
	}
	return true
}

func (c classes) overlaps(other classes) bool {
	for i := range c {
		if c[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

func (c classes) subsetOf(other classes) bool {
	for i := range c {
		if c[i]&^other[i] != 0 {
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

// appendID appends bytes that are the same for the same box only.
func (b box) appendID(id []byte) []byte {
	for _, s := range b {
		id = binary.AppendUvarint(id, uint64(s.dimension)+1)
		for _, word := range s.in {
			id = binary.AppendUvarint(id, word)
		}
	}
	return id
}

// intersect returns what two boxes share, and false where that is nothing.
func (b box) intersect(other box) (box, bool) {
	switch {
	case len(b) == 0:
		return other, true
	case len(other) == 0:
		return b, true
	}
	both := make(box, 0, len(b)+len(other))
	i := 0
	for _, s := range other {
		for ; i < len(b) && b[i].dimension < s.dimension; i++ {
			both = append(both, b[i])
		}
		if i < len(b) && b[i].dimension == s.dimension {
			if s.in = b[i].in.and(s.in); s.in.empty() {
				return nil, false
			}
			i++
		}
		both = append(both, s)
	}
	return append(both, b[i:]...), true
}

// dimension is one thing about a request that conditions ask for.
type dimension struct {
	all classes
	// opaque: nothing is known about the dimension, so a difference counts only
	// where it holds in all its classes. cause says why.
	opaque bool
	cause  Inconclusive
	// key is the condition key that the dimension belongs to; element is the
	// class of its values where the key is multi-valued.
	key     *conditionKey
	element int
}

// space is the set of dimensions of one comparison, with the work left for it.
type space struct {
	dimensions []dimension
	budget     int
}

// spend counts work done: one unit is about the work of copying a few sides.
func (sp *space) spend(units int) error {
	if sp.budget -= units; sp.budget < 0 {
		return errOverBudget
	}
	return nil
}

// size is how many words the sides have.
func (b box) size() int {
	n := 0
	for _, s := range b {
		n += len(s.in)
	}
	return n
}

// disjoint tells whether two boxes share nothing.
func (b box) disjoint(other box) bool {
	i := 0
	for _, s := range other {
		for i < len(b) && b[i].dimension < s.dimension {
			i++
		}
		if i < len(b) && b[i].dimension == s.dimension && !b[i].in.overlaps(s.in) {
			return true
		}
	}
	return false
}

// within tells whether other holds all of b.
func (b box) within(other box) bool {
	i := 0
	for _, s := range other {
		for i < len(b) && b[i].dimension < s.dimension {
			i++
		}
		if i == len(b) || b[i].dimension != s.dimension || !b[i].in.subsetOf(s.in) {
			return false
		}
	}
	return true
}

// remainder gives the part of b that is in none of others to yield, as boxes that
// do not overlap, until yield returns false. It searches depth first, so the
// first piece is found soon where there is one; that there is none may take
// exponential work, which the budget bounds. more is false once yield said so.
func (sp *space) remainder(b box, others []box, yield func(box) bool) (more bool, err error) {
	var touching []box
	pick := -1
	cost := 1 + b.size()/8
	for _, other := range others {
		if err := sp.spend(cost); err != nil {
			return false, err
		}
		if b.within(other) {
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
		if err := sp.spend(cost); err != nil {
			return false, err
		}
		outside := sp.dimensions[s.dimension].all.andNot(s.in)
		if piece, ok := b.restrict(s.dimension, outside); ok {
			if more, err := sp.remainder(piece, rest, yield); err != nil || !more {
				return more, err
			}
		}
		b, _ = b.restrict(s.dimension, s.in) // not empty: the boxes overlap
	}
	return true, nil
}

// subtractAll returns the part of boxes that is in none of others.
func (sp *space) subtractAll(boxes, others []box) ([]box, error) {
	var rest []box
	for _, b := range boxes {
		if _, err := sp.remainder(b, others, func(piece box) bool { rest = append(rest, piece); return true }); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// intersectAll returns the parts that a box of one list shares with one of another.
func (sp *space) intersectAll(boxes, others []box) ([]box, error) {
	var shared []box
	for _, b := range boxes {
		for _, other := range others {
			if err := sp.spend(1 + (b.size()+other.size())/8); err != nil {
				return nil, err
			}
			if both, ok := b.intersect(other); ok {
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
