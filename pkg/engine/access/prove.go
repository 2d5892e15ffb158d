package access

import (
	"cmp"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// piece is a part of what one policy allows and the other does not, with the
// statement that causes it.
type piece struct {
	cause     origin
	allow     *grant // the statement that allows
	deny      *grant // the Deny of the other policy, nil where no Allow of it covers
	delegated bool
	actions   Actions
	when      box.Box
}

// beyond returns what the grants of one policy allow and those of the other do
// not, for actions that the grants do not tell apart. Only proved pieces are
// returned, those found so far even with an error; what may differ but is not
// proved becomes an open question.
func (c *comparison) beyond(which Which, granting, other []grant, actions Actions) ([]piece, error) {
	if err := c.reader.space.Spend(perLook * (len(granting) + len(other))); err != nil {
		return nil, err
	}
	denied := boxes(granting, policy.Deny, actions)
	otherAllows := boxes(other, policy.Allow, actions)
	outside := slices.Concat(otherAllows, denied)
	var result []piece
	for i := range granting {
		g := &granting[i]
		if g.effect != policy.Allow || g.actions&actions == 0 {
			continue
		}
		p := piece{cause: origin{which, g.statement}, allow: g, delegated: g.delegated, actions: actions}
		proved, err := c.provedOutside(p, g.when, outside, granting, other)
		result = append(result, proved...)
		if err != nil {
			return result, err
		}
		if !slices.ContainsFunc(other, func(d grant) bool { return d.effect == policy.Deny && d.actions&actions != 0 }) {
			continue
		}
		shared, err := c.reader.space.IntersectAll(g.when, otherAllows)
		if err != nil {
			return result, err
		}
		for j := range other {
			d := &other[j]
			if d.effect != policy.Deny || d.actions&actions == 0 {
				continue
			}
			if err := c.reader.space.Spend(perLook * (1 + len(denied))); err != nil {
				return result, err
			}
			lost, err := c.reader.space.IntersectAll(shared, d.when)
			if err != nil {
				return result, err
			}
			p.cause, p.deny = lostTo(which, g.statement, d.statement), d
			proved, err := c.provedOutside(p, lost, denied, granting, other)
			result = append(result, proved...)
			if err != nil {
				return result, err
			}
		}
	}
	return result, nil
}

// provedOutside returns proved pieces of boxes that lie in none of others; those
// found so far even with an error.
func (c *comparison) provedOutside(p piece, boxes, others []box.Box, granting, other []grant) ([]piece, error) {
	var proved []piece
	for _, b := range boxes {
		var failed error
		_, err := c.reader.space.Remainder(b, others, func(rest box.Box) bool {
			p.when = rest
			var some []piece
			some, failed = c.prove(p, granting, other)
			proved = append(proved, some...)
			return failed == nil && len(proved) < mostPieces
		})
		if err = cmp.Or(err, failed); err != nil || len(proved) >= mostPieces {
			return proved, err
		}
	}
	return proved, nil
}

func piecesOf(boxes []box.Box, p piece) []piece {
	list := make([]piece, len(boxes))
	for i, b := range boxes {
		p.when = b
		list[i] = p
	}
	return list
}

// lostTo names the statement that causes a difference made by a Deny of the
// other policy: that Deny where actual lost access, and the granting statement
// where actual has no such Deny.
func lostTo(granting Which, grant, deny int) origin {
	if granting == Baseline {
		return origin{Actual, deny}
	}
	return origin{Actual, grant}
}

// prove returns the part of a piece that is a difference under every reading of
// the opaque predicates. Where there is none, they become open questions.
func (c *comparison) prove(p piece, granting, other []grant) ([]piece, error) {
	sp := c.reader.space
	certain := []box.Box{p.when}
	opaque := c.opaqueSides(p.when)
	if len(opaque) > 0 {
		var err error
		if certain, err = c.certain(p.when, p.actions, granting, other); err != nil {
			return nil, err
		}
		open, err := sp.SubtractAll(sp.Project([]box.Box{p.when}), certain)
		if err != nil {
			return nil, err
		}
		if len(open) > 0 {
			for _, dimension := range opaque {
				c.note(sp.about[dimension].cause)
			}
		}
		if certain, err = sp.SubtractAll(certain, c.toldElsewhere(p, granting, other)); err != nil {
			return nil, err
		}
	}
	shown := slices.DeleteFunc(slices.Clone(certain), func(b box.Box) bool { return !sp.showable(b) })
	if len(certain) > 0 && len(shown) == 0 {
		c.note(Inconclusive{Policy: p.cause.which, Statement: p.cause.statement, Reason: "values", Detail: "a difference needs a value that may not exist: " + sp.words(certain[0])})
	}
	return piecesOf(shown, p), nil
}

// toldElsewhere returns the contexts of a piece that need not be told, because they are
// told of what is in no doubt: where the piece's own Allow is in doubt, those that an
// Allow covers for certain; where the Deny of the other policy is, those that a Deny does.
// What is in no doubt never gives way.
func (c *comparison) toldElsewhere(p piece, granting, other []grant) []box.Box {
	var list []box.Box
	if c.inDoubt(p.when, p.allow) {
		list = c.certainBoxes(list, granting, policy.Allow, p.actions)
	}
	if p.deny != nil && c.inDoubt(p.when, p.deny) {
		list = c.certainBoxes(list, other, policy.Deny, p.actions)
	}
	return list
}

// inDoubt tells whether a box is in no box of a grant that has no opaque side.
func (c *comparison) inDoubt(b box.Box, g *grant) bool {
	return !slices.ContainsFunc(g.when, func(around box.Box) bool { return len(c.opaqueSides(around)) == 0 && b.Within(around) })
}

func (c *comparison) certainBoxes(list []box.Box, grants []grant, effect policy.Effect, actions Actions) []box.Box {
	for _, b := range boxes(grants, effect, actions) {
		if len(c.opaqueSides(b)) == 0 {
			list = append(list, b)
		}
	}
	return list
}

func (c *comparison) opaqueSides(b box.Box) []int {
	var list []int
	for _, s := range b {
		if c.reader.space.Dimensions[s.Dimension].Opaque {
			list = append(list, s.Dimension)
		}
	}
	return list
}

// certain returns the contexts of a box in which, whatever the opaque
// predicates are, the granting side allows and the other does not.
func (c *comparison) certain(b box.Box, actions Actions, granting, other []grant) ([]box.Box, error) {
	sp := c.reader.space
	denied := boxes(granting, policy.Deny, actions)
	refused, err := sp.SubtractAll([]box.Box{nil}, boxes(granting, policy.Allow, actions))
	if err != nil {
		return nil, err
	}
	allowed, err := sp.SubtractAll(boxes(other, policy.Allow, actions), boxes(other, policy.Deny, actions))
	if err != nil {
		return nil, err
	}
	certain := sp.Project([]box.Box{b})
	for _, doubt := range [][]box.Box{refused, denied, allowed} {
		if certain, err = sp.SubtractAll(certain, sp.Project(doubt)); err != nil {
			return nil, err
		}
	}
	return certain, nil
}
