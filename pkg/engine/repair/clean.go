package repair

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// clean takes out what KMS refuses when a policy is written again: principals that were
// deleted, and statements without an Action, a Resource or a principal.
// https://repost.aws/knowledge-center/kms-policy-error-invalid-principals
func (p *planner) clean() {
	for i := range p.fates {
		f := &p.fates[i]
		st := f.now[0]
		if slices.ContainsFunc(st.Principals.Entries, isDeleted) {
			st = withoutDeleted(st)
			f.now, f.changed, f.why = []policy.Statement{st}, true, "KMS rejects principals that were deleted"
		}
		if st.Incomplete() {
			f.now, f.changed = nil, true
			if f.why == "" {
				f.why = "KMS refuses a statement without an Action, a Resource or a principal"
			}
		}
	}
}

// withoutDeleted returns a statement without its deleted principals. All but a deleted
// principal is everyone.
func withoutDeleted(st policy.Statement) policy.Statement {
	alive := slices.DeleteFunc(slices.Clone(st.Principals.Entries), isDeleted)
	if len(alive) == 0 && len(st.Principals.Entries) > 0 && st.Principals.Negated {
		st.Principals.Negated = false
		alive = []policy.Principal{{Kind: policy.Anyone, Text: "*"}}
	}
	st.Principals.Entries = alive
	return st
}

func isDeleted(p policy.Principal) bool { return p.Kind == policy.UniqueID }
