// Package mutation asks whether the tests of a package notice when one of its rules is
// broken. It is for tests; nothing that is deployed may import it.
//
// A [Mutant] is a text of a source file replaced by another. [Run] builds the tests of the
// package in the current directory with one such file, by go's -overlay, and runs them; it
// fails where they pass. [Follow] is quick and belongs to every test run: a text that is no
// longer in its file breaks no rule.
package mutation
