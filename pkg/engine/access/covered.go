package access

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// dropCovered leaves out the Allows that surely add nothing to what is asked, so that nothing
// in them has to be compared: of the policy that may allow more, those that the other policy
// covers.
func (c *comparison) dropCovered(asked ways) {
	switch asked {
	case onlyExcess:
		c.actual = uncovered(c.actual, c.baseline)
	case onlyMissing:
		c.baseline = uncovered(c.baseline, c.actual)
	case both:
	}
}

// uncovered returns the statements without the Allows that some Allows cover. A Deny among the
// others narrows what they cover, so it then returns all.
func uncovered(statements, others []statement) []statement {
	if slices.ContainsFunc(others, func(o statement) bool { return o.Effect == policy.Deny }) {
		return statements
	}
	return slices.DeleteFunc(statements, func(st statement) bool { return isCovered(&st, others) })
}

// isCovered tells whether each principal of an Allow is named by an Allow that has at least its
// actions, and its own conditions and Resource or none.
func isCovered(st *statement, others []statement) bool {
	if st.Effect != policy.Allow || st.Principals.Negated || st.Actions.Negated {
		return false
	}
	for _, p := range st.Principals.Entries {
		covers := func(o statement) bool {
			return st.actions&^o.actions == 0 && !o.Actions.Negated && !o.Principals.Negated && slices.Contains(o.Principals.Entries, p) &&
				isNoNarrower(&o, st)
		}
		if !slices.ContainsFunc(others, covers) {
			return false
		}
	}
	return true
}

// isNoNarrower tells whether a statement has no Resource and no condition but those of another.
func isNoNarrower(o, st *statement) bool {
	isEach := !o.Resources.Negated && slices.Equal(o.Resources.Values, []string{"*"})
	if len(o.Conditions) == 0 && isEach {
		return true
	}
	isSame := o.Resources.Negated == st.Resources.Negated && slices.Equal(o.Resources.Values, st.Resources.Values)
	return (isEach || isSame) && o.document.Version == st.document.Version && slices.EqualFunc(o.Conditions, st.Conditions, writtenAlike)
}

// hasAllow tells whether one of some statements is an Allow.
func hasAllow(statements []statement) bool {
	return slices.ContainsFunc(statements, func(st statement) bool { return st.Effect == policy.Allow })
}
