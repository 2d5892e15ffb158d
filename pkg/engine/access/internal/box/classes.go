package box

// Classes is a set of classes of one dimension, as a bit set.
type Classes []uint64

// None returns no class of n, full all of them, single one of them.
func None(n int) Classes { return make(Classes, (n+63)/64) }

func Full(n int) Classes {
	c := None(n)
	for i := range n {
		c.Add(i)
	}
	return c
}

func Single(class, n int) Classes {
	c := None(n)
	c.Add(class)
	return c
}

func (c Classes) Add(class int) { c[class/64] |= 1 << (class % 64) }

func (c Classes) Has(class int) bool { return c[class/64]&(1<<(class%64)) != 0 }

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

func (c Classes) And(other Classes) Classes {
	result := make(Classes, len(c))
	for i := range c {
		result[i] = c[i] & other[i]
	}
	return result
}

func (c Classes) AndNot(other Classes) Classes {
	result := make(Classes, len(c))
	for i := range c {
		result[i] = c[i] &^ other[i]
	}
	return result
}
