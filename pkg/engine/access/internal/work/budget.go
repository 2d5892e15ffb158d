// Package work counts the work of one comparison, so that a hostile policy is answered
// within a fraction of a second.
package work

import "errors"

// ErrOverBudget says that the work would exceed the budget: whether one policy allows more
// than another is coNP-complete in the number of independent conditions.
var ErrOverBudget = errors.New("over budget")

// Budget is the work that is left, in units of some 50 nanoseconds.
type Budget int

// Spend takes units off the budget. It returns ErrOverBudget where fewer are left.
func (b *Budget) Spend(units int) error {
	if *b -= Budget(units); *b < 0 {
		return ErrOverBudget
	}
	return nil
}
