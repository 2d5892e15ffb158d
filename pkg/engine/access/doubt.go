package access

// doubt is something in a policy that cannot be decided: an opaque predicate.
// Doubts of the same reason and id are the same predicate. detail is for people.
type doubt struct{ reason, id, detail string }

// restrictOpaque narrows a box to the contexts in which an opaque predicate holds.
func (r *reader) restrictOpaque(b box, from origin, q doubt) box {
	restricted, _ := b.restrict(r.opaqueDimension(from, q), single(holds, 2))
	return restricted
}

// excludeOpaque narrows a box to the contexts in which an opaque predicate fails.
func (r *reader) excludeOpaque(b box, from origin, q doubt) box {
	restricted, _ := b.restrict(r.opaqueDimension(from, q), single(fails, 2))
	return restricted
}

func (r *reader) opaqueDimension(from origin, q doubt) int {
	index, ok := r.opaque[q.reason+" "+q.id]
	if !ok {
		index = len(r.space.dimensions)
		r.opaque[q.reason+" "+q.id] = index
		r.space.dimensions = append(r.space.dimensions, dimension{
			all: full(2), opaque: true,
			cause: Inconclusive{Policy: from.which, Statement: from.statement, Reason: q.reason, Detail: q.detail},
		})
	}
	return index
}

// The two classes of an opaque dimension.
const (
	fails = iota
	holds
)
