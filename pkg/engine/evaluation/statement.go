package evaluation

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// actions matches the Action or NotAction element (semantics 2.4, 2.5). An action is a
// pattern over the whole name with its prefix, and ignores case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func (e *evaluation) actions(l policy.List) truth {
	if !l.Present {
		return is(false) // no effect
	}
	if len(l.Values) == 0 {
		return emptyList(l, "NotAction")
	}
	matched := false
	for _, value := range l.Values {
		matched = matched || e.actionMatches(value)
	}
	if l.Negated {
		return is(!matched)
	}
	return is(matched)
}

// actionMatches tells whether a value matches the action. What most values are, a name or
// a name's beginning with a star, needs no pattern.
func (e *evaluation) actionMatches(value string) bool {
	beginning, rest, star := strings.Cut(value, "*")
	switch {
	case rest != "" || strings.Contains(beginning, "?"):
		return matches(pattern(folded(value)), e.action)
	case star:
		n := utf8.RuneCountInString(beginning) // an action has one byte a character
		return len(e.request.Action) >= n && strings.EqualFold(e.request.Action[:n], beginning)
	default:
		return strings.EqualFold(e.request.Action, value)
	}
}

// resource matches the Resource or NotResource element with the key (semantics 2.3, 2.4).
//
// Assumption: a Resource other than "*" works as in other services, as a pattern over
// the whole ARN; for KMS, AWS documents "*" only.
func (e *evaluation) resource(l policy.List) truth {
	if !l.Present {
		return is(false) // no effect
	}
	if len(l.Values) == 0 {
		return emptyList(l, "NotResource")
	}
	if slices.Contains(l.Values, "*") { // whatever stands beside it
		return is(!l.Negated)
	}
	var list []truth
	for _, value := range l.Values {
		list = append(list, e.resourceValue(value))
	}
	if l.Negated {
		return not(anyOf(list...))
	}
	return anyOf(list...)
}

func (e *evaluation) resourceValue(value string) truth {
	switch {
	case e.document.HasVariables() && strings.Contains(value, "${"):
		return unclear(VariableInResource, "a policy variable in Resource: "+quoted(value))
	case e.key.ARN == "":
		return e.coversKeys(value)
	default:
		return is(matches(pattern(value), e.key.ARN))
	}
}

// emptyList is the truth of an element that is there and lists nothing: an empty Action
// or Resource has no effect. AWS says nothing of their negations.
func emptyList(l policy.List, negation string) truth {
	if l.Negated {
		return unclear(EmptyNegatedList, negation+" is an empty list")
	}
	return is(false)
}
