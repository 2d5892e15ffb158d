package box

// Classes is a set of classes of one dimension, as a bit set.
type Classes []uint64

// None returns the set of no class, of n.
func None(n int) Classes { return make(Classes, (n+63)/64) }

// Full returns the set of all n classes.
func Full(n int) Classes {
	c := None(n)
	for i := range n {
		c.Add(i)
	}
	return c
}

// Single returns the set of one class, of n.
func Single(class, n int) Classes {
	c := None(n)
	c.Add(class)
	return c
}

// Add puts a class into the set.
func (c Classes) Add(class int) { c[class/64] |= 1 << (class % 64) }

// Has tells whether a class is in the set.
func (c Classes) Has(class int) bool { return c[class/64]&(1<<(class%64)) != 0 }

// Empty tells whether no class is in the set.
func (c Classes) Empty() bool {
	for _, word := range c {
		if word != 0 {
			return false
		}
	}
	return true
}

func (c Classes) overlaps(other Classes) bool {
	for i := range c {
		if c[i]&other[i] != 0 {
			return true
		}
	}
	return false
}

func (c Classes) subsetOf(other Classes) bool {
	for i := range c {
		if c[i]&^other[i] != 0 {
			return false
		}
	}
	return true
}

// And returns the classes that are in both sets.
func (c Classes) And(other Classes) Classes {
	result := make(Classes, len(c))
	for i := range c {
		result[i] = c[i] & other[i]
	}
	return result
}

// AndNot returns the classes that are in c and not in other.
func (c Classes) AndNot(other Classes) Classes {
	result := make(Classes, len(c))
	for i := range c {
		result[i] = c[i] &^ other[i]
	}
	return result
}
