package repair

import (
	"errors"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Excess plans to take away what a judged key's policy allows beyond the ceiling, and nothing
// else. It is for a policy to which KMS refuses to add a principal: the plan names no user,
// role or session that the live policy does not name, and adds access, to others, only where
// KMS would refuse the policy without. writer is as in [For]. The error is a [*Refusal].
func Excess(s guardrail.Snapshot, j guardrail.Judgement, writer string) (Plan, error) {
	if s.Evidence != guardrail.LivePolicy {
		return Plan{}, refuse(NotLive, "the judged policy was not read from the key")
	}
	if !j.HasLimits() {
		return Plan{}, refuse(Incomplete, "the key was not held against a baseline")
	}
	r := request(s, j, writer)
	ceiling := known(j.Live, r.Bounds.Ceiling)
	if len(ceiling.Statements) == 0 {
		return Plan{}, refuse(NothingLeft, "the ceiling allows nobody whom the policy names")
	}
	floors := r.Bounds.Floors
	r.Bounds = Bounds{Ceiling: ceiling}
	p, err := Trim(r)
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Reason != Lockout && refusal.Reason != NothingLeft {
		return p, err
	}
	for _, floor := range floors {
		if floor = known(j.Live, floor); len(floor.Statements) > 0 {
			r.Bounds.Floors = append(r.Bounds.Floors, floor)
		}
	}
	return Trim(r)
}

// known returns statements without the principals that KMS may not know.
func known(live *policy.Document, s policy.Set) policy.Set {
	rest := policy.Set{Version: s.Version}
	for _, st := range s.Statements {
		if !st.Principals.Negated {
			st.Principals.Entries = slices.DeleteFunc(slices.Clone(st.Principals.Entries), func(p policy.Principal) bool { return unnamed(live, p) })
			if len(st.Principals.Entries) == 0 {
				continue
			}
		}
		rest.Statements = append(rest.Statements, st)
	}
	return rest
}

// Unnamed returns the principals that a new policy names and the live one does not, such as
// KMS has to look up. Each is named once, as written.
func Unnamed(live, planned *policy.Document) []string {
	var names []string
	for _, st := range planned.Statements {
		for _, p := range st.Principals.Entries {
			if unnamed(live, p) && !slices.Contains(names, p.Text) {
				names = append(names, p.Text)
			}
		}
	}
	return names
}

// unnamed tells whether KMS has to look a principal up that the live policy does not name.
// Accounts and services are no names that somebody forgot to create.
func unnamed(live *policy.Document, p policy.Principal) bool {
	if slices.Contains([]policy.PrincipalKind{policy.Anyone, policy.Account, policy.Service}, p.Kind) {
		return false
	}
	return !slices.ContainsFunc(live.Statements, func(st policy.Statement) bool { return slices.Contains(st.Principals.Entries, p) })
}
