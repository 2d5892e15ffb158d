package authz

import (
	"slices"
	"strings"
)

// In a pattern that is ready to match, anyText and anyRune are the wildcards
// and every other rune stands for itself. Both are private-use runes, which a
// policy cannot contain: so a literal "*" that came from ${*} or from a
// variable's value never becomes a wildcard.
const (
	anyText = '\uE000'
	anyRune = '\uE001'
)

var wildcards = strings.NewReplacer("*", string(anyText), "?", string(anyRune))

// markWildcards makes a pattern of a policy's text.
func markWildcards(s string) string { return wildcards.Replace(s) }

// matchGlob tells whether the pattern, with marked wildcards, covers the
// whole value.
func matchGlob(pattern, value string) bool {
	p, v := []rune(pattern), []rune(value)
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(v) {
		switch {
		case i < len(p) && p[i] == anyText:
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == anyRune || p[i] == v[j]):
			i++
			j++
		case star >= 0: // let the last wildcard take one rune more
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyText {
		i++
	}
	return i == len(p)
}

// matchARN compares two ARNs part by part: a wildcard does not cross the
// first five colons. What is no ARN matches nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func matchARN(pattern, value string) bool {
	wanted := strings.SplitN(pattern, ":", 6)
	have := strings.SplitN(value, ":", 6)
	if len(wanted) != 6 || len(have) != 6 || have[0] != "arn" {
		return false
	}
	for i := range wanted {
		if !matchGlob(wanted[i], have[i]) {
			return false
		}
	}
	return true
}

// expand replaces the policy variables of a value and reports whether all of
// them are known. With glob, the wildcards of the policy's own text are marked.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func expand(value string, context Context, glob bool) (string, bool) {
	mark := func(s string) string {
		if glob {
			return markWildcards(s)
		}
		return s
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(value, "${")
		out.WriteString(mark(before))
		if !found {
			return out.String(), true
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			out.WriteString(mark("${" + rest))
			return out.String(), true
		}
		replacement, ok := variable(name, context)
		if !ok {
			return "", false
		}
		out.WriteString(replacement)
		value = after
	}
}

// variable returns the text for the inside of ${…}: a special character, a
// context key, or a key with a default in single quotes.
func variable(inside string, context Context) (string, bool) {
	switch inside {
	case "*", "?", "$":
		return inside, true
	}
	name, fallback, hasFallback := strings.Cut(inside, ",")
	name = strings.ToLower(strings.TrimSpace(name))
	if values := context.values(name); len(values) == 1 && !slices.Contains(multiValued, name) {
		return values[0], true
	}
	if !hasFallback {
		return "", false
	}
	return strings.Trim(strings.TrimSpace(fallback), "'"), true
}

// multiValued are the condition keys that may have several values, in lower case: they are no
// policy variables, even if a request has one value for them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
var multiValued = []string{
	"aws:calledvia", "aws:principalorgpaths", "aws:principalservicenameslist", "aws:resourceorgpaths",
	"aws:sourceorgpaths", "aws:tagkeys", "aws:vpceorgpaths",
	"kms:encryptioncontextkeys", "kms:grantoperations", "kms:resourcealiases",
}
