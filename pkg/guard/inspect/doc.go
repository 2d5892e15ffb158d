// Package inspect is the one path from a key to what is told of it. The function, the
// sweep and the commands of the desk use it, so they cannot say different things of the
// same key.
//
// The order of the calls:
//
//  1. [Inspector.Gather] reads a key into a [View], or [Inspector.File] makes a View of a
//     policy in a file.
//  2. [Inspector.Judge] judges the View.
//  3. [Inspector.Plan] plans the repair of a judged View, for a caller that wants one.
//  4. [Inspector.Outcome] makes the outcome of the View and the plan.
//
// Package inspect reads and decides. It writes nothing: [Keys] has no call that does.
package inspect
