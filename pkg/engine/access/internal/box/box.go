// Package box decides by sets of classes what two policies allow.
//
// The conditions under which a statement holds are a box: for each of some
// dimensions, the set of classes that the dimension may be in. A dimension is
// something about a request that its conditions ask for, split into finitely
// many classes that neither policy can tell apart. A box that says nothing
// about a dimension leaves it free.
//
// What two policies allow is then decided by intersecting and subtracting boxes.
package box

import (
	"encoding/binary"
	"slices"
)

// Side is one dimension of a box with the classes it may be in, never none.
type Side struct {
	Dimension int
	In        Classes
}

// Box is a set of sides in the order of their dimensions. The nil box holds
// every context.
type Box []Side

// Restrict returns the part of b in which a dimension is in some classes, and
// false where that part is empty. full is the set of all classes of the dimension.
func (b Box) Restrict(dimension int, in Classes) (Box, bool) {
	i, found := slices.BinarySearchFunc(b, dimension, func(s Side, d int) int { return s.Dimension - d })
	if !found {
		if in.Empty() {
			return nil, false
		}
		return slices.Insert(slices.Clip(b), i, Side{dimension, in}), true
	}
	both := b[i].In.And(in)
	if both.Empty() {
		return nil, false
	}
	result := slices.Clone(b)
	result[i].In = both
	return result, true
}

// AppendID appends bytes that are the same for the same box only.
func (b Box) AppendID(id []byte) []byte {
	for _, s := range b {
		id = binary.AppendUvarint(id, uint64(s.Dimension)+1)
		for _, word := range s.In {
			id = binary.AppendUvarint(id, word)
		}
	}
	return id
}

// intersect returns what two boxes share, and false where that is nothing.
func (b Box) intersect(other Box) (Box, bool) {
	switch {
	case len(b) == 0:
		return other, true
	case len(other) == 0:
		return b, true
	}
	both := make(Box, 0, len(b)+len(other))
	i := 0
	for _, s := range other {
		for ; i < len(b) && b[i].Dimension < s.Dimension; i++ {
			both = append(both, b[i])
		}
		if i < len(b) && b[i].Dimension == s.Dimension {
			if s.In = b[i].In.And(s.In); s.In.Empty() {
				return nil, false
			}
			i++
		}
		both = append(both, s)
	}
	return append(both, b[i:]...), true
}

// size is how many words the sides have.
func (b Box) size() int {
	n := 0
	for _, s := range b {
		n += len(s.In)
	}
	return n
}

// disjoint tells whether two boxes share nothing.
func (b Box) disjoint(other Box) bool {
	i := 0
	for _, s := range other {
		for i < len(b) && b[i].Dimension < s.Dimension {
			i++
		}
		if i < len(b) && b[i].Dimension == s.Dimension && !b[i].In.overlaps(s.In) {
			return true
		}
	}
	return false
}

// Within tells whether other holds all of b.
func (b Box) Within(other Box) bool {
	i := 0
	for _, s := range other {
		for i < len(b) && b[i].Dimension < s.Dimension {
			i++
		}
		if i == len(b) || b[i].Dimension != s.Dimension || !b[i].In.subsetOf(s.In) {
			return false
		}
	}
	return true
}
