package access

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"

// dimension is one thing about a request that conditions ask for, and what it is about.
type dimension struct {
	// cause says why an opaque dimension is one.
	cause Inconclusive
	// key is the condition key that the dimension belongs to; element is the
	// class of its values where the key is multi-valued.
	key     *conditionKey
	element int
}

// space is the set of dimensions of one comparison, with the work left for it.
type space struct {
	box.Space
	about []dimension // of each of Dimensions
}

// addDimension adds a dimension of some classes and returns its index.
func (sp *space) addDimension(all box.Classes, opaque bool, about dimension) int {
	sp.Dimensions = append(sp.Dimensions, box.Dimension{All: all, Opaque: opaque})
	sp.about = append(sp.about, about)
	return len(sp.about) - 1
}
