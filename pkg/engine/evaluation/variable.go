package evaluation

import "strings"

// expand replaces the policy variables of a condition value (semantics 3, "Policy
// variables") and returns what it then compares to. With wildcards, * and ? of the
// value's own text are wild; ${*} and ${?} never are.
//
// The truth says whether every variable has a value: no where one has none, so that
// the condition value meets nothing; open where the variable has no one reading. Under
// version 2008-10-17 there are no variables.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (e *evaluation) expand(value string, wildcards bool) ([]symbol, truth) {
	own := literal
	if wildcards {
		own = pattern
	}
	if !e.document.HasVariables() {
		return own(value), is(true)
	}
	var symbols []symbol
	resolved := is(true)
	for rest := value; ; {
		before, after, found := strings.Cut(rest, "${")
		symbols = append(symbols, own(before)...)
		if !found {
			return symbols, resolved
		}
		body, behind, closed := strings.Cut(after, "}")
		if !closed {
			return nil, unclear(UnclearVariable, "a variable without its closing brace in "+quoted(value))
		}
		text, known := e.variable(body, wildcards)
		symbols = append(symbols, literal(text)...)
		resolved = all(resolved, known)
		rest = behind
	}
}

// variable returns the text that a variable stands for, given what stands between its
// braces.
//
// Assumption: the text is literal: a * that a request brings in is no wildcard. AWS
// documents ${*} for a literal star and is silent about the values of variables.
func (e *evaluation) variable(body string, wildcards bool) (string, truth) {
	if body == "*" || body == "?" || body == "$" {
		return body, is(true)
	}
	name, fallback, hasFallback, ok := readVariable(body)
	if !ok {
		return "", unclear(UnclearVariable, "the variable ${"+body+"} is not written as AWS documents variables")
	}
	values := e.context[folded(name)].values
	switch {
	case len(values) > 0 && e.multiValued(name) && hasFallback:
		return "", unclear(UnclearVariable, "a default for "+quoted(name)+", which may have several values and is no variable")
	case len(values) > 0 && e.multiValued(name):
		return "", is(false) // a multi-valued key cannot be a variable
	case len(values) > 0:
		return values[0], is(true)
	case hasFallback && wildcards && strings.ContainsAny(fallback, "*?"):
		return "", unclear(UnclearVariable, "a wildcard in the default of ${"+body+"}")
	case hasFallback:
		return fallback, is(true)
	default:
		return "", is(false)
	}
}

// readVariable splits "key" or "key, 'default'". It is strict: the name is that of a
// condition key (it has a colon), and nothing stands where AWS shows nothing.
func readVariable(body string) (name, fallback string, hasFallback, ok bool) {
	name, rest, hasFallback := strings.Cut(body, ",")
	if hasFallback {
		quotedText, found := strings.CutPrefix(rest, " '")
		fallback, ok = strings.CutSuffix(quotedText, "'")
		if !found || !ok || strings.ContainsAny(fallback, "'{$") {
			return "", "", false, false
		}
	}
	ok = strings.Contains(name, ":") && name == strings.TrimSpace(name) && !strings.ContainsAny(name, "*?$'\"{")
	return name, fallback, hasFallback, ok
}
