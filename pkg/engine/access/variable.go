package access

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// resolution is what became of the policy variables in a value.
type resolution uint8

const (
	// resolved: the value is text.
	resolved resolution = iota
	// unresolvable: a variable has no value for this principal and no default,
	// so the value matches nothing.
	unresolvable
	// unknown: the value depends on what is not known.
	unknown
)

// resolve replaces the policy variables of a value for a subject. Only values of
// String and Arn operators of a document of version 2012-10-17 have any. Text
// that a variable brings in has no wildcards.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (r *reader) resolve(value string, o policy.Operator, d policy.Set, s *subject) (pattern.Value, resolution) {
	if !d.HasVariables() || o.Family != policy.StringFamily && o.Family != policy.ArnFamily || !strings.Contains(value, "${") {
		if o.Family == policy.StringFamily && o.Comparison != policy.Like {
			return pattern.Quoted(value), resolved
		}
		return pattern.Plain(value), resolved
	}
	var text pattern.Value
	for {
		before, rest, found := strings.Cut(value, "${")
		text = append(text, pattern.Plain(before)...)
		if !found {
			return text, resolved
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, unknown // what an open ${ means is not documented
		}
		replacement, what := r.variable(name, s)
		if what != resolved {
			return nil, what
		}
		text = append(text, pattern.Quoted(replacement)...)
		value = after
	}
}

// variable returns the value of one variable, such as aws:username or
// "aws:username, 'nobody'".
func (r *reader) variable(text string, s *subject) (string, resolution) {
	switch text {
	case "*", "?", "$":
		return text, resolved
	}
	name, fallback, hasFallback := strings.Cut(text, ",")
	fallback = strings.TrimSpace(fallback)
	if hasFallback {
		inner, ok := strings.CutPrefix(fallback, "'")
		inner, ok2 := strings.CutSuffix(inner, "'")
		if !ok || !ok2 || strings.ContainsAny(inner, "'${}") {
			return "", unknown
		}
		fallback = inner
	}
	value, present, determined := r.determined(strings.TrimSpace(name), s)
	if _, constant := r.constant(keyID(strings.TrimSpace(name))); constant {
		r.askConstant(strings.TrimSpace(name))
		return value, resolved
	}
	switch {
	case !determined || s == nil || !s.sameForAll(keyID(strings.TrimSpace(name))):
		return "", unknown
	case present:
		return value, resolved
	case hasFallback:
		return fallback, resolved
	default:
		return "", unresolvable
	}
}

// sameForAll tells whether a key that the principal determines has the same
// value for all principals that the subject stands for.
func (s *subject) sameForAll(key string) bool {
	switch key {
	case "aws:principaltype", "aws:principalisawsservice":
		return true
	case "aws:principalaccount", "kms:calleraccount":
		return s.group != otherAccount
	case "aws:principalservicename":
		return s.kind != evaluation.ServicePrincipal || s.group == named
	case "aws:username":
		return s.kind != evaluation.UserPrincipal || s.group == named
	default: // aws:PrincipalArn
		if s.kind == evaluation.SessionPrincipal {
			return s.roleNamed
		}
		return s.kind == evaluation.ServicePrincipal || s.kind == evaluation.RootPrincipal && s.group != otherAccount || s.group == named
	}
}
