package pattern

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/work"

// tree holds literals by their characters.
type tree struct {
	children map[rune]*tree
	end      bool
}

func newTree(literals []string) *tree {
	root := &tree{}
	for _, s := range literals {
		node := root
		for _, c := range s {
			if node.children == nil {
				node.children = map[rune]*tree{}
			}
			if node.children[c] == nil {
				node.children[c] = &tree{}
			}
			node = node.children[c]
		}
		node.end = true
	}
	return root
}

// place is where a walk stands: a state of the machine and a node of the tree,
// nil beside the tree.
type place struct {
	state int
	node  *tree
}

// walker finds, breadth first, a shortest string for each combination.
type walker struct {
	machine *machine
	taken   *tree
	budget  *work.Budget
	seen    map[place]bool
	found   map[string]bool // by combination
	samples []string
}

func (w *walker) run() error {
	type step struct {
		place
		text string
	}
	queue := []step{{place: place{0, w.taken}}}
	w.seen[queue[0].place] = true
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		w.visit(at.place, at.text)
		for letter, c := range w.machine.alphabet {
			before := len(w.machine.states)
			to := w.follow(at.place, letter, c)
			// A step costs as much as the places that it moves, and a new state ten times that.
			cost := 1 + (len(w.machine.states[at.state].places)+len(w.machine.ends))/4
			if len(w.machine.states) > before {
				cost = 10*cost + len(w.machine.alphabet)
			}
			if err := w.budget.Spend(cost); err != nil {
				return err
			}
			if w.machine.states[to.state].dead || w.seen[to] {
				continue
			}
			w.seen[to] = true
			queue = append(queue, step{to, at.text + string(c)})
		}
	}
	return nil
}

func (w *walker) follow(from place, letter int, c rune) place {
	to := place{state: w.machine.step(from.state, letter)}
	if from.node != nil {
		to.node = from.node.children[c]
	}
	return to
}

// visit keeps a string that is not taken and shows a new combination.
func (w *walker) visit(at place, text string) {
	s := w.machine.states[at.state]
	if !s.valid || at.node != nil && at.node.end || w.found[s.accepts] {
		return
	}
	w.found[s.accepts] = text != "" // a witness does not show the empty string, so look on
	w.samples = append(w.samples, text)
}
