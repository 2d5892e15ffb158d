package access

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// finding is a proved piece with one half of a subject that it applies to.
type finding struct {
	piece
	half half
}

func appendFor(list []finding, pieces []piece, halves []half) []finding {
	list = slices.Grow(list, len(pieces)*len(halves))
	for _, p := range pieces {
		for _, h := range halves {
			list = append(list, finding{p, h})
		}
	}
	return list
}

// differences groups findings as a person would say them: by statement, then by
// the principals to which the same actions happen under the same conditions.
//
// granting is the policy that allows what the other does not. A difference whose
// witness is not confirmed becomes an open question.
func (c *comparison) differences(granting Which, findings []finding) []Difference {
	list := []Difference{}
	for _, statement := range groupBy(findings, func(f finding) origin { return f.cause }) {
		var rows []row
		for _, ofSubject := range groupBy(statement, func(f finding) *subject { return f.half.subject }) {
			rows = append(rows, rowsOf(ofSubject)...)
		}
		for _, same := range groupBy(rows, c.grouping) {
			witness, ok := c.confirmedWitness(granting, same)
			if !ok && c.confirmed > confirmations {
				c.note(Inconclusive{Policy: Actual, Reason: OverBudget, Detail: "there are more differences than those listed"})
				return list
			}
			if !ok {
				cause := same[0].finding.cause
				c.note(Inconclusive{Policy: cause.which, Statement: cause.statement, Reason: "unconfirmed-witness",
					Detail: "the evaluator does not confirm " + witness.Action + " by " + witness.Principal})
				continue
			}
			d := c.difference(same)
			d.Witness = witness
			list = append(list, d)
		}
	}
	return list
}

// row is what happens to one subject because of one statement: the same boxes
// for a set of actions.
type row struct {
	subject *subject
	finding finding // an example
	actions Actions
	boxes   []box.Box
	boxesID string
}

// rowsOf tells the findings of one subject together.
func rowsOf(findings []finding) []row {
	var rows []row
	type kind struct {
		actions        Actions
		iam, delegated bool
	}
	for _, list := range groupBy(withoutRepeated(findings), func(f finding) kind { return kind{f.actions, f.half.iam, f.delegated} }) {
		boxes := make([]box.Box, len(list))
		for i, f := range list {
			boxes[i] = f.when
		}
		first, id := list[0], boxesID(boxes)
		i := slices.IndexFunc(rows, func(r row) bool {
			return r.boxesID == id && r.finding.half.iam == first.half.iam && r.finding.delegated == first.delegated
		})
		if i < 0 {
			i = len(rows)
			rows = append(rows, row{subject: first.half.subject, finding: first, boxes: boxes, boxesID: id})
		}
		rows[i].actions |= first.actions
	}
	return rows
}

// withoutRepeated leaves out what a finding with the help of IAM only repeats: what shows
// without that help too is direct access, and told as such.
func withoutRepeated(findings []finding) []finding {
	list := make([]finding, 0, len(findings))
	for _, f := range findings {
		if f.half.iam {
			for _, direct := range findings {
				if !direct.half.iam && direct.actions&f.actions != 0 && f.when.Within(direct.when) {
					f.actions &^= direct.actions
				}
			}
		}
		if f.actions != 0 {
			list = append(list, f)
		}
	}
	return list
}

// boxesID is the same for the same boxes.
func boxesID(boxes []box.Box) string {
	if len(boxes) == 1 {
		return string(boxes[0].AppendID(nil))
	}
	ids := make([]string, len(boxes))
	for i, b := range boxes {
		ids[i] = string(b.AppendID(nil))
	}
	slices.Sort(ids)
	return strings.Join(slices.Compact(ids), "\x00\x00")
}

// grouping is the same for rows that one difference covers.
type grouping struct {
	scope     Scope
	delegated bool
	actions   Actions
	boxesID   string
}

func (c *comparison) grouping(r row) grouping {
	return grouping{c.scope(r.subject), r.finding.delegated, r.actions, r.boxesID}
}

// scope says how near a subject is to the key.
func (c *comparison) scope(s *subject) Scope {
	switch {
	case s.kind == evaluation.ServicePrincipal:
		return AWSService
	case s.group == otherAccount:
		return AnyAccount
	case s.account != c.reader.key.Account:
		return NamedAccount
	default:
		return OwnAccount
	}
}

func (c *comparison) difference(rows []row) Difference {
	first := rows[0].finding
	d := Difference{
		Policy: first.cause.which, Statement: first.cause.statement,
		Principals: c.principalWords(rows), Actions: []string{"kms:*"},
		Scope: c.scope(rows[0].subject), Delegated: first.delegated,
		Unnamed: slices.ContainsFunc(rows, func(r row) bool { return r.subject.group >= otherOfAccount }),
	}
	if rows[0].actions != AllActions {
		d.Actions = rows[0].actions.Names()
	}
	d.Conditions = c.conditionWords(rows[0].boxes)
	d.SID = c.statement(first.cause).SID
	return d
}

// statement returns the statement of an origin.
func (c *comparison) statement(o origin) *policy.Statement {
	list := c.actual
	if o.which == Baseline {
		list = c.baseline
	}
	i := slices.IndexFunc(list, func(s statement) bool { return s.from.statement == o.statement })
	return list[i].Statement
}

// groupBy splits a list by a key, in the order in which keys first appear.
func groupBy[T any, K comparable](list []T, key func(T) K) [][]T {
	if len(list) == 1 {
		return [][]T{list}
	}
	index := map[K]int{}
	groupOf := make([]int, len(list))
	var sizes []int
	for i, item := range list {
		k := key(item)
		group, ok := index[k]
		if !ok {
			group = len(sizes)
			index[k] = group
			sizes = append(sizes, 0)
		}
		groupOf[i] = group
		sizes[group]++
	}
	groups, room := make([][]T, len(sizes)), make([]T, len(list))
	for group, size := range sizes {
		groups[group], room = room[:0:size], room[size:]
	}
	for i, item := range list {
		groups[groupOf[i]] = append(groups[groupOf[i]], item)
	}
	return groups
}
