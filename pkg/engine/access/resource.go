package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// onThisKey tells whether the statement's Resource can be this key, and makes
// it conditional where that cannot be decided.
func (r *reader) onThisKey(st *statement) bool {
	switch match := r.resourceMatch(st); match {
	case matchYes:
		return true
	case matchNo:
		return false
	default:
		st.resource = r.inDoubt(st)
		return true
	}
}

// inDoubt restricts a statement to the contexts in which its Resource is this key, where
// nothing more is known. NotResource is the opposite of the same Resource.
func (r *reader) inDoubt(st *statement) box.Box {
	l := st.Resources
	if len(l.Values) == 0 {
		return r.restrictOpaque(st.resource, st.from, doubt{"empty-list", "NotResource", "NotResource is an empty list"})
	}
	text := strings.Join(l.Values, ", ")
	id := fmt.Sprintf("%q %v", slices.Compact(slices.Sorted(slices.Values(l.Values))), st.document.HasVariables())
	d := doubt{"resource", id, "Resource " + text + " may or may not be this key"}
	if r.key.ARN == "" {
		d.detail += "; give the key's ARN (--key-arn) to decide it"
	}
	if l.Negated {
		return r.excludeOpaque(st.resource, st.from, d)
	}
	return r.restrictOpaque(st.resource, st.from, d)
}

type match uint8

const (
	matchNo match = iota
	matchUnknown
	matchYes
)

// resourceMatch tells whether a Resource element covers the key: "*", the key's
// ARN, or a pattern that matches all of it (assumption: AWS documents only "*").
func (r *reader) resourceMatch(st *statement) match {
	l := st.Resources
	result := matchNo
	for _, value := range l.Values {
		if result = max(result, r.oneResource(value, st.document.HasVariables())); result == matchYes {
			break
		}
	}
	switch {
	case l.Negated && l.Present && len(l.Values) == 0:
		return matchUnknown
	case len(l.Values) == 0, l.Negated && result == matchYes:
		return matchNo
	case l.Negated && result == matchNo:
		return matchYes
	default:
		return result
	}
}

func (r *reader) oneResource(value string, variables bool) match {
	switch {
	case strings.Trim(value, "*") == "" && value != "":
		return matchYes
	case variables && strings.Contains(value, "${"):
		return matchUnknown
	case r.key.ARN == "":
		return r.matchesSomeKey(value)
	case policy.IsLike(value, r.key.ARN):
		return matchYes
	default:
		return matchNo
	}
}

// matchesSomeKey tells whether a Resource value covers the key where its ARN is not known:
// a value that covers each key of the account, and of the Region where that is known, does,
// and one that covers none does not.
func (r *reader) matchesSomeKey(value string) match {
	region := pattern.Text(r.key.Region)
	if r.key.Region == "" {
		region = slices.Concat(pattern.One(pattern.InKeyID), pattern.Any(pattern.InKeyID))
	}
	keys := slices.Concat(pattern.Text("arn:"+r.key.Partition+":kms:"), region, pattern.Text(":"+r.key.Account+":key/"),
		pattern.One(pattern.InKeyID), pattern.Any(pattern.InKeyID))
	asked := pattern.Glob(pattern.Plain(value), pattern.Anything)
	if !pattern.MayMeet(asked, keys) {
		return matchNo
	}
	found, err := pattern.Samples([]pattern.Pattern{asked}, nil, keys, &r.space.Budget)
	if err != nil {
		return matchUnknown // the comparison that follows says so
	}
	covered := 0
	for _, arn := range found {
		if asked.Matches(arn) {
			covered++
		}
	}
	switch covered {
	case 0:
		return matchNo
	case len(found):
		return matchYes
	default:
		return matchUnknown
	}
}
