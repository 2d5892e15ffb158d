package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// reach returns what a statement covers of a subject's requests, and in which
// contexts.
func (r *reader) reach(st *statement, s *subject) (coverage, []box.Box, error) {
	covered, when := r.reachPrincipal(st, s)
	if err := r.space.Spend(1 + len(st.Principals.Entries)/16 + 16*len(when)); err != nil {
		return coversNothing, nil, err
	}
	if covered == coversNothing {
		return coversNothing, nil, nil
	}
	boxes := st.fixed[s.caller()]
	if when != nil {
		var err error
		if boxes, err = r.space.IntersectAll(boxes, []box.Box{when}); err != nil {
			return coversNothing, nil, err
		}
	}
	for _, c := range st.varying {
		read := c.read
		if read == nil {
			resolved := r.read(c.Condition, st.document, s)
			read = &resolved
		}
		if err := r.and(&boxes, read, st, s.caller(), s); err != nil {
			return coversNothing, nil, err
		}
	}
	return covered, boxes, nil
}

func (r *reader) reachPrincipal(st *statement, s *subject) (coverage, box.Box) {
	if st.Principals.Negated {
		return r.reachNegated(st, s)
	}
	covered := coversNothing
	for i := range st.Principals.Entries {
		covered = max(covered, s.covers(&st.Principals.Entries[i], r.key))
	}
	if st.Effect == policy.Deny && covered != coversNothing {
		covered = coversDirect // a Deny covers both halves
	}
	return covered, nil
}

// reachNegated is reachPrincipal for NotPrincipal. A Deny is decided where the
// literal and the pessimistic reading agree; an Allow is not supported by AWS and
// never decided.
func (r *reader) reachNegated(st *statement, s *subject) (coverage, box.Box) {
	entries := st.Principals.Entries
	listed := slices.ContainsFunc(entries, func(p policy.Principal) bool { return s.matchedBy(&p, r.key.Partition) })
	decided := st.Effect == policy.Deny && len(entries) > 0
	if decided && !listed {
		return coversDirect, nil
	}
	if decided && s.layersListed(entries, r.key.Partition) {
		return coversNothing, nil
	}
	d := st.exempt
	d.id += s.arn
	return coversDirect, r.restrictOpaque(nil, st.from, d)
}

// exemption returns the doubt about a NotPrincipal, the same for the same list.
func (r *reader) exemption(st *statement) doubt {
	entries := st.Principals.Entries
	text := "NotPrincipal with " + st.Effect.String() + ": "
	list := text + principalTexts(entries, func(p policy.Principal) string { return fmt.Sprintf("%d:%q", p.Kind, r.spelledOut(p)) })
	if _, known := r.exempts[list]; !known {
		r.exempts[list] = len(r.exempts)
	}
	return doubt{"not-principal", fmt.Sprintf("%d for ", r.exempts[list]), text + principalTexts(entries, r.spelledOut)}
}

func principalTexts(entries []policy.Principal, textOf func(policy.Principal) string) string {
	texts := make([]string, len(entries))
	for i, p := range entries {
		texts[i] = textOf(p)
	}
	slices.Sort(texts)
	return strings.Join(slices.Compact(texts), ", ")
}

// spelledOut is the text of a principal, an account id as its root ARN.
func (r *reader) spelledOut(p policy.Principal) string {
	if p.Kind == policy.Account && p.Partition == "" {
		return "arn:" + r.key.Partition + ":iam::" + p.AccountID + ":root"
	}
	return p.Text
}
