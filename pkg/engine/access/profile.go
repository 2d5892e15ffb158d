package access

import (
	"encoding/binary"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// grant is a statement's effect on the requests of one half of one subject.
type grant struct {
	statement int
	effect    policy.Effect
	delegated bool // an Allow that needs the permission of the principal's own account
	actions   Actions
	when      []box.Box
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
	var reached [2][]grant // by side; like id, room that is used again for each subject
	var id []byte
	for i := range c.subjects {
		s := &c.subjects[i]
		var err error
		for side, statements := range [...][]statement{c.baseline, c.actual} {
			if reached[side], err = c.appendGrants(reached[side][:0], statements, s); err != nil {
				return nil, err
			}
		}
		if err := c.reader.space.Spend(perLook * (len(reached[0]) + len(reached[1]))); err != nil {
			return nil, err
		}
		for _, iam := range [...]bool{true, false} {
			if !iam && s.alone() {
				continue
			}
			if id = appendSignature(id[:0], reached[:], iam); known[string(id)] == nil {
				p := &profile{baseline: inHalf(reached[0], iam), actual: inHalf(reached[1], iam), subjects: make([]half, 0, 8)}
				known[string(id)] = p
				list = append(list, p)
			}
			p := known[string(id)]
			p.subjects = append(p.subjects, half{s, iam})
		}
	}
	return list, nil
}

// appendGrants appends the statements that say something about a subject.
func (c *comparison) appendGrants(list []grant, statements []statement, s *subject) ([]grant, error) {
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

// inHalf returns a copy of the grants that say something about the half of a subject's
// requests that its own account allows, or does not.
func inHalf(grants []grant, iam bool) []grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g grant) bool { return !g.inHalf(iam) })
}

func (g *grant) inHalf(iam bool) bool { return iam || !g.delegated }

// appendSignature appends bytes that are the same only where the grants in a half are of
// the same statements under the same conditions.
func appendSignature(id []byte, lists [][]grant, iam bool) []byte {
	for _, list := range lists {
		for _, g := range list {
			if !g.inHalf(iam) {
				continue
			}
			id = binary.AppendUvarint(id, uint64(g.statement)+1)
			if g.delegated {
				id = append(id, 'd')
			}
			for _, b := range g.when {
				id = append(b.AppendID(id), 0)
			}
			id = append(id, 0)
		}
		id = append(id, 0)
	}
	return id
}

// atoms splits the actions that grants mention into the sets that no grant tells apart.
func atoms(lists ...[]grant) []Actions {
	parts, split := append(make([]Actions, 0, 8), AllActions), make([]Actions, 0, 8)
	for _, list := range lists {
		for _, g := range list {
			split = split[:0]
			for _, part := range parts {
				if in := part & g.actions; in != 0 {
					split = append(split, in)
				}
				if out := part &^ g.actions; out != 0 {
					split = append(split, out)
				}
			}
			parts, split = split, parts
		}
	}
	slices.Sort(parts)
	return parts
}

// boxes returns the conditions of the grants of an effect that cover actions.
func boxes(grants []grant, effect policy.Effect, actions Actions) []box.Box {
	var list []box.Box
	for _, g := range grants {
		if g.effect == effect && g.actions&actions != 0 {
			if len(list) == 0 { // of one grant, no copy
				list = slices.Clip(g.when)
				continue
			}
			list = append(list, g.when...)
		}
	}
	return list
}
