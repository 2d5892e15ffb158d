package access

import (
	"encoding/binary"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// grant is a statement's effect on the requests of one half of one subject.
type grant struct {
	statement int
	effect    policy.Effect
	delegated bool // an Allow that needs the permission of the principal's own account
	actions   Actions
	when      []box
}

// profile is what both policies say about one half of one subject's requests.
// Subjects with the same profile are treated alike, so it is decided once.
type profile struct {
	baseline, actual []grant
	subjects         []half
}

// half is a subject with what its own account says to its requests.
type half struct {
	subject *subject
	iam     bool
}

// profiles groups the halves of all subjects by what the statements say to them.
func (c *comparison) profiles() ([]*profile, error) {
	var list []*profile
	known := map[string]*profile{}
	for i := range c.subjects {
		s := &c.subjects[i]
		reached := make([][]grant, 2)
		var err error
		for side, statements := range [...][]statement{c.baseline, c.actual} {
			if reached[side], err = c.grants(statements, s); err != nil {
				return nil, err
			}
		}
		for _, iam := range [...]bool{true, false} {
			if !iam && s.alone() {
				continue
			}
			baseline, actual := inHalf(reached[0], iam), inHalf(reached[1], iam)
			id := signature(baseline, actual)
			if known[id] == nil {
				known[id] = &profile{baseline: baseline, actual: actual}
				list = append(list, known[id])
			}
			known[id].subjects = append(known[id].subjects, half{s, iam})
		}
	}
	return list, nil
}

// grants returns the statements that say something about a subject.
func (c *comparison) grants(statements []statement, s *subject) ([]grant, error) {
	var list []grant
	for i := range statements {
		st := &statements[i]
		covered, when, err := c.reader.reach(st, s)
		if err != nil {
			return nil, err
		}
		if covered != coversNothing && len(when) > 0 {
			list = append(list, grant{st.from.statement, st.Effect, covered == coversDelegated, st.actions, when})
		}
	}
	return list, nil
}

// inHalf returns the grants that say something about the half of a subject's
// requests that its own account allows, or does not.
func inHalf(grants []grant, iam bool) []grant {
	if iam {
		return grants
	}
	return slices.DeleteFunc(slices.Clone(grants), func(g grant) bool { return g.delegated })
}

// signature is the same for grants of the same statements under the same conditions.
func signature(lists ...[]grant) string {
	var id []byte
	for _, list := range lists {
		for _, g := range list {
			id = binary.AppendUvarint(id, uint64(g.statement)+1)
			if g.delegated {
				id = append(id, 'd')
			}
			for _, b := range g.when {
				id = append(b.appendID(id), 0)
			}
			id = append(id, 0)
		}
		id = append(id, 0)
	}
	return string(id)
}

// atoms splits the actions that grants mention into the sets that no grant tells apart.
func atoms(lists ...[]grant) []Actions {
	parts := []Actions{AllActions}
	for _, list := range lists {
		for _, g := range list {
			var split []Actions
			for _, part := range parts {
				if in := part & g.actions; in != 0 {
					split = append(split, in)
				}
				if out := part &^ g.actions; out != 0 {
					split = append(split, out)
				}
			}
			parts = split
		}
	}
	slices.Sort(parts)
	return parts
}

// boxes returns the conditions of the grants of an effect that cover actions.
func boxes(grants []grant, effect policy.Effect, actions Actions) []box {
	var list []box
	for _, g := range grants {
		if g.effect == effect && g.actions&actions != 0 {
			list = append(list, g.when...)
		}
	}
	return list
}
