package access

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
)

// doubt is something in a policy that cannot be decided: an opaque predicate.
// Doubts of the same reason and id are the same predicate. detail is for people.
type doubt struct{ reason, id, detail string }

// restrictOpaque narrows a box to the contexts in which an opaque predicate holds.
func (r *reader) restrictOpaque(b box.Box, from origin, q doubt) box.Box {
	restricted, _ := b.Restrict(r.opaqueDimension(from, q), box.Single(holds, 2))
	return restricted
}

// excludeOpaque narrows a box to the contexts in which an opaque predicate fails.
func (r *reader) excludeOpaque(b box.Box, from origin, q doubt) box.Box {
	restricted, _ := b.Restrict(r.opaqueDimension(from, q), box.Single(fails, 2))
	return restricted
}

func (r *reader) opaqueDimension(from origin, q doubt) int {
	id := q.reason + " " + q.id
	index, ok := r.opaque[id]
	if !ok {
		cause := Inconclusive{Policy: from.which, Statement: from.statement, Reason: q.reason, Detail: q.detail}
		index = r.space.addDimension(box.Full(2), true, dimension{cause: cause})
		r.opaque[id] = index
	}
	return index
}

// The two classes of an opaque dimension.
const (
	fails = iota
	holds
)
