package access

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Restricting returns the conditions of a statement that keep out some request: those
// that do not hold for each request of each principal that the statement names. What it
// leaves out counts as no condition: aws:userid like "*", Null false of a key that each
// request carries, the key's own spec, account or Region, where key has them.
//
// Of a statement that names identities and services, as "*" does, the requests of
// identities count. A condition that is not decided, or for which the budget does not
// suffice, restricts. version is the policy's, since it says whether ${…} is a variable.
func Restricting(key policy.Key, version string, st policy.Statement) []policy.Condition {
	var list []policy.Condition
	for _, condition := range st.Conditions {
		alone := st
		alone.Conditions = []policy.Condition{condition}
		if !holdsAlways(key, policy.Set{Version: version, Statements: []policy.Statement{alone}}) {
			list = append(list, condition)
		}
	}
	return list
}

// holdsAlways tells whether the condition of a policy's one statement, which has one,
// holds for each request of those whose requests count.
func holdsAlways(key policy.Key, alone policy.Set) bool {
	c := newComparison(key, policy.Set{Version: alone.Version}, alone)
	if c.prepare() != nil || len(c.actual) == 0 {
		return false
	}
	st := &c.actual[0]
	holds := map[bool]bool{} // by whether the caller is a service
	for i := range c.subjects {
		s := &c.subjects[i]
		covered, boxes, err := c.reader.reach(st, s)
		if err != nil {
			return false
		}
		if named, _ := c.reader.reachPrincipal(st, s); named == coversNothing {
			continue
		}
		service := s.kind == evaluation.ServicePrincipal
		always := covered != coversNothing && len(boxes) == 1 && len(boxes[0]) == 0
		if before, seen := holds[service]; !seen || before {
			holds[service] = always
		}
	}
	if identities, named := holds[false]; named {
		return identities
	}
	return holds[true]
}
